//! A data folder with everything in it: a merged segment, a small one, journal files, and a journal that goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::{Bucket, Catalog, NewTrail};
use doctor::{Finding, Part, Report, Verdict, examine};
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use journal::{Entry, Writer, WriterConfig};
use model::trail::{BucketTarget, Destinations, EventRw, Selector, TrailRegions};
use model::{AccountId, Event, Seq, Timestamp};
use store::{Config, Lookup, Store};

pub(crate) const EVENTS: usize = 1700;
/// The last event in a segment.
pub(crate) const CURSOR: u64 = 1400;

pub(crate) struct Folder {
    folder: tempfile::TempDir,
}

pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) catalog: Catalog,
}

pub(crate) fn account() -> AccountId {
    "1234567890123456".parse().unwrap()
}

fn events(range: std::ops::Range<usize>, word: &str) -> Vec<Entry> {
    let json = |n: usize| {
        format!(
            r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:{:02}:{:02}Z","eventName":"{word}"}}"#,
            n / 60 % 60,
            n % 60
        )
    };
    range.map(|n| Entry { account: account(), event: Event::parse(Bytes::from(json(n))).unwrap() }).collect()
}

impl Folder {
    /// Small files, so that a few events give many.
    pub(crate) async fn new() -> Folder {
        Folder::of("Made").await
    }

    pub(crate) async fn of(word: &str) -> Folder {
        let folder = Folder { folder: tempfile::tempdir().unwrap() };
        let node = folder.start().await;
        node.catalog.account_create(account(), "management", true, Timestamp(1)).await.unwrap();
        trail(&node.catalog).await;
        for (range, is_settled) in [(0..600, true), (600..1100, true), (1100..1400, true), (1400..EVENTS, false)] {
            for start in range.clone().step_by(50) {
                node.writer.append(events(start..start + 50, word)).await.unwrap();
            }
            if is_settled {
                node.settle().await;
            }
        }
        node.stop().await;
        folder
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    /// A copy to be damaged.
    pub(crate) fn copy(&self) -> Folder {
        let to = tempfile::tempdir().unwrap();
        copy_folder(self.data(), to.path());
        Folder { folder: to }
    }

    pub(crate) async fn start(&self) -> Node {
        let catalog = Catalog::open(&self.path("catalog.sqlite")).await.unwrap();
        let config = Config {
            merge_segments: 2,
            recent_age: Duration::from_secs(3600),
            journal: WriterConfig { file_bytes: 8000, ..WriterConfig::default() },
            ..Config::default()
        };
        let metrics = Metrics::default();
        let opened =
            Store::open(config, self.data(), Arc::new(RealDisk), catalog.clone(), Arc::new(SystemClock), &metrics);
        let (store, writer) = opened.await.unwrap();
        Node { store, writer, catalog }
    }

    pub(crate) async fn examine(&self) -> Report {
        examine(Arc::new(RealDisk), self.data()).await.unwrap()
    }

    /// The files of a subfolder with this ending, by name.
    pub(crate) fn files(&self, below: &str, ending: &str) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.path(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
        files.sort();
        files
    }

    pub(crate) fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.data()).unwrap().display().to_string()
    }

    /// Changes the catalog behind everybody's back.
    pub(crate) async fn sql(&self, statement: &'static str) {
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(self.path("catalog.sqlite")).foreign_keys(false);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// A start, which must find every event once.
    pub(crate) async fn must_be_whole(&self) {
        let node = self.start().await;
        let lookup = Lookup {
            account: account(),
            from: Timestamp::MIN,
            through: Timestamp::MAX,
            conditions: Vec::new(),
            newest_first: false,
            after: None,
            limit: 10_000,
        };
        let mut found: Vec<u64> = node.store.lookup(&lookup).unwrap().events.iter().map(|found| found.seq.0).collect();
        found.sort_unstable();
        assert!(found.into_iter().eq(1..=EVENTS as u64));
        node.stop().await;
    }
}

impl Node {
    pub(crate) async fn settle(&self) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.settle()).await.unwrap().unwrap();
    }

    pub(crate) async fn stop(self) {
        self.store.shut_down().await;
        self.writer.stop();
        self.catalog.close().await;
    }
}

async fn trail(catalog: &Catalog) {
    let bucket = Bucket {
        account: account(),
        name: "audit-logs".to_owned(),
        url: "file:///nowhere".to_owned(),
        sealed_settings: Vec::new(),
        created: Timestamp(1),
    };
    catalog.bucket_put(&bucket).await.unwrap();
    let target = BucketTarget { name: "audit-logs".to_owned(), prefix: None, write_role_arn: None };
    let new = NewTrail {
        organization: None,
        account: account(),
        name: "main-trail".parse().unwrap(),
        home_region: "cn-hangzhou".to_owned(),
        selector: Selector::management(EventRw::All, TrailRegions::All),
        destinations: Destinations { bucket: Some(target), ..Default::default() },
        created: Timestamp(1),
    };
    let trail = catalog.trail_create(new, 5).await.unwrap();
    catalog.trail_start(trail.id, Timestamp(1), Seq(0)).await.unwrap();
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
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

/// Flips a bit.
pub(crate) fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// The one finding of a part, which must be this bad and say this.
pub(crate) fn only<'r>(report: &'r Report, part: Part, verdict: Verdict, what: &str) -> &'r Finding {
    let of_part: Vec<&Finding> = report.findings.iter().filter(|finding| finding.part == part).collect();
    let [finding] = of_part[..] else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.verdict, verdict, "{finding:#?}");
    assert!(finding.what.contains(what), "{what}: {finding:#?}");
    assert!(!finding.meaning.is_empty() && !finding.advice.is_empty(), "{finding:#?}");
    let line = report.parts.iter().find(|line| line.part == part).unwrap();
    assert_eq!(line.verdict, verdict);
    finding
}
