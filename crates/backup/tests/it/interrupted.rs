//! A backup that stops at any of its steps leaves the one before it whole, and the next one goes on.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use backup::Options;
use model::Seq;

use crate::failing_disk::FailingDisk;
use crate::folder::{Running, objects};

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_every_step_the_last_backup_stays_whole() {
    let mut node = Running::new().await;
    node.put(600).await;
    node.settle().await;
    node.back_up("to").await.unwrap();
    node.put(300).await;
    node.settle().await;
    node.put(100).await;
    let mut states = Vec::new();
    for steps in 0.. {
        // Each time from the first backup on, and each time the next one must go on from what this one left.
        copy_folder(&node.path("to"), &node.path("cut"));
        let done = node.back_up_with("cut", Arc::new(FailingDisk::after(steps)), Options::default()).await;
        states.push(node.must_restore("cut").await);
        node.back_up("cut").await.unwrap();
        assert_eq!(node.must_restore("cut").await, Seq(1000));
        if done.is_ok() {
            break;
        }
        fs::remove_dir_all(node.path("cut")).unwrap();
    }
    assert!(states.len() > 12, "{} steps were cut off", states.len());
    assert!(states.is_sorted() && states.iter().all(|seq| [Seq(600), Seq(1000)].contains(seq)), "{states:?}");
    assert!(states.iter().filter(|seq| **seq == Seq(1000)).count() > 1, "also while it tidies up");
    // What the interrupted ones left is gone, as nothing needs it.
    let listing = crate::folder::open(&node.path("cut"), Arc::new(host::RealDisk)).unwrap().listing().await.unwrap();
    let named: usize = listing.unwrap().files.iter().map(|file| file.parts.len()).sum();
    let there = objects(&node.path("cut")).into_iter().filter(|path| path.extension().is_none()).count();
    assert_eq!(there, named);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_left_is_replaced_and_two_do_not_work_at_once() {
    let mut node = Running::new().await;
    node.put(100).await;
    let snapshot = node.snapshot().await;
    let folder = snapshot.folder().to_owned();
    let second = backup::Snapshot::take(Arc::new(host::RealDisk), &node.data()).await;
    assert!(second.unwrap_err().to_string().contains("another backup or check"));
    // Killed: nothing tidies up, and the lock is gone.
    let left = node.path("left");
    fs::rename(&folder, &left).unwrap();
    drop(snapshot);
    fs::rename(&left, &folder).unwrap();
    assert!(folder.join("catalog.sqlite").exists());
    node.put(100).await;
    let snapshot = node.snapshot().await;
    assert_eq!(snapshot.head, Seq(200));
    drop(snapshot);
    assert!(!folder.exists());
}
