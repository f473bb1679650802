//! What Log Service lets a SELECT leave out or say differently.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, LimitClause, ObjectName, ObjectNamePart, Offset, OffsetRows, Query, Select, SelectItem,
    TableFactor, TableWithJoins, Value, VisitMut, VisitorMut, WildcardAdditionalOptions,
};
use datafusion::sql::sqlparser::parser::Parser;
use query::Dialect;

use super::names::{Names, quoted};
use crate::columns::{ALL_COLUMNS, EVENT_KEYS};

/// Rows of an answer when the statement does not say.
const ROWS_BY_DEFAULT: u32 = 100;

/// `LIMIT offset, count` as `LIMIT count OFFSET offset`.
pub(super) fn plain_limit(query: &mut Query) {
    if let Some(LimitClause::OffsetCommaLimit { offset, limit }) = &query.limit_clause {
        let offset = Some(Offset { value: offset.clone(), rows: OffsetRows::None });
        query.limit_clause =
            Some(LimitClause::LimitOffset { limit: Some(limit.clone()), offset, limit_by: Vec::new() });
    }
}

/// A statement without LIMIT gives 100 rows.
pub(super) fn limit_by_default(query: &mut Query) {
    let rows = Expr::value(Value::Number(ROWS_BY_DEFAULT.to_string(), false));
    match &mut query.limit_clause {
        None if query.fetch.is_none() => {
            query.limit_clause =
                Some(LimitClause::LimitOffset { limit: Some(rows), offset: None, limit_by: Vec::new() });
        }
        Some(LimitClause::LimitOffset { limit: limit @ None, .. }) if query.fetch.is_none() => *limit = Some(rows),
        _ => {}
    }
}

/// A SELECT without FROM reads the log, if it asks for anything of it.
pub(super) fn read_the_log(select: &mut Select, table: &str) {
    if !select.from.is_empty() || !asks_of_a_table(select) {
        return;
    }
    let name = ObjectName(vec![ObjectNamePart::Identifier(quoted(table))]);
    let mut factor = Parser::new(&datafusion::sql::sqlparser::dialect::GenericDialect {})
        .try_with_sql("t")
        .and_then(|mut parser| parser.parse_table_factor())
        .expect("a name is a table factor");
    if let TableFactor::Table { name: placeholder, .. } = &mut factor {
        *placeholder = name;
    }
    select.from = vec![TableWithJoins { relation: factor, joins: Vec::new() }];
}

fn asks_of_a_table(select: &mut Select) -> bool {
    struct Looking;
    impl VisitorMut for Looking {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
                Expr::Function(function) => {
                    let name = function.name.to_string().to_ascii_lowercase();
                    let counts = ["count", "sum", "avg", "min", "max", "count_if", "approx_distinct", "arbitrary"];
                    if counts.contains(&name.as_str()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    let is_wildcard = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_));
    select.projection.iter().any(is_wildcard) || select.visit(&mut Looking).is_break()
}

/// `*` over tables of events is a list of columns: the schema only has what the statement names.
pub(super) fn spell_out_wildcard(select: &mut Select, dialect: Dialect, names: &Names) {
    let is_table = |table: &TableWithJoins| {
        let factors = std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation));
        factors.into_iter().all(|factor| matches!(factor, TableFactor::Table { name, .. } if names.is_table(name)))
    };
    if select.from.len() != 1 || !select.from[0].joins.is_empty() || !is_table(&select.from[0]) {
        return;
    }
    let columns: Vec<&str> = match dialect {
        Dialect::LogService => ALL_COLUMNS.to_vec(),
        Dialect::Postgres => std::iter::once("time").chain(EVENT_KEYS).chain(["event"]).collect(),
    };
    let mut items = Vec::new();
    for item in std::mem::take(&mut select.projection) {
        match item {
            SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) if is_plain(&options) => {
                items.extend(columns.iter().map(|name| SelectItem::UnnamedExpr(Expr::Identifier(quoted(name)))));
            }
            other => items.push(other),
        }
    }
    select.projection = items;
}

fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_exclude.is_none() && options.opt_except.is_none() && options.opt_replace.is_none()
}

/// GROUP BY names aliases: an alias goes before a column of the same name.
pub(super) fn group_by_aliases(select: &mut Select) {
    let aliased: Vec<(String, Expr)> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.clone(), expr.clone())),
            _ => None,
        })
        .collect();
    if let GroupByExpr::Expressions(expressions, _) = &mut select.group_by {
        for expression in expressions {
            let Expr::Identifier(ident) = expression else { continue };
            if let Some((_, expr)) = aliased.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(&ident.value)) {
                *expression = expr.clone();
            }
        }
    }
}

/// Expressions without an alias are called `_col0`, `_col1` by their place, as Presto does.
pub(super) fn name_expressions(select: &mut Select) {
    for (at, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: quoted(&format!("_col{at}")) };
        }
    }
}
