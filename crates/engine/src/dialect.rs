//! From the dialect a statement is written in to the tree DataFusion plans.
//!
//! The tree is rewritten, never the text: names get one spelling ([`names`]), a SELECT without FROM reads the first table,
//! aliases may be grouped by ([`selects`]), functions get DataFusion's names ([`crate::functions::calls`]). On the way the
//! identifiers that are columns of events are gathered.

mod names;
mod selects;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::{GenericDialect, PostgreSqlDialect};
use datafusion::sql::sqlparser::parser::Parser;
use query::{Dialect, QueryError, Table};

use crate::columns::Columns;
use crate::error::syntax_error;
use crate::functions::calls;
use names::Names;

/// Nested parentheses and queries beyond this are refused before they cost anything.
const DEPTH_MAX: usize = 60;

/// A statement in DataFusion's words.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The query.
    pub(crate) statement: Statement,
    /// What it reads of tables of events.
    pub(crate) columns: Columns,
}

/// Reads a statement and rewrites it.
pub(crate) fn prepare(sql: &str, dialect: Dialect, tables: &[Table]) -> Result<Prepared, QueryError> {
    let mut statement = one_query(sql, dialect)?;
    let mut rewriting = Rewriting { dialect, names: Names::of(&mut statement, tables), columns: Columns::default() };
    if let ControlFlow::Break(error) = statement.visit(&mut rewriting) {
        return Err(error);
    }
    if let (Dialect::LogService, Statement::Query(query)) = (dialect, &mut statement) {
        selects::limit_by_default(query);
    }
    Ok(Prepared { statement, columns: rewriting.columns })
}

fn one_query(sql: &str, dialect: Dialect) -> Result<Statement, QueryError> {
    let parser = match dialect {
        Dialect::LogService => Parser::new(&GenericDialect {}),
        Dialect::Postgres => Parser::new(&PostgreSqlDialect {}),
    };
    let statements =
        parser.with_recursion_limit(DEPTH_MAX).try_with_sql(sql).and_then(|mut parser| parser.parse_statements());
    let mut statements = statements.map_err(|error| syntax_error(error, sql))?;
    let end = sql.trim_end().chars().count();
    match statements.len() {
        1 => {}
        0 => return Err(QueryError::Syntax { position: end, message: "Expected: a SELECT statement".to_owned() }),
        _ => {
            return Err(QueryError::Syntax {
                position: end,
                message: "Expected: one statement, found several".to_owned(),
            });
        }
    }
    let statement = statements.remove(0);
    let is_query = match &statement {
        Statement::Query(query) => !changes_something(&query.body),
        Statement::Explain { statement, .. } => matches!(statement.as_ref(), Statement::Query(_)),
        _ => false,
    };
    if is_query {
        return Ok(statement);
    }
    let first: String = sql.trim_start().chars().take_while(|each| each.is_ascii_alphabetic()).take(20).collect();
    Err(QueryError::ReadOnly { statement: first.to_ascii_uppercase() })
}

fn changes_something(body: &SetExpr) -> bool {
    match body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::Query(query) => changes_something(&query.body),
        SetExpr::SetOperation { left, right, .. } => changes_something(left) || changes_something(right),
        SetExpr::Select(select) => select.into.is_some(),
        SetExpr::Values(_) | SetExpr::Table(_) => false,
    }
}

struct Rewriting {
    dialect: Dialect,
    names: Names,
    columns: Columns,
}

impl VisitorMut for Rewriting {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        selects::plain_limit(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        if self.dialect == Dialect::LogService {
            selects::read_the_log(select, self.names.first_table());
        }
        selects::spell_out_wildcard(select, self.dialect, &self.names);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        self.names.respell_aliases(select);
        selects::group_by_aliases(select);
        if self.dialect == Dialect::LogService {
            selects::name_expressions(select);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<QueryError> {
        self.names.resolve_table(relation)
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<QueryError> {
        self.names.respell_table_alias(table);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        self.names.resolve(expr, &mut self.columns);
        if let Expr::Cast { kind, .. } = expr
            && *kind == CastKind::Cast
        {
            *kind = CastKind::TryCast;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        calls::rewrite(expr, self.dialect)
    }
}

#[cfg(test)]
mod tests;
