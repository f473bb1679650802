//! From files to `POST /v1/events`: what `cairn events put` and `cairn import` share.
//!
//! A [`reader`] cuts a file into events without holding it in memory, whatever its form and compression; [`batch`]
//! gathers them into request bodies on a blocking thread; [`upload`] sends a few at once and takes the answers in
//! order, so "acknowledged" is a single number. [`state`] remembers that number, [`sources`] finds what to read, and
//! [`shift`] moves old samples to now.

pub(crate) mod batch;
pub(crate) mod progress;
pub(crate) mod reader;
pub(crate) mod refused;
pub(crate) mod shift;
pub(crate) mod sources;
pub(crate) mod state;
pub(crate) mod upload;

use std::str::FromStr;

use model::AccountId;

/// Whose account the events are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Addressee {
    /// This one.
    Account(AccountId),
    /// The one each event names.
    FromEvent,
}

impl Addressee {
    /// The value of the request's `account`.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Addressee::Account(id) => id.as_str(),
            Addressee::FromEvent => "from-event",
        }
    }
}

impl FromStr for Addressee {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "from-event" {
            return Ok(Addressee::FromEvent);
        }
        text.parse().map(Addressee::Account).map_err(|error| format!("{error}, or from-event"))
    }
}
