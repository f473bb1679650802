//! What can go wrong with a table, in the words the owner of a trail reads in its status.

use deltalake_core::DeltaTableError;
use model::ErrorKind;
use object_store::Error as StoreError;
use parquet::errors::ParquetError;

/// A table could not be read or written. After a failed append the batch may be there; repeating it is safe.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// The location does not refuse to replace an object, so two writers could make the same version of a table.
    #[error("the location replaces objects that must be new (If-None-Match is not honoured); tables cannot lie there")]
    Replaces,
    /// An object could not be written, read or listed.
    #[error("could not access the files of table {table}")]
    Files {
        /// The table.
        table: String,
        /// The storage's words.
        #[source]
        source: StoreError,
    },
    /// The table's log could not be read or extended.
    #[error("could not read or extend the log of table {table}")]
    Log {
        /// The table.
        table: String,
        /// The library's words.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// Somebody gave the table columns that do not fit ours.
    #[error("column {column} of table {table} is not as Cairn writes it; move the table away, and a new one is made")]
    Column {
        /// The table.
        table: String,
        /// The first column that does not fit.
        column: String,
    },
    /// Rows could not be encoded, or a file of the table not decoded.
    #[error("could not encode or decode a file of table {table}")]
    Parquet {
        /// The table.
        table: String,
        /// The library's words.
        #[source]
        source: ParquetError,
    },
    /// A thread ended in the middle, which is our own mistake or the node's end.
    #[error("writing stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

impl WarehouseError {
    /// The innermost reason: a server's or a file system's own words, where there are any.
    pub fn cause(&self) -> String {
        let mut innermost: &dyn std::error::Error = self;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        innermost.to_string()
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            WarehouseError::Replaces | WarehouseError::Column { .. } => ErrorKind::Invalid,
            WarehouseError::Files { source, .. } => kind_of(source),
            WarehouseError::Log { source, .. } => match &**source {
                DeltaTableError::ObjectStore { source } => kind_of(source),
                _ => ErrorKind::Unavailable,
            },
            WarehouseError::Parquet { .. } => ErrorKind::Corrupt,
            WarehouseError::Stopped(_) => ErrorKind::Bug,
        }
    }
}

fn kind_of(error: &StoreError) -> ErrorKind {
    match error {
        StoreError::NotFound { .. } => ErrorKind::NotFound,
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    }
}
