//! Names: tables, aliases and columns compare without regard to case, so each gets the one spelling it was declared with.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, Statement, TableFactor, VisitMut, VisitorMut,
};
use query::{QueryError, Source, Table};

use crate::columns::Columns;

/// The name every statement may use for the first table.
const LOG: &str = "log";

/// Every name a statement declares or may use.
pub(super) struct Names {
    /// In lower case, with the spelling in use: aliases of columns and tables, and common table expressions.
    declared: HashMap<String, String>,
    common_tables: Vec<String>,
    tables: Vec<String>,
    /// Those of `tables` whose columns are what the statement names.
    of_events: Vec<String>,
}

impl Names {
    pub(super) fn of(statement: &mut Statement, tables: &[Table]) -> Names {
        let mut gathering = Gathering { declared: HashMap::new(), common_tables: Vec::new() };
        let _ = statement.visit(&mut gathering);
        let is_of_events = |table: &&Table| matches!(table.source, Source::Events(_));
        let with_log = |names: Vec<String>| std::iter::once(LOG.to_owned()).chain(names).collect();
        let of_events = with_log(tables.iter().filter(is_of_events).map(|table| table.name.clone()).collect());
        let tables = with_log(tables.iter().map(|table| table.name.clone()).collect());
        let Gathering { declared, common_tables } = gathering;
        Names { declared, common_tables, tables, of_events }
    }

    /// The table a SELECT without FROM reads.
    pub(super) fn first_table(&self) -> &str {
        LOG
    }

    /// Whether a relation is one of the tables of events, not something the statement made.
    pub(super) fn is_table(&self, relation: &ObjectName) -> bool {
        self.table(relation).is_some_and(|table| self.of_events.contains(table))
    }

    fn table(&self, relation: &ObjectName) -> Option<&String> {
        let parts: Vec<&str> =
            relation.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
        let whole = parts.join(".");
        if parts.len() == 1 && self.common_tables.iter().any(|each| each.eq_ignore_ascii_case(&whole)) {
            return None;
        }
        let is = |wanted: &str| self.tables.iter().find(|table| table.eq_ignore_ascii_case(wanted));
        // `public.events` is `events`.
        is(&whole).or_else(|| is(parts.last()?))
    }

    /// Names a table as it is registered.
    pub(super) fn resolve_table(&self, relation: &mut ObjectName) -> ControlFlow<QueryError> {
        if let Some(table) = self.table(relation) {
            *relation = ObjectName(vec![ObjectNamePart::Identifier(quoted(table))]);
            return ControlFlow::Continue(());
        }
        let name = relation.to_string();
        if let Some(common) = self.common_tables.iter().find(|each| each.eq_ignore_ascii_case(name.trim_matches('"'))) {
            *relation = ObjectName(vec![ObjectNamePart::Identifier(quoted(common))]);
            return ControlFlow::Continue(());
        }
        // Table functions and catalogs are the planner's to find.
        ControlFlow::Continue(())
    }

    /// Gives identifiers their spelling, and gathers those that are columns of events.
    pub(super) fn resolve(&self, expr: &mut Expr, columns: &mut Columns) {
        match expr {
            Expr::Identifier(ident) => {
                self.respell(ident);
                if columns.add(&ident.value) {
                    ident.quote_style = Some('"');
                }
            }
            Expr::CompoundIdentifier(parts) => {
                let is_event = parts[0].value.eq_ignore_ascii_case("event") && !self.declared.contains_key("event");
                if is_event {
                    let name = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
                    columns.add(&name);
                    *expr = Expr::Identifier(quoted(&name));
                    return;
                }
                let tables = &self.tables;
                let first = &mut parts[0];
                match tables.iter().find(|table| table.eq_ignore_ascii_case(&first.value)) {
                    Some(table) => first.value.clone_from(table),
                    None => self.respell(first),
                }
                if let Some(last) = parts.last_mut() {
                    self.respell(last);
                    columns.add(&last.value);
                }
            }
            _ => {}
        }
    }

    fn respell(&self, ident: &mut Ident) {
        if let Some(spelling) = self.declared.get(&ident.value.to_lowercase()) {
            ident.value.clone_from(spelling);
        }
    }

    pub(super) fn respell_aliases(&self, select: &mut Select) {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.respell(alias);
            }
        }
    }

    pub(super) fn respell_table_alias(&self, table: &mut TableFactor) {
        if let TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } = table {
            self.respell(&mut alias.name);
        }
    }
}

/// An identifier that is taken as it is written.
pub(super) fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

struct Gathering {
    declared: HashMap<String, String>,
    common_tables: Vec<String>,
}

impl Gathering {
    fn declare(&mut self, name: &Ident) {
        self.declared.entry(name.value.to_lowercase()).or_insert_with(|| name.value.clone());
    }
}

impl VisitorMut for Gathering {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for common in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.declare(&common.alias.name);
            common.alias.columns.iter().for_each(|column| self.declare(&column.name));
            self.common_tables.push(common.alias.name.value.clone());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.declare(alias);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. } = table
        {
            self.declare(&alias.name);
            alias.columns.iter().for_each(|column| self.declare(&column.name));
        }
        ControlFlow::Continue(())
    }
}
