//! What was asked: a statement in PostgreSQL's dialect over all tables, or `search | SQL` over one.

use std::sync::Arc;

use api::{Arguments, WireError, codes};
use model::Timestamp;
use query::tables::{EVENTS, with_short_names};
use query::{Dialect, Limits, Meter, Question, Search, Table};

/// What a search without SQL shows: the newest events it finds.
const NEWEST: &str = "SELECT __time__, event FROM log ORDER BY __time__ DESC";

/// Reads the parameters.
pub(super) fn read(arguments: &Arguments, tables: Vec<Table>, limits: Limits) -> Result<Question, WireError> {
    let rows = arguments.integer("rows").and_then(|rows| usize::try_from(rows).ok()).unwrap_or(limits.rows);
    let limits = Limits { rows: rows.min(limits.rows), ..limits };
    let tables = with_short_names(tables);
    let (sql, dialect, tables, search) = match (arguments.text("sql"), arguments.text("query")) {
        (Some(sql), None) => (sql.to_owned(), Dialect::Postgres, tables, Search::All),
        (None, Some(text)) => {
            let statement = query::parse(text)
                .map_err(|error| codes::INVALID_QUERY.because(format!("{error} (at position {})", error.position)))?;
            let name = arguments.text("table").unwrap_or(EVENTS);
            let Some(table) = tables.into_iter().find(|table| table.name == name) else {
                return Err(codes::RESOURCE_NOT_FOUND.because(format!("There is no table {name} that you may read.")));
            };
            let sql = match statement.sql {
                // Spaces in front keep the statement's positions those of the whole text.
                Some(sql) => format!("{}{}", " ".repeat(sql.offset), sql.text),
                None => format!("{NEWEST} LIMIT {}", limits.rows.min(NEWEST_ROWS)),
            };
            (sql, Dialect::LogService, vec![table], statement.search)
        }
        _ => {
            let message = "Give either sql, a statement, or query, a text of the query language.";
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
    };
    let (from, before) = (arguments.time("from"), arguments.time("to"));
    Ok(Question {
        sql,
        dialect,
        tables,
        search,
        from: from.unwrap_or(Timestamp(i64::MIN)),
        before: before.unwrap_or(Timestamp(i64::MAX)),
        meter: Arc::new(Meter::new(limits)),
    })
}

/// Events a search without SQL shows when no number is given: Log Service's own page.
const NEWEST_ROWS: usize = 100;
