#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and damages files by hand")]

use std::fs;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use model::{AccountId, Timestamp};

use super::*;
use crate::{Committed, Entry, Journal, Ledger, LedgerError, Writer, WriterConfig, read_subtrees, subtrees_fit};

/// A store that forgets.
struct Nothing(Mutex<u64>);

impl Ledger for Nothing {
    fn contains(&self, _: AccountId, _: &Event) -> Result<bool, LedgerError> {
        Ok(false)
    }

    fn publish(&self, committed: Committed) {
        *self.0.lock().unwrap() += committed.entries.len() as u64;
    }

    fn fullness(&self) -> f64 {
        0.0
    }
}

/// A journal of `events` in frames of ten and files of about 8 kB.
async fn written(events: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::recover(Arc::new(RealDisk), folder.path(), Seq::ZERO, Timestamp(1), |_| {}).unwrap();
    let config = WriterConfig { file_bytes: 8000, ..WriterConfig::default() };
    let ledger = Arc::new(Nothing(Mutex::new(0)));
    let writer = Writer::start(journal, config, ledger, Arc::new(SystemClock), &Metrics::default()).unwrap();
    let entry = |n: usize| {
        let raw = format!(r#"{{"eventId":"e-{n}","eventTime":"2026-01-15T08:30:00Z"}}"#);
        Entry { account: "1234".parse().unwrap(), event: Event::parse(Bytes::from(raw)).unwrap() }
    };
    for start in (0..events).step_by(10) {
        writer.append((start..start + 10).map(entry).collect()).await.unwrap();
    }
    writer.stop();
    folder
}

fn looked_at(folder: &Path) -> Checked {
    check(&RealDisk, folder, Seq(u64::MAX)).unwrap()
}

#[tokio::test]
async fn a_sound_journal_is_found_so_and_its_roots_are_those_of_the_side_file() {
    let folder = written(1200).await;
    let checked = looked_at(folder.path());
    assert_eq!(checked.findings, []);
    assert!(checked.files > 5, "{}", checked.files);
    assert_eq!((checked.head, checked.events, checked.leaves.len()), (Seq(1200), 1200, 1200));
    let (roots, rest) = read_subtrees(&RealDisk, folder.path()).unwrap().unwrap();
    assert_eq!((roots.len(), rest), (4, 0));
    assert_eq!(checked.roots.values().copied().collect::<Vec<_>>(), roots);
    // The header of each file has the tree before it, and so can tell which roots are right.
    let files = files(&RealDisk, folder.path()).unwrap();
    let (first, last) = files.last().unwrap();
    let (_, before, _) = decode_file_header(&fs::read(last).unwrap()).unwrap();
    let complete = ((first.0 - 1) / 256) as usize;
    assert!(complete >= 3 && subtrees_fit(&roots[..complete], &before));
    let mut wrong = roots[..complete].to_vec();
    wrong[1][5] ^= 1;
    assert!(!subtrees_fit(&wrong, &before) && !subtrees_fit(&roots[..complete - 1], &before));
}

#[tokio::test]
async fn damage_is_named_with_what_it_costs_and_what_follows_is_read() {
    let folder = written(1200).await;
    let files = files(&RealDisk, folder.path()).unwrap();
    let (first, path) = &files[2];
    let whole = fs::read(path).unwrap();
    let frames: Vec<usize> = (0..whole.len() - 4).filter(|at| whole[*at..].starts_with(b"FRM1")).collect();
    let mut bad = whole.clone();
    bad[frames[1] + 90] ^= 4;
    fs::write(path, &bad).unwrap();
    let checked = looked_at(folder.path());
    let [finding] = &checked.findings[..] else { panic!("{:?}", checked.findings) };
    assert_eq!((&finding.path, finding.offset, finding.flaw), (path, frames[1] as u64, Flaw::Damage));
    assert_eq!(finding.lost, Some((Seq(first.0 + 10), Some(Seq(first.0 + 19)))));
    assert_eq!((checked.events, checked.head), (1190, Seq(1200)));
    // The last frame of a file that is not the last, and its header.
    let last_frame = *frames.last().unwrap();
    fs::write(path, &whole[..last_frame + 50]).unwrap();
    let checked = looked_at(folder.path());
    assert_eq!(checked.findings[0].lost, Some((Seq(files[3].0.0 - 10), Some(Seq(files[3].0.0 - 1)))));
    bad.clone_from(&whole);
    bad[9] ^= 1;
    fs::write(path, &bad).unwrap();
    let checked = looked_at(folder.path());
    assert!(checked.findings.iter().any(|finding| finding.what.contains("header")), "{:?}", checked.findings);
    assert_eq!(checked.events, 1200, "its frames are read all the same");
    fs::remove_file(path).unwrap();
    let checked = looked_at(folder.path());
    assert!(checked.findings[0].what.contains("expected was event"), "{:?}", checked.findings);
}

#[tokio::test]
async fn a_torn_tail_is_told_apart_from_damage_and_ends_the_intact_part() {
    let folder = written(300).await;
    let files = files(&RealDisk, folder.path()).unwrap();
    let (first, path) = files.last().unwrap();
    let whole = fs::read(path).unwrap();
    let frame = whole.windows(4).rposition(|window| window == b"FRM1").unwrap();
    assert_eq!(intact_part(&whole), Some(Intact { first: *first, last: Seq(300), bytes: whole.len() as u64 }));
    for cut in [frame + 1, frame + 71, whole.len() - 1] {
        fs::write(path, &whole[..cut]).unwrap();
        let checked = looked_at(folder.path());
        let [finding] = &checked.findings[..] else { panic!("{:?}", checked.findings) };
        assert_eq!((finding.flaw, finding.offset, checked.head), (Flaw::TornTail, frame as u64, Seq(290)));
        let intact = intact_part(&whole[..cut]).unwrap();
        assert_eq!((intact.last, intact.bytes), (Seq(290), frame as u64));
    }
    let mut changed = whole.clone();
    changed[frame + 100] ^= 1;
    fs::write(path, &changed).unwrap();
    assert_eq!(looked_at(folder.path()).findings[0].flaw, Flaw::Damage);
    assert_eq!(intact_part(&changed), None);
    fs::write(path, b"CAIRN").unwrap();
    assert_eq!(looked_at(folder.path()).findings[0].flaw, Flaw::NoHeader);
}
