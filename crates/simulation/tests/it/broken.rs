//! Each broken part is found out within the two hundred seeds.

use simulation::Broken;

fn is_found_out(broken: Broken) {
    let found = (0..200).find_map(|seed| simulation::run(seed, Some(broken)).err());
    let violation = found.unwrap_or_else(|| panic!("{broken:?} was not noticed"));
    println!("{broken:?}, seed {}: {}", violation.seed, violation.what);
}

#[test]
fn journal_sync() {
    is_found_out(Broken::JournalSync);
}

#[test]
fn journal_truncate() {
    is_found_out(Broken::JournalTruncate);
}

#[test]
fn journal_names() {
    is_found_out(Broken::JournalNames);
}

#[test]
fn segment_sync() {
    is_found_out(Broken::SegmentSync);
}

#[test]
fn cursor_before_segment() {
    is_found_out(Broken::CursorBeforeSegment);
}

#[test]
fn bucket_writes_nothing() {
    is_found_out(Broken::BucketWritesNothing);
}

#[test]
fn cursor_before_object() {
    is_found_out(Broken::CursorBeforeObject);
}

#[test]
fn name_of_its_own() {
    is_found_out(Broken::NameOfItsOwn);
}
