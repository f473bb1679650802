//! What an account may ask about, by name.

use async_trait::async_trait;
use model::{AccountId, ErrorKind};

use crate::Table;

/// The table of everything an account has.
pub const EVENTS: &str = "events";
/// The schema of warehouse tables.
pub const WAREHOUSE: &str = "warehouse";

/// Says what an account has. Names are `events`, `<project>.<logstore>` and `warehouse.<table>`; who may see which of
/// them is decided by whoever asks.
#[async_trait]
pub trait Tables: Send + Sync {
    /// All of them, `events` first.
    async fn tables(&self, account: AccountId) -> Result<Vec<Table>, TablesError>;
}

/// It could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not list the account's tables")]
pub struct TablesError {
    /// What sort of failure.
    pub kind: ErrorKind,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Table {
    /// The schema and the name within it; `public` when the name has no schema.
    pub fn path(&self) -> (&str, &str) {
        self.name.split_once('.').unwrap_or(("public", &self.name))
    }
}
