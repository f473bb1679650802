//! What is named, where, how bad, and what of the rest is still looked at.

use std::fs;
use std::sync::Arc;

use doctor::{DoctorError, Part, Report, Verdict, examine};
use host::RealDisk;
use model::Seq;

use crate::folder::{CURSOR, EVENTS, Folder, flip, only};

fn others_are_well(report: &Report, parts: &[Part]) {
    assert!(report.findings.iter().all(|finding| parts.contains(&finding.part)), "{:#?}", report.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_folder_is_found_so_and_nothing_in_it_is_changed() {
    let folder = Folder::new().await;
    let before = folder.copy();
    let report = folder.examine().await;
    assert!(report.findings.iter().all(|finding| finding.part == Part::Space), "{:#?}", report.findings);
    assert_eq!((report.head, report.accounts), (Seq(EVENTS as u64), 1));
    let line = |part| report.parts.iter().find(|line| line.part == part).unwrap().summary.clone();
    assert!(line(Part::Segments).starts_with("2 segments, 1400 events, 1"), "{}", line(Part::Segments));
    assert!(line(Part::Subtrees).contains("6 roots"), "{}", line(Part::Subtrees));
    for below in ["journal", "segments"] {
        for ending in ["journal", "parquet", "index", ""] {
            for path in folder.files(below, ending) {
                assert_eq!(fs::read(&path).unwrap(), fs::read(before.path(&folder.name(&path))).unwrap());
            }
        }
    }
    let nothing = tempfile::tempdir().unwrap();
    let error = examine(Arc::new(RealDisk), nothing.path()).await.unwrap_err();
    assert!(matches!(error, DoctorError::NotADataFolder { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_damaged_or_incomplete() {
    let whole = Folder::new().await;
    let folder = whole.copy();
    let files = folder.files("journal", "journal");
    assert!(files.len() > 3);
    let bytes = fs::read(&files[1]).unwrap();
    let frame = bytes.windows(4).position(|window| window == b"FRM1").unwrap();
    flip(&files[1], frame + 100);
    let report = folder.examine().await;
    let finding = only(&report, Part::Journal, Verdict::Damaged, "a frame is not intact");
    assert_eq!((finding.file.as_str(), finding.place.as_str()), (&*folder.name(&files[1]), &*format!("byte {frame}")));
    assert!(finding.meaning.contains("nowhere else"), "{finding:#?}");
    others_are_well(&report, &[Part::Journal]);

    let folder = whole.copy();
    fs::remove_file(&folder.files("journal", "journal")[1]).unwrap();
    let report = folder.examine().await;
    only(&report, Part::Journal, Verdict::Damaged, "expected was event");

    // The journal begins in the middle of nowhere.
    let folder = whole.copy();
    let files = folder.files("journal", "journal");
    files[..2].iter().for_each(|path| fs::remove_file(path).unwrap());
    let report = folder.examine().await;
    only(&report, Part::Events, Verdict::Damaged, "are neither in a segment nor in the journal");

    let folder = whole.copy();
    files_of(&folder).iter().for_each(|path| fs::remove_file(path).unwrap());
    let report = folder.examine().await;
    only(&report, Part::Events, Verdict::Damaged, "the journal ends at event 0, the segments at 1400");
}

fn files_of(folder: &Folder) -> Vec<std::path::PathBuf> {
    folder.files("journal", "journal")
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_that_are_changed_missing_or_exchanged() {
    let whole = Folder::new().await;
    let folder = whole.copy();
    let parquet = folder.files("segments", "parquet")[0].clone();
    let middle = fs::metadata(&parquet).unwrap().len() as usize / 2;
    flip(&parquet, middle);
    let report = folder.examine().await;
    let finding = report.findings.iter().find(|finding| finding.what.contains("not those its index was made for"));
    assert_eq!(finding.unwrap().file, folder.name(&parquet));
    assert!(report.findings.iter().all(|finding| !finding.is_repairable), "{:#?}", report.findings);
    others_are_well(&report, &[Part::Segments]);

    let folder = whole.copy();
    fs::remove_file(&folder.files("segments", "parquet")[0]).unwrap();
    let report = folder.examine().await;
    only(&report, Part::Segments, Verdict::Damaged, "it is missing");

    // Another node's segment of the same events by number: every checksum fits, and the Merkle roots do not.
    let folder = whole.copy();
    let forged = Folder::of("Mide").await;
    for ending in ["parquet", "index"] {
        let (to, from) = (&folder.files("segments", ending)[0], &forged.files("segments", ending)[0]);
        assert_eq!(to.file_name(), from.file_name());
        fs::copy(from, to).unwrap();
    }
    let sizes: Vec<u64> =
        ["parquet", "index"].map(|ending| fs::metadata(&folder.files("segments", ending)[0]).unwrap().len()).into();
    let catalog = catalog::Catalog::open(&forged.path("catalog.sqlite")).await.unwrap();
    let entry = catalog.manifest().await.unwrap().segments[0].clone();
    assert_eq!(entry.bytes, sizes.iter().sum::<u64>());
    catalog.close().await;
    exchange_manifest_row(&folder, &entry).await;
    let report = folder.examine().await;
    let finding = only(&report, Part::Segments, Verdict::Damaged, "are not the ones that were acknowledged");
    assert!(finding.advice.contains("evidence"));
    others_are_well(&report, &[Part::Segments]);
}

/// Makes the manifest say of the first segment what another node's says of its own.
async fn exchange_manifest_row(folder: &Folder, entry: &catalog::Segment) {
    let catalog = catalog::Catalog::open(&folder.path("catalog.sqlite")).await.unwrap();
    let own = catalog.manifest().await.unwrap().segments[0].id;
    let new = catalog::Segment { file: "other".to_owned(), ..entry.clone() };
    catalog.manifest_publish(&[new], &[own], None).await.unwrap();
    catalog.close().await;
    let name = folder.files("segments", "parquet")[0].file_stem().unwrap().to_str().unwrap().to_owned();
    let statement = format!("UPDATE segments SET file = '{name}' WHERE file = 'other'");
    folder.sql(statement.leak()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_nowhere_or_twice_and_those_that_went_beyond_the_history() {
    let whole = Folder::new().await;
    let folder = whole.copy();
    folder.sql("DELETE FROM segments WHERE first_seq = 1").await;
    let report = folder.examine().await;
    only(&report, Part::Events, Verdict::Damaged, "events 1 to 1100 are neither");
    let strays: Vec<_> = report.findings.iter().filter(|finding| finding.part == Part::Files).collect();
    assert!(strays.len() == 2 && strays.iter().all(|stray| stray.verdict == Verdict::Damaged), "{strays:#?}");

    // Retention does the same and says so.
    let folder = whole.copy();
    let catalog = catalog::Catalog::open(&folder.path("catalog.sqlite")).await.unwrap();
    let first = catalog.manifest().await.unwrap().segments[0].clone();
    catalog.manifest_publish(&[], &[first.id], None).await.unwrap();
    catalog.close().await;
    for ending in ["parquet", "index"] {
        fs::remove_file(folder.path(&format!("segments/{}.{ending}", first.file))).unwrap();
    }
    let report = folder.examine().await;
    assert!(report.findings.iter().all(|finding| finding.part == Part::Space), "{:#?}", report.findings);
    let events = report.parts.iter().find(|line| line.part == Part::Events).unwrap();
    assert!(events.summary.contains("1100 beyond the history"), "{}", events.summary);

    let folder = whole.copy();
    folder.sql("UPDATE store_cursor SET seq = 1500").await;
    only(&folder.examine().await, Part::Events, Verdict::Damaged, "events 1401 to 1500 are neither");
    folder.sql("UPDATE store_cursor SET seq = 1300").await;
    only(&folder.examine().await, Part::Events, Verdict::Damaged, "segments reach to event 1400");
    folder.sql("UPDATE store_cursor SET seq = 1400").await;
    folder.sql("INSERT INTO retired VALUES (1051, 1100)").await;
    only(&folder.examine().await, Part::Events, Verdict::Damaged, "events 1051 to 1100 are in two segments");
    assert_eq!(CURSOR, 1400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_is_damaged_dangling_newer_or_of_another_time() {
    let whole = Folder::new().await;
    let folder = whole.copy();
    let path = folder.path("catalog.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..16384].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    let report = folder.examine().await;
    assert!(report.findings.iter().any(|f| f.part == Part::Catalog && f.verdict == Verdict::Damaged), "{report:#?}");
    bytes[..4096].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    let report = folder.examine().await;
    assert!(report.findings.iter().any(|f| f.part == Part::Catalog && f.verdict == Verdict::Damaged), "{report:#?}");
    assert_eq!(report.head, Seq(EVENTS as u64), "the journal is looked at all the same");
    fs::remove_file(&path).unwrap();
    only(&folder.examine().await, Part::Catalog, Verdict::Damaged, "cannot be opened");

    let folder = whole.copy();
    folder.sql("DELETE FROM buckets").await;
    only(&folder.examine().await, Part::Catalog, Verdict::Damaged, "names one of buckets that does not exist");

    let folder = whole.copy();
    folder.sql("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)").await;
    let report = folder.examine().await;
    let finding = only(&report, Part::Catalog, Verdict::Damaged, "newer version");
    assert!(finding.advice.contains("version of Cairn"), "{finding:#?}");

    let folder = whole.copy();
    folder.sql("UPDATE deliveries SET cursor_seq = 1701").await;
    let report = folder.examine().await;
    let finding = only(&report, Part::Delivery, Verdict::Damaged, "delivered up to event 1701, the last event is 1700");
    assert!(finding.what.contains("main-trail"));
}
