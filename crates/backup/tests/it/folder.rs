//! A data folder with a node on it, and where it is backed up to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backup::{BackupError, Copied, Destination, Options, RestoreError, Restored, Snapshot, back_up, restore};
use bytes::Bytes;
use catalog::Catalog;
use doctor::{Part, examine};
use host::metrics::Metrics;
use host::{Disk, OsRandom, RealDisk, SystemClock};
use journal::{Entry, Writer, WriterConfig};
use model::{AccountId, Event, Seq, Timestamp};
use outbound::BucketSettings;
use store::{Config, Store};

/// A node at work, its data, and room beside it.
pub(crate) struct Running {
    place: tempfile::TempDir,
    store: Store,
    writer: Writer,
    _catalog: Catalog,
    put: usize,
}

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

impl Running {
    pub(crate) async fn new() -> Running {
        Running::of("1234567890123456").await
    }

    pub(crate) async fn of(management: &str) -> Running {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let catalog = Catalog::open(&data.join("catalog.sqlite")).await.unwrap();
        catalog.account_create(account(management), "management", true, Timestamp(1)).await.unwrap();
        let config = Config {
            merge_segments: 2,
            recent_age: Duration::from_secs(3600),
            journal: WriterConfig { file_bytes: 40_000, ..WriterConfig::default() },
            ..Config::default()
        };
        let metrics = Metrics::default();
        let opened = Store::open(config, &data, Arc::new(RealDisk), catalog.clone(), Arc::new(SystemClock), &metrics);
        let (store, writer) = opened.await.unwrap();
        Running { place, store, writer, _catalog: catalog, put: 0 }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) async fn put(&mut self, events: usize) {
        for start in (self.put..self.put + events).step_by(50) {
            let entry = |n: usize| {
                let json = format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:30:00Z"}}"#);
                Entry { account: account("77"), event: Event::parse(Bytes::from(json)).unwrap() }
            };
            self.writer.append((start..start + 50).map(entry).collect()).await.unwrap();
        }
        self.put += events;
    }

    pub(crate) async fn settle(&self) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.settle()).await.unwrap().unwrap();
    }

    pub(crate) fn head(&self) -> Seq {
        self.writer.head()
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        Snapshot::take(Arc::new(RealDisk), &self.data()).await.unwrap()
    }

    pub(crate) async fn back_up(&self, to: &str) -> Result<Copied, BackupError> {
        self.back_up_with(to, Arc::new(RealDisk), Options::default()).await
    }

    pub(crate) async fn back_up_with(
        &self,
        to: &str,
        disk: Arc<dyn Disk>,
        options: Options,
    ) -> Result<Copied, BackupError> {
        let snapshot = self.snapshot().await;
        assert_eq!(snapshot.head, self.head());
        back_up(&snapshot, &open(&self.path(to), disk)?, Timestamp(2), options).await
    }

    pub(crate) async fn restore(&self, from: &str, to: &str) -> Result<Restored, RestoreError> {
        let destination = open(&self.path(from), Arc::new(RealDisk)).unwrap();
        restore(&destination, Arc::new(RealDisk), &self.path(to)).await
    }

    /// Restores and examines; gives the last event. What was restored is removed again.
    pub(crate) async fn must_restore(&self, from: &str) -> Seq {
        let restored = self.restore(from, "restored").await.unwrap();
        let folder = self.path("restored");
        let report = examine(Arc::new(RealDisk), &folder).await.unwrap();
        assert!(report.findings.iter().all(|finding| finding.part == Part::Space), "{:#?}", report.findings);
        assert_eq!(report.head, restored.head);
        std::fs::remove_dir_all(folder).unwrap();
        restored.head
    }
}

pub(crate) fn open(folder: &Path, disk: Arc<dyn Disk>) -> Result<Destination, BackupError> {
    Destination::open(folder.to_str().unwrap(), &BucketSettings::default(), disk, Arc::new(OsRandom), true)
}

/// The objects of a backup.
pub(crate) fn objects(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder.join("objects")).unwrap() {
        files.extend(std::fs::read_dir(entry.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
    }
    files.sort();
    files
}
