//! Events of the store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use query::{Column, Meter, Scope};
use store::{Scan, Store, StoreError};

use super::{Batches, Events, EventsError};

/// The store's events.
#[derive(Clone)]
pub struct StoreEvents {
    store: Store,
}

impl StoreEvents {
    /// Of this store.
    pub fn new(store: Store) -> StoreEvents {
        StoreEvents { store }
    }
}

impl fmt::Debug for StoreEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreEvents")
    }
}

impl Events for StoreEvents {
    fn scan(&self, scope: &Scope, columns: &[Column], meter: Arc<Meter>, partitions: usize) -> Vec<Batches> {
        batches(self.store.scan(scope, columns, meter, partitions))
    }

    fn combinations(
        &self,
        scope: &Scope,
        columns: &[Column],
        bucket: Option<Duration>,
        meter: Arc<Meter>,
        partitions: usize,
    ) -> Vec<Batches> {
        batches(self.store.combinations(scope, columns, bucket, meter, partitions))
    }
}

fn batches(scans: Vec<Scan>) -> Vec<Batches> {
    scans.into_iter().map(|scan| Box::new(scan.map(|batch| batch.map_err(events_error))) as Batches).collect()
}

fn events_error(error: StoreError) -> EventsError {
    match error {
        StoreError::Cut(cut) => EventsError::Cut(cut),
        error => EventsError::Store(error),
    }
}
