//! DataFusion's errors in our words.

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use model::ErrorKind;
use query::{Cut, QueryError};

use crate::events::EventsError;

/// A failed plan or execution.
pub(crate) fn query_error(error: DataFusionError, memory_bytes: usize) -> QueryError {
    if let Some(known) = inside(&error) {
        return match known {
            Known::Cut(cut) => QueryError::Cut(cut),
            Known::Kind(kind) => QueryError::Failed { kind, source: Box::new(error) },
        };
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => QueryError::Memory { limit_bytes: memory_bytes },
        root @ (DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Execution(_)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::ArrowError(..)
        | DataFusionError::Configuration(_)) => QueryError::Invalid { message: plain(root) },
        _ => QueryError::Failed { kind: ErrorKind::Bug, source: Box::new(error) },
    }
}

enum Known {
    Cut(Cut),
    Kind(ErrorKind),
}

/// What the events' side said, however deep it was packed.
fn inside(error: &DataFusionError) -> Option<Known> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(each) = source {
        if let Some(error) = each.downcast_ref::<EventsError>() {
            return Some(match error {
                EventsError::Cut(cut) => Known::Cut(*cut),
                EventsError::Store(error) => Known::Kind(error.kind()),
            });
        }
        source = each.source();
    }
    None
}

/// The message without the engine's own words around it.
fn plain(error: &DataFusionError) -> String {
    let message = error.strip_backtrace();
    let known = [
        "Error during planning: ",
        "Schema error: ",
        "Execution error: ",
        "This feature is not implemented: ",
        "Arrow error: ",
    ];
    let mut message = message.as_str();
    while let Some(rest) = known.iter().find_map(|prefix| message.strip_prefix(prefix)) {
        message = rest;
    }
    let message = message.lines().next().unwrap_or_default();
    message.to_owned()
}

/// A text that is no statement; `sql` is the text.
pub(crate) fn syntax_error(error: ParserError, sql: &str) -> QueryError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
    };
    let Some((text, place)) = message.rsplit_once(" at Line: ") else {
        return QueryError::Syntax { position: sql.chars().count(), message };
    };
    let mut numbers = place.split(|each: char| !each.is_ascii_digit()).filter_map(|each| each.parse::<usize>().ok());
    let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    let before: usize = sql.split_inclusive('\n').take(line.saturating_sub(1)).map(|line| line.chars().count()).sum();
    QueryError::Syntax { position: before + column.saturating_sub(1), message: text.to_owned() }
}
