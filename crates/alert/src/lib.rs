//! What alerting means. A rule's queries give rows (`rule`, `evaluate`); rows that meet its conditions make alerts; an alert
//! policy gathers alerts into merge sets (`merge`); an action policy decides who hears of a set, and how (`action`,
//! `recipients`); a content template says it in words (`template`).
//!
//! Everything here is a function of its arguments: no clock, no disk, no network, no task. `watch` runs it.

pub mod action;
pub mod builtin;
pub mod calendar;
pub mod condition;
pub mod evaluate;
pub mod merge;
mod notice;
mod reason;
pub mod recipients;
pub mod records;
pub mod rule;
pub mod schedule;
pub mod script;
pub mod stream;
pub mod template;

#[cfg(test)]
mod specimen;

pub use notice::{Alert, Channel, Fingerprint, Found, Locale, Row, Severity, Status};
pub use reason::Reason;
