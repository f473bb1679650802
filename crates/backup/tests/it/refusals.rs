//! What is not backed up over, and what is not restored.

use std::fs;
use std::fs::File;
use std::sync::Arc;

use backup::{BackupError, Options, RestoreError};
use host::RealDisk;

use crate::folder::{Running, objects};

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_or_a_missing_object_is_found_and_nothing_is_left() {
    let mut node = Running::new().await;
    node.put(500).await;
    node.settle().await;
    node.put(100).await;
    node.back_up("to").await.unwrap();
    let mut files = objects(&node.path("to"));
    assert!(files.len() >= 5, "{files:?}");
    files.push(node.path("to").join("backup.json"));
    for path in &files {
        let good = fs::read(path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(path, &bad).unwrap();
        let error = node.restore("to", "restored").await.unwrap_err();
        let is_named = matches!(error, RestoreError::Damaged { .. } | RestoreError::Listing { .. });
        assert!(is_named, "{path:?}: {error}");
        fs::remove_file(path).unwrap();
        let error = node.restore("to", "restored").await.unwrap_err();
        assert!(matches!(error, RestoreError::Damaged { .. } | RestoreError::NoBackup { .. }), "{path:?}: {error}");
        fs::write(path, &good).unwrap();
        assert!(!node.path("restored").exists() && !node.path("restored.restoring").exists());
    }
    assert_eq!(node.must_restore("to").await.0, 600);
    fs::create_dir(node.path("full")).unwrap();
    fs::write(node.path("full/something"), b"of mine").unwrap();
    let error = node.restore("to", "full").await.unwrap_err();
    assert!(matches!(error, RestoreError::NotEmpty { .. }), "{error}");
    assert!(matches!(node.restore("full", "restored").await, Err(RestoreError::NoBackup { .. })));
    fs::create_dir(node.path("empty")).unwrap();
    node.restore("to", "empty").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_another_node_or_of_more_events_is_left_alone() {
    let mut node = Running::new().await;
    node.put(200).await;
    node.back_up("to").await.unwrap();
    let mut other = Running::of("9999999999999999").await;
    other.put(400).await;
    let there = node.path("to").display().to_string();
    let error = other.back_up(&there).await.unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    // The same node, from an older state of its data.
    let mut older = Running::new().await;
    older.put(100).await;
    let error = older.back_up(&there).await.unwrap_err();
    assert!(matches!(error, BackupError::Further { .. }) && error.to_string().contains("event 200"), "{error}");
    let error = node.back_up("no/such/folder").await.unwrap_err();
    assert!(error.to_string().contains("is the disk mounted?"), "{error}");
    assert_eq!(node.must_restore("to").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_changed_is_noticed_when_all_is_read_again() {
    let mut node = Running::new().await;
    node.put(500).await;
    node.settle().await;
    node.back_up("to").await.unwrap();
    let segments = fs::read_dir(node.data().join("segments")).unwrap().map(|entry| entry.unwrap().path());
    let parquet = segments.into_iter().find(|path| path.extension().is_some_and(|e| e == "parquet")).unwrap();
    let modified = fs::metadata(&parquet).unwrap().modified().unwrap();
    let mut bytes = fs::read(&parquet).unwrap();
    bytes[100] ^= 1;
    fs::write(&parquet, bytes).unwrap();
    // As a disk that forgets does it.
    File::options().write(true).open(&parquet).unwrap().set_modified(modified).unwrap();
    assert_eq!(node.back_up("to").await.unwrap().bytes_copied, 0);
    let error = node.back_up_with("to", Arc::new(RealDisk), Options { reread: true }).await.unwrap_err();
    assert!(matches!(&error, BackupError::Changed { path } if path.ends_with(".parquet")), "{error}");
    assert_eq!(node.must_restore("to").await.0, 500);
}
