//! The store as a whole: what is in memory, which segments there are, and the questions it answers.

mod open;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use arc_swap::ArcSwap;
use catalog::Catalog;
use host::{Clock, Disk};
use journal::{Committed, Ledger, LedgerError};
use model::{AccountId, Event};
use parking_lot::Mutex;

use crate::StoreError;
use crate::id_filter::IdFilter;
use crate::metrics::StoreMetrics;
use crate::recent::Recent;
use crate::segment::{Caches, Segment};
use crate::terms::id_hash;
use crate::upkeep::Upkeep;

/// How the store behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Memory the events not yet in a segment may take before they are written as one.
    pub recent_bytes: usize,
    /// How long an event may wait for that.
    pub recent_age: Duration,
    /// Segments are merged until one has this many bytes of JSON.
    pub segment_bytes: u64,
    /// This many small neighbours are merged at once.
    pub merge_segments: usize,
    /// Memory for JSON pages that were read lately.
    pub cache_bytes: u64,
    /// Memory for columns that were counted or searched lately.
    pub column_cache_bytes: u64,
    /// How long events are kept after both happening and arriving; `None` keeps everything.
    pub history: Option<Duration>,
    /// How often the store looks for something to seal, merge or retire without being nudged.
    pub upkeep_every: Duration,
    /// How the journal is written.
    pub journal: journal::WriterConfig,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            // About 80,000 events; with the one being written twice that, far below the 1 GiB a node may take.
            recent_bytes: 160 << 20,
            recent_age: Duration::from_secs(600),
            segment_bytes: 128 << 20,
            merge_segments: 8,
            cache_bytes: 32 << 20,
            column_cache_bytes: 256 << 20,
            history: None,
            upkeep_every: Duration::from_secs(1),
            journal: journal::WriterConfig::default(),
        }
    }
}

/// Counts of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Segments.
    pub segments: usize,
    /// Events in segments.
    pub segment_events: u64,
    /// Bytes of segments and their indexes.
    pub segment_bytes: u64,
    /// Events in memory only (and in the journal).
    pub recent_events: usize,
}

/// Finds events. Cheap to clone. Calls may read the disk: make them from a blocking thread.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    upkeep: Arc<Mutex<Option<Upkeep>>>,
}

/// What is stored where, as of one moment.
pub(crate) struct State {
    /// By first number; ranges do not overlap.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// Being written as a segment.
    pub(crate) sealing: Option<Arc<Recent>>,
    /// Taking new events.
    pub(crate) active: Arc<Recent>,
}

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) folder: PathBuf,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) caches: Arc<Caches>,
    pub(crate) metrics: StoreMetrics,
    pub(crate) state: ArcSwap<State>,
    /// Held while events are added and while `active` is exchanged, so that none is added to a closed one.
    pub(crate) publishing: Mutex<IdFilter>,
    pub(crate) active_bytes: AtomicUsize,
    pub(crate) nudge: SyncSender<()>,
}

impl Store {
    /// Counts of what is stored.
    pub fn statistics(&self) -> Statistics {
        let state = self.shared.state.load();
        Statistics {
            segments: state.segments.len(),
            segment_events: state.segments.iter().map(|segment| segment.entry.rows).sum(),
            segment_bytes: state.segments.iter().map(|segment| segment.entry.bytes).sum(),
            recent_events: state.active.len() + state.sealing.as_ref().map_or(0, |sealing| sealing.len()),
        }
    }

    /// Writes what is in memory as a segment now, merges what is due and removes what is over. Blocks. For tests and
    /// measurements; a node does this by itself.
    pub fn settle(&self) -> Result<(), StoreError> {
        if let Some(upkeep) = self.upkeep.lock().as_ref() {
            upkeep.settle()?;
        }
        Ok(())
    }

    /// Stops the upkeep after what it is doing. Events in memory stay in the journal and are read back at the next
    /// start.
    pub async fn shut_down(&self) {
        let upkeep = self.upkeep.lock().take();
        if let Some(upkeep) = upkeep {
            // A panic in the thread was reported when it happened.
            let _ = tokio::task::spawn_blocking(move || upkeep.stop()).await;
        }
    }
}

impl Shared {
    pub(crate) fn contains_in_segments(&self, account: AccountId, id: &str) -> Result<bool, StoreError> {
        let state = self.state.load();
        for segment in state.segments.iter().rev() {
            for row in segment.id(account, id) {
                if segment.rows_of(account).contains(&row) && segment.event(row)?.event.id() == id {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl Ledger for Shared {
    fn contains(&self, account: AccountId, event: &Event) -> Result<bool, LedgerError> {
        if !self.publishing.lock().may_contain(id_hash(account, event.id())) {
            return Ok(false);
        }
        let state = self.state.load();
        let in_memory = state.sealing.iter().chain([&state.active]).any(|recent| recent.contains(account, event));
        if in_memory {
            return Ok(true);
        }
        let found = self.contains_in_segments(account, event.id());
        self.metrics.id_filter_asked_segments(matches!(found, Ok(true)));
        found.map_err(|error| LedgerError(Box::new(error)))
    }

    fn publish(&self, committed: Committed) {
        let mut filter = self.publishing.lock();
        for entry in &committed.entries {
            filter.insert(id_hash(entry.account, entry.event.id()));
        }
        let state = self.state.load();
        state.active.add(committed);
        let bytes = state.active.bytes();
        drop(filter);
        self.active_bytes.store(bytes, Ordering::Release);
        self.metrics.recent_bytes(bytes);
        if bytes >= self.config.recent_bytes {
            // A full channel means it was nudged already.
            let _ = self.nudge.try_send(());
        }
    }

    fn fullness(&self) -> f64 {
        self.active_bytes.load(Ordering::Acquire) as f64 / self.config.recent_bytes.saturating_mul(2) as f64
    }
}
