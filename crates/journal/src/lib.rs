//! The journal: accepted batches made durable, numbered and hashed, in files of frames.
//!
//! ```text
//! journal/00000000000000000001.journal   frames of events 1..n        (name = first sequence number, 20 digits)
//! journal/00000000000000048213.journal   frames of events 48213..      (only the last file is written)
//! journal/subtrees                       one hash per 256 events since the first, kept for ever
//! ```
//!
//! An append is acknowledged after its frame is synced; one sync serves every append that waited meanwhile (group
//! commit). Every event is a leaf of one Merkle tree (RFC 6962); each frame ends with the tree's root, so recovery
//! proves that what it reads is what was acknowledged. A torn tail is cut off and kept aside; damage anywhere else
//! stops the node with the file and the offset named. The store consumes the journal and then trims it.

pub mod check;
mod check_subtrees;
mod file;
mod frame;
mod group_commit;
pub mod merkle;
mod metrics;
mod recovery;
mod subtrees;

use std::time::Duration;

use model::{AccountId, ErrorKind, Event, Seq, Timestamp};

pub use check_subtrees::{SUBTREE_EVENTS, read_subtrees, subtrees_fit, write_subtrees};
pub use group_commit::{Writer, WriterConfig};
pub use recovery::{Journal, RecoverError};

/// An event and the account it belongs to.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The owner.
    pub account: AccountId,
    /// The event.
    pub event: Event,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Durable at this place.
    Stored(Seq),
    /// The account has an event of this id already; nothing was stored.
    Duplicate,
}

/// Entries that became durable together: they have consecutive numbers from `first`.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The first entry's number.
    pub first: Seq,
    /// When they were received.
    pub received: Timestamp,
    /// At least one.
    pub entries: Vec<Entry>,
}

impl Committed {
    /// The last entry's number.
    pub fn last(&self) -> Seq {
        Seq(self.first.0 + self.entries.len() as u64 - 1)
    }
}

/// What the journal needs of the store: to know what is stored already, and to hand over what became durable.
/// Both are called from the journal's one writing thread.
pub trait Ledger: Send + Sync {
    /// Whether the account has an event of this id among everything published so far.
    fn contains(&self, account: AccountId, event: &Event) -> Result<bool, LedgerError>;
    /// Takes events that are durable, in order. They are visible to lookups when this returns.
    fn publish(&self, committed: Committed);
    /// How far the store is behind, from 0 (not at all) to 1 (too far to take more now).
    fn fullness(&self) -> f64;
}

/// The ledger could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not check whether an event is stored already")]
pub struct LedgerError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Why an append did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Too many bytes are waiting, or the store is behind. Nothing was written.
    #[error("the journal is busy; retry in {} s", retry_after.as_secs())]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The disk refused and nothing was written. Retry freely.
    #[error("the journal could not be written: {reason}")]
    Refused {
        /// The disk's words.
        reason: String,
    },
    /// The disk failed in the middle: the events may survive or not. The journal takes no more until a restart
    /// has read it back. Sending the same events again afterwards is safe, their ids tell.
    #[error("the journal failed while syncing, the events may or may not be stored: {reason}")]
    Unknown {
        /// The disk's words.
        reason: String,
    },
    /// The journal is shutting down, or failed before.
    #[error("the journal takes no more events: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

impl AppendError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            AppendError::Throttled { .. } => ErrorKind::Throttled,
            AppendError::Refused { .. } | AppendError::Unknown { .. } | AppendError::Stopped { .. } => {
                ErrorKind::Unavailable
            }
        }
    }
}
