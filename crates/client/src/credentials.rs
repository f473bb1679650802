//! Who a client is.

use std::fmt;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        SecretText(text.into())
    }

    /// The text; the call is easy to find in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// What a client shows the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// An access key: every request is signed.
    AccessKey {
        /// Its id.
        id: String,
        /// Its secret; it signs and is never sent.
        secret: SecretText,
        /// The token of a temporary key.
        security_token: Option<SecretText>,
    },
    /// An ingest token: puts events and nothing else.
    IngestToken(SecretText),
}

impl Credentials {
    /// What may be shown of them: the access key's id, or the token's first characters.
    pub fn shown(&self) -> &str {
        match self {
            Credentials::AccessKey { id, .. } => id,
            Credentials::IngestToken(_) => "an ingest token",
        }
    }
}
