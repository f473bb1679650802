//! Why a trail could not deliver.

use std::error::Error;

use catalog::CatalogError;
use model::ErrorKind;
use outbound::BucketError;
use store::StoreError;

use crate::{TableError, UnsealError};

/// Why a trail could not deliver. It will be tried again.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The trail's progress could not be read or recorded.
    #[error("could not read or record the trail's progress")]
    Catalog(#[from] CatalogError),
    /// Events could not be read.
    #[error("could not read the events")]
    Source(#[from] StoreError),
    /// The account has no bucket of this name any more.
    #[error("the account has no bucket named {name}; create it again or update the trail")]
    NoBucket {
        /// The name in the trail.
        name: String,
    },
    /// The role that stands between the trail and another's bucket does not let it through.
    #[error("the role {role} cannot be used: {reason}")]
    Role {
        /// Its ARN.
        role: String,
        /// One fact.
        reason: String,
    },
    /// The destination is another account's and no role was given.
    #[error("the destination is of account {owner}: a role of that account is needed")]
    NoRole {
        /// Whose it is.
        owner: model::AccountId,
    },
    /// A bucket's or project's settings could not be unsealed.
    #[error("could not unseal the settings of {name}")]
    Sealed {
        /// Its name in the catalog.
        name: String,
        /// The vault's words.
        #[source]
        source: UnsealError,
    },
    /// A bucket's or project's settings are not what was sealed.
    #[error("the settings of {name} are damaged")]
    Settings {
        /// Its name in the catalog.
        name: String,
        /// The reader's words.
        #[source]
        source: serde_json::Error,
    },
    /// The account has no remote project of this name any more.
    #[error("account {owner} has no remote project {name}; create it again or update the trail")]
    NoProject {
        /// Whose it was.
        owner: model::AccountId,
        /// The name in the trail.
        name: String,
    },
    /// The project did not take the logs.
    #[error(transparent)]
    Logs(#[from] outbound::LogError),
    /// This node writes no tables.
    #[error("this node was built or configured without warehouse tables")]
    NoTables,
    /// The table did not take the rows.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The bucket did not take the object.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// Encoding stopped in the middle, which is our own mistake or the node's end.
    #[error("encoding stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

impl DeliveryError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            DeliveryError::Catalog(error) => error.kind(),
            DeliveryError::Source(error) => error.kind(),
            DeliveryError::NoBucket { .. } | DeliveryError::NoProject { .. } => ErrorKind::NotFound,
            DeliveryError::Logs(error) => error.kind(),
            DeliveryError::NoTables => ErrorKind::Invalid,
            DeliveryError::Table(error) => error.kind,
            DeliveryError::Role { .. } | DeliveryError::NoRole { .. } => ErrorKind::Denied,
            DeliveryError::Sealed { .. } | DeliveryError::Settings { .. } => ErrorKind::Corrupt,
            DeliveryError::Bucket(error) => error.kind(),
            DeliveryError::Stopped(_) => ErrorKind::Bug,
        }
    }

    /// Whether another destination might do what this one did not.
    pub(crate) fn is_of_destination(&self) -> bool {
        matches!(
            self,
            DeliveryError::Bucket(_)
                | DeliveryError::NoBucket { .. }
                | DeliveryError::Role { .. }
                | DeliveryError::NoRole { .. }
                | DeliveryError::NoProject { .. }
                | DeliveryError::Logs(_)
                | DeliveryError::Table(_)
        )
    }

    /// The whole story on one line, for the trail's status.
    pub(crate) fn story(&self) -> String {
        let mut story = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            story.push_str(": ");
            story.push_str(&error.to_string());
            cause = error.source();
        }
        story
    }
}
