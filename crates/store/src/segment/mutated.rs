//! Indexes that are not what was written, in any way: every question is answered with events that are there or with an
//! error that names the file; never a panic, never gigabytes of memory.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use host::Disk;
use host::simulated::SimulatedDisk;
use model::{AccountId, Attribute, Event, Seq, Timestamp};
use proptest::prelude::*;

use super::format::Table;
use super::{Built, Caches, Row, Segment, build, paths};
use crate::StoreError;
use crate::lookup::{self, Condition, Lookup, Position};
use crate::recent::Recent;
use crate::store::State;

const FOLDER: &str = "/segments";

fn account(n: u64) -> AccountId {
    ["77", "1234567890", "5"][n as usize % 3].parse().unwrap()
}

fn row(n: u64) -> Row {
    let time = format!("2026-01-15T08:{:02}:{:02}Z", n / 60 % 60, n % 60);
    let user = ["alice", "bob", "carol"][n as usize % 3];
    let json = format!(
        r#"{{"eventId":"e{n}","eventTime":"{time}","userIdentity":{{"userName":"{user}"}},"resourceName":"r{}","note":"word-{n} and {}"}}"#,
        n % 5,
        n % 11
    );
    let event = Event::parse(Bytes::from(json)).unwrap();
    Row { seq: Seq(n), account: account(n / 7), received: Timestamp(1_768_465_900_000 + n as i64), event }
}

/// A segment of a few hundred events on a disk in memory.
fn sample() -> (SimulatedDisk, catalog::Segment) {
    let disk = SimulatedDisk::new(1);
    disk.create_folder(Path::new(FOLDER)).unwrap();
    let rows: Vec<Row> = (1..=400).map(row).collect();
    let built = build(&disk, Path::new(FOLDER), 0, &rows).unwrap();
    let Built { name: file, rows, first, last, min_time, max_time, oldest_received, bytes } = built;
    (disk, catalog::Segment { id: 1, file, first, last, rows, min_time, max_time, bytes, level: 0, oldest_received })
}

fn replace(disk: &SimulatedDisk, path: &Path, bytes: &[u8]) {
    disk.remove(path).unwrap();
    disk.create(path).unwrap().append(bytes).unwrap();
}

fn lookups() -> Vec<Lookup> {
    let is = |attribute, value: &str| vec![Condition::Is(attribute, value.to_owned())];
    let conditions = [
        vec![],
        is(Attribute::EventId, "e17"),
        is(Attribute::User, "alice"),
        is(Attribute::ResourceName, "r3"),
        is(Attribute::User, "nobody"),
        vec![Condition::Text("word-200".into())],
        vec![Condition::Text("and 7".into()), Condition::Is(Attribute::User, "bob".into())],
    ];
    let with = |(n, conditions): (usize, Vec<Condition>)| Lookup {
        account: account(n as u64),
        from: Timestamp::MIN,
        through: Timestamp::MAX,
        conditions,
        newest_first: n.is_multiple_of(2),
        after: None,
        limit: 1000,
    };
    conditions.into_iter().enumerate().map(with).collect()
}

