//! What can go wrong with stored events.

use std::io;
use std::path::PathBuf;

use model::ErrorKind;

/// Stored events could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk failed.
    #[error("could not {action} {}", path.display())]
    Disk {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
    /// Bytes are not what was written.
    #[error("the segment file {} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The Parquet file could not be written.
    #[error("could not write the Parquet file {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The writer's words.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The question reached a limit before it was answered.
    #[error("the question was ended: {0}")]
    Cut(query::Cut),
    /// The manifest could not be read or changed.
    #[error("could not use the manifest")]
    Manifest(#[source] catalog::CatalogError),
}

impl StoreError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Disk { .. } | StoreError::Parquet { .. } => ErrorKind::Unavailable,
            StoreError::Damaged { .. } => ErrorKind::Corrupt,
            StoreError::Cut(_) => ErrorKind::Throttled,
            StoreError::Manifest(error) => error.kind(),
        }
    }
}

impl From<query::Cut> for StoreError {
    fn from(cut: query::Cut) -> StoreError {
        StoreError::Cut(cut)
    }
}

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A segment or the manifest.
    #[error("could not open the store")]
    Store(#[from] StoreError),
    /// The journal.
    #[error("could not read the journal back")]
    Journal(#[from] journal::RecoverError),
    /// A thread could not be started.
    #[error("could not start a thread")]
    Thread(#[source] io::Error),
}
