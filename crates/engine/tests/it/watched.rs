//! Events that count how often they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::events::{Batches, Events};
use query::{Column, Meter, Scope};

/// How often events were scanned, and how often combinations of them were asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads {
    pub(crate) scans: Arc<AtomicUsize>,
    pub(crate) combinations: Arc<AtomicUsize>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Watched<E> {
    pub(crate) events: E,
    pub(crate) reads: Reads,
}

impl<E: Events> Events for Watched<E> {
    fn scan(&self, scope: &Scope, columns: &[Column], meter: Arc<Meter>, partitions: usize) -> Vec<Batches> {
        self.reads.scans.fetch_add(1, Ordering::Relaxed);
        self.events.scan(scope, columns, meter, partitions)
    }

    fn combinations(
        &self,
        scope: &Scope,
        columns: &[Column],
        bucket: Option<Duration>,
        meter: Arc<Meter>,
        partitions: usize,
    ) -> Vec<Batches> {
        self.reads.combinations.fetch_add(1, Ordering::Relaxed);
        self.events.combinations(scope, columns, bucket, meter, partitions)
    }
}
