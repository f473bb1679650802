//! What is sent: one call, before it is signed.

use bytes::Bytes;

/// How a body of events is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// A JSON array, or one object.
    Json,
    /// One event a line.
    NdJson,
}

impl MediaType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MediaType::Json => "application/json",
            MediaType::NdJson => "application/x-ndjson",
        }
    }
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// With gzip.
    Gzip,
    /// With zstd.
    Zstd,
}

impl Encoding {
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Zstd => Some("zstd"),
        }
    }
}

/// The parameters of `GET /v1/events`: any number, in any combination the server takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsQuery {
    /// Name and value.
    pub params: Vec<(String, String)>,
}

impl EventsQuery {
    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }
}

/// One call. Its signature is not part of it: each attempt has its own time and nonce.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: reqwest::Method,
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(String, String)>,
    /// Besides those of the signature.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) action: &'static str,
    pub(crate) version: &'static str,
    pub(crate) repeatable: bool,
}
