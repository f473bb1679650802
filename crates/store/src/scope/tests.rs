use std::path::Path;

use bytes::Bytes;
use host::Disk;
use host::simulated::SimulatedDisk;
use model::logstore::View;
use model::{Event, Seq};
use query::search::{Test, Word, Words};
use query::{FieldPath, Limits, Search};

use super::*;
use crate::segment::{Built, Caches, Row, build, paths, without_optional_sections};

const FOLDER: &str = "/segments";

fn row(n: u64) -> Row {
    let name = [r#""Put""#, r#""""#, r#""Get""#, "null"][n as usize % 4];
    let nested = if n.is_multiple_of(7) { r#","requestParameterJson":"{\"Key\":\"a\\nbar\"}""# } else { "" };
    let json = format!(
        r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:{:02}:00Z","eventName":{name},"note":"word-{}"{nested}}}"#,
        n / 10 % 60,
        n % 11
    );
    let account = "77".parse().unwrap();
    Row { seq: Seq(n), account, received: Timestamp(0), event: Event::parse(Bytes::from(json)).unwrap() }
}

fn field(path: &str, test: Test) -> Search {
    Search::Field(FieldPath::parse(path).unwrap(), test)
}

fn has(word: &str) -> Words {
    Words { words: vec![Word::Exact(word.to_owned())], in_order: false }
}

/// A segment as earlier versions wrote it answers the same questions in the same way, only slower.
#[test]
fn a_segment_without_the_later_sections() {
    let disk = SimulatedDisk::new(1);
    disk.create_folder(Path::new(FOLDER)).unwrap();
    let rows: Vec<Row> = (1..=400).map(row).collect();
    let built = build(&disk, Path::new(FOLDER), 0, &rows).unwrap();
    let Built { name: file, rows: count, first, last, min_time, max_time, oldest_received, bytes } = built;
    let index = paths(Path::new(FOLDER), &file).1;
    let entry = catalog::Segment {
        id: 1,
        file,
        first,
        last,
        rows: count,
        min_time,
        max_time,
        bytes,
        level: 0,
        oldest_received,
    };
    let open = || Arc::new(Segment::open(&disk, Path::new(FOLDER), entry.clone(), cache()).unwrap());
    let new = open();
    let whole = disk.read_whole(&index).unwrap();
    disk.remove(&index).unwrap();
    disk.create(&index).unwrap().append(&without_optional_sections(&whole)).unwrap();
    let old = open();
    assert!(new.marks_nested_escapes() && !old.marks_nested_escapes());
    let searches = [
        Search::All,
        field("eventName", Test::Has(has("put"))),
        field("eventName", Test::Empty),
        field("eventName", Test::Null),
        Search::Not(Box::new(field("eventName", Test::Exists))),
        field("requestParameterJson.Key", Test::Has(has("bar"))),
        Search::Anywhere(has("eventname")),
        Search::Anywhere(has("word-3")),
    ];
    let account = "77".parse().unwrap();
    for search in searches {
        let scope = Scope {
            view: Arc::new(View::of_account(account)),
            from: Timestamp::MIN,
            before: Timestamp::MAX,
            search: search.clone(),
        };
        let asked = Asked::new(&scope);
        let expected = rows.iter().filter(|row| search.holds(row.event.raw())).count() as u64;
        for segment in [&new, &old] {
            let window = asked.rows_of(segment, account);
            let (parts, meter) = (scope.view.parts(), meter());
            let found = Work::on(segment.clone()).decide(&asked, account, parts, window.clone(), &meter).unwrap();
            assert_eq!(found.count(), expected, "{search:?}");
            let proposed = asked.propose_on(segment).map(|bound| bound.bounds(segment, &window).perhaps);
            let is_proposed = |row| proposed.as_ref().is_some_and(|proposed| proposed.contains(row));
            assert!(found.iter().all(is_proposed), "{search:?}");
        }
    }
}

fn cache() -> Arc<Caches> {
    Arc::new(Caches::of_bytes(1 << 20, 1 << 20))
}

fn meter() -> Meter {
    let time = std::time::Duration::from_secs(60);
    Meter::new(Limits { time, rows: 1, scanned_bytes: u64::MAX, memory_bytes: 1 })
}
