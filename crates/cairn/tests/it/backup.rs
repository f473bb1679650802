//! `cairn backup` and `cairn restore` with a real node that takes events, writes segments and merges them meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::process::{Guarded, Key, NodeProcess, PATIENCE, Place, event, event_with, files_below, run};

/// Segments every second, merged in pairs, and small journal files: what a busy node does in an hour.
const BUSY: &[(&str, &str)] = &[
    ("CAIRN_STORE_RECENT_AGE_SECONDS", "1"),
    ("CAIRN_STORE_MERGE_SEGMENTS", "2"),
    ("CAIRN_JOURNAL_FILE_BYTES", "1048576"),
];

/// Restores into a place of its own, with the master key, and gives how often each event is found there.
fn found_after_restore(node: &crate::process::Node<'_>, from: &Path) -> BTreeMap<String, usize> {
    let other = Place::new();
    let restored = other.run(&["restore", "--from", from.to_str().expect("UTF-8"), "--data", "data"]).ok();
    assert!(restored.stdout.contains("Last event") && restored.stdout.contains("Accounts"), "{}", restored.stdout);
    std::fs::copy(node.place.path("data.master-key"), other.path("data.master-key")).expect("copied");
    let process = NodeProcess::start(&other, "127.0.0.1:0", &[]);
    let lookup = ["events", "lookup", "--attr", "EventName=Made", "--limit", "100000", "--json"];
    let command = as_owner(&other, &lookup, &process.endpoint, &node.key);
    let mut found = BTreeMap::new();
    for line in run(command, b"").ok().json_lines() {
        *found.entry(line["eventId"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    found
}

/// A command that speaks to a node with this key.
fn as_owner(place: &Place, arguments: &[&str], endpoint: &str, key: &Key) -> Command {
    let mut command = place.cairn(arguments);
    command
        .env("CAIRN_ENDPOINT", endpoint)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", &key.id)
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", &key.secret);
    command
}

fn copied(done: &Value) -> u64 {
    done["copied"]["bytes_copied"].as_u64().expect("a number")
}

#[test]
fn a_backup_under_load_holds_every_event_acknowledged_before_it() {
    let place = Place::new();
    let node = place.node(BUSY);
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let stop = AtomicBool::new(false);
    let backup = || place.run(&["backup", "--data", "data", "--to", "backup", "--check", "--json"]);
    std::thread::scope(|scope| {
        for producer in 0..3 {
            let (place, endpoint, key) = (&place, node.process.endpoint.clone(), node.key.clone());
            let (acknowledged, stop) = (acknowledged.clone(), &stop);
            scope.spawn(move || {
                for round in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let ids: Vec<String> = (0..100).map(|number| format!("{producer}-{round}-{number}")).collect();
                    // Of a kilobyte, so that journal files are closed and trimmed too.
                    let filler = format!(r#""filler":"{}","#, "x".repeat(900));
                    let lines: String = ids.iter().map(|id| format!("{}\n", event_with(id, &filler))).collect();
                    let put = as_owner(place, &["events", "put", "-"], &endpoint, &key);
                    run(put, lines.as_bytes()).ok();
                    acknowledged.lock().expect("not poisoned").extend(ids);
                    // A load, and not as much as the machine gives: every event is looked up later.
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
        // Whatever fails in here, the producers end.
        let ended = Ending(&stop);
        let (mut before, mut levels) = (0, 0);
        for round in 0..2 {
            std::thread::sleep(Duration::from_secs(3));
            let known: Vec<String> = acknowledged.lock().expect("not poisoned").clone();
            assert!(known.len() > before, "events arrive");
            before = known.len();
            let done = backup().ok().json();
            assert_eq!(done["master_key_included"], false);
            let whole = done["copied"]["bytes"].as_u64().expect("a number");
            assert!(round > 0 || copied(&done) == whole, "{done}");
            let found = found_after_restore(&node, &place.path("backup"));
            let missing = known.iter().filter(|id| !found.contains_key(*id)).count();
            assert_eq!(missing, 0, "of {} acknowledged before the backup", known.len());
            assert!(found.values().all(|times| *times == 1), "nothing is doubled");
            let merged =
                |path: &Path| path.to_string_lossy().ends_with(".parquet") && !path.to_string_lossy().contains("-0.");
            levels += files_below(&place.path("data/segments")).iter().filter(|path| merged(path)).count();
        }
        assert!(levels > 0, "merges were going on");
        drop(ended);
    });
    // Quiet now: the last backup is made twice, and the second time nothing has to be copied but what the store did.
    backup().ok();
    let again = backup().ok().json();
    let catalog = std::fs::metadata(place.path("data/catalog.sqlite")).expect("there").len();
    assert!(copied(&again) * 2 < again["copied"]["bytes"].as_u64().expect("a number") + 2 * catalog, "{again}");
    assert!(!place.path("data/snapshot").exists());
}

/// Stops the producers, also when a check has failed.
struct Ending<'s>(&'s AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_killed_backup_leaves_the_last_one_and_the_next_is_whole() {
    let place = Place::new();
    let node = place.node(BUSY);
    let put = |from: usize, to: usize| {
        let lines: String = (from..to).map(|number| format!("{}\n", event(&format!("e-{number}")))).collect();
        node.run_with_input(&["events", "put", "-"], &lines).ok();
    };
    put(0, 2000);
    place.run(&["backup", "--data", "data", "--to", "backup"]).ok();
    for (round, pause) in [5, 20, 40, 60, 80, 120, 160].into_iter().enumerate() {
        put(2000 + round * 500, 2500 + round * 500);
        let mut command = place.cairn(&["backup", "--data", "data", "--to", "backup"]);
        let mut child = Guarded(command.stdout(std::process::Stdio::null()).spawn().expect("starts"));
        std::thread::sleep(Duration::from_millis(pause));
        // It may have ended by itself; that is a round without a kill.
        let _ = child.0.kill();
        child.wait(PATIENCE);
        let target = format!("restored-{round}");
        place.run(&["restore", "--from", "backup", "--data", &target]).ok();
    }
    let done = place.run(&["backup", "--data", "data", "--to", "backup"]).ok();
    assert!(done.stdout.contains("NOT in this backup") && done.stdout.contains("data.master-key"), "{}", done.stdout);
    let found = found_after_restore(&node, &place.path("backup"));
    assert_eq!(found.len(), 5500);
    assert!(!place.path("data/snapshot").exists());
}

#[test]
fn what_cannot_be_is_said_with_the_way_out() {
    let place = Place::new();
    place.init();
    let inside = place.run(&["backup", "--data", "data", "--to", "data/backup"]).failed_with(1);
    assert!(inside.stderr.contains("belongs on another disk"), "{}", inside.stderr);
    let nothing = place.run(&["restore", "--from", "nowhere", "--data", "new"]).failed_with(1);
    assert!(nothing.stderr.contains("cannot use nowhere"), "{}", nothing.stderr);
    // A node that was made and never started has a backup too, and one that was is restored without its key.
    let process = NodeProcess::start(&place, "127.0.0.1:0", &[]);
    drop(process);
    place.run(&["backup", "--data", "data", "--to", "backup"]).ok();
    let objects = files_below(&place.path("backup/objects"));
    let mut bytes = std::fs::File::open(&objects[0]).map(std::io::BufReader::new).expect("there");
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut bytes, &mut content).expect("read");
    content[0] ^= 1;
    place.write(objects[0].strip_prefix(place.path("")).expect("below").to_str().expect("UTF-8"), content);
    let damaged = place.run(&["restore", "--from", "backup", "--data", "new"]).failed_with(1);
    assert!(damaged.stderr.contains("has changed") && !place.path("new").exists(), "{}", damaged.stderr);
}
