//! Tables: the destination whose format delivery does not know.
//!
//! Whoever implements [`Tables`] makes a table when it is first appended to, and remembers in the table itself, in the
//! same step as the rows, through which number it holds each source. That is what makes a repeated batch harmless.

use model::trail::{TableTarget, TrailName};
use model::{AccountId, ErrorKind, Seq};
use store::Owned;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// Whose project it is in.
    pub account: AccountId,
    /// The project: `actiontrail_` and something.
    pub project: String,
    /// `actiontrail_<trail>`.
    pub name: String,
}

impl Table {
    /// A trail's table in the project it names.
    pub fn of(target: &TableTarget, trail: &TrailName) -> Table {
        Table { account: target.owner, project: target.project.clone(), name: format!("actiontrail_{trail}") }
    }
}

/// Events to append, in the order of their numbers.
#[derive(Debug, Clone)]
pub struct TableBatch {
    /// Who appends, for ever the same and nobody else's: `trail-7`, `job-3`. A source's batches come one after the other.
    pub source: String,
    /// Everything up to here came before.
    pub after: Seq,
    /// Everything up to here is in this batch or was not selected.
    pub through: Seq,
    /// What was selected in `(after, through]`.
    pub events: Vec<Owned>,
}

/// Appends to tables.
#[async_trait::async_trait]
pub trait Tables: Send + Sync {
    /// Appends a batch; durable when it returns. After an error it may be there or not, but never in part. Of a batch
    /// that was appended before, in whole or in part (a table may hold its source through a number within it), only the
    /// events behind that number are appended.
    async fn append(&self, table: &Table, batch: TableBatch) -> Result<(), TableError>;
}

/// A table did not take a batch.
#[derive(Debug, thiserror::Error)]
#[error("could not append to table {table}: {reason}")]
pub struct TableError {
    /// Its project and name.
    pub table: String,
    /// One fact.
    pub reason: String,
    /// What sort of failure.
    pub kind: ErrorKind,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
