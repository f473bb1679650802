//! Delta Lake tables of delivered events, on a folder or in a bucket.
//!
//! Dramatis personae: a [`Warehouse`] is one location; `table` opens a table there and makes it if it is not there; `append`
//! adds a batch, each event once, as one commit; `data_file` encodes a day's rows (`schema`, `rows`) and names the file by
//! its content; `present` finds the events a repeated batch already brought; `upkeep` merges, checkpoints and cleans.
//!
//! What always holds: an append that returned is durable; a reader sees a batch whole or not at all; whatever is
//! repeated is not there twice. Delivery appends, our own SQL reads; anybody else may read at any time.

mod append;
mod data_file;
mod error;
mod name;
mod present;
mod rows;
mod schema;
mod table;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use deltalake_core::DeltaTable;
use host::Clock;
use object_store::ObjectStore;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

pub use append::{Appended, Batch};
pub use error::WarehouseError;
pub use name::{InvalidTableName, TableName};
pub use rows::Row;

/// One location of tables. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse(Arc<Shared>);

struct Shared {
    store: Arc<dyn ObjectStore>,
    clock: Arc<dyn Clock>,
    /// Who appends to a table, or removes files of it.
    writers: Mutex<HashMap<TableName, Weak<tokio::sync::Mutex<()>>>>,
    /// Set once the location has shown that it refuses to replace.
    examined: OnceCell<()>,
}

impl Warehouse {
    /// The tables that lie in `store`. Nothing is read or written yet.
    pub fn new(store: Arc<dyn ObjectStore>, clock: Arc<dyn Clock>) -> Warehouse {
        Warehouse(Arc::new(Shared { store, clock, writers: Mutex::default(), examined: OnceCell::new() }))
    }

    /// The table as it is now, for reading; `None` when there is none.
    pub async fn open(&self, name: &TableName) -> Result<Option<DeltaTable>, WarehouseError> {
        table::open(&self.0.store, name).await
    }

    fn writer(&self, name: &TableName) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self.0.writers.lock();
        if let Some(writer) = all.get(name).and_then(Weak::upgrade) {
            return writer;
        }
        all.retain(|_, writer| writer.strong_count() > 0);
        let writer = Arc::default();
        all.insert(name.clone(), Arc::downgrade(&writer));
        writer
    }
}
