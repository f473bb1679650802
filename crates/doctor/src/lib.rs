//! The doctor: whether a data folder holds what it should, what is wrong, what that means, and what to do.
//!
//! [`examine()`] reads everything and changes nothing: the catalog, every frame of the journal, every page and index of
//! the segments, and whether together they hold each event once, from the first to the last, the ones that were
//! acknowledged. [`repair()`] puts right what is safe: nothing it does removes an event. The folder must be still while
//! it is read; of a running node, a snapshot is examined instead.

mod delivery;
mod examine;
mod files;
mod journal_part;
mod leaves;
mod ranges;
mod repair;
mod report;
mod segments;
mod space;
mod subtrees;

pub use examine::{DoctorError, examine};
pub use repair::{Repaired, repair};
pub use report::{Finding, Part, PartLine, Report, Verdict};

/// Where a backup and a check of a running node keep a snapshot of the data folder while they work, below it.
pub const SNAPSHOT_FOLDER: &str = "snapshot";
