//! What is put right, and that a node then starts with every event; and what is left alone.

use std::fs;
use std::sync::Arc;

use doctor::{Part, Repaired, Report, SNAPSHOT_FOLDER, Verdict, repair};
use host::{FolderLock, RealDisk};

use crate::folder::{Folder, flip, only};

/// Repairs, and gives what was done and what an examination finds then.
async fn repaired(folder: &Folder, report: &Report) -> (Vec<Repaired>, Report) {
    let lock = FolderLock::take(folder.data()).unwrap();
    let done = repair(&lock, Arc::new(RealDisk), report).await;
    (done, folder.examine().await)
}

/// Repairs one thing, after which all is well and a node starts with every event.
async fn becomes_whole(folder: &Folder, report: &Report, what: &str) {
    let (done, after) = repaired(folder, report).await;
    assert!(done.iter().all(|done| done.error.is_none()), "{done:#?}");
    assert!(done.iter().any(|done| done.what.contains(what)), "{what}: {done:#?}");
    assert!(after.findings.iter().all(|finding| finding.part == Part::Space), "{:#?}", after.findings);
    folder.must_be_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_made_again() {
    let whole = Folder::new().await;
    let folder = whole.copy();
    for index in folder.files("segments", "index") {
        let name = folder.name(&index);
        fs::remove_file(&index).unwrap();
        let report = folder.examine().await;
        assert!(only(&report, Part::Segments, Verdict::Damaged, "it is missing").is_repairable);
        becomes_whole(&folder, &report, &name).await;
    }
    let index = folder.files("segments", "index")[0].clone();
    let middle = fs::metadata(&index).unwrap().len() as usize / 2;
    flip(&index, middle);
    let report = folder.examine().await;
    only(&report, Part::Segments, Verdict::Damaged, "has changed");
    becomes_whole(&folder, &report, "again from its Parquet file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_tail_is_cut_as_a_start_would_and_a_file_without_header_is_written() {
    let whole = Folder::new().await;
    let folder = whole.copy();
    let last = folder.files("journal", "journal").pop().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    bytes.extend_from_slice(b"FRM1\x00\x10\x00\x00 a write that was cut short");
    fs::write(&last, bytes).unwrap();
    let report = folder.examine().await;
    only(&report, Part::Journal, Verdict::Warning, "a write that was cut short");
    assert_ne!(report.verdict, Verdict::Damaged);
    becomes_whole(&folder, &report, "read the journal back").await;
    assert_eq!(folder.files("journal", "bin").len(), 1, "what was cut is kept");

    let folder = whole.copy();
    fs::write(folder.path("journal/00000000000000001701.journal"), b"CAI").unwrap();
    let report = folder.examine().await;
    only(&report, Part::Journal, Verdict::Warning, "neither a header nor events");
    becomes_whole(&folder, &report, "read the journal back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merkle_roots_are_computed_again_when_their_events_are_there() {
    let whole = Folder::new().await;
    let right = fs::read(whole.path("journal/subtrees")).unwrap();
    for what in ["it is missing", "not those of the journal's tree", "at least"] {
        let folder = whole.copy();
        let path = folder.path("journal/subtrees");
        match what {
            "it is missing" => fs::remove_file(&path).unwrap(),
            "at least" => fs::write(&path, &right[..32]).unwrap(),
            _ => flip(&path, 70),
        }
        let report = folder.examine().await;
        let finding = only(&report, Part::Subtrees, Verdict::Damaged, what);
        if what.starts_with("not") {
            assert_eq!(finding.place, "byte 64, events 513 to 768");
        }
        becomes_whole(&folder, &report, "journal/subtrees again").await;
        assert_eq!(fs::read(&path).unwrap(), right);
    }
    // A root the journal has itself.
    let folder = whole.copy();
    flip(&folder.path("journal/subtrees"), right.len() - 1);
    let report = folder.examine().await;
    only(&report, Part::Subtrees, Verdict::Warning, "a root is not the journal's");
    becomes_whole(&folder, &report, "read the journal back").await;

    // Beyond the history nothing can be computed.
    let folder = whole.copy();
    let catalog = catalog::Catalog::open(&folder.path("catalog.sqlite")).await.unwrap();
    let first = catalog.manifest().await.unwrap().segments[0].clone();
    catalog.manifest_publish(&[], &[first.id], None).await.unwrap();
    catalog.close().await;
    fs::remove_file(folder.path("journal/subtrees")).unwrap();
    let report = folder.examine().await;
    assert!(!only(&report, Part::Subtrees, Verdict::Damaged, "it is missing").is_repairable);
}

#[tokio::test(flavor = "multi_thread")]
async fn leftovers_go_and_whatever_may_hold_an_event_stays() {
    let folder = Folder::new().await;
    let unpublished = folder.path("segments/00000000000000000001-00000000000000000600-0.parquet");
    let half = folder.path("segments/00000000000000001401-00000000000000001700-0.writing");
    let foreign = folder.path("segments/notes.txt");
    for path in [&unpublished, &half, &foreign] {
        fs::write(path, b"x").unwrap();
    }
    fs::create_dir_all(folder.path(SNAPSHOT_FOLDER).join("journal")).unwrap();
    let report = folder.examine().await;
    let files: Vec<_> = report.findings.iter().filter(|finding| finding.part == Part::Files).collect();
    assert!(files.len() == 4 && files.iter().all(|finding| finding.verdict == Verdict::Warning), "{files:#?}");
    let (done, after) = repaired(&folder, &report).await;
    assert_eq!(done.len(), 3, "{done:#?}");
    assert!(!unpublished.exists() && !half.exists() && !folder.path(SNAPSHOT_FOLDER).exists());
    assert!(foreign.exists(), "not Cairn's, not Cairn's to remove");
    assert!(only(&after, Part::Files, Verdict::Warning, "no file of Cairn's").file.ends_with("notes.txt"));
    folder.must_be_whole().await;

    // With the segment it was merged into damaged, it may be the only copy.
    let parquet = folder.files("segments", "parquet")[0].clone();
    flip(&parquet, 2000);
    fs::write(&unpublished, b"x").unwrap();
    let report = folder.examine().await;
    repaired(&folder, &report).await;
    assert!(unpublished.exists());
    folder.sql("DELETE FROM segments").await;
    let report = folder.examine().await;
    repaired(&folder, &report).await;
    assert!(parquet.exists() && unpublished.exists());
}
