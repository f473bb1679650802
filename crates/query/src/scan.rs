//! Which events a query is about, and which of their values it wants.

use std::sync::Arc;

use model::Timestamp;
use model::logstore::View;

use crate::{FieldPath, Search};

/// The events a query is about.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What the Logstore shows. Nothing outside it is ever read.
    pub view: Arc<View>,
    /// Event time at or after this.
    pub from: Timestamp,
    /// Event time before this.
    pub before: Timestamp,
    /// Which of them.
    pub search: Search,
}

/// The order of a page, by (event time, number).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A value of each event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The event's time in whole seconds since 1970: Int64. `__time__` of Logstores.
    Seconds,
    /// The event's time: Timestamp(Millisecond, UTC).
    Time,
    /// When it was received: Timestamp(Millisecond, UTC).
    Received,
    /// Its number: UInt64.
    Seq,
    /// Whose it is: Utf8 or a dictionary of it.
    Account,
    /// The whole JSON, as it was sent: Utf8View or LargeUtf8.
    Raw,
    /// The text at a path of the JSON, `None` where there is nothing or `null`: Dictionary(UInt32, Utf8) or Utf8. Texts
    /// are unescaped, numbers and booleans as they are written, objects and lists their JSON.
    Field(FieldPath),
}
