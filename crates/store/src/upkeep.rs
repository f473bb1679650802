//! Upkeep: one thread that writes recent events as segments, merges small segments, and removes old ones.
//!
//! Each step ends in one transaction of the manifest, and only then are files removed or the journal trimmed; so a
//! crash at any point leaves either the state before or the state after. A step that fails is reported and tried
//! again; meanwhile events wait in memory and in the journal, and when memory is full the journal throttles.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use journal::Writer;
use model::Seq;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

use crate::recent::Recent;
use crate::segment::{Built, ROWS_MAX, Row, Segment, build, paths};
use crate::still_shown::Kept;
use crate::store::{Shared, State};
use crate::{StoreError, undelivered};

/// How long it leaves off after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

enum Command {
    Settle(SyncSender<Result<(), StoreError>>),
    Stop,
}

/// The running thread.
pub(crate) struct Upkeep {
    commands: SyncSender<Command>,
    nudge: SyncSender<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Upkeep {
    pub(crate) fn start(
        shared: Arc<Shared>,
        writer: Writer,
        handle: Handle,
        nudges: Receiver<()>,
    ) -> std::io::Result<Upkeep> {
        let (commands, received) = sync_channel(1);
        let nudge = shared.nudge.clone();
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || run(&shared, &writer, &handle, &nudges, &received))?;
        Ok(Upkeep { commands, nudge, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        let (reply, answer) = sync_channel(1);
        if self.commands.send(Command::Settle(reply)).is_err() {
            return Ok(());
        }
        let _ = self.nudge.try_send(());
        answer.recv().unwrap_or(Ok(()))
    }

    pub(crate) fn stop(&self) {
        // The thread may have ended by a panic, which the join reports.
        let _ = self.commands.send(Command::Stop);
        let _ = self.nudge.try_send(());
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            error!("the store's thread panicked");
        }
    }
}

fn run(shared: &Shared, writer: &Writer, handle: &Handle, nudges: &Receiver<()>, commands: &Receiver<Command>) {
    let mut not_before = Instant::now();
    let mut kept = Kept::default();
    loop {
        if let Err(RecvTimeoutError::Disconnected) = nudges.recv_timeout(shared.config.upkeep_every) {
            return;
        }
        match commands.try_recv() {
            Ok(Command::Stop) => return,
            Ok(Command::Settle(reply)) => {
                let result = seal(shared, handle).and_then(|sealed| {
                    sealed.into_iter().for_each(|through| writer.trim(through));
                    while merge(shared, handle)? {}
                    retire(shared, handle, &mut kept)
                });
                // The one who asked may have gone away.
                let _ = reply.send(result);
                continue;
            }
            Err(_) => {}
        }
        // Not slept through: the node's end and `settle` are heard at once.
        if Instant::now() < not_before {
            continue;
        }
        if let Err(failure) = tick(shared, writer, handle, &mut kept) {
            shared.metrics.upkeep_failed();
            error!(error = %failure, cause = ?std::error::Error::source(&failure), "upkeep failed, will retry");
            not_before = Instant::now() + RETRY_PAUSE;
        }
    }
}

fn tick(shared: &Shared, writer: &Writer, handle: &Handle, kept: &mut Kept) -> Result<(), StoreError> {
    if is_seal_due(shared)
        && let Some(through) = seal(shared, handle)?
    {
        writer.trim(through);
    }
    merge(shared, handle)?;
    retire(shared, handle, kept)
}

fn is_seal_due(shared: &Shared) -> bool {
    let state = shared.state.load();
    let is_old = |first: Instant| first.elapsed() >= shared.config.recent_age;
    state.sealing.is_some()
        || state.active.bytes() >= shared.config.recent_bytes
        || state.active.len() >= ROWS_MAX / 2
        || state.active.first_added().is_some_and(is_old)
}

/// Writes the recent events as a segment. Gives the last number in it, or `None` when there was nothing to write.
pub(crate) fn seal(shared: &Shared, handle: &Handle) -> Result<Option<Seq>, StoreError> {
    let started = Instant::now();
    let sealing = begin_sealing(shared);
    let events = sealing.len();
    if events == 0 {
        finish_sealing(shared, None);
        return Ok(None);
    }
    let built = sealing.with_rows(|rows| build(&*shared.disk, &shared.folder, 0, rows))?;
    let through = built.last;
    let segment = publish(shared, handle, 0, built, &[], Some(through))?;
    info!(events, bytes = segment.entry.bytes, through = through.0, "segment written");
    shared.metrics.sealed(events, started.elapsed());
    finish_sealing(shared, Some(segment));
    Ok(Some(through))
}

/// Closes the active part, unless one is closed already (a failed attempt is repeated with the same events).
fn begin_sealing(shared: &Shared) -> Arc<Recent> {
    let _publishing = shared.publishing.lock();
    let state = shared.state.load();
    if let Some(sealing) = &state.sealing {
        return sealing.clone();
    }
    let sealing = state.active.clone();
    shared.state.store(Arc::new(State {
        segments: state.segments.clone(),
        sealing: Some(sealing.clone()),
        active: Arc::new(Recent::new()),
    }));
    shared.active_bytes.store(0, std::sync::atomic::Ordering::Release);
    sealing
}

fn finish_sealing(shared: &Shared, segment: Option<Arc<Segment>>) {
    let _publishing = shared.publishing.lock();
    let state = shared.state.load();
    let mut segments = state.segments.clone();
    segments.extend(segment);
    shared.metrics.segments(segments.iter().map(|segment| &segment.entry));
    shared.state.store(Arc::new(State { segments, sealing: None, active: state.active.clone() }));
}

/// Makes a segment count, in place of others, and opens it.
fn publish(
    shared: &Shared,
    handle: &Handle,
    level: u32,
    built: Built,
    replaced: &[i64],
    cursor: Option<Seq>,
) -> Result<Arc<Segment>, StoreError> {
    let entry = catalog::Segment {
        id: 0,
        file: built.name,
        first: built.first,
        last: built.last,
        rows: built.rows,
        min_time: built.min_time,
        max_time: built.max_time,
        bytes: built.bytes,
        level,
        oldest_received: built.oldest_received,
    };
    // Opened before it counts: a segment that cannot be read must not replace anything, and once it counts nothing may
    // fail any more.
    let mut segment = Segment::open(&*shared.disk, &shared.folder, entry, shared.caches.clone())?;
    if let Some(published) = change_manifest(shared, handle, Some(&segment.entry), replaced, cursor)? {
        segment.entry = published;
    }
    Ok(Arc::new(segment))
}

/// Adds and removes segments in the manifest. A change that was committed but reported as failed counts as made, or
/// every further attempt would find the new segment there, or the old ones gone, and fail for ever.
fn change_manifest(
    shared: &Shared,
    handle: &Handle,
    new: Option<&catalog::Segment>,
    gone: &[i64],
    cursor: Option<Seq>,
) -> Result<Option<catalog::Segment>, StoreError> {
    let changed = shared.catalog.manifest_publish(new.map_or(&[], std::slice::from_ref), gone, cursor);
    let error = match handle.block_on(changed) {
        Ok(mut published) => return Ok(published.pop()),
        Err(error) => error,
    };
    let Ok(manifest) = handle.block_on(shared.catalog.manifest()) else { return Err(StoreError::Manifest(error)) };
    let same = |one: &catalog::Segment, other: &catalog::Segment| {
        (&one.file, one.first, one.last, one.rows) == (&other.file, other.first, other.last, other.rows)
    };
    let published = new.map(|new| manifest.segments.iter().find(|segment| same(segment, new)));
    let is_made = published != Some(None)
        && manifest.segments.iter().all(|segment| !gone.contains(&segment.id))
        && cursor.is_none_or(|cursor| cursor <= manifest.cursor);
    if !is_made {
        return Err(StoreError::Manifest(error));
    }
    warn!(%error, "the manifest reported a failure but holds the change");
    Ok(published.flatten().cloned())
}

/// Merges one run of small neighbours, if there is one. Whether it did.
fn merge(shared: &Shared, handle: &Handle) -> Result<bool, StoreError> {
    let state = shared.state.load_full();
    let Some(run) = due_for_merge(&state.segments, shared.config.merge_segments, shared.config.segment_bytes) else {
        return Ok(false);
    };
    let started = Instant::now();
    let mut rows: Vec<Row> = Vec::with_capacity(run.iter().map(|segment| segment.entry.rows as usize).sum());
    for segment in run {
        segment.read_all(|row| rows.push(row))?;
    }
    let level = run.iter().map(|segment| segment.entry.level).max().unwrap_or(0) + 1;
    let events = rows.len();
    let built = build(&*shared.disk, &shared.folder, level, &rows)?;
    let replaced: Vec<i64> = run.iter().map(|segment| segment.entry.id).collect();
    let merged = publish(shared, handle, level, built, &replaced, None)?;
    info!(segments = run.len(), events, bytes = merged.entry.bytes, level, "segments merged");
    shared.metrics.merged(events, started.elapsed());
    replace_segments(shared, run, Some(merged));
    remove_files(shared, run)?;
    Ok(true)
}

/// The oldest run of neighbours on one level, all below half of the full size, that is long enough to be worth it.
fn due_for_merge(segments: &[Arc<Segment>], merge_segments: usize, full_bytes: u64) -> Option<&[Arc<Segment>]> {
    let is_small = |segment: &Segment| segment.summary.raw_bytes < full_bytes / 2;
    segments
        .chunk_by(|a, b| a.entry.level == b.entry.level && is_small(a) && is_small(b))
        .filter(|run| run.len() >= merge_segments)
        .find_map(|run| {
            let mut bytes = 0;
            let fits = run.iter().take_while(|segment| {
                bytes += segment.summary.raw_bytes;
                bytes <= full_bytes + full_bytes / 2
            });
            let count = fits.count().min(merge_segments * 2);
            (count > 1).then(|| &run[..count])
        })
}

/// Drops segments whose events both happened and arrived longer ago than the history reaches, and that no Logstore needs.
fn retire(shared: &Shared, handle: &Handle, kept: &mut Kept) -> Result<(), StoreError> {
    let Some(history) = shared.config.history else { return Ok(()) };
    let now = shared.clock.now();
    let horizon = now.minus(history);
    let state = shared.state.load_full();
    let is_over =
        |segment: &&Arc<Segment>| segment.entry.max_time < horizon && segment.summary.received_max < horizon.0;
    let over: Vec<Arc<Segment>> = state.segments.iter().filter(is_over).cloned().collect();
    if over.is_empty() {
        return Ok(());
    }
    let over = kept.release(over, &shared.catalog, handle, now).map_err(StoreError::Manifest)?;
    if over.is_empty() {
        return Ok(());
    }
    let lost = undelivered::count(&shared.catalog, handle, &over).map_err(StoreError::Manifest)?;
    let ids: Vec<i64> = over.iter().map(|segment| segment.entry.id).collect();
    change_manifest(shared, handle, None, &ids, None)?;
    shared.metrics.retired(over.iter().map(|segment| segment.entry.rows).sum(), lost);
    info!(segments = over.len(), before = %horizon, "segments beyond the history removed");
    replace_segments(shared, &over, None);
    remove_files(shared, &over)
}

fn replace_segments(shared: &Shared, gone: &[Arc<Segment>], new: Option<Arc<Segment>>) {
    let _publishing = shared.publishing.lock();
    let state = shared.state.load();
    let mut segments = state.segments.clone();
    segments.retain(|segment| gone.iter().all(|gone| gone.entry.id != segment.entry.id));
    segments.extend(new);
    segments.sort_by_key(|segment| segment.entry.first);
    shared.metrics.segments(segments.iter().map(|segment| &segment.entry));
    shared.state.store(Arc::new(State { segments, sealing: state.sealing.clone(), active: state.active.clone() }));
}

/// Lookups that still hold a removed segment keep reading it: its files live until they are closed. The indexes go
/// last: what a crash leaves can be told by them.
fn remove_files(shared: &Shared, gone: &[Arc<Segment>]) -> Result<(), StoreError> {
    let both: Vec<_> = gone.iter().map(|segment| paths(&shared.folder, &segment.entry.file)).collect();
    let (parquet, indexes): (Vec<_>, Vec<_>) = both.into_iter().unzip();
    for files in [parquet, indexes] {
        for path in files {
            shared.disk.remove(&path).map_err(|source| StoreError::Disk { action: "remove", path, source })?;
        }
        let path = &shared.folder;
        let synced = shared.disk.sync_folder(path);
        synced.map_err(|source| StoreError::Disk { action: "sync", path: path.clone(), source })?;
    }
    Ok(())
}
