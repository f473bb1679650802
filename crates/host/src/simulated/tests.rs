use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::{Disk, Random};

const FILE: &str = "/data/file";

fn disk_with_file(seed: u64) -> (SimulatedDisk, Box<dyn crate::DiskFile>) {
    let disk = SimulatedDisk::new(seed);
    disk.create_folder(Path::new("/data")).unwrap();
    disk.sync_folder(Path::new("/")).unwrap();
    let file = disk.create(Path::new(FILE)).unwrap();
    disk.sync_folder(Path::new("/data")).unwrap();
    (disk, file)
}

fn failing(operation: Operation, times: u32) -> Failing {
    Failing { operation, path: "file".into(), after: 0, times }
}

#[test]
fn what_was_synced_stays_and_the_rest_is_there_in_part() {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let (disk, mut file) = disk_with_file(seed);
        file.append(&[b'a'; 700]).unwrap();
        file.sync().unwrap();
        file.append(&[b'b'; 1200]).unwrap();
        disk.restart(Outage::Power);
        let bytes = disk.bytes(Path::new(FILE)).unwrap();
        assert!(bytes.starts_with(&[b'a'; 700]) && bytes.len() <= 1900);
        assert!(bytes[700..].iter().all(|byte| [b'b', 0].contains(byte)));
        seen.insert((bytes.len() == 700, bytes.len() == 1900, bytes.contains(&0)));
        assert!(file.append(b"c").is_err(), "of another life");
    }
    let stories = [(true, false, false), (false, true, false), (false, false, false), (false, true, true)];
    assert!(stories.iter().all(|story| seen.contains(story)), "nothing, all, a part, holes: {seen:?}");
}

#[test]
fn a_killed_process_loses_nothing() {
    let (disk, mut file) = disk_with_file(1);
    file.append(b"unsynced").unwrap();
    disk.create(Path::new("/data/new")).unwrap();
    disk.restart(Outage::Process);
    assert_eq!(disk.bytes(Path::new(FILE)).unwrap(), b"unsynced");
    assert!(disk.exists(Path::new("/data/new")));
}

#[test]
fn names_last_once_their_folder_is_synced() {
    let mut survived = BTreeSet::new();
    for seed in 0..200 {
        let (disk, _file) = disk_with_file(seed);
        let (data, new, renamed) = (Path::new("/data"), Path::new("/data/new"), Path::new("/data/renamed"));
        disk.create(new).unwrap();
        disk.rename(new, renamed).unwrap();
        disk.remove(Path::new(FILE)).unwrap();
        disk.create_folder(Path::new("/data/folder")).unwrap();
        disk.create(Path::new("/data/folder/inner")).unwrap();
        disk.restart(Outage::Power);
        let names = disk.list(data).unwrap();
        survived.insert((disk.exists(Path::new(FILE)), disk.exists(new), disk.exists(renamed)));
        assert!(names.len() <= 4);
        assert!(disk.exists(Path::new("/data/folder")) || !disk.exists(Path::new("/data/folder/inner")));

        disk.create(Path::new("/data/synced")).unwrap();
        disk.sync_folder(data).unwrap();
        disk.restart(Outage::Power);
        assert!(disk.exists(Path::new("/data/synced")));
    }
    for story in [(true, false, false), (false, false, true), (true, true, false), (true, false, true)] {
        assert!(survived.contains(&story), "{story:?} of {survived:?}");
    }
}

#[test]
fn after_a_failed_sync_a_later_one_may_succeed_without_the_bytes() {
    let lost = (0..100).filter(|seed| {
        let (disk, mut file) = disk_with_file(*seed);
        file.append(b"0123456789").unwrap();
        disk.fail(failing(Operation::Sync, 1));
        assert!(file.sync().is_err());
        assert_eq!(disk.bytes(Path::new(FILE)).unwrap(), b"0123456789", "readers still see them");
        file.sync().unwrap();
        disk.restart(Outage::Power);
        disk.bytes(Path::new(FILE)).unwrap() != b"0123456789"
    });
    assert!((20..80).contains(&lost.count()));
}

#[test]
fn a_full_disk_takes_a_part_and_more_when_there_is_space() {
    let (disk, mut file) = disk_with_file(1);
    disk.set_space_bytes(Some(5));
    let error = file.append(b"0123456789").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!((file.len().unwrap(), disk.used_bytes()), (5, 5));
    disk.set_space_bytes(None);
    file.truncate(0).unwrap();
    file.append(b"0123456789").unwrap();
    let mut read = [0; 4];
    file.read_exact_at(&mut read, 6).unwrap();
    assert_eq!(&read, b"6789");
    assert!(file.read_exact_at(&mut read, 7).is_err());
    disk.flip_bit(Path::new(FILE), 8);
    assert_eq!(disk.bytes(Path::new(FILE)).unwrap(), b"0023456789");
}

#[test]
fn faults_come_to_order_by_chance_and_at_the_crash() {
    let (disk, mut file) = disk_with_file(1);
    disk.fail(Failing { after: 1, ..failing(Operation::Append, 2) });
    let results: Vec<bool> = (0..4).map(|_| file.append(b"x").is_ok()).collect();
    assert_eq!(results, [true, false, false, true]);
    disk.set_faults(Faults { sync: 500, ..Faults::default() });
    let failures = (0..100).filter(|_| file.sync().is_err()).count();
    assert!((20..80).contains(&failures), "{failures}");
    disk.set_faults(Faults::default());
    let before = disk.operations();
    disk.crash_after(Some(2));
    assert_eq!((file.sync().is_ok(), file.sync().is_ok(), file.sync().is_ok()), (true, true, false));
    assert!(disk.has_crashed() && disk.list(Path::new("/data")).is_err());
    assert_eq!(disk.operations(), before + 4);
    disk.restart(Outage::Process);
    assert!(disk.list(Path::new("/data")).is_ok());
}

#[test]
fn a_pretended_sync_and_a_held_thread() {
    let (disk, mut file) = disk_with_file(3);
    disk.pretend(Operation::Sync, "file");
    let lost = (0..20).any(|_| {
        file.append(&[7; 100]).unwrap();
        file.sync().unwrap();
        disk.restart(Outage::Power);
        file = disk.open(Path::new(FILE)).unwrap();
        let lost = file.len().unwrap() < 100;
        file.truncate(0).unwrap();
        lost
    });
    assert!(lost);

    disk.hold("slow");
    let there = disk.clone();
    let thread = std::thread::Builder::new().name("slow".into()).spawn(move || there.list(Path::new("/data")).is_ok());
    let thread = thread.unwrap();
    while !disk.is_waiting("slow") {
        std::thread::yield_now();
    }
    assert!(disk.list(Path::new("/data")).is_ok(), "others go on");
    disk.release("slow");
    assert!(thread.join().unwrap());
}

#[test]
fn the_same_seed_gives_the_same_chance() {
    let bytes = |seed| {
        let mut bytes = [0; 16];
        SeededRandom::new(seed).fill(&mut bytes);
        bytes
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}
