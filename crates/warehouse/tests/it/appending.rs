//! Appending: batches, repeated batches, batches that overlap, several writers.

use model::Seq;
use warehouse::{Appended, Batch, TableName};

use crate::scene::{DAY, START, batch, folder_store, name, on, range, row_at, seqs};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_follow_each_other_and_a_repeated_one_adds_nothing() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = on(folder_store(root.path()));
    assert!(warehouse.open(&name()).await.unwrap().is_none());
    let first = warehouse.append(&name(), batch(0, 10)).await.unwrap();
    assert_eq!((first.added, first.present), (10, 0));
    warehouse.append(&name(), batch(10, 25)).await.unwrap();
    let again = warehouse.append(&name(), batch(10, 25)).await.unwrap();
    assert_eq!(again, Appended { added: 0, present: 15, bytes: 0 });
    assert_eq!(seqs(&warehouse).await, range(0, 25));
    // A node that was set back delivers from an earlier cursor, in other batches.
    let earlier = warehouse.append(&name(), batch(5, 30)).await.unwrap();
    assert_eq!((earlier.added, earlier.present), (5, 20));
    assert_eq!(seqs(&warehouse).await, range(0, 30));
    let empty = warehouse.append(&name(), batch(30, 30)).await.unwrap();
    assert_eq!(empty.added, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_numbers_with_other_events_are_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = on(folder_store(root.path()));
    warehouse.append(&name(), batch(0, 20)).await.unwrap();
    // Set back to 10, the node then gave the numbers 11 to 20 to other events.
    let mut other = batch(10, 20);
    other.rows = (111..=120).map(crate::scene::row).collect();
    for (row, seq) in other.rows.iter_mut().zip(11..) {
        row.seq = Seq(seq);
    }
    let appended = warehouse.append(&name(), other).await.unwrap();
    assert_eq!((appended.added, appended.present), (10, 0));
    assert_eq!(seqs(&warehouse).await.len(), 30);
    // And goes on behind what the table knows.
    warehouse.append(&name(), batch(20, 22)).await.unwrap();
    assert_eq!(seqs(&warehouse).await.len(), 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_and_trails_of_one_table_share_its_events_and_other_tables_do_not() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = on(folder_store(root.path()));
    warehouse.append(&name(), batch(10, 20)).await.unwrap();
    // A job of the same trail brings what was before.
    let job = Batch { application: "job-1".to_owned(), ..batch(0, 10) };
    assert_eq!(warehouse.append(&name(), job).await.unwrap().added, 10);
    assert_eq!(seqs(&warehouse).await, range(0, 20));
    // Another job brings some of it again, and what the trail is about to bring.
    let job = Batch { application: "job-2".to_owned(), ..batch(4, 24) };
    assert_eq!(warehouse.append(&name(), job).await.unwrap().added, 4);
    assert_eq!(warehouse.append(&name(), batch(20, 30)).await.unwrap().added, 6);
    assert_eq!(seqs(&warehouse).await, range(0, 30));
    let other = TableName::new(name().account(), "actiontrail_1000000000000001", "actiontrail_other").unwrap();
    assert_eq!(warehouse.append(&other, batch(10, 20)).await.unwrap().added, 10);
    assert_eq!(warehouse.tables(name().account()).await.unwrap(), [name(), other]);
    assert!(warehouse.tables("1000000000000002".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_day_has_its_partition_and_the_log_says_what_is_in_a_file() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = on(folder_store(root.path()));
    let times = [(1, START - 1), (2, START), (3, START + DAY - 1), (4, START + DAY), (5, -1)];
    let rows = times.map(|(seq, time)| row_at(seq, time)).to_vec();
    let batch = Batch { application: "trail-1".to_owned(), after: Seq(0), through: Seq(5), rows };
    warehouse.append(&name(), batch).await.unwrap();
    let table = warehouse.open(&name()).await.unwrap().unwrap();
    let mut files = Vec::new();
    for file in table.snapshot().unwrap().log_data().iter() {
        let day = file.partition_values_map()["day"].clone().unwrap();
        assert!(file.path().starts_with(&format!("day={day}/00000000000000000005-")), "{}", file.path());
        files.push((day, file.num_records().unwrap()));
    }
    files.sort();
    let expected = [("1969-12-31", 1), ("2026-01-01", 1), ("2026-01-02", 2), ("2026-01-03", 1)];
    assert_eq!(files, expected.map(|(day, rows)| (day.to_owned(), rows)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_writers_of_one_table_lose_and_repeat_nothing() {
    let root = tempfile::tempdir().unwrap();
    // Two warehouses do not share a lock, as two processes would not; both deliver the same trail.
    let (one, two) = (on(folder_store(root.path())), on(folder_store(root.path())));
    one.append(&name(), batch(0, 1)).await.unwrap();
    let deliver = |warehouse: warehouse::Warehouse| async move {
        for after in (1..41).step_by(4) {
            while warehouse.append(&name(), batch(after, after + 4)).await.is_err() {}
        }
    };
    let (first, second) = tokio::join!(tokio::spawn(deliver(one.clone())), tokio::spawn(deliver(two)));
    first.and(second).unwrap();
    assert_eq!(seqs(&one).await, range(0, 41));
}
