//! Segments on a disk that is full or fails: a clear error, lookups go on, and so does the store once the disk does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use host::simulated::{Failing, Operation, Outage, SimulatedDisk};
use host::{Disk, SystemClock};
use journal::AppendError;
use model::ErrorKind;
use store::Config;

use crate::node::{Node, entry, small};

const DATA: &str = "/data";

fn quiet() -> Config {
    Config { upkeep_every: Duration::from_secs(3600), ..small() }
}

/// A disk whose data folder lasts.
fn disk() -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    disk.create_folder(Path::new(DATA)).unwrap();
    disk.sync_folder(Path::new("/")).unwrap();
    disk
}

async fn open(disk: &SimulatedDisk, catalog: &Catalog, config: Config) -> Node {
    Node::on(Arc::new(disk.clone()), Arc::new(SystemClock), Path::new(DATA), catalog, config).await.unwrap()
}

fn numbered(range: std::ops::Range<u32>) -> Vec<journal::Entry> {
    let json = |n| format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:{:02}:{:02}Z"}}"#, n / 60 % 60, n % 60);
    range.map(|n| entry("77", &json(n))).collect()
}

fn failing(operation: Operation, path: &str, after: u32) -> Failing {
    Failing { operation, path: path.into(), after, times: 1 }
}

fn is_left_over(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "writing")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_cannot_be_written_stays_in_memory_until_it_can() {
    let steps = [
        ("parquet", failing(Operation::Create, ".writing", 0), "No space left"),
        ("parquet", failing(Operation::Append, ".writing", 0), "No space left"),
        ("parquet", failing(Operation::Sync, ".writing", 0), "Input/output"),
        ("parquet", failing(Operation::Rename, ".writing", 0), "Input/output"),
        ("index", failing(Operation::Create, ".writing", 1), "No space left"),
        ("index", failing(Operation::Sync, ".writing", 1), "Input/output"),
        ("index", failing(Operation::Rename, ".writing", 1), "Input/output"),
        ("segments", failing(Operation::SyncFolder, "/segments", 0), "Input/output"),
        ("parquet", failing(Operation::Open, ".parquet", 0), "Input/output"),
        ("index", failing(Operation::Map, ".index", 0), "Input/output"),
    ];
    for (file, step, cause) in steps {
        let disk = disk();
        let catalog = Catalog::in_memory().await.unwrap();
        let node = open(&disk, &catalog, quiet()).await;
        node.put(numbered(0..50)).await;
        disk.fail(step.clone());
        let error = node.try_settle().await.expect_err("the disk fails");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{step:?}");
        let story = format!("{error}: {}", std::error::Error::source(&error).unwrap());
        let names_file = story.contains("/data/segments/") && story.to_lowercase().contains(file);
        assert!((names_file || file == "segments") && story.contains(cause), "{step:?}: {story}");
        assert_eq!(node.all("77", vec![], true, 20).len(), 50, "lookups go on");
        node.put(numbered(50..60)).await;

        disk.heal();
        node.settle().await;
        assert_eq!(node.store.statistics().recent_events, 10, "{step:?}: the first fifty are in a segment");
        node.settle().await;
        assert_eq!(node.all("77", vec![], true, 20).len(), 60);
        assert!(!disk.list(Path::new("/data/segments")).unwrap().iter().any(|path| is_left_over(path)), "{step:?}");
        disk.crash();
        node.close().await;
        disk.restart(Outage::Power);
        let node = open(&disk, &catalog, quiet()).await;
        assert_eq!(node.all("77", vec![], false, 20).len(), 60, "{step:?}");
        node.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_for_a_segment_slows_ingest_and_then_goes_on() {
    let disk = disk();
    let catalog = Catalog::in_memory().await.unwrap();
    let config = Config { recent_bytes: 60_000, upkeep_every: Duration::from_millis(20), ..small() };
    let node = open(&disk, &catalog, config.clone()).await;
    disk.fail(Failing { times: u32::MAX, ..failing(Operation::Append, "/segments", 0) });
    let mut stored = 0;
    let refused = loop {
        match node.writer.append(numbered(stored..stored + 50)).await {
            Ok(_) => stored += 50,
            Err(error) => break error,
        }
        assert!(stored < 10_000, "memory has an end");
    };
    assert!(matches!(refused, AppendError::Throttled { .. }), "{refused}");
    assert_eq!(node.all("77", vec![], true, 999).len() as u32, stored);

    disk.heal();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while node.writer.append(numbered(stored..stored + 50)).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "it goes on by itself");
    }
    assert_eq!(node.all("77", vec![], true, 999).len() as u32, stored + 50);
    disk.crash();
    node.close().await;
    disk.restart(Outage::Power);
    let node = open(&disk, &catalog, config).await;
    assert_eq!(node.all("77", vec![], true, 999).len() as u32, stored + 50);
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_disk_under_lookups_and_duplicates_is_told_and_passes() {
    let disk = disk();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = open(&disk, &catalog, Config { cache_bytes: 0, ..quiet() }).await;
    node.put(numbered(0..50)).await;
    node.settle().await;
    disk.fail(Failing { times: u32::MAX, ..failing(Operation::Read, ".parquet", 0) });
    let error = node.store.lookup(&crate::node::everything("77", vec![], true)).expect_err("cannot be read");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains(".parquet"), "{error}");
    // Whether it is a duplicate cannot be said, so it is not taken.
    let error = node.writer.append(numbered(0..1)).await.expect_err("cannot be checked");
    assert!(matches!(&error, AppendError::Refused { reason } if reason.contains("stored already")), "{error}");
    node.put(numbered(50..51)).await;
    disk.heal();
    assert_eq!(node.put(numbered(0..1)).await, [journal::Outcome::Duplicate]);
    assert_eq!(node.all("77", vec![], true, 20).len(), 51);
    node.close().await;
}

