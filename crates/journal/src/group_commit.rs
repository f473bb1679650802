//! Group commit: one thread writes everything that is waiting, syncs once, publishes, and acknowledges.
//!
//! Callers hash their events and queue them; admission counts bytes, so memory is bounded and a caller that comes
//! too late is told to retry. While the disk syncs, the next group gathers. Order of effects for each group: frame
//! written, synced, published to the store (visible), acknowledged. A failed sync poisons the journal: what happened
//! is unknown, so nothing more is taken until a restart has read the files back.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use host::Clock;
use host::metrics::Metrics;
use model::{AccountId, Seq, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use crate::file::{ActiveFile, WriteFailure};
use crate::frame::FrameEncoder;
use crate::merkle::{Frontier, Hash, leaf_hash};
use crate::metrics::JournalMetrics;
use crate::recovery::Journal;
use crate::{AppendError, Committed, Entry, Ledger, Outcome};

/// How the writer behaves.
#[derive(Debug, Clone)]
pub struct WriterConfig {
    /// A journal file is closed when it has this many bytes.
    pub file_bytes: u64,
    /// Bytes of events that may wait to become durable.
    pub in_flight_bytes: usize,
}

impl Default for WriterConfig {
    fn default() -> Self {
        // 64 MiB: read back in well under a second, and a trim frees the disk often. In flight: six full requests.
        WriterConfig { file_bytes: 64 << 20, in_flight_bytes: 64 << 20 }
    }
}

/// A group takes what waits up to this many bytes: one sync of 4 ms covers it, and its buffer stays small.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// Appends of more bytes than this are hashed on a blocking thread.
const INLINE_HASH_BYTES_MAX: usize = 64 << 10;
/// Requests waiting; admission by bytes is the real limit, this bounds tiny ones.
const QUEUED_APPENDS_MAX: usize = 4096;
/// What a throttled caller is told: a group takes milliseconds, a full store some seconds.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// From this fullness of the store on, appends are slowed down, so that few ever meet a full one.
const PACE_FROM: f64 = 0.7;
/// What an append waits when the store is all but full.
const PACE_MAX: Duration = Duration::from_millis(40);
/// How long an append waits for a full store to get room.
const FULL_PATIENCE: Duration = Duration::from_secs(2);

struct Append {
    entries: Vec<Entry>,
    leaves: Vec<Hash>,
    received: Timestamp,
    bytes: usize,
    reply: oneshot::Sender<Result<Vec<Outcome>, AppendError>>,
}

enum Request {
    Append(Append),
    Trim(Seq),
    Stop,
}

/// Appends to the journal. Cheap to clone; all clones feed one writing thread.
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    requests: mpsc::Sender<Request>,
    in_flight: AtomicUsize,
    in_flight_max: usize,
    clock: Arc<dyn Clock>,
    ledger: Arc<dyn Ledger>,
    committed: watch::Receiver<Seq>,
    stopped: watch::Receiver<Option<String>>,
    metrics: JournalMetrics,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    files_trimmed: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the writing thread.
    pub fn start(
        journal: Journal,
        config: WriterConfig,
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> std::io::Result<Writer> {
        let (requests, queue) = mpsc::channel(QUEUED_APPENDS_MAX);
        let (committed_sender, committed) = watch::channel(journal.head());
        let (stopped_sender, stopped) = watch::channel(None);
        // Weak, as the metrics must not keep the thread's queue open.
        let weak = requests.downgrade();
        let waiting = move || {
            weak.upgrade().map_or(0, |requests: mpsc::Sender<Request>| QUEUED_APPENDS_MAX - requests.capacity())
        };
        JournalMetrics::show(metrics, stopped.clone(), waiting, QUEUED_APPENDS_MAX);
        let metrics = JournalMetrics::register(metrics, config.in_flight_bytes);
        metrics.head_at(journal.head().0);
        let files_trimmed = Arc::new(AtomicU64::new(0));
        let thread = WriterThread {
            journal,
            file_bytes: config.file_bytes,
            ledger: ledger.clone(),
            clock: clock.clone(),
            committed: committed_sender,
            stopped: stopped_sender,
            metrics: metrics.clone(),
            files_trimmed: files_trimmed.clone(),
        };
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || thread.run(queue))?;
        let shared = Shared {
            requests,
            in_flight: AtomicUsize::new(0),
            in_flight_max: config.in_flight_bytes,
            clock,
            ledger,
            committed,
            stopped,
            metrics,
            thread: Mutex::new(Some(thread)),
            files_trimmed,
        };
        Ok(Writer { shared: Arc::new(shared) })
    }

    /// Makes the entries durable and visible; resolves then. One outcome per entry, in order. All entries that are
    /// stored have consecutive numbers.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Vec<Outcome>, AppendError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let started = Instant::now();
        let permit = self.admit(entries.iter().map(|entry| entry.event.memory_bytes()).sum())?;
        self.pace().await?;
        let received = self.shared.clock.now();
        let (entries, leaves) = hash_leaves(entries, received, permit.bytes).await;
        let (reply, outcome) = oneshot::channel();
        let append = Append { entries, leaves, received, bytes: permit.bytes, reply };
        match self.shared.requests.try_send(Request::Append(append)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(self.throttled()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.stopped_error()),
        }
        let outcomes = outcome.await.unwrap_or_else(|_| Err(self.stopped_error()))?;
        self.shared.metrics.append_acknowledged(started.elapsed());
        Ok(outcomes)
    }

    /// The last durable event.
    pub fn head(&self) -> Seq {
        *self.shared.committed.borrow()
    }

    /// Follows the last durable event.
    pub fn committed(&self) -> watch::Receiver<Seq> {
        self.shared.committed.clone()
    }

    /// Becomes `Some(reason)` when the journal failed and the node must restart to read it back.
    pub fn failed(&self) -> watch::Receiver<Option<String>> {
        self.shared.stopped.clone()
    }

    /// Lets the journal remove files whose events are all up to `through`. Returns at once; called by the store.
    pub fn trim(&self, through: Seq) {
        // A full queue means the next trim, which covers this one, will do.
        let _ = self.shared.requests.try_send(Request::Trim(through));
    }

    /// Journal files removed since the start.
    pub fn files_trimmed(&self) -> u64 {
        self.shared.files_trimmed.load(Ordering::Relaxed)
    }

    /// Writes what is queued, then stops. Blocks until the thread has ended.
    pub fn stop(&self) {
        if let Some(thread) = self.shared.thread.lock().take() {
            // The queue may be full for a moment; the thread is draining it.
            while let Err(mpsc::error::TrySendError::Full(_)) = self.shared.requests.try_send(Request::Stop) {
                std::thread::sleep(Duration::from_millis(1));
            }
            if thread.join().is_err() {
                error!("the journal's thread panicked");
            }
        }
    }

    fn admit(&self, bytes: usize) -> Result<Permit<'_>, AppendError> {
        let in_flight = &self.shared.in_flight;
        let before = in_flight.fetch_add(bytes, Ordering::AcqRel);
        self.shared.metrics.admitted(bytes);
        let permit = Permit { shared: &self.shared, bytes };
        // One append is always taken, so a limit set too low still makes progress.
        if before > 0 && before + bytes > self.shared.in_flight_max {
            return Err(self.throttled());
        }
        Ok(permit)
    }

    /// Waits as the store's fullness asks. Memory stays bounded: the caller's bytes were admitted before.
    async fn pace(&self) -> Result<(), AppendError> {
        let deadline = Instant::now() + FULL_PATIENCE;
        loop {
            let fullness = self.shared.ledger.fullness();
            if fullness < PACE_FROM {
                return Ok(());
            }
            if fullness >= 1.0 && Instant::now() >= deadline {
                return Err(self.throttled());
            }
            let share = ((fullness - PACE_FROM) / (1.0 - PACE_FROM)).min(1.0);
            tokio::time::sleep(PACE_MAX.mul_f64(share)).await;
            if fullness < 1.0 {
                return Ok(());
            }
        }
    }

    fn throttled(&self) -> AppendError {
        self.shared.metrics.append_throttled();
        AppendError::Throttled { retry_after: RETRY_AFTER }
    }

    fn stopped_error(&self) -> AppendError {
        let reason = self.shared.stopped.borrow().clone();
        AppendError::Stopped { reason: reason.unwrap_or_else(|| "the node is shutting down".to_owned()) }
    }
}

