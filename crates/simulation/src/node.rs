//! The parts under test on a simulated disk: opened, closed and killed together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use host::ManualClock;
use host::metrics::Metrics;
use host::simulated::{Chance, SimulatedDisk};
use journal::{Entry, Outcome, Writer, WriterConfig};
use model::Timestamp;
use store::{Config, Store, StoreError};
use tempfile::TempDir;

/// How far back the history reaches.
pub(crate) const HISTORY: Duration = Duration::from_secs(3600);

/// Where the data lies on the simulated disk.
pub(crate) const DATA: &str = "/data";

/// See the module.
pub(crate) struct Node {
    pub(crate) disk: SimulatedDisk,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) catalog: Catalog,
    catalog_folder: TempDir,
    config: Config,
    running: Option<(Store, Writer)>,
}

/// The words of an error and of everything behind it.
pub(crate) fn story_of(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        words = format!("{words}: {cause}");
        at = cause.source();
    }
    words
}

impl Node {
    pub(crate) async fn new(disk: SimulatedDisk, chance: &mut Chance) -> Node {
        let catalog_folder = memory_folder();
        let catalog = open_catalog(catalog_folder.path()).await;
        let config = Config {
            // Never nudged and never due by age: the store acts when it is told to.
            recent_age: Duration::from_secs(1 << 30),
            upkeep_every: Duration::from_secs(1 << 30),
            recent_bytes: 1 << 30,
            segment_bytes: 4_000 << chance.below(5),
            merge_segments: 2 + chance.below(2),
            // Nothing or everything: what a full cache gives up first is left to chance.
            cache_bytes: [0, 16 << 20][chance.below(2)],
            column_cache_bytes: [0, 16 << 20][chance.below(2)],
            history: Some(HISTORY),
            journal: WriterConfig { file_bytes: 800 << chance.below(6), in_flight_bytes: 1 << 24 },
        };
        let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-01-15T08:30:00Z").expect("a time")));
        Node { disk, clock, catalog, catalog_folder, config, running: None }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.running.as_ref().expect("the node runs").0
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.running.as_ref().expect("the node runs").1
    }

    /// Opens what is on the disk. `recent_bytes`: memory for events that are read back.
    pub(crate) async fn open(&mut self, recent_bytes: Option<usize>) -> Result<(), String> {
        let mut config = self.config.clone();
        config.recent_bytes = recent_bytes.unwrap_or(config.recent_bytes);
        let (disk, clock) = (Arc::new(self.disk.clone()), self.clock.clone());
        let opened = Store::open(config, Path::new(DATA), disk, self.catalog.clone(), clock, &Metrics::default()).await;
        self.running = Some(opened.map_err(|error| story_of(&error))?);
        Ok(())
    }

    /// Ends everything that runs. On a crashed disk this is what a kill leaves: nothing more is written.
    pub(crate) async fn close(&mut self) {
        let Some((store, writer)) = self.running.take() else { return };
        self.disk.release("journal");
        writer.stop();
        store.shut_down().await;
    }

    /// Closes the catalog and opens it again, as a new process does.
    pub(crate) async fn reopen_catalog(&mut self) {
        self.catalog.close().await;
        self.catalog = open_catalog(self.catalog_folder.path()).await;
    }

    /// Whether the journal has failed and wants a restart.
    pub(crate) fn has_failed(&self) -> bool {
        self.writer().failed().borrow().is_some()
    }

    /// Appends one after the other, or all as one group behind the first. Answers in order.
    pub(crate) async fn append(
        &self,
        batches: Vec<Vec<Entry>>,
        as_group: bool,
    ) -> Vec<Result<Vec<Outcome>, journal::AppendError>> {
        let mut answers = Vec::with_capacity(batches.len());
        if !as_group {
            for batch in batches {
                answers.push(self.writer().append(batch).await);
            }
            return answers;
        }
        // The first is taken alone and held at the disk; by the time it may go on, all others wait.
        self.disk.hold("journal");
        let mut waiting: Vec<_> = Vec::new();
        for batch in batches {
            let mut append = Box::pin(self.writer().append(batch));
            let mut answer = futures::poll!(append.as_mut());
            // One of duplicates alone needs no disk and is answered.
            while answer.is_pending() && !self.disk.is_waiting("journal") {
                tokio::task::yield_now().await;
                answer = futures::poll!(append.as_mut());
            }
            waiting.push((append, answer));
        }
        self.disk.release("journal");
        for (append, answer) in waiting {
            answers.push(match answer {
                std::task::Poll::Ready(answer) => answer,
                std::task::Poll::Pending => append.await,
            });
        }
        answers
    }

    /// Seals, merges and retires. The journal's thread waits meanwhile and until it is released; its trim comes then.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        self.disk.hold("journal");
        let store = self.store().clone();
        tokio::task::spawn_blocking(move || store.settle()).await.expect("settling does not panic")
    }

    /// Lets the doctor look at every segment.
    pub(crate) async fn check_segments(&self) -> Result<(), String> {
        let manifest = self.catalog.manifest().await.map_err(|error| story_of(&error))?;
        let folder = Path::new(DATA).join("segments");
        let checked = manifest.segments.iter().map(|segment| store::check_segment(&self.disk, &folder, segment));
        match checked.flat_map(|checked| checked.problems).next() {
            Some(problem) => Err(format!("the segment file {} is damaged: {}", problem.path.display(), problem.what)),
            None => Ok(()),
        }
    }

    /// The files on the disk whose bits count, in order: of the journal, and of the manifest's segments.
    pub(crate) async fn files(&self) -> Vec<PathBuf> {
        use host::Disk;
        let segments = self.catalog.manifest().await.map(|manifest| manifest.segments).unwrap_or_default();
        let folders = ["journal", "segments"].map(|folder| Path::new(DATA).join(folder));
        let listed = folders.iter().flat_map(|folder| self.disk.list(folder).unwrap_or_default());
        let counts = |path: &PathBuf| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            match extension {
                Some("journal") => true,
                Some("parquet" | "index") => segments.iter().any(|segment| segment.file == name),
                _ => false,
            }
        };
        listed.filter(counts).collect()
    }
}

async fn open_catalog(folder: &Path) -> Catalog {
    Catalog::open(&folder.join("catalog.sqlite")).await.expect("the catalog's disk is sound")
}

/// The catalog's syncs prove nothing here, so they need not be waited for where there is a folder in memory.
fn memory_folder() -> TempDir {
    let builder = tempfile::Builder::new();
    builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir()).expect("a folder")
}
