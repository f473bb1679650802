//! What can go wrong with a backup.

use std::io;
use std::path::PathBuf;

use catalog::CatalogError;
use host::FolderLockError;
use model::{AccountId, ErrorKind, Seq};
use outbound::BucketError;

/// No snapshot could be taken. The data folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The folder holds no node's data.
    #[error("{} is no data folder: it has no catalog.sqlite", folder.display())]
    NotADataFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Another backup or check is at work.
    #[error("another backup or check of this data folder is at work; wait for it")]
    AtWork(#[source] FolderLockError),
    /// The catalog could not be copied.
    #[error("could not copy the catalog")]
    Catalog(#[source] CatalogError),
    /// Files are not what they should be.
    #[error("the data folder is damaged: {what}; run `cairn doctor` on it, the last backup is kept as it is")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// The file system cannot link.
    #[error("the file system of {} has no hard links, which a backup needs", folder.display())]
    NoHardLinks {
        /// The data folder.
        folder: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
    /// The node changed its files each time.
    #[error("the node merged or trimmed files each of {attempts} times while they were linked; try again")]
    TooBusy {
        /// How often it was tried.
        attempts: u32,
    },
    /// The disk failed.
    #[error("could not take a snapshot: {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
}

impl SnapshotError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SnapshotError::NotADataFolder { .. } => ErrorKind::NotFound,
            SnapshotError::AtWork(_) => ErrorKind::Conflict,
            SnapshotError::Catalog(error) => error.kind(),
            SnapshotError::Damaged { .. } => ErrorKind::Corrupt,
            SnapshotError::NoHardLinks { .. } => ErrorKind::Invalid,
            SnapshotError::TooBusy { .. } | SnapshotError::Disk { .. } => ErrorKind::Unavailable,
        }
    }
}

/// The backup was not made. The one before it, if any, is whole.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The destination is somewhere it cannot be.
    #[error("cannot use {to}: {reason}")]
    Destination {
        /// The destination.
        to: String,
        /// Why not.
        reason: String,
    },
    /// The destination failed.
    #[error("could not use the destination")]
    Bucket(#[from] BucketError),
    /// What the destination holds is no listing of a backup.
    #[error("backup.json in the destination cannot be used: {what}")]
    Listing {
        /// What is wrong.
        what: String,
    },
    /// It holds another node's backup.
    #[error("the destination holds the backup of another node (management account {theirs}); use an empty one")]
    Foreign {
        /// The other's management account.
        theirs: AccountId,
    },
    /// It holds more than the data folder.
    #[error(
        "the backup in the destination reaches event {theirs}, this data folder only event {ours}: it holds events that \
         would be lost; use another destination"
    )]
    Further {
        /// The last event of the backup.
        theirs: Seq,
        /// The last event here.
        ours: Seq,
    },
    /// A file that never changes has changed.
    #[error(
        "{path} has changed since the last backup, which it never should; run `cairn doctor`, the last backup is kept"
    )]
    Changed {
        /// The file, below the data folder.
        path: String,
    },
    /// The snapshot could not be read.
    #[error("could not read {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
}

impl BackupError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            BackupError::Destination { .. } => ErrorKind::Invalid,
            BackupError::Bucket(error) => error.kind(),
            BackupError::Listing { .. } | BackupError::Changed { .. } => ErrorKind::Corrupt,
            BackupError::Foreign { .. } | BackupError::Further { .. } => ErrorKind::Conflict,
            BackupError::Disk { .. } => ErrorKind::Unavailable,
        }
    }
}

/// Nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The target is in use.
    #[error("{} is not empty; restore into a folder that does not exist yet", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no backup.
    #[error("there is no backup in {from}: it has no backup.json")]
    NoBackup {
        /// Where it should be.
        from: String,
    },
    /// The listing cannot be used.
    #[error("backup.json cannot be used: {what}")]
    Listing {
        /// What is wrong.
        what: String,
    },
    /// An object is not what the listing says.
    #[error("the backup is damaged: {what} of {path} {problem}; use another backup")]
    Damaged {
        /// The file, below the data folder.
        path: String,
        /// The object.
        what: String,
        /// How it differs.
        problem: &'static str,
    },
    /// The backup could not be read.
    #[error("could not read the backup")]
    Bucket(#[from] BucketError),
    /// The disk failed.
    #[error("could not write {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
}

impl RestoreError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RestoreError::NotEmpty { .. } => ErrorKind::Conflict,
            RestoreError::NoBackup { .. } => ErrorKind::NotFound,
            RestoreError::Listing { .. } | RestoreError::Damaged { .. } => ErrorKind::Corrupt,
            RestoreError::Bucket(error) => error.kind(),
            RestoreError::Disk { .. } => ErrorKind::Unavailable,
        }
    }
}
