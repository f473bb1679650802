//! Ends without warning: a killed process, a lost power supply, at any operation.

use host::simulated::{Failing, Operation, Outage, SimulatedDisk};
use journal::{AppendError, Outcome, RecoverError};
use model::{ErrorKind, Seq};

use crate::ledger::{Open, entries, on, restart, simulated};

/// Several appends in one group, after one that is alone.
async fn append_as_group(disk: &SimulatedDisk, node: &Open, from: usize, appends: usize) {
    disk.hold("journal");
    let all: Vec<_> = (0..=appends).map(|n| node.writer.append(entries(from + n..from + n + 1))).collect();
    let mut all: Vec<_> = all.into_iter().map(Box::pin).collect();
    let mut answers = Vec::new();
    for (position, append) in all.iter_mut().enumerate() {
        answers.push(futures::poll!(append.as_mut()));
        while position == 0 && !disk.is_waiting("journal") && !disk.has_crashed() {
            tokio::task::yield_now().await;
        }
    }
    disk.release("journal");
    for (append, answer) in all.into_iter().zip(answers) {
        if answer.is_pending() {
            drop(append.await);
        }
    }
}

#[tokio::test]
async fn a_group_that_reached_the_disk_in_any_order_is_cut_whole() {
    let mut cut = 0;
    for seed in 0..300 {
        let (disk, node) = simulated(seed);
        node.writer.append(entries(0..3)).await.unwrap();
        // Append and sync of the first, append of the group; its sync is the end.
        disk.crash_after(Some(3));
        append_as_group(&disk, &node, 3, 12).await;
        let node = restart(&disk, node, Outage::Power);
        let there = node.ids();
        assert!(there.len() >= 4 && there.iter().enumerate().all(|(n, id)| *id == format!("e-{n}")), "seed {seed}");
        cut += usize::from(there.len() < 16);
        let outcomes = node.writer.append(entries(0..20)).await.unwrap();
        let stored = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Stored(_))).count();
        assert_eq!(stored, 20 - there.len());
        let node = restart(&disk, node, Outage::Power);
        assert_eq!(node.ids().len(), 20, "seed {seed}");
        node.writer.stop();
    }
    assert!(cut > 100, "{cut}");
}

#[tokio::test]
async fn a_flipped_bit_in_an_acknowledged_group_is_damage() {
    let (disk, node) = simulated(1);
    append_as_group(&disk, &node, 0, 3).await;
    node.writer.stop();
    let path = std::path::PathBuf::from(format!("/journal/{:020}.journal", 1));
    let bits = disk.bytes(&path).unwrap().len() * 8;
    for bit in (0..bits).step_by(5) {
        disk.flip_bit(&path, bit);
        let error = on(&disk).err().unwrap_or_else(|| panic!("bit {bit}"));
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(matches!(&error, RecoverError::Damaged { path: named, .. } if *named == path), "{error}");
        disk.flip_bit(&path, bit);
    }
    let node = on(&disk).unwrap();
    assert_eq!(node.ids().len(), 4);
    node.writer.stop();
}

/// A killed process leaves bytes that only the kernel holds. The next one shows them, so it makes them durable first.
#[tokio::test]
async fn what_a_restart_shows_survives_the_power() {
    for seed in 0..50 {
        for sync_fails in [false, true] {
            let (disk, node) = simulated(seed);
            disk.crash_after(Some(1));
            let error = node.writer.append(entries(0..2)).await.expect_err("killed before the sync");
            assert!(matches!(error, AppendError::Unknown { .. }), "{error}");
            node.writer.stop();
            disk.restart(Outage::Process);
            let times = u32::from(sync_fails);
            disk.fail(Failing { operation: Operation::Sync, path: ".journal".into(), after: 0, times });
            let node = on(&disk).unwrap();
            let answer = node.writer.append(entries(0..2)).await.unwrap();
            assert_eq!(answer, [Outcome::Duplicate; 2], "read back, and told to whoever asks");
            let node = restart(&disk, node, Outage::Power);
            assert_eq!(node.ids(), ["e-0", "e-1"], "seed {seed}");
            node.writer.stop();
        }
    }
}

#[tokio::test]
async fn a_first_start_can_end_anywhere() {
    for operations in 0..30 {
        for seed in 0..10 {
            for outage in [Outage::Power, Outage::Process] {
                let disk = SimulatedDisk::new(seed);
                disk.crash_after(Some(operations));
                if let Ok(node) = on(&disk) {
                    disk.crash();
                    node.writer.stop();
                }
                disk.restart(outage);
                let node = on(&disk).unwrap_or_else(|error| panic!("after {operations}, seed {seed}: {error}"));
                assert_eq!(node.writer.append(entries(0..1)).await.unwrap(), [Outcome::Stored(Seq(1))]);
                let node = restart(&disk, node, Outage::Power);
                assert_eq!(node.ids(), ["e-0"]);
                node.writer.stop();
            }
        }
    }
}

#[tokio::test]
async fn a_trim_can_end_anywhere_and_leaves_no_hole() {
    for operations in 0..25 {
        for seed in 0..10 {
            let (disk, node) = simulated(seed);
            for start in (0..400).step_by(20) {
                node.writer.append(entries(start..start + 20)).await.unwrap();
            }
            disk.crash_after(Some(operations));
            node.writer.trim(Seq(350));
            node.writer.stop();
            disk.crash();
            disk.restart(Outage::Power);
            let disk: std::sync::Arc<dyn host::Disk> = std::sync::Arc::new(disk);
            let node = crate::ledger::open_on(disk, std::path::Path::new("/journal"), Seq(350));
            let node = node.unwrap_or_else(|error| panic!("after {operations}, seed {seed}: {error}"));
            assert_eq!(node.writer.head(), Seq(400));
            assert_eq!(node.ids().len(), 50);
            node.writer.stop();
        }
    }
}
