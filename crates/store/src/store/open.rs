//! Opening the store: segments from the manifest, the rest from the journal.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, sync_channel};

use arc_swap::ArcSwap;
use catalog::{Catalog, Manifest};
use host::metrics::Metrics;
use host::{Clock, Disk};
use journal::{Journal, Ledger, Writer};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::{Config, Shared, State, Store};
use crate::check::{is_covered, range_of};
use crate::id_filter::IdFilter;
use crate::metrics::StoreMetrics;
use crate::recent::Recent;
use crate::segment::{Caches, Segment, newest, paths};
use crate::upkeep::{Upkeep, seal};
use crate::{OpenError, StoreError};

impl Store {
    /// Opens the store of a data folder and the journal that feeds it: `segments/` and `journal/` in `data`. Events
    /// the journal holds beyond the store's cursor are in memory when this returns.
    pub async fn open(
        config: Config,
        data: &Path,
        disk: Arc<dyn Disk>,
        catalog: Catalog,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<(Store, Writer), OpenError> {
        let manifest = catalog.manifest().await.map_err(StoreError::Manifest)?;
        let (nudge, nudges) = sync_channel(1);
        let shared = Arc::new(Shared {
            folder: data.join("segments"),
            disk,
            catalog,
            clock,
            caches: Arc::new(Caches::of_bytes(config.cache_bytes, config.column_cache_bytes)),
            metrics: StoreMetrics::register(metrics, config.recent_bytes.saturating_mul(2)),
            state: ArcSwap::from_pointee(State {
                segments: Vec::new(),
                sealing: None,
                active: Arc::new(Recent::new()),
            }),
            publishing: Mutex::new(IdFilter::for_ids(0)),
            active_bytes: AtomicUsize::new(0),
            nudge,
            config,
        });
        crate::metrics::show_lag(metrics, &shared);
        let handle = Handle::current();
        let journal_folder = data.join("journal");
        let metrics = metrics.clone();
        let opening = move || open(&shared, manifest, &journal_folder, handle, nudges, &metrics);
        tokio::task::spawn_blocking(opening).await.expect("opening does not panic and is not cancelled")
    }
}

fn open(
    shared: &Arc<Shared>,
    manifest: Manifest,
    journal_folder: &Path,
    handle: Handle,
    nudges: Receiver<()>,
    metrics: &Metrics,
) -> Result<(Store, Writer), OpenError> {
    let cursor = manifest.cursor;
    open_segments(shared, manifest)?;
    let (mut sealed, mut failed) = (None, None);
    let now = shared.clock.now();
    let journal = Journal::recover(shared.disk.clone(), journal_folder, cursor, now, |committed| {
        shared.publish(committed);
        // A long journal does not fit in memory: it goes into segments on the way.
        if failed.is_none() && shared.fullness() >= 1.0 {
            match seal(shared, &handle) {
                Ok(through) => sealed = through.or(sealed),
                Err(error) => failed = Some(error),
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let clock = shared.clock.clone();
    let writer = Writer::start(journal, shared.config.journal.clone(), shared.clone(), clock, metrics)
        .map_err(OpenError::Thread)?;
    sealed.into_iter().for_each(|through| writer.trim(through));
    let upkeep = Upkeep::start(shared.clone(), writer.clone(), handle, nudges).map_err(OpenError::Thread)?;
    let store = Store { shared: shared.clone(), upkeep: Arc::new(Mutex::new(Some(upkeep))) };
    let statistics = store.statistics();
    info!(
        segments = statistics.segments,
        segment_events = statistics.segment_events,
        recent_events = statistics.recent_events,
        "store opened"
    );
    Ok((store, writer))
}

fn open_segments(shared: &Shared, manifest: Manifest) -> Result<(), StoreError> {
    let disk_error = |action, path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Disk { action, path, source }
    };
    let folder = &shared.folder;
    shared.disk.create_folder(folder).map_err(disk_error("create", folder))?;
    for names in [folder.parent().unwrap_or(folder), folder] {
        shared.disk.sync_folder(names).map_err(disk_error("sync", names))?;
    }
    remove_unpublished(shared, &manifest)?;
    let events: u64 = manifest.segments.iter().map(|segment| segment.rows).sum();
    let mut filter = IdFilter::for_ids(events as usize);
    let mut segments = Vec::with_capacity(manifest.segments.len());
    for entry in manifest.segments {
        let segment = Segment::open(&*shared.disk, folder, entry, shared.caches.clone())?;
        segment.for_each_id_hash(&*shared.disk, |hash| filter.insert(hash))?;
        segments.push(Arc::new(segment));
    }
    segments.sort_by_key(|segment| segment.entry.first);
    *shared.publishing.lock() = filter;
    shared.metrics.segments(segments.iter().map(|segment| &segment.entry));
    shared.state.store(Arc::new(State { segments, sealing: None, active: Arc::new(Recent::new()) }));
    Ok(())
}

/// Removes files a crash left between writing and publishing, or after a segment was retired. A file that nothing else
/// covers is left and named.
fn remove_unpublished(shared: &Shared, manifest: &Manifest) -> Result<(), StoreError> {
    let folder = &shared.folder;
    let disk_error = |action, path: &PathBuf| {
        let path = path.clone();
        move |source| StoreError::Disk { action, path, source }
    };
    let known: HashSet<&str> = manifest.segments.iter().map(|segment| segment.file.as_str()).collect();
    let horizon = shared.config.history.map(|history| shared.clock.now().minus(history));
    let is_over = |name: &str| {
        let newest = horizon.and_then(|_| newest(&*shared.disk, &paths(folder, name).1));
        newest.zip(horizon).is_some_and(|(newest, horizon)| newest < horizon)
    };
    let mut files = shared.disk.list(folder).map_err(disk_error("list", folder))?;
    // A Parquet file before its index, which tells what it is.
    files.sort_by_key(|path| path.extension().is_some_and(|extension| extension == "index"));
    for path in files {
        let is_temporary = path.extension().is_some_and(|extension| extension == "writing");
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if known.contains(name) && !is_temporary {
            continue;
        }
        if is_temporary || range_of(name).is_some_and(|range| is_covered(range, manifest) || is_over(name)) {
            info!(file = %path.display(), "removing a segment file that does not count");
            shared.disk.remove(&path).map_err(disk_error("remove", &path))?;
        } else {
            warn!(file = %path.display(), "this file is in no manifest and its events are nowhere else; left alone");
        }
    }
    Ok(())
}
