//! Data as version 1 of the formats wrote it, kept in `tests/fixtures/v1`, and read by every version since.
//!
//! `cargo xtask fixture` makes it anew; that is only right as long as no version with these formats is released.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::process::{Key, Node, NodeProcess, PATIENCE, Place, files_below, wait_until};

/// Events of the fixture are years old when it is read, and stay all the same.
const KEEP: (&str, &str) = ("CAIRN_HISTORY_DAYS", "0");
const FILES: [&str; 5] = ["data", "data.master-key", "events.ndjson", "key.json", "README.md"];

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/v1")
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::copy(from, to).expect("copied");
        return;
    }
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).expect("readable");
    text
}

/// A copy of the fixture in a place of its own.
fn copied() -> (Place, Key) {
    let place = Place::new();
    for name in FILES {
        copy(&fixture().join(name), &place.path(name));
    }
    let key: Value = serde_json::from_str(&text(&place.path("key.json"))).expect("JSON");
    let field = |name: &str| key[name].as_str().expect("a text").to_owned();
    (place, Key { account: field("account_id"), id: field("access_key_id"), secret: field("access_key_secret") })
}

fn events_made(text: &str) -> BTreeMap<String, usize> {
    text.lines().map(|line| (line.to_owned(), 1)).collect()
}

/// How often each event that was made is found.
fn found(node: &Node<'_>) -> BTreeMap<String, usize> {
    let lookup = ["events", "lookup", "--attr", "ServiceName=Fixture", "--start", "2026-01-01T00:00:00Z"];
    let done = node.run(&[&lookup[..], &["--limit", "10000", "--json"]].concat()).ok();
    let mut found = BTreeMap::new();
    for line in done.stdout.lines() {
        *found.entry(line.to_owned()).or_default() += 1;
    }
    found
}

fn delivered(bucket: &Path) -> BTreeMap<String, usize> {
    let mut events = BTreeMap::new();
    for path in files_below(bucket).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "gz")) {
        let mut json = String::new();
        let file = std::fs::File::open(&path).expect("readable");
        flate2::read::GzDecoder::new(file).read_to_string(&mut json).expect("gzip of text");
        let array: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(&json).expect("a JSON array");
        for event in array.iter().filter(|event| event.get().contains(r#""serviceName":"Fixture""#)) {
            *events.entry(event.get().to_owned()).or_default() += 1;
        }
    }
    events
}

#[test]
fn the_doctor_finds_the_kept_data_sound_but_for_its_torn_tail() {
    let (place, _) = copied();
    let report = place.run(&["doctor", "--data", "data", "--json"]).ok().json();
    let findings = report["report"]["findings"].as_array().expect("a list").clone();
    let of_data: Vec<&Value> = findings.iter().filter(|finding| finding["part"] != "space").collect();
    assert!(
        of_data.len() == 1 && of_data[0]["what"].as_str().is_some_and(|what| what.contains("cut short")),
        "{of_data:?}"
    );
    let levels = files_below(&place.path("data/segments"));
    let has = |level: &str| levels.iter().any(|path| path.to_string_lossy().ends_with(&format!("-{level}.parquet")));
    assert!(has("0") && has("1"), "{levels:?}");
}