/// Asks everything there is to ask.
fn interrogate(disk: &SimulatedDisk, entry: &catalog::Segment) -> Result<(), TestCaseError> {
    let opened = Segment::open(disk, Path::new(FOLDER), entry.clone(), Arc::new(Caches::of_bytes(1 << 20, 1 << 20)));
    let segment = match opened {
        Ok(segment) => Arc::new(segment),
        Err(error) => return is_named(&error, entry),
    };
    let state = State { segments: vec![segment.clone()], sealing: None, active: Arc::new(Recent::new()) };
    for lookup in lookups() {
        match lookup::run(&lookup, &state) {
            Ok(page) => {
                for found in page.events {
                    let n: u64 = found.event.id()[1..].parse().expect("an id of the sample");
                    let sent = row(n).event;
                    prop_assert_eq!(found.event.raw(), sent.raw(), "verbatim or not at all");
                    prop_assert!(lookup.conditions.iter().all(|condition| condition.holds(&found.event)));
                }
            }
            Err(error) => is_named(&error, entry)?,
        }
    }
    for n in 0..10 {
        let rows = segment.rows_of(account(n));
        let position = |time| Position { time: Timestamp(time), seq: Seq(n) };
        let between = segment.rows_between(rows.clone(), position(0), position(1_768_466_300_000));
        prop_assert!(between.start >= rows.start && between.end <= rows.end);
        rows.chain([0, 399]).for_each(|row| drop((segment.position(row), segment.received(row), segment.event(row))));
        drop(segment.id(account(n), &format!("e{n}")));
    }
    let mut ids = 0;
    let read = segment.for_each_id_hash(disk, |_| ids += 1);
    prop_assert!(read.is_err() || ids <= 1 << 16);
    match segment.read_all(|_| {}) {
        Ok(()) => Ok(()),
        Err(error) => is_named(&error, entry),
    }
}

fn is_named(error: &StoreError, entry: &catalog::Segment) -> Result<(), TestCaseError> {
    prop_assert!(error.to_string().contains(&entry.file), "{error}");
    Ok(())
}

fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0), Just(255), Just(64), any::<u8>()], 1..24)
}

#[test]
fn the_sample_itself_is_sound() {
    let (disk, entry) = sample();
    interrogate(&disk, &entry).unwrap();
    let segment = Segment::open(&disk, Path::new(FOLDER), entry, Arc::new(Caches::of_bytes(0, 0))).unwrap();
    segment.read_all(|_| {}).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The sections are not checked when a segment is opened, so a lookup meets whatever is in them.
    #[test]
    fn changed_sections(changes in proptest::collection::vec((any::<prop::sample::Index>(), some_bytes()), 1..6)) {
        let (disk, entry) = sample();
        let (_, index) = paths(Path::new(FOLDER), &entry.file);
        let mut bytes = disk.bytes(&index).unwrap();
        let table_end = 16 + 24 * u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize;
        for (at, new) in changes {
            let at = table_end + at.index(bytes.len() - table_end);
            let end = (at + new.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&new[..end - at]);
        }
        replace(&disk, &index, &bytes);
        interrogate(&disk, &entry)?;
    }

    #[test]
    fn a_changed_header_or_table(at in 0_usize..400, new in some_bytes(), cut in any::<prop::sample::Index>(), cuts: bool) {
        let (disk, entry) = sample();
        let (_, index) = paths(Path::new(FOLDER), &entry.file);
        let mut bytes = disk.bytes(&index).unwrap();
        bytes[at..at + new.len()].copy_from_slice(&new);
        // As whoever makes such a file on purpose would.
        let table = 16..(16 + 24 * (u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize).min(64)).min(bytes.len());
        let crc = crc32c::crc32c(&bytes[table]);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        replace(&disk, &index, &bytes);
        interrogate(&disk, &entry)?;
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600), has_magic: bool) {
        let bytes = if has_magic { [&b"CAIRNX01"[..], &bytes].concat() } else { bytes };
        // What it says is wrong is for people; that it ends is what counts.
        let _ = Table::read(&bytes);
        let (disk, entry) = sample();
        let (_, index) = paths(Path::new(FOLDER), &entry.file);
        replace(&disk, &index, &bytes);
        interrogate(&disk, &entry)?;
    }

    #[test]
    fn a_changed_parquet_file(at in any::<prop::sample::Index>(), new in some_bytes(), cut in any::<prop::sample::Index>(), cuts: bool) {
        let (disk, entry) = sample();
        let (parquet, _) = paths(Path::new(FOLDER), &entry.file);
        let mut bytes = disk.bytes(&parquet).unwrap();
        let at = at.index(bytes.len());
        let end = (at + new.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&new[..end - at]);
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        replace(&disk, &parquet, &bytes);
        interrogate(&disk, &entry)?;
        // The doctor reads all of it.
        super::check_segment(&disk, Path::new(FOLDER), &entry);
    }
}
