//! What a node answers.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The answer of an RPC operation: a JSON object, kept as it came.
#[derive(Debug, Clone)]
pub struct Reply {
    body: Bytes,
}

impl Reply {
    pub(crate) fn new(body: Bytes) -> Self {
        Reply { body }
    }

    /// The answer's text.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The answer as a type of the caller's.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// The answer of `POST /v1/events`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutReply {
    /// Events that are new and durable.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// Events that were not taken.
    #[serde(default)]
    pub refused: Vec<RefusedEvent>,
}

/// An event that was not taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RefusedEvent {
    /// Its place in the request, from 0.
    pub index: usize,
    /// Its `eventId`, where it has one.
    #[serde(default)]
    pub event_id: Option<String>,
    /// The stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// A page of `GET /v1/events`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventsPage {
    /// The events.
    #[serde(default)]
    pub events: Vec<SeenEvent>,
    /// Where a lookup goes on; absent on the last page.
    #[serde(default)]
    pub next_token: Option<String>,
    /// Where a tail goes on.
    #[serde(default)]
    pub after: Option<u64>,
}

/// An event as a node holds it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SeenEvent {
    /// Its place in the node's journal.
    pub seq: u64,
    /// When it was received.
    pub received_time: String,
    /// The producer's JSON, verbatim.
    pub event: Box<RawValue>,
}

/// A page of LookupEvents.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookupPage {
    /// The producers' JSON, verbatim.
    #[serde(default)]
    pub events: Vec<Box<RawValue>>,
    /// Where it goes on; absent or empty on the last page.
    #[serde(default)]
    pub next_token: Option<String>,
}

/// An answer that is read as it comes.
pub struct Streamed {
    pub(crate) response: reqwest::Response,
    pub(crate) client: crate::Client,
}

impl Streamed {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<bytes::Bytes>, crate::ClientError> {
        self.response.chunk().await.map_err(|error| self.client.failed(error))
    }
}