#[test]
fn a_node_finds_every_event_of_the_kept_data_delivers_on_and_goes_on_writing() {
    let (place, key) = copied();
    let mut settings = vec![KEEP, ("CAIRN_DELIVERY_AGE_SECONDS", "1")];
    let process = NodeProcess::start(&place, "127.0.0.1:0", &settings);
    let mut node = Node { place: &place, key, process };
    let mut expected = events_made(&text(&place.path("events.ndjson")));
    assert_eq!(found(&node), expected);

    // What the trail had not delivered goes to the bucket it is given now, with its old settings and secrets.
    std::fs::create_dir(place.path("bucket")).expect("made");
    node.run(&["bucket", "add", "new-logs", "--url", "file://bucket"]).ok();
    node.run(&["trail", "update", "kept-trail", "--bucket", "new-logs"]).ok();
    let new = r#"{"eventId":"after","eventTime":"2026-01-16T00:00:00Z","serviceName":"Fixture"}"#;
    node.run_with_input(&["events", "put", "-"], new).ok();
    let again = format!("{}{new}\n", text(&place.path("events.ndjson")));
    let put = node.run_with_input(&["events", "put", "-", "--output", "json"], &again).ok().json();
    assert_eq!((&put["Accepted"], &put["Duplicates"]), (&json!(0), &json!(601)), "every id is remembered");
    expected.insert(new.to_owned(), 1);
    let since_start =
        text(&place.path("events.ndjson")).lines().skip(500).map(|line| format!("{line}\n")).collect::<String>();
    let of_trail = events_made(&format!("{since_start}{new}"));
    wait_until("everything since the trail's start is delivered", PATIENCE, || {
        (delivered(&place.path("bucket")).len() >= of_trail.len()).then_some(())
    });
    assert_eq!(delivered(&place.path("bucket")), of_trail);
    assert_eq!(found(&node), expected);
    let users = node.run(&["user", "list", "--output", "json"]).ok().json();
    assert_eq!(users[0]["UserName"], "kept-user");

    // Segments of both times, merged, and another start.
    settings.extend([("CAIRN_STORE_RECENT_AGE_SECONDS", "1"), ("CAIRN_STORE_MERGE_SEGMENTS", "2")]);
    node.kill_and_restart(&settings);
    assert_eq!(found(&node), expected);
    let is_merged = |path: &PathBuf| path.to_string_lossy().ends_with("-2.parquet");
    wait_until("old and new segments are merged", PATIENCE, || {
        node.run_with_input(&["events", "put", "-"], r#"{"eventId":"more","eventTime":"2026-01-16T00:00:00Z"}"#).ok();
        files_below(&place.path("data/segments")).iter().any(is_merged).then_some(())
    });
    assert_eq!(found(&node), expected);
    let report = place.run(&["doctor", "--data", "data"]).ok();
    assert!(report.stdout.contains("a snapshot of it was checked"), "{}", report.stdout);
}

/// One process's part in making the data: events, a crash, and more settings.
fn serve(place: &Place, key: &Key, settings: &[(&str, &str)], work: impl FnOnce(&Node<'_>)) {
    let process = NodeProcess::start(place, "127.0.0.1:0", settings);
    let mut node = Node { place, key: key.clone(), process };
    work(&node);
    node.process.child.signal("KILL");
    node.process.child.wait(PATIENCE);
}

fn made(range: std::ops::Range<usize>) -> String {
    let line = |n: usize| {
        let rw = if n.is_multiple_of(2) { "Write" } else { "Read" };
        format!(
            r#"{{"eventId":"kept-{n}","eventTime":"2026-01-15T08:{:02}:{:02}Z","eventName":"Made{}","eventRW":"{rw}","serviceName":"Fixture","acsRegion":"cn-hangzhou","userIdentity":{{"userName":"user-{}"}},"n":9007199254740993{n},"text":"数字 {n}"}}"#,
            n / 60 % 60,
            n % 60,
            n % 3,
            n % 7
        ) + "\n"
    };
    range.map(line).collect()
}

/// Not a test: `cargo xtask fixture` runs it.
#[test]
#[ignore = "writes tests/fixtures/v1 anew; run it with cargo xtask fixture"]
fn write_the_kept_data() {
    let place = Place::new();
    let key = place.init();
    let put = |node: &Node<'_>, range| drop(node.run_with_input(&["events", "put", "-"], &made(range)).ok());
    let segments = |level: &'static str| {
        let is_of = move |path: &PathBuf| path.to_string_lossy().ends_with(&format!("-{level}.parquet"));
        let folder = place.path("data/segments");
        move || files_below(&folder).iter().any(is_of).then_some(())
    };
    let quick = [KEEP, ("CAIRN_STORE_RECENT_AGE_SECONDS", "1"), ("CAIRN_STORE_MERGE_SEGMENTS", "2")];
    serve(&place, &key, &quick, |node| {
        put(node, 0..200);
        wait_until("a segment", PATIENCE, segments("0"));
        put(node, 200..400);
        wait_until("a merged segment", PATIENCE, segments("1"));
    });
    let no_merge = [KEEP, ("CAIRN_STORE_RECENT_AGE_SECONDS", "1"), ("CAIRN_STORE_MERGE_SEGMENTS", "100")];
    serve(&place, &key, &no_merge, |node| {
        put(node, 400..500);
        wait_until("a small segment", PATIENCE, segments("0"));
    });
    std::fs::create_dir(place.path("bucket")).expect("made");
    let slow = [KEEP, ("CAIRN_DELIVERY_AGE_SECONDS", "3600")];
    serve(&place, &key, &slow, |node| {
        node.run(&["user", "create", "kept-user"]).ok();
        node.run(&["bucket", "add", "kept-logs", "--url", "file://bucket"]).ok();
        node.run(&["trail", "create", "kept-trail", "--bucket", "kept-logs", "--start"]).ok();
        put(node, 500..600);
    });
    tear(&place);
    // SQLite's index of its log; it is made again from the log, which stays as a crash left it.
    std::fs::remove_file(place.path("data/catalog.sqlite-shm")).expect("removed");
    let key = json!({"account_id": key.account, "access_key_id": key.id, "access_key_secret": key.secret});
    place.write("key.json", serde_json::to_vec_pretty(&key).expect("JSON"));
    place.write("events.ndjson", made(0..600));
    place.write("README.md", README);
    let target = fixture();
    if target.exists() {
        std::fs::remove_dir_all(&target).expect("removed");
    }
    std::fs::create_dir_all(&target).expect("made");
    for name in FILES {
        copy(&place.path(name), &target.join(name));
    }
    let bytes: u64 = files_below(&target).iter().map(|path| std::fs::metadata(path).expect("there").len()).sum();
    println!("wrote {} with {bytes} bytes", target.display());
}

/// As if the power failed in the middle of a write.
fn tear(place: &Place) {
    let is_journal = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "journal");
    let last = files_below(&place.path("data/journal")).into_iter().rfind(is_journal).expect("a journal");
    let mut file = std::fs::File::options().append(true).open(last).expect("writable");
    let torn = [b"FRM1".as_slice(), &4000_u32.to_le_bytes(), &[7; 100]].concat();
    std::io::Write::write_all(&mut file, &torn).expect("written");
}

const README: &str = "\
# Data as version 1 of the formats wrote it

Made by `cargo xtask fixture`: 600 events (`events.ndjson`) in a merged segment, a small one and the journal, whose last
file ends in a torn write; a user, a bucket and a trail that was started before the last 100 events and delivered none. The
key and the master key belong to nothing else. Tests in `crates/cairn/tests/it/fixture.rs` open copies of it.

Once a version with these formats is released, this folder is never written again.
";
