//! A full disk and a failed sync: a clear answer, nothing acknowledged lost, and on without a restart where that is
//! safe.

use std::path::Path;

use host::Disk;
use host::simulated::{Failing, Operation, Outage, SimulatedDisk};
use journal::{AppendError, Outcome};
use model::{ErrorKind, Seq};

use crate::ledger::{entries, on, restart, simulated};

fn failing(operation: Operation, path: &str) -> Failing {
    Failing { operation, path: path.into(), after: 0, times: 1 }
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("e-{n}")).collect()
}

fn journal_files(disk: &SimulatedDisk) -> usize {
    let files = disk.list(Path::new("/journal")).unwrap();
    files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "journal")).count()
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_when_there_is_space() {
    for seed in 0..60 {
        let (disk, node) = simulated(seed);
        node.writer.append(entries(0..3)).await.unwrap();
        // Whole frames of a group may fit before the disk is full, and must not come back.
        disk.set_space_bytes(Some(disk.used_bytes() + 250));
        disk.hold("journal");
        let mut first = Box::pin(node.writer.append(entries(3..4)));
        let _ = futures::poll!(first.as_mut());
        while !disk.is_waiting("journal") {
            tokio::task::yield_now().await;
        }
        let group: Vec<_> = (4..10).map(|n| node.writer.append(entries(n..n + 1))).collect();
        let mut group: Vec<_> = group.into_iter().map(Box::pin).collect();
        for append in &mut group {
            let _ = futures::poll!(append.as_mut());
        }
        disk.release("journal");
        first.await.expect("fits");
        for append in group {
            let error = append.await.expect_err("the disk is full");
            assert!(matches!(&error, AppendError::Refused { reason } if reason.contains("No space left")), "{error}");
            assert_eq!(error.kind(), ErrorKind::Unavailable);
        }
        assert_eq!(node.writer.head(), Seq(4));
        assert!(node.writer.failed().borrow().is_none());

        // The power goes before or after there is space again: what was refused was not stored.
        disk.set_space_bytes(None);
        let mut expected = ids(0..4);
        if seed % 2 == 0 {
            assert_eq!(node.writer.append(entries(4..7)).await.unwrap()[0], Outcome::Stored(Seq(5)));
            expected = ids(0..7);
        }
        let node = restart(&disk, node, Outage::Power);
        assert_eq!(node.ids(), expected, "seed {seed}");
        node.writer.stop();
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_started_refuses_and_is_started_later() {
    for operation in [Operation::Create, Operation::Append] {
        let (disk, node) = simulated(7);
        let mut stored = 0;
        // Full enough for the next file.
        while disk.used_bytes() < 2000 {
            node.writer.append(entries(stored..stored + 5)).await.unwrap();
            stored += 5;
        }
        assert_eq!(journal_files(&disk), 1);
        disk.fail(failing(operation, ".journal"));
        let error = node.writer.append(entries(stored..stored + 1)).await.expect_err("no next file");
        assert!(matches!(error, AppendError::Refused { .. }), "{operation:?}: {error}");
        assert_eq!(journal_files(&disk), 1, "nothing is left of it");
        node.writer.append(entries(stored..stored + 1)).await.expect("there is space again");
        assert_eq!(journal_files(&disk), 2);
        let node = restart(&disk, node, Outage::Power);
        assert_eq!(node.ids(), ids(0..stored + 1));
        node.writer.stop();
    }
}

#[tokio::test]
async fn subtree_roots_wait_in_memory_and_hold_back_the_trim() {
    let (disk, node) = simulated(7);
    disk.fail(Failing { times: u32::MAX, ..failing(Operation::Append, "subtrees") });
    for start in (0..1000).step_by(100) {
        node.writer.append(entries(start..start + 100)).await.expect("does not depend on the roots");
    }
    let files = journal_files(&disk);
    node.writer.trim(Seq(900));
    // Nothing new, so nothing is written; but it comes after the trim.
    node.writer.append(entries(0..1)).await.unwrap();
    assert_eq!(journal_files(&disk), files, "nothing goes before its roots are durable");
    disk.heal();
    node.writer.trim(Seq(900));
    node.writer.append(entries(0..1)).await.unwrap();
    assert!(journal_files(&disk) < files);
    assert_eq!(disk.bytes(Path::new("/journal/subtrees")).unwrap().len(), 3 * 32);
    node.writer.stop();
    let again = crate::ledger::open_on(std::sync::Arc::new(disk), Path::new("/journal"), Seq(900)).unwrap();
    assert_eq!(again.writer.head(), Seq(1000));
    again.writer.stop();
}

#[tokio::test]
async fn roots_that_are_missing_are_damage_with_a_name() {
    let (disk, node) = simulated(7);
    for start in (0..600).step_by(100) {
        node.writer.append(entries(start..start + 100)).await.unwrap();
    }
    node.writer.trim(Seq(600));
    node.writer.stop();
    disk.open(Path::new("/journal/subtrees")).unwrap().truncate(20).unwrap();
    let reopened = crate::ledger::open_on(std::sync::Arc::new(disk), Path::new("/journal"), Seq(600));
    let error = reopened.err().expect("a root is missing");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("/journal/subtrees is damaged at byte 0"), "{error}");
}

/// A sync of the roots that failed is not repeated: it could succeed without the bytes, and the files would be gone.
#[tokio::test]
async fn after_a_failed_sync_of_the_roots_no_file_goes_until_a_restart() {
    for seed in 0..30 {
        let (disk, node) = simulated(seed);
        for start in (0..600).step_by(100) {
            node.writer.append(entries(start..start + 100)).await.unwrap();
        }
        disk.fail(failing(Operation::Sync, "subtrees"));
        let files = journal_files(&disk);
        for _ in 0..2 {
            node.writer.trim(Seq(600));
            node.writer.append(entries(0..1)).await.unwrap();
            assert_eq!(journal_files(&disk), files);
        }
        node.writer.stop();
        let reopen = || crate::ledger::open_on(std::sync::Arc::new(disk.clone()), Path::new("/journal"), Seq(600));
        let node = reopen().unwrap();
        node.writer.trim(Seq(600));
        node.writer.stop();
        assert!(journal_files(&disk) < files);
        disk.restart(Outage::Power);
        let node = reopen().unwrap();
        assert_eq!(node.writer.head(), Seq(600));
        node.writer.stop();
    }
}

#[tokio::test]
async fn a_failed_sync_is_unknown_stops_the_journal_and_loses_nothing() {
    for seed in 0..100 {
        let (disk, node) = simulated(seed);
        node.writer.append(entries(0..3)).await.unwrap();
        disk.fail(failing(Operation::Sync, ".journal"));
        let error = node.writer.append(entries(3..5)).await.expect_err("not synced");
        assert!(matches!(&error, AppendError::Unknown { reason } if reason.contains("Input/output")), "{error}");
        assert!(node.writer.failed().borrow().is_some());
        let error = node.writer.append(entries(5..6)).await.expect_err("takes no more");
        assert!(matches!(error, AppendError::Stopped { .. }), "{error}");
        assert_eq!(node.ids(), ids(0..3), "what is not durable is not shown");

        // A restart of the process alone must not take bytes for durable that only the kernel's memory holds.
        let node = restart(&disk, node, Outage::Process);
        let there = node.ids();
        assert_eq!(there, ids(0..3), "seed {seed}");
        assert_eq!(node.writer.append(entries(3..5)).await.unwrap()[0], Outcome::Stored(Seq(4)));
        let node = restart(&disk, node, Outage::Power);
        assert_eq!(node.ids(), ids(0..5), "seed {seed}");
        node.writer.stop();
    }
}

#[tokio::test]
async fn a_failed_sync_of_a_new_file_or_of_its_name_stops_the_journal() {
    for operation in [Operation::Sync, Operation::SyncFolder] {
        for seed in 0..50 {
            let (disk, node) = simulated(seed);
            let mut stored = 0;
            while disk.used_bytes() < 2000 {
                node.writer.append(entries(stored..stored + 5)).await.unwrap();
                stored += 5;
            }
            disk.fail(failing(operation, "/journal"));
            let error = node.writer.append(entries(stored..stored + 1)).await.expect_err("not durable");
            assert!(matches!(error, AppendError::Unknown { .. }), "{error}");
            let node = restart(&disk, node, Outage::Process);
            assert_eq!(node.ids(), ids(0..stored));
            node.writer.append(entries(stored..stored + 1)).await.unwrap();
            let node = restart(&disk, node, Outage::Power);
            assert_eq!(node.ids(), ids(0..stored + 1), "{operation:?}, seed {seed}");
            node.writer.stop();
        }
    }
}

/// A start needs the disk to list, read and sync, and tells when it cannot; nothing is changed for the worse.
#[tokio::test]
async fn a_start_on_a_failing_disk_says_so_and_the_next_one_works() {
    let operations = [Operation::List, Operation::Map, Operation::Open, Operation::Sync, Operation::SyncFolder];
    for operation in operations {
        let (disk, node) = simulated(1);
        node.writer.append(entries(0..3)).await.unwrap();
        disk.crash();
        node.writer.stop();
        disk.restart(Outage::Process);
        disk.fail(Failing { times: u32::MAX, ..failing(operation, "journal") });
        let error = on(&disk).err().unwrap_or_else(|| panic!("{operation:?} does not matter"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("/journal"), "{error}");
        disk.heal();
        let node = on(&disk).unwrap();
        assert_eq!(node.ids(), ids(0..3));
        node.writer.stop();
    }
}
