//! What can go wrong with a bucket, in the words its owner reads in a trail's status.

use model::ErrorKind;

/// Something about one bucket failed. The text names the bucket and the cause, and never a secret.
///
/// The cause is text and not a source: the libraries below repeat each other's words and the whole request URL, so
/// only the server's own code and message, or the innermost reason, is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// The URL or the settings are wrong; the same ones will fail again.
    #[error("bucket {bucket}: {reason}")]
    Invalid {
        /// The bucket's URL.
        bucket: String,
        /// What is wrong and how to put it right.
        reason: String,
    },
    /// The server knows no such bucket, or the folder is not there.
    #[error("bucket {bucket} does not exist")]
    BucketDoesNotExist {
        /// The bucket's URL.
        bucket: String,
    },
    /// The bucket holds no such object.
    #[error("bucket {bucket} has no object {key}")]
    ObjectDoesNotExist {
        /// The bucket's URL.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// The server or the file system refuses these credentials or this operation.
    #[error("bucket {bucket}: access denied: {cause}")]
    AccessDenied {
        /// The bucket's URL.
        bucket: String,
        /// The server's code and message.
        cause: String,
    },
    /// No answer: wrong host, closed port, certificate not trusted, or too slow.
    #[error("bucket {bucket} could not be reached: {cause}")]
    Unreachable {
        /// The bucket's URL.
        bucket: String,
        /// The innermost reason.
        cause: String,
    },
    /// It answered, and the answer is another failure.
    #[error("bucket {bucket} failed: {cause}")]
    Failed {
        /// The bucket's URL.
        bucket: String,
        /// The server's code and message.
        cause: String,
    },
}

impl BucketError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            BucketError::Invalid { .. } => ErrorKind::Invalid,
            BucketError::BucketDoesNotExist { .. } | BucketError::ObjectDoesNotExist { .. } => ErrorKind::NotFound,
            BucketError::AccessDenied { .. } => ErrorKind::Denied,
            BucketError::Unreachable { .. } | BucketError::Failed { .. } => ErrorKind::Unavailable,
        }
    }
}

/// A project of Log Service did not take what was sent to it. The text names the project and the cause, and never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The settings are wrong; the same ones will fail again.
    #[error("project {project}: {reason}")]
    Invalid {
        /// Its name.
        project: String,
        /// What is wrong and how to put it right.
        reason: String,
    },
    /// No answer: wrong host, closed port, certificate not trusted, or too slow. The logs may have arrived.
    #[error("project {project} could not be reached: {cause}")]
    Unreachable {
        /// Its name.
        project: String,
        /// The innermost reason.
        cause: String,
    },
    /// It answered with an error.
    #[error("project {project} refused: {code}: {message}")]
    Refused {
        /// Its name.
        project: String,
        /// The HTTP status.
        status: u16,
        /// Log Service's code.
        code: String,
        /// Log Service's words.
        message: String,
    },
}

impl LogError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            LogError::Invalid { .. } => ErrorKind::Invalid,
            LogError::Unreachable { .. } => ErrorKind::Unavailable,
            LogError::Refused { status, .. } => match status {
                401 | 403 => ErrorKind::Denied,
                404 => ErrorKind::NotFound,
                _ => ErrorKind::Unavailable,
            },
        }
    }
}

/// The HTTP client could not be set up: the machine's certificates are unusable.
#[derive(Debug, thiserror::Error)]
#[error("could not set up outgoing connections")]
pub struct OutboundError(#[source] pub(crate) reqwest::Error);

/// The longest cause kept; servers sometimes answer with a page.
const CAUSE_CHARS_MAX: usize = 300;

/// A cause on one line, cut to a readable length.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(CAUSE_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