/// Bytes admitted; given back when the caller has its answer or went away.
struct Permit<'w> {
    shared: &'w Shared,
    bytes: usize,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.shared.in_flight.fetch_sub(self.bytes, Ordering::AcqRel);
        self.shared.metrics.released(self.bytes);
    }
}

async fn hash_leaves(entries: Vec<Entry>, received: Timestamp, bytes: usize) -> (Vec<Entry>, Vec<Hash>) {
    let hash = move || {
        let leaves = entries.iter().map(|entry| leaf_hash(entry.account, received, entry.event.raw())).collect();
        (entries, leaves)
    };
    if bytes <= INLINE_HASH_BYTES_MAX {
        return hash();
    }
    tokio::task::spawn_blocking(hash).await.expect("hashing does not panic and is not cancelled")
}

struct WriterThread {
    journal: Journal,
    file_bytes: u64,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    committed: watch::Sender<Seq>,
    stopped: watch::Sender<Option<String>>,
    metrics: JournalMetrics,
    files_trimmed: Arc<AtomicU64>,
}

/// An append of the present group: what is new of it, and what its caller will be told.
struct Grouped {
    committed: Option<Committed>,
    outcomes: Vec<Outcome>,
    reply: oneshot::Sender<Result<Vec<Outcome>, AppendError>>,
}

