//! Errors as PostgreSQL's clients know them: a severity, a SQLSTATE, a sentence and, where there is one, a position.

use identity::AuthError;
use model::ErrorKind;
use pgwire::error::{ErrorInfo, PgWireError};
use query::{Cut, QueryError, TablesError, TooManyQueries};
use tracing::{error, warn};

pub(crate) const READ_ONLY: &str = "25006";
pub(crate) const IN_FAILED_TRANSACTION: &str = "25P02";
pub(crate) const INVALID_LOGIN: &str = "28000";
pub(crate) const WRONG_PASSWORD: &str = "28P01";
pub(crate) const UNKNOWN_DATABASE: &str = "3D000";
pub(crate) const UNKNOWN_SETTING: &str = "42704";
pub(crate) const INVALID_VALUE: &str = "22023";
pub(crate) const INVALID_TEXT: &str = "22P02";
pub(crate) const NOT_SUPPORTED: &str = "0A000";
pub(crate) const CANCELLED: &str = "57014";
const TOO_MANY: &str = "53300";
const LIMIT: &str = "54000";
const MEMORY: &str = "53200";
const INTERNAL: &str = "XX000";

/// The statement failed; the connection goes on.
pub(crate) fn failed(code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".to_owned(), code.to_owned(), message.into())))
}

/// The connection ends.
pub(crate) fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("FATAL".to_owned(), code.to_owned(), message.into())))
}

/// Any error as one that ends the connection.
pub(crate) fn made_fatal(error: PgWireError) -> PgWireError {
    let mut info: ErrorInfo = error.into();
    info.severity = "FATAL".to_owned();
    PgWireError::UserError(Box::new(info))
}

/// Whether the connection ends with it.
pub(crate) fn is_fatal(error: &PgWireError) -> bool {
    match error {
        PgWireError::UserError(info) => info.is_fatal(),
        _ => false,
    }
}

/// Whoever logged in is no longer who they were.
pub(crate) fn no_longer(error: &AuthError) -> PgWireError {
    fatal(INVALID_LOGIN, error.to_string())
}

pub(crate) fn too_many(error: TooManyQueries) -> PgWireError {
    failed(TOO_MANY, error.to_string())
}

pub(crate) fn no_tables(error: &TablesError) -> PgWireError {
    warn!(error = %chain(error), "tables of a query could not be listed");
    failed(INTERNAL, "the tables could not be listed; the node's log says why")
}

pub(crate) fn cut(cut: Cut) -> PgWireError {
    match cut {
        Cut::Time(limit) => {
            let seconds = limit.as_secs_f64();
            failed(CANCELLED, format!("canceling statement due to statement timeout: it took longer than {seconds} s"))
        }
        Cut::Cancelled => failed(CANCELLED, "canceling statement due to user request"),
        Cut::Rows(_) | Cut::ScannedBytes(_) => failed(LIMIT, format!("the query was ended: {cut}")),
    }
}

/// A statement that was not answered. `place` turns a position in the text that was asked into one in the text that
/// was sent, both from 0 in characters.
pub(crate) fn query(error: QueryError, place: impl Fn(usize) -> usize) -> PgWireError {
    match error {
        QueryError::Syntax { position, message } => {
            let mut info = ErrorInfo::new("ERROR".to_owned(), "42601".to_owned(), message);
            info.position = Some((place(position) + 1).to_string());
            PgWireError::UserError(Box::new(info))
        }
        QueryError::Invalid { message } => failed(code_of(&message), message),
        QueryError::ReadOnly { .. } => failed(READ_ONLY, error.to_string()),
        QueryError::Cut(reason) => cut(reason),
        QueryError::Memory { .. } => failed(MEMORY, error.to_string()),
        QueryError::Failed { kind, .. } => {
            let cause = chain(&error);
            match kind {
                ErrorKind::Bug | ErrorKind::Corrupt => error!(error = cause, "a query failed"),
                _ => warn!(error = cause, "a query failed"),
            }
            failed(INTERNAL, "the query failed; the node's log says why")
        }
    }
}

/// What is wrong with a statement that can be read. The engine says it in words; drivers look at the code.
fn code_of(message: &str) -> &'static str {
    let message = message.to_lowercase();
    let about = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if about(&["function"]) {
        "42883"
    } else if about(&["table"]) && about(&["not found", "no table", "unknown", "does not exist"]) {
        "42P01"
    } else if about(&["no field named", "column", "field"]) {
        "42703"
    } else if about(&["cast", "coerce", "type"]) {
        "42804"
    } else {
        "42000"
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
