//! A manifest that takes a change and reports a failure: the change counts, and the store does not try it for ever.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, Segment};
use host::simulated::SimulatedDisk;
use host::{Clock, Disk, DiskFile, ManualClock, Mapped};
use model::{Seq, Timestamp};
use parking_lot::Mutex;
use store::Config;
use tokio::runtime::Handle;

use crate::node::{Node, entry, small};

/// Publishes a segment behind the store's back in the moment before the store does: to the store this looks like a
/// commit whose answer was lost.
struct Meddling {
    disk: SimulatedDisk,
    catalog: Catalog,
    handle: Handle,
    /// The ending of the file it waits for, and what is replaced then.
    next: Mutex<Option<(&'static str, Vec<i64>)>>,
}

struct Shared(Arc<Meddling>);

impl Disk for Shared {
    fn map(&self, path: &Path) -> io::Result<Mapped> {
        let name = path.to_str().unwrap_or_default();
        let next = self.0.next.lock().take_if(|(ending, _)| name.ends_with(*ending));
        if let Some((_, replaced)) = next {
            let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut numbers = file.split('-').map(|part| part.parse::<u64>().unwrap());
            let (first, last) = (numbers.next().unwrap(), numbers.next().unwrap());
            let segment = Segment {
                id: 0,
                first: Seq(first),
                last: Seq(last),
                rows: last - first + 1,
                min_time: Timestamp(1_768_464_000_000),
                max_time: Timestamp(1_768_467_600_000),
                bytes: 1000,
                level: numbers.next().unwrap() as u32,
                oldest_received: Timestamp(0),
                file,
            };
            let cursor = replaced.is_empty().then_some(Seq(last));
            let catalog = self.0.catalog.clone();
            self.0.handle.block_on(async { catalog.manifest_publish(&[segment], &replaced, cursor).await }).unwrap();
        }
        self.0.disk.map(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.disk.create(path)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.disk.open(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.0.disk.list(folder)
    }
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.disk.create_folder(folder)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.disk.remove(path)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.disk.sync_folder(folder)
    }
}

struct Scene {
    node: Node,
    meddling: Arc<Meddling>,
    clock: Arc<ManualClock>,
    config: Config,
}

impl Scene {
    async fn new() -> Scene {
        let (disk, next) = (SimulatedDisk::new(1), Mutex::new(None));
        let catalog = Catalog::in_memory().await.unwrap();
        let meddling = Arc::new(Meddling { disk, catalog, handle: Handle::current(), next });
        let clock = Arc::new(ManualClock::at(Timestamp(1_768_466_000_000)));
        let history = Some(Duration::from_secs(86_400));
        let config = Config { upkeep_every: Duration::from_secs(3600), history, ..small() };
        let node = open(&meddling, &clock, &config).await;
        Scene { node, meddling, clock, config }
    }

    fn meddle(&self, ending: &'static str, replaced: &[i64]) {
        *self.meddling.next.lock() = Some((ending, replaced.to_vec()));
    }

    async fn segments(&self) -> Vec<Segment> {
        self.meddling.catalog.manifest().await.unwrap().segments
    }

    /// Everything is there, also after a restart.
    async fn check(self, events: usize) {
        assert!(self.meddling.next.lock().is_none(), "it was meddled with");
        let Scene { node, meddling, clock, config } = self;
        assert_eq!(node.all("77", vec![], true, 20).len(), events);
        node.put(numbered(500..510)).await;
        node.settle().await;
        assert_eq!(node.all("77", vec![], true, 20).len(), events + 10);
        node.close().await;
        let node = open(&meddling, &clock, &config).await;
        assert_eq!(node.all("77", vec![], true, 20).len(), events + 10);
        node.close().await;
    }
}

async fn open(meddling: &Arc<Meddling>, clock: &Arc<ManualClock>, config: &Config) -> Node {
    let disk = Arc::new(Shared(meddling.clone()));
    let clock: Arc<dyn Clock> = clock.clone();
    Node::on(disk, clock, Path::new("/data"), &meddling.catalog, config.clone()).await.unwrap()
}

fn numbered(range: std::ops::Range<u32>) -> Vec<journal::Entry> {
    let json = |n| format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:{:02}:{:02}Z"}}"#, n / 60 % 60, n % 60);
    range.map(|n| entry("77", &json(n))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_segment() {
    let scene = Scene::new().await;
    scene.node.put(numbered(0..50)).await;
    scene.meddle("-0.index", &[]);
    scene.node.settle().await;
    assert_eq!(scene.node.store.statistics().segments, 1);
    assert_eq!(scene.node.store.statistics().recent_events, 0);
    scene.check(50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_segments() {
    let scene = Scene::new().await;
    scene.node.put(numbered(0..50)).await;
    scene.node.settle().await;
    let first = scene.segments().await[0].id;
    scene.node.put(numbered(50..100)).await;
    // The second segment will be the next number.
    scene.meddle("-1.index", &[first, first + 1]);
    scene.node.settle().await;
    let segments = scene.segments().await;
    assert_eq!((segments.len(), segments[0].level), (1, 1));
    assert_eq!(scene.node.store.statistics().segments, 1);
    scene.check(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retired_segments() {
    let scene = Scene::new().await;
    scene.node.put(numbered(0..50)).await;
    scene.node.settle().await;
    let ids: Vec<i64> = scene.segments().await.iter().map(|segment| segment.id).collect();
    scene.meddling.catalog.manifest_publish(&[], &ids, None).await.unwrap();
    scene.clock.advance(Duration::from_secs(2 * 86_400));
    scene.node.settle().await;
    assert_eq!(scene.node.store.statistics().segments, 0);
    assert_eq!(scene.meddling.disk.list(Path::new("/data/segments")).unwrap(), Vec::<PathBuf>::new());
    scene.clock.advance(Duration::ZERO);
    scene.node.close().await;
}

/// A failure that is one: nothing was changed, so the store keeps the events and tries again.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_not_made_is_a_failure() {
    let scene = Scene::new().await;
    scene.node.put(numbered(0..50)).await;
    // A segment of this name with other events: it cannot be the one the store wrote.
    let file = format!("{:020}-{:020}-0", 1, 50);
    let other = Segment {
        id: 0,
        file,
        first: Seq(1),
        last: Seq(50),
        rows: 7,
        min_time: Timestamp(0),
        max_time: Timestamp(0),
        bytes: 1,
        level: 0,
        oldest_received: Timestamp(0),
    };
    let other = scene.meddling.catalog.manifest_publish(&[other], &[], None).await.unwrap();
    let error = scene.node.try_settle().await.expect_err("the name is taken");
    assert_eq!(error.kind(), model::ErrorKind::Conflict);
    assert_eq!(scene.node.store.statistics().recent_events, 50);
    scene.meddling.catalog.manifest_publish(&[], &[other[0].id], None).await.unwrap();
    scene.node.settle().await;
    scene.check_sealed(50).await;
}

impl Scene {
    async fn check_sealed(self, events: usize) {
        assert_eq!(self.node.store.statistics().segments, 1);
        self.check(events).await;
    }
}
