//! Only what is new is copied.

use std::fs;

use crate::folder::Running;

fn bytes(folder: &std::path::Path, ending: &str) -> u64 {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let of_ending = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == ending));
    of_ending.map(|entry| entry.metadata().unwrap().len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_backup_copies_the_difference() {
    let mut node = Running::new().await;
    node.put(3000).await;
    node.settle().await;
    node.put(150).await;
    let first = node.back_up("to").await.unwrap();
    assert_eq!(first.bytes_copied, first.bytes);
    let again = node.back_up("to").await.unwrap();
    assert_eq!((again.bytes_copied, again.objects_copied, again.bytes), (0, 0, first.bytes), "nothing is new");

    // Events in the journal alone: its tail, and the roots that were completed.
    let journal = bytes(&node.data().join("journal"), "journal");
    node.put(300).await;
    let grown = bytes(&node.data().join("journal"), "journal") - journal;
    let second = node.back_up("to").await.unwrap();
    assert!(second.bytes_copied >= grown && second.bytes_copied <= grown + 64, "{second:?}, {grown} new");
    assert_eq!(node.must_restore("to").await.0, 3450);

    // A new segment, and a catalog that names it. What was trimmed and merged goes from the backup too.
    let segments = bytes(&node.data().join("segments"), "parquet") + bytes(&node.data().join("segments"), "index");
    node.settle().await;
    let now = bytes(&node.data().join("segments"), "parquet") + bytes(&node.data().join("segments"), "index");
    let third = node.back_up("to").await.unwrap();
    let catalog = fs::metadata(node.snapshot().await.folder().join("catalog.sqlite")).unwrap().len();
    assert!(third.bytes_copied <= now + catalog, "{third:?}, segments {segments} then {now}, catalog {catalog}");
    assert!(third.objects_removed > 0, "{third:?}");
    assert_eq!(node.must_restore("to").await.0, 3450);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_often_does_not_become_crumbs() {
    let mut node = Running::new().await;
    for _ in 0..40 {
        node.put(50).await;
        node.back_up("to").await.unwrap();
    }
    let destination = crate::folder::open(&node.path("to"), std::sync::Arc::new(host::RealDisk)).unwrap();
    let listing = destination.listing().await.unwrap().unwrap();
    let most = listing.files.iter().map(|file| file.parts.len()).max().unwrap();
    assert!((2..=33).contains(&most), "{most} parts");
    assert_eq!(node.must_restore("to").await.0, 2000);
}
