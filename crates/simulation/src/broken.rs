//! Parts broken on purpose. A simulation that does not find them out proves nothing.

use host::simulated::{Operation, SimulatedDisk};

/// A part that lies, and what it lies about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Journal: syncing a journal file does nothing and claims success.
    JournalSync,
    /// Journal: what was written of a refused batch is not cut off.
    JournalTruncate,
    /// Journal: the names in the journal's folder are never synced.
    JournalNames,
    /// Store: syncing a segment's files does nothing and claims success.
    SegmentSync,
    /// Store: the cursor moves before the segment is written.
    CursorBeforeSegment,
    /// Delivery: the bucket claims success and writes nothing.
    BucketWritesNothing,
    /// Delivery: the trail's cursor moves before the object is written.
    CursorBeforeObject,
    /// Delivery: each attempt writes under a name of its own.
    NameOfItsOwn,
}

impl Broken {
    /// Every one.
    pub const ALL: [Broken; 8] = [
        Broken::JournalSync,
        Broken::JournalTruncate,
        Broken::JournalNames,
        Broken::SegmentSync,
        Broken::CursorBeforeSegment,
        Broken::BucketWritesNothing,
        Broken::CursorBeforeObject,
        Broken::NameOfItsOwn,
    ];

    /// Breaks the disk, if it is the disk that lies.
    pub(crate) fn apply(self, disk: &SimulatedDisk) {
        match self {
            Broken::JournalSync => disk.pretend(Operation::Sync, ".journal"),
            Broken::JournalTruncate => disk.pretend(Operation::Truncate, ".journal"),
            Broken::JournalNames => disk.pretend(Operation::SyncFolder, "/journal"),
            Broken::SegmentSync => disk.pretend(Operation::Sync, "/segments/"),
            Broken::CursorBeforeSegment
            | Broken::BucketWritesNothing
            | Broken::CursorBeforeObject
            | Broken::NameOfItsOwn => {}
        }
    }
}
