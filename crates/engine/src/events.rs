//! Where the engine reads events: the store, or in tests a plain list.

mod from_store;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use query::{Column, Cut, Meter, Scope};
use store::StoreError;

pub use from_store::StoreEvents;

/// Rows, one batch after the other. Reading may wait for a disk.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, EventsError>> + Send>;

/// Reads events.
pub trait Events: fmt::Debug + Send + Sync {
    /// The columns of every event in the scope, in the order asked for, shared out among about this many readers. Without
    /// columns the batches have rows all the same.
    fn scan(&self, scope: &Scope, columns: &[Column], meter: Arc<Meter>, partitions: usize) -> Vec<Batches>;

    /// Each distinct combination of these columns' values, and with `bucket` of the stretch of time events are in: then
    /// `__bucket__` if asked for, `__count__`, `__first__` and `__last__` (seconds). The same combination may come several
    /// times.
    fn combinations(
        &self,
        scope: &Scope,
        columns: &[Column],
        bucket: Option<Duration>,
        meter: Arc<Meter>,
        partitions: usize,
    ) -> Vec<Batches>;
}

/// Events could not be read to the end.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// A limit was reached.
    #[error("{0}")]
    Cut(Cut),
    /// The store failed.
    #[error("could not read events")]
    Store(#[source] StoreError),
}
