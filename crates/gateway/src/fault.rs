//! Failures that are not the caller's: logged here with their causes, answered without them.

use std::error::Error;
use std::fmt::Write;

use api::{ErrorCode, WireError, codes};
use identity::ManageError;
use model::ErrorKind;
use tracing::{error, warn};

/// The answer to a failure no operation has a code of its own for. The log line is in the request's span, so it carries
/// the request id the caller is given.
pub(crate) fn unexpected(failure: &(dyn Error + 'static), kind: ErrorKind) -> WireError {
    let code = ErrorCode::of_kind(kind);
    match kind {
        ErrorKind::Corrupt | ErrorKind::Bug => error!(error = chain(failure), "a call failed on our side"),
        ErrorKind::Unavailable | ErrorKind::Throttled => warn!(error = chain(failure), "a call could not be done now"),
        ErrorKind::Invalid | ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Conflict => {
            return code.because(format!("{failure}."));
        }
    }
    code.because("The call could not be done; the node's log has the reason under this request id.")
}

/// The answer to a failed change of identities, in RAM's codes.
pub(crate) fn managed(failure: ManageError) -> WireError {
    match failure.kind() {
        ErrorKind::Invalid | ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Conflict => {
            WireError::new(failure.code(), failure.http_status(), failure.to_string())
        }
        kind => match failure {
            ManageError::TooManyAttempts { retry_after } => {
                codes::THROTTLING.because(failure.to_string()).retry_after(retry_after)
            }
            failure => unexpected(&failure, kind),
        },
    }
}

/// An error and its causes on one line.
pub(crate) fn chain(failure: &(dyn Error + 'static)) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        write!(text, ": {error}").expect("writing to a String cannot fail");
        cause = error.source();
    }
    text
}
