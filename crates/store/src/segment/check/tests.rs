#![allow(clippy::disallowed_methods, reason = "a test damages files by hand")]

use std::fs;

use bytes::Bytes;
use host::RealDisk;
use model::{Event, Timestamp};

use super::*;
use crate::segment::{Built, build};

fn row(n: u64, user: &str) -> Row {
    let json = format!(
        r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:{:02}:{:02}Z","userIdentity":{{"userName":"{user}"}},
            "resourceName":"r{}","referencedResources":{{"ACS::X":["a{n}","b"]}},"note":"word-{} and {n}"}}"#,
        n / 60 % 60,
        n % 60,
        n % 3,
        n % 11
    );
    let account = if n.is_multiple_of(4) { "77" } else { "1234567890" };
    Row {
        seq: Seq(n),
        account: account.parse().unwrap(),
        received: Timestamp(1_768_465_900_000 + n as i64),
        event: Event::parse(Bytes::from(json)).unwrap(),
    }
}

fn rows() -> Vec<Row> {
    (101..=900).map(|n| row(n, if n % 5 == 0 { "alice" } else { "bob" })).collect()
}

type Change = fn(&mut Row);

struct Made {
    folder: tempfile::TempDir,
    entry: catalog::Segment,
}

impl Made {
    fn new() -> Made {
        let folder = tempfile::tempdir().unwrap();
        let built = build(&RealDisk, folder.path(), 0, &rows()).unwrap();
        let Built { name, rows, first, last, min_time, max_time, oldest_received, bytes } = built;
        let entry = catalog::Segment {
            id: 1,
            file: name,
            first,
            last,
            rows,
            min_time,
            max_time,
            bytes,
            level: 0,
            oldest_received,
        };
        Made { folder, entry }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{}.{ending}", self.entry.file))
    }

    fn check(&self) -> CheckedSegment {
        check_segment(&RealDisk, self.folder.path(), &self.entry)
    }

    fn rebuild(&self) -> Result<(), StoreError> {
        rebuild_index(&RealDisk, self.folder.path(), &self.entry)
    }
}

#[test]
fn a_sound_segment_has_no_problems_and_gives_its_leaves() {
    let made = Made::new();
    let checked = made.check();
    assert_eq!(checked.problems, []);
    let expected: Vec<_> =
        rows().iter().map(|row| (row.seq, leaf_hash(row.account, row.received, row.event.raw()))).collect();
    assert_eq!(checked.leaves, expected);
}

#[test]
fn any_changed_byte_of_either_file_is_named_in_that_file() {
    let made = Made::new();
    for ending in ["index", "parquet"] {
        let path = made.path(ending);
        let good = fs::read(&path).unwrap();
        // Between sections of the index there are up to seven bytes that mean nothing.
        let padding = Table::read(&fs::read(made.path("index")).unwrap()).unwrap();
        for at in (0..good.len()).step_by(good.len() / 150) {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            fs::write(&path, &bad).unwrap();
            let problems = made.check().problems;
            if problems.is_empty() {
                let belongs = |section| padding.range(section).contains(&at);
                let sections = [Section::Summary, Section::Tokens, Section::Ids, Section::Parquet, Section::Seqs];
                assert!(ending == "index" && bad[at] == 0x20 && !sections.into_iter().any(belongs), "byte {at}");
                continue;
            }
            assert!(problems.iter().all(|problem| problem.path == path), "byte {at} of {ending}: {problems:?}");
            assert!(problems.iter().all(|problem| problem.new_index_helps == (ending == "index")), "{problems:?}");
        }
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(made.check().problems, []);
}

#[test]
fn missing_and_cut_files_are_named_and_an_index_is_made_anew_byte_for_byte() {
    let made = Made::new();
    let index = fs::read(made.path("index")).unwrap();
    let cut = index[..index.len() / 2].to_vec();
    let mut changed = index.clone();
    changed[index.len() / 2] ^= 1;
    for damage in [None, Some(Vec::new()), Some(cut), Some(changed)] {
        match &damage {
            None => fs::remove_file(made.path("index")).unwrap(),
            Some(bytes) => fs::write(made.path("index"), bytes).unwrap(),
        }
        let problems = made.check().problems;
        assert!(problems.len() == 1 && problems[0].new_index_helps, "{damage:?}: {problems:?}");
        made.rebuild().unwrap();
        assert_eq!(fs::read(made.path("index")).unwrap(), index);
    }
    assert_eq!(made.check().problems, []);

    let parquet = fs::read(made.path("parquet")).unwrap();
    fs::write(made.path("parquet"), &parquet[..parquet.len() - 1]).unwrap();
    assert!(made.check().problems.iter().any(|problem| problem.what.contains("bytes, its index says")));
    fs::remove_file(made.path("index")).unwrap();
    assert!(made.rebuild().is_err(), "a Parquet file that is not whole proves nothing");
    fs::remove_file(made.path("parquet")).unwrap();
    let problems = made.check().problems;
    assert!(problems.iter().any(|p| p.path == made.path("parquet") && p.what == "it is missing"), "{problems:?}");
}

#[test]
fn an_index_that_does_not_lead_to_an_event_is_found_out_though_its_checksums_fit() {
    let mut made = Made::new();
    let contents = read(&RealDisk, &made.path("parquet")).unwrap();
    let parquet_bytes = contents.file.bytes;
    let cases: [(&str, Change); 6] = [
        ("User", |one| one.event = row(one.seq.0, "mallory").event),
        ("id", |one| one.event = row(one.seq.0 + 60 * 60, "alice").event),
        ("number", |one| one.seq = Seq(7)),
        ("event time", |one| one.event = row(one.seq.0 - 1, "alice").event),
        ("receipt time", |one| one.received = Timestamp(1)),
        ("account", |one| one.account = "9999999999".parse().unwrap()),
    ];
    for (what, change) in cases {
        let mut rows = contents.rows.clone();
        // The last one, so that a change of what rows are ordered by moves no other.
        let last = rows.iter_mut().max_by_key(|row| (row.account, row.event.time(), row.seq)).unwrap();
        change(last);
        let index = index_of(&rows, &contents.pages, contents.file);
        made.entry.bytes = parquet_bytes + write_index(&RealDisk, &made.path("index"), &index).unwrap();
        let problems = made.check().problems;
        assert!(problems[0].new_index_helps && problems[0].what.contains(what), "{what}: {problems:?}");
    }
    let mut pages = contents.pages.clone();
    pages[0].crc ^= 1;
    let index = index_of(&contents.rows, &pages, contents.file);
    write_index(&RealDisk, &made.path("index"), &index).unwrap();
    assert!(made.check().problems.iter().any(|problem| problem.what.contains("page 0")));
    made.entry.rows += 1;
    assert!(!made.check().problems.is_empty(), "the manifest disagrees");
}

#[test]
fn a_word_the_index_does_not_have_is_missed() {
    let mut made = Made::new();
    let contents = read(&RealDisk, &made.path("parquet")).unwrap();
    let mut rows = contents.rows.clone();
    for row in &mut rows {
        let json = String::from_utf8(row.event.raw().to_vec()).unwrap().replace("word-", "werd-");
        row.event = Event::parse(Bytes::from(json)).unwrap();
    }
    let index = index_of(&rows, &contents.pages, contents.file);
    made.entry.bytes = contents.file.bytes + write_index(&RealDisk, &made.path("index"), &index).unwrap();
    assert!(made.check().problems[0].what.contains("words"), "{:?}", made.check().problems);
}
