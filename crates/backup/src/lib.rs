//! Backups of a data folder in use, and their restore. See `docs/decisions/0010-backup.md`.
//!
//! [`Snapshot`] makes a consistent data folder out of hard links beside a running node; [`back_up`] copies what a
//! destination does not have of it yet; [`restore`] makes a data folder again and believes nothing it has not checked.
//! A backup that is interrupted anywhere leaves the one before it whole.

mod copying;
mod destination;
mod error;
mod listing;
mod restoring;
mod snapshot;

pub use copying::{Copied, Options, back_up};
pub use destination::Destination;
pub use error::{BackupError, RestoreError, SnapshotError};
pub use listing::{FileEntry, Listing, PartEntry};
pub use restoring::{Restored, restore};
pub use snapshot::Snapshot;
