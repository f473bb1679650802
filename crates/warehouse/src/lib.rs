//! Delta Lake tables of delivered events, on a folder or in a bucket.
//!
//! Dramatis personae: a [`Warehouse`] is one location; `table` opens a table there and makes it if it is not there; `append`
//! adds a batch, each event once, as one commit; `data_file` encodes a day's rows (`schema`, `rows`) and names the file by
//! its content; `present` finds the events a repeated batch already brought; `upkeep` merges, checkpoints and cleans.
//!
//! What always holds: an append that returned is durable; a reader sees a batch whole or not at all; whatever is
//! repeated is not there twice. Delivery appends, our own SQL reads; anybody else may read at any time.

mod append;
mod counted;
mod data_file;
mod error;
mod metrics;
mod name;
mod present;
mod rows;
mod schema;
mod table;
mod upkeep;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use deltalake_core::DeltaTable;
use host::Clock;
use model::{AccountId, Timestamp};
use object_store::ObjectStore;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

pub use append::{Appended, Batch};
pub use counted::{Count, Stop};
pub use error::WarehouseError;
pub use metrics::WarehouseMetrics;
pub use name::{InvalidTableName, TableName};
pub use rows::Row;
pub use upkeep::Upkeep;

/// Held by who appends to a table, or removes files of it. In it is the table as the last append saw it, so that the next
/// one reads what came since and not the whole log.
type Writer = Arc<tokio::sync::Mutex<Option<DeltaTable>>>;

/// Tables that are remembered. One with ten thousand files takes some megabytes.
const REMEMBERED_MAX: usize = 32;

/// One location of tables. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse(Arc<Shared>);

struct Shared {
    store: Arc<dyn ObjectStore>,
    clock: Arc<dyn Clock>,
    metrics: WarehouseMetrics,
    writers: Mutex<HashMap<TableName, Writer>>,
    /// Set once the location has shown that it refuses to replace.
    examined: OnceCell<()>,
    /// Tables that were appended to since they were looked after.
    touched: Mutex<BTreeSet<TableName>>,
    /// When what no version of a table needs was last removed.
    removals: Mutex<HashMap<TableName, Timestamp>>,
}

impl Warehouse {
    /// The tables that lie in `store`. Nothing is read or written yet.
    pub fn new(store: Arc<dyn ObjectStore>, clock: Arc<dyn Clock>, metrics: WarehouseMetrics) -> Warehouse {
        Warehouse(Arc::new(Shared {
            store,
            clock,
            metrics,
            writers: Mutex::default(),
            examined: OnceCell::new(),
            touched: Mutex::default(),
            removals: Mutex::default(),
        }))
    }

    /// The table as it is now, for reading; `None` when there is none.
    pub async fn open(&self, name: &TableName) -> Result<Option<DeltaTable>, WarehouseError> {
        table::open(&self.0.store, name).await
    }

    /// The same for a query: read-only, and `count` is told of every byte that is read from now on.
    pub async fn open_counted(&self, name: &TableName, count: Count) -> Result<Option<DeltaTable>, WarehouseError> {
        let store: Arc<dyn ObjectStore> = Arc::new(counted::Counted { inner: self.0.store.clone(), count });
        table::open(&store, name).await
    }

    /// The account's tables.
    pub async fn tables(&self, account: AccountId) -> Result<Vec<TableName>, WarehouseError> {
        name::list(&self.0.store, account).await
    }

    fn writer(&self, name: &TableName) -> Writer {
        let mut all = self.0.writers.lock();
        if let Some(writer) = all.get(name) {
            return writer.clone();
        }
        while all.len() >= REMEMBERED_MAX {
            // Whoever holds one outside of this map is at work with it.
            let Some(idle) = all.iter().find(|(_, writer)| Arc::strong_count(writer) == 1) else { break };
            let idle = idle.0.clone();
            all.remove(&idle);
        }
        all.entry(name.clone()).or_default().clone()
    }
}