/// Merging reads what it writes anew, so it must not turn damage into a sound-looking segment.
#[tokio::test(flavor = "multi_thread")]
async fn damage_is_not_merged() {
    let disk = disk();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = open(&disk, &catalog, Config { merge_segments: 3, ..quiet() }).await;
    for start in [0, 50] {
        node.put(numbered(start..start + 50)).await;
        node.settle().await;
    }
    let index = disk.list(Path::new("/data/segments")).unwrap();
    let index = index.iter().find(|path| path.extension().is_some_and(|extension| extension == "index")).unwrap();
    // In the sequence numbers: 1 to 50, each the base and a difference.
    let bytes = disk.bytes(index).unwrap();
    let seqs = bytes.windows(9).position(|window| window == [50, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap();
    node.close().await;
    disk.flip_bit(index, (seqs + 8) * 8 + 5);

    let node = open(&disk, &catalog, Config { merge_segments: 3, ..quiet() }).await;
    node.put(numbered(100..150)).await;
    let error = node.try_settle().await.expect_err("damaged");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("section Seqs has changed"), "{error}");
    assert_eq!(node.store.statistics().segments, 3, "nothing was replaced");
    node.close().await;
}

/// The power goes while a segment beyond the history is removed: its files are not kept for ever.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_leaves_of_a_retired_segment_goes_at_the_next_start() {
    let mut left_over = 0;
    for operations in 0..6 {
        for seed in 0..8 {
            let disk = SimulatedDisk::new(seed);
            disk.create_folder(Path::new(DATA)).unwrap();
            disk.sync_folder(Path::new("/")).unwrap();
            let catalog = Catalog::in_memory().await.unwrap();
            let clock = Arc::new(host::ManualClock::at(model::Timestamp::parse("2026-01-15T09:00:00Z").unwrap()));
            let config = Config { history: Some(Duration::from_secs(3600)), ..quiet() };
            let open = || Node::on(Arc::new(disk.clone()), clock.clone(), Path::new(DATA), &catalog, config.clone());
            let node = open().await.unwrap();
            node.put(numbered(0..50)).await;
            node.settle().await;
            clock.advance(Duration::from_secs(2 * 86_400));
            disk.crash_after(Some(operations));
            // Fails where the crash comes before the end.
            let _ = node.try_settle().await;
            disk.crash();
            node.close().await;
            disk.restart(Outage::Power);
            let files = || disk.list(Path::new("/data/segments")).unwrap();
            left_over += files().len();
            let node = open().await.unwrap();
            node.settle().await;
            assert_eq!(files(), Vec::<std::path::PathBuf>::new(), "crash after {operations}, seed {seed}");
            node.close().await;
        }
    }
    assert!(left_over > 10, "{left_over}");
}
