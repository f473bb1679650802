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
    /// The database has a step of its schema that this version does not know.
    #[error("the catalog was written by a newer version of cairn: this one does not know step {step} of its schema")]
    Newer {
        /// The step's number.
        step: i64,
    },
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
            CatalogError::Newer { .. } => ErrorKind::Invalid,
            CatalogError::Database(_) | CatalogError::Migration(_) => ErrorKind::Unavailable,
        }
    }

    /// Whether the database failed because the disk takes no more.
    pub fn is_disk_full(&self) -> bool {
        /// `SQLITE_FULL`.
        const FULL: &str = "13";
        let error = match self {
            CatalogError::Database(error) => error,
            CatalogError::Migration(
                sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _),
            ) => error,
            _ => return false,
        };
        error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == FULL)
    }

    /// A failed migration; one that is missing here was made by a newer version.
    pub(crate) fn on_migration(error: sqlx::migrate::MigrateError) -> CatalogError {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(step) => CatalogError::Newer { step },
            other => CatalogError::Migration(other),
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
