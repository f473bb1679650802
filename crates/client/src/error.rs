//! Why a call failed, and whether it can have had an effect.

use std::time::Duration;

use model::ErrorKind;

use crate::InvalidEndpoint;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The endpoint is not one.
    #[error(transparent)]
    InvalidEndpoint(#[from] InvalidEndpoint),
    /// The certificates to trust, or the HTTP client, could not be set up.
    #[error("could not set up the HTTP client")]
    SetUp(#[source] reqwest::Error),
    /// A call that has to be signed was made without an access key.
    #[error("this call needs an access key")]
    NoAccessKey,
    /// Nothing was sent: there is no connection.
    #[error("could not connect to {endpoint}")]
    Unreachable {
        /// Where to.
        endpoint: String,
        /// Whether the machine is there and says that nobody listens.
        refused: bool,
        /// The network's words.
        #[source]
        source: reqwest::Error,
    },
    /// The answer did not come in time; the call may have had its effect.
    #[error("{endpoint} did not answer in time")]
    TimedOut {
        /// Who.
        endpoint: String,
        /// The HTTP client's words.
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke before the answer was complete; the call may have had its effect.
    #[error("the connection to {endpoint} broke")]
    Broken {
        /// To whom.
        endpoint: String,
        /// The HTTP client's words.
        #[source]
        source: reqwest::Error,
    },
    /// The server said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The answer is not one of Cairn's: something else listens there.
    #[error("{endpoint} answered with status {status} and not in Cairn's way: {excerpt}")]
    NotCairn {
        /// Who answered.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// The first characters of the answer.
        excerpt: String,
    },
}

/// A server's no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// Finds the request in the server's log.
    pub request_id: String,
    /// When to try again, where the server said so.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ClientError::InvalidEndpoint(_) | ClientError::SetUp(_) => ErrorKind::Invalid,
            ClientError::NoAccessKey => ErrorKind::Denied,
            ClientError::Unreachable { .. } | ClientError::TimedOut { .. } | ClientError::Broken { .. } => {
                ErrorKind::Unavailable
            }
            ClientError::Refused(refusal) => refusal.kind(),
            ClientError::NotCairn { .. } => ErrorKind::Invalid,
        }
    }

    /// The server's code, when it said no.
    pub fn code(&self) -> Option<&str> {
        match self {
            ClientError::Refused(refusal) => Some(&refusal.code),
            _ => None,
        }
    }
}

impl Refusal {
    /// What sort of failure it is, by status.
    pub fn kind(&self) -> ErrorKind {
        match self.status {
            _ if self.is_throttled() => ErrorKind::Throttled,
            401 | 403 => ErrorKind::Denied,
            404 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            503 => ErrorKind::Unavailable,
            500.. => ErrorKind::Bug,
            _ => ErrorKind::Invalid,
        }
    }

    /// Whether the server did nothing because it had too much to do.
    pub fn is_throttled(&self) -> bool {
        self.status == 429 || self.code == "Throttling" || self.code.starts_with("Throttling.")
    }
}
