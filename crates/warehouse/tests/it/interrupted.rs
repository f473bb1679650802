//! Appending and upkeep that end in the middle: at every change of the location, and by a power cut of a simulated disk.

use std::path::Path as FilePath;
use std::sync::Arc;

use host::simulated::{Outage, SimulatedDisk};
use host::{Disk, OsRandom};
use outbound::{BucketSettings, Config, Outbound};
use warehouse::{Warehouse, WarehouseError};

use crate::failing_store::{FailingStore, Failure};
use crate::scene::{batch, folder_store, name, on, range, seqs};

/// Changes that an append makes at most here: the check of the location, the table, two days' files, the commit.
const CHANGES: i64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_change_fails_a_repeated_append_adds_each_event_once() {
    for failure in [Failure::Before, Failure::After] {
        for changes in 0..CHANGES {
            let root = tempfile::tempdir().unwrap();
            let store = FailingStore::new(folder_store(root.path()));
            let warehouse = on(store.clone());
            store.fail(changes, failure);
            let (mut after, mut failed) = (1420, 0);
            while after < 1460 {
                match warehouse.append(&name(), batch(after, after + 20)).await {
                    Ok(_) => after += 20,
                    Err(_) => failed += 1,
                }
                // What readers see in between is whole batches.
                let seen = seqs(&warehouse).await.len();
                assert!(seen.is_multiple_of(20), "{failure:?} at {changes}: {seen} events are visible");
            }
            assert!(store.has_failed(), "an append makes more than {changes} changes");
            assert!(failed <= 1, "{failure:?} at {changes}");
            assert_eq!(seqs(&warehouse).await, range(1420, 1460), "{failure:?} at {changes}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upkeep_that_fails_anywhere_changes_no_event() {
    for failure in [Failure::Before, Failure::After] {
        for changes in 0..2 {
            let root = tempfile::tempdir().unwrap();
            let store = FailingStore::new(folder_store(root.path()));
            let warehouse = on(store.clone());
            for after in 0..10 {
                warehouse.append(&name(), batch(after, after + 1)).await.unwrap();
            }
            store.fail(changes, failure);
            let first = warehouse.look_after(&name()).await;
            assert!(store.has_failed(), "upkeep makes more than {changes} changes");
            assert_eq!(seqs(&warehouse).await, range(0, 10), "{failure:?} at {changes}: {first:?}");
            warehouse.look_after(&name()).await.unwrap();
            assert_eq!(seqs(&warehouse).await, range(0, 10), "{failure:?} at {changes}");
            // An append that was cut short by the same failure is still told.
            warehouse.append(&name(), batch(5, 12)).await.unwrap();
            assert_eq!(seqs(&warehouse).await, range(0, 12), "{failure:?} at {changes}");
        }
    }
}

/// A warehouse on a simulated disk, as a process would open it.
fn on_disk(disk: &SimulatedDisk) -> Warehouse {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let outbound = Outbound::new(&Config::default(), disk, Arc::new(OsRandom)).expect("certificates");
    on(outbound.open_tables("file:///data/warehouse", &BucketSettings::default()).expect("a folder"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_at_any_operation_loses_and_repeats_nothing() {
    let mut cut = 0;
    for seed in 0..40 {
        let disk = SimulatedDisk::new(seed);
        disk.create_folder(FilePath::new("/data/warehouse")).unwrap();
        disk.sync_folder(FilePath::new("/data")).unwrap();
        disk.sync_folder(FilePath::new("/")).unwrap();
        let outage = if seed % 3 == 0 { Outage::Process } else { Outage::Power };
        // The cursor is kept elsewhere, and moves after each append that returned.
        let mut cursor = 1430;
        disk.crash_after(Some(seed * 3));
        let mut warehouse = on_disk(&disk);
        while cursor < 1450 {
            match warehouse.append(&name(), batch(cursor, cursor + 5)).await {
                Ok(_) => cursor += 5,
                Err(error) => {
                    assert!(disk.has_crashed(), "seed {seed}: {error}");
                    cut += 1;
                    disk.restart(outage);
                    warehouse = on_disk(&disk);
                    let seen = seqs(&warehouse).await;
                    let kept = range(1430, cursor.cast_signed());
                    assert!(seen.starts_with(&kept), "seed {seed}: lost of {kept:?}, there is {seen:?}");
                }
            }
        }
        assert_eq!(seqs(&warehouse).await, range(1430, 1450), "seed {seed}");
    }
    assert!(cut >= 30, "only {cut} runs were cut short");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_location_that_replaces_what_must_be_new_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let store = FailingStore::new(folder_store(root.path()));
    store.replace();
    let warehouse = on(store);
    let refused = warehouse.append(&name(), batch(0, 1)).await.unwrap_err();
    assert!(matches!(refused, WarehouseError::Replaces), "{refused:?}");
    assert!(warehouse.open(&name()).await.unwrap().is_none());
}
