//! What a start finds: segments, the journal's rest, and what a crash left lying about.

use std::fs;

use catalog::Catalog;
use journal::Outcome;
use model::{Attribute, Seq};
use store::{Condition, Config};

use crate::node::{Node, entry, small};

fn numbered(range: std::ops::Range<u32>) -> Vec<journal::Entry> {
    let json = |n| format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:{:02}:{:02}Z"}}"#, n / 60 % 60, n % 60);
    range.map(|n| entry("77", &json(n))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_and_the_journals_rest_come_back_and_ids_are_remembered() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    node.put(numbered(0..500)).await;
    node.settle().await;
    node.put(numbered(500..700)).await;
    node.close().await;

    let node = Node::open(data.path(), &catalog, small()).await;
    assert_eq!(node.store.statistics().segment_events, 500);
    assert_eq!(node.store.statistics().recent_events, 200);
    assert_eq!(node.all("77", vec![], true, 64).len(), 700);
    let outcomes = node.put(numbered(0..701)).await;
    assert!(outcomes[..700].iter().all(|outcome| *outcome == Outcome::Duplicate));
    assert_eq!(outcomes[700], Outcome::Stored(Seq(701)));
    assert!(node.all("78", vec![], true, 64).is_empty(), "another account sees nothing");
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_crash_before_publishing_are_removed_and_foreign_ones_left() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    node.put(numbered(0..10)).await;
    node.settle().await;
    node.put(numbered(10..20)).await;
    node.close().await;
    let segments = data.path().join("segments");
    let unpublished = segments.join(format!("{:020}-{:020}-0.parquet", 11, 20));
    let half_written = segments.join(format!("{:020}-{:020}-0.writing", 11, 20));
    let foreign = segments.join("notes.txt");
    for path in [&unpublished, &half_written, &foreign] {
        fs::write(path, b"x").unwrap();
    }
    let node = Node::open(data.path(), &catalog, small()).await;
    assert!(!unpublished.exists() && !half_written.exists() && foreign.exists());
    node.settle().await;
    assert_eq!(node.all("77", vec![], false, 7).len(), 20);
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_larger_than_memory_is_read_back_through_segments() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let journal = journal::WriterConfig { file_bytes: 100_000, ..journal::WriterConfig::default() };
    let node = Node::open(data.path(), &catalog, Config { journal: journal.clone(), ..small() }).await;
    for start in (0..5000).step_by(500) {
        node.put(numbered(start..start + 500)).await;
    }
    node.close().await;
    let journal_files = || fs::read_dir(data.path().join("journal")).unwrap().count();
    let before = journal_files();
    let tight = Config { recent_bytes: 200_000, journal, ..small() };
    let node = Node::open(data.path(), &catalog, tight).await;
    assert!(node.store.statistics().segments > 0);
    // What is in segments is not read back again after the next crash.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while journal_files() >= before && std::time::Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(journal_files() < before, "{before} files before");
    assert_eq!(node.all("77", vec![], true, 999).len(), 5000);
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_beyond_the_history_go_with_their_segment() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let config = Config { history: Some(std::time::Duration::from_millis(200)), ..small() };
    let node = Node::open(data.path(), &catalog, config).await;
    node.put(numbered(0..10)).await;
    node.settle().await;
    assert_eq!(node.store.statistics().segment_events, 10);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while node.store.statistics().segment_events > 0 && std::time::Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(node.store.statistics().segment_events, 0);
    assert!(node.all("77", vec![Condition::Is(Attribute::EventId, "e1".into())], true, 5).is_empty());
    assert_eq!(fs::read_dir(data.path().join("segments")).unwrap().count(), 0);
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_in_a_page_is_named() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    node.put(numbered(0..2000)).await;
    node.settle().await;
    node.close().await;
    let file = fs::read_dir(data.path().join("segments")).unwrap().map(|file| file.unwrap().path());
    let parquet = file.into_iter().find(|path| path.extension().is_some_and(|e| e == "parquet")).unwrap();
    let mut bytes = fs::read(&parquet).unwrap();
    // The JSON column is the last: the last zstd frame of the file is one of its pages.
    let at = bytes.windows(4).rposition(|window| window == [0x28, 0xb5, 0x2f, 0xfd]).unwrap() + 20;
    bytes[at] ^= 1;
    fs::write(&parquet, bytes).unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    let lookup = crate::node::everything("77", vec![], true);
    let mut lookup = store::Lookup { limit: 5000, ..lookup };
    let error = node.store.lookup(&lookup).expect_err("a page has changed");
    assert_eq!(error.kind(), model::ErrorKind::Corrupt);
    assert!(error.to_string().contains("has changed"), "{error}");
    lookup.account = crate::node::id("1");
    assert!(node.store.lookup(&lookup).is_ok());
    node.close().await;
}
