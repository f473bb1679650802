//! What can go wrong in the catalog.

use model::ErrorKind;

/// A call on the catalog did not succeed. Nothing was changed, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no such thing.
    #[error("{what} does not exist")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// It is there already.
    #[error("{what} exists already")]
    AlreadyExists {
        /// What was to be created.
        what: String,
    },
    /// There are as many as may be.
    #[error("there are {limit} {what} already, which is the limit")]
    LimitReached {
        /// Of what.
        what: String,
        /// How many.
        limit: usize,
    },
    /// Something else depends on it.
    #[error("{what} is still in use by {by}")]
    InUse {
        /// What was to be deleted.
        what: String,
        /// What depends on it.
        by: String,
    },
    /// A stored value is not what was written.
    #[error("the catalog holds an unreadable {what}: {value:?}")]
    Corrupt {
        /// The column.
        what: &'static str,
        /// What it holds.
        value: String,
    },
    /// The database failed.
    #[error("the catalog's database failed")]
    Database(#[from] sqlx::Error),
    /// The database's schema could not be brought up to date.
    #[error("the catalog could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl CatalogError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CatalogError::NotFound { .. } => ErrorKind::NotFound,
            CatalogError::AlreadyExists { .. } | CatalogError::InUse { .. } => ErrorKind::Conflict,
            CatalogError::LimitReached { .. } => ErrorKind::Conflict,
            CatalogError::Corrupt { .. } => ErrorKind::Corrupt,
            CatalogError::Database(_) | CatalogError::Migration(_) => ErrorKind::Unavailable,
        }
    }

    pub(crate) fn not_found(what: impl Into<String>) -> CatalogError {
        CatalogError::NotFound { what: what.into() }
    }

    /// An insert that failed because the key is taken becomes `AlreadyExists`; because its owner is gone, `NotFound`.
    pub(crate) fn on_insert(error: sqlx::Error, what: impl FnOnce() -> String) -> CatalogError {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => CatalogError::AlreadyExists { what: what() },
            Some(database) if database.is_foreign_key_violation() => {
                CatalogError::not_found(format!("the owner of {}", what()))
            }
            _ => CatalogError::Database(error),
        }
    }
}
