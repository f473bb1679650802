//! The nouns of an audit trail and their laws.
//!
//! Everything here is plain data: no I/O, no clock, no wire format. A constructor validates, so a value that exists
//! is valid. Every other crate may use this one; this one uses none of them.

pub mod account;
pub mod error_kind;
pub mod event;
pub mod limits;
pub mod logstore;
pub mod organization;
pub mod region;
pub mod seq;
pub mod time;
pub mod trail;

pub use account::AccountId;
pub use error_kind::ErrorKind;
pub use event::{Attribute, Event};
pub use seq::Seq;
pub use time::Timestamp;