/// The group as it will be if the disk takes it.
struct Group {
    appends: Vec<Grouped>,
    /// The number of its first event.
    first: Seq,
    frames: Vec<u8>,
    tree: Frontier,
    subtree_roots: Vec<Hash>,
    events: usize,
}

impl WriterThread {
    fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        let mut stop = false;
        while !stop {
            let Some(request) = queue.blocking_recv() else { break };
            let mut appends = Vec::new();
            let mut bytes = 0;
            let mut next = Some(request);
            while let Some(request) = next.take() {
                match request {
                    Request::Append(append) => {
                        bytes += append.bytes;
                        appends.push(append);
                    }
                    Request::Trim(through) => self.trim(through),
                    Request::Stop => stop = true,
                }
                if bytes < GROUP_BYTES_MAX && !stop {
                    next = queue.try_recv().ok();
                }
            }
            if !appends.is_empty() && !self.commit(appends) {
                return;
            }
        }
        info!(head = self.journal.head().0, "journal closed");
    }

    /// Whether the journal is still sound.
    fn commit(&mut self, appends: Vec<Append>) -> bool {
        let mut group = self.put_together(appends);
        if group.events > 0 {
            let started = Instant::now();
            if let Err(failure) = self.write(&group) {
                self.metrics.write_failed();
                return self.fail(group, failure);
            }
            self.metrics.group_written(group.events, group.frames.len(), started.elapsed());
            self.journal.tree = group.tree;
        }
        for append in &mut group.appends {
            if let Some(committed) = append.committed.take() {
                self.ledger.publish(committed);
            }
        }
        let head = self.journal.head();
        self.committed.send_if_modified(|seq| std::mem::replace(seq, head) != head);
        self.metrics.head_at(head.0);
        for append in group.appends {
            // A caller that went away is nobody to tell; its events are stored all the same.
            let _ = append.reply.send(Ok(append.outcomes));
        }
        true
    }

    fn put_together(&self, appends: Vec<Append>) -> Group {
        let mut group = Group {
            appends: Vec::with_capacity(appends.len()),
            first: self.journal.head().next(),
            frames: Vec::new(),
            tree: self.journal.tree.clone(),
            subtree_roots: Vec::new(),
            events: 0,
        };
        let mut in_group: HashSet<(AccountId, String)> = HashSet::new();
        for append in appends {
            match self.only_new(&append, &mut in_group) {
                Ok(is_new) => group.add(append, &is_new),
                Err(refused) => drop(append.reply.send(Err(refused))),
            }
        }
        group
    }

    /// Which entries are not stored yet and occur for the first time in this group.
    fn only_new(&self, append: &Append, in_group: &mut HashSet<(AccountId, String)>) -> Result<Vec<bool>, AppendError> {
        let is_new = |entry: &Entry| {
            let stored = self.ledger.contains(entry.account, &entry.event);
            stored.map_err(|error| {
                warn!(%error, cause = %error.0, "append refused");
                AppendError::Refused { reason: error.to_string() }
            })
        };
        let stored: Vec<bool> = append.entries.iter().map(is_new).collect::<Result<_, _>>()?;
        let mut first_in_group = |entry: &Entry| in_group.insert((entry.account, entry.event.id().to_owned()));
        let is_new: Vec<bool> =
            append.entries.iter().zip(stored).map(|(entry, stored)| !stored && first_in_group(entry)).collect();
        self.metrics.duplicates_dropped(is_new.iter().filter(|is_new| !**is_new).count());
        Ok(is_new)
    }

    fn write(&mut self, group: &Group) -> Result<(), WriteFailure> {
        let journal = &mut self.journal;
        if journal.active.bytes() >= self.file_bytes {
            let first = journal.head().next();
            journal.active =
                ActiveFile::create(&*journal.disk, &journal.folder, first, self.clock.now(), &journal.tree)?;
        }
        journal.active.write(&group.frames)?;
        // Not synced here: recovery finds these again in the journal files.
        journal.subtrees.append(&group.subtree_roots);
        Ok(())
    }

    fn fail(&mut self, group: Group, failure: WriteFailure) -> bool {
        let (answer, sound) = match failure {
            WriteFailure::Nothing(error) => {
                error!(%error, "journal could not be written, events refused");
                (AppendError::Refused { reason: error.to_string() }, true)
            }
            WriteFailure::Unknown(error) => {
                error!(%error, "journal failed while writing, the node must restart to read it back");
                self.stopped.send_replace(Some(error.to_string()));
                (AppendError::Unknown { reason: error.to_string() }, false)
            }
        };
        for append in group.appends {
            let _ = append.reply.send(Err(answer.clone()));
        }
        sound
    }

    fn trim(&mut self, through: Seq) {
        match self.journal.trim(through) {
            Ok(files) => {
                self.files_trimmed.fetch_add(files as u64, Ordering::Relaxed);
            }
            Err(error) => warn!(%error, through = through.0, "journal could not be trimmed"),
        }
    }
}

impl Group {
    fn add(&mut self, append: Append, is_new: &[bool]) {
        let Append { entries, leaves, received, reply, .. } = append;
        let first = Seq(self.tree.size() + 1);
        let mut outcomes = Vec::with_capacity(entries.len());
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        for ((entry, leaf), is_new) in entries.into_iter().zip(leaves).zip(is_new) {
            if !is_new {
                outcomes.push(Outcome::Duplicate);
                continue;
            }
            self.subtree_roots.extend(self.tree.push(leaf));
            outcomes.push(Outcome::Stored(Seq(self.tree.size())));
            kept.push(entry);
        }
        let committed = (!kept.is_empty()).then(|| {
            let mut frame = FrameEncoder::begin(&mut self.frames);
            kept.iter().for_each(|entry: &Entry| frame.push(entry.account, entry.event.raw()));
            frame.finish(first, received, self.first, &self.tree.root());
            self.events += kept.len();
            Committed { first, received, entries: kept }
        });
        self.appends.push(Grouped { committed, outcomes, reply });
    }
}
