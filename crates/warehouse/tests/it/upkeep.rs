//! Merging, checkpoints and removal.

use std::sync::Arc;
use std::time::Duration;

use host::ManualClock;
use host::metrics::Metrics;
use model::Timestamp;
use warehouse::{Warehouse, WarehouseMetrics};

use crate::scene::{DAY, START, batch, folder_store, name, on, range, seqs};

async fn files(warehouse: &Warehouse) -> usize {
    let table = warehouse.open(&name()).await.expect("a readable table").expect("a table");
    table.snapshot().expect("a loaded table").log_data().num_files()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_files_of_a_day_are_merged_sooner_when_the_day_is_over() {
    let root = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp(START + DAY / 2)));
    let warehouse =
        Warehouse::new(folder_store(root.path()), clock.clone(), WarehouseMetrics::new(&Metrics::default()));
    for after in 0..9 {
        warehouse.append(&name(), batch(after, after + 1)).await.unwrap();
    }
    assert_eq!(warehouse.look_after(&name()).await.unwrap().merged_files, 0);
    assert_eq!(files(&warehouse).await, 9);
    clock.advance(Duration::from_millis(2 * DAY.unsigned_abs()));
    assert_eq!(warehouse.look_after(&name()).await.unwrap().merged_files, 9);
    assert_eq!(files(&warehouse).await, 1);
    assert_eq!(seqs(&warehouse).await, range(0, 9));
    // What was merged is still known.
    let again = warehouse.append(&name(), batch(4, 12)).await.unwrap();
    assert_eq!((again.added, again.present), (3, 5));
    assert_eq!(seqs(&warehouse).await, range(0, 12));
    // The merged file's statistics let a batch that goes forward pass it by.
    assert_eq!(warehouse.append(&name(), batch(12, 14)).await.unwrap().present, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_gets_checkpoints_and_reads_the_same_with_them() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = on(folder_store(root.path()));
    for after in 0..120 {
        warehouse.append(&name(), batch(after, after + 1)).await.unwrap();
    }
    assert!(warehouse.look_after(&name()).await.unwrap().checkpoint);
    assert!(!warehouse.look_after(&name()).await.unwrap().checkpoint);
    assert_eq!(seqs(&warehouse).await, range(0, 120));
    let again = warehouse.append(&name(), batch(100, 130)).await.unwrap();
    assert_eq!((again.added, again.present), (10, 20));
    // Each application's place outlives the checkpoint.
    let table = warehouse.open(&name()).await.unwrap().unwrap();
    let place = table.snapshot().unwrap().transaction_version(&table.log_store(), "trail-1").await.unwrap();
    assert_eq!(place, Some(130));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_version_needs_is_removed_after_a_week_and_what_is_needed_stays() {
    let root = tempfile::tempdir().unwrap();
    let now = host::Clock::now(&host::SystemClock);
    let clock = Arc::new(ManualClock::at(now));
    let warehouse =
        Warehouse::new(folder_store(root.path()), clock.clone(), WarehouseMetrics::new(&Metrics::default()));
    for after in 0..9 {
        warehouse.append(&name(), batch(after, after + 1)).await.unwrap();
    }
    let first = warehouse.look_after(&name()).await.unwrap();
    assert_eq!((first.merged_files, first.removed_files), (9, 0));
    clock.advance(Duration::from_millis(8 * DAY.unsigned_abs()));
    warehouse.append(&name(), batch(9, 10)).await.unwrap();
    let second = warehouse.look_after(&name()).await.unwrap();
    assert_eq!(second.removed_files, 9);
    assert_eq!(seqs(&warehouse).await, range(0, 10));
    assert_eq!(warehouse.look_after(&name()).await.unwrap().removed_files, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_and_merges_at_the_same_time_lose_and_repeat_nothing() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = on(folder_store(root.path()));
    warehouse.append(&name(), batch(0, 1)).await.unwrap();
    let appending = {
        let warehouse = warehouse.clone();
        tokio::spawn(async move {
            for after in 1..60 {
                warehouse.append(&name(), batch(after, after + 1)).await.expect("an append is not in a merge's way");
            }
        })
    };
    let mut merged = 0;
    while !appending.is_finished() {
        // A merge may lose against another; it may never change what is there.
        merged += warehouse.look_after(&name()).await.map_or(0, |done| done.merged_files);
    }
    appending.await.unwrap();
    assert!(merged >= 16, "only {merged} files were merged meanwhile");
    assert_eq!(seqs(&warehouse).await, range(0, 60));
}
