//! Rules that are plain searches, looked at when an event arrives instead of on a schedule.
//!
//! [`RuleIndex`] says which rules an event is for in a time that does not grow with their number; [`row`] says what the event looks
//! like to a rule's conditions. `watch::stream` reads the events and acts on what is found.

mod domain;
mod index;
mod keys;
mod row;
mod tally;
mod words;

pub use index::{RuleIndex, Tried};
pub use row::{FIELD_CHARACTERS_MAX, ROW_FIELDS_MAX, row};
pub use tally::{Counting, OffStream, OnStream, Tally, on_stream};
