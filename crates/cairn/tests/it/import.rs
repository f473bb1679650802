//! `cairn import`: every form, going on after an interruption, refusals on file.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::process::{Guarded, Node, PATIENCE, Place, event, files_below, now, wait_until};

fn lines(prefix: &str, count: usize) -> String {
    (0..count).map(|number| format!("{}\n", event(&format!("{prefix}-{number}")))).collect()
}

fn found(node: &Node<'_>) -> usize {
    let arguments = ["events", "lookup", "--attr", "EventName=Made", "--start", "30d", "--limit", "100000", "--json"];
    node.run(&arguments).ok().stdout.lines().count()
}

/// What the state files say was acknowledged; `None` before the first is written.
#[allow(clippy::disallowed_methods, reason = "a test looks into a file")]
fn acknowledged(place: &Place) -> Option<u64> {
    let states = files_below(&place.path("home/state/cairn/import"));
    let state = states.iter().find(|path| path.extension().is_some_and(|ending| ending == "json"))?;
    let state: Value = serde_json::from_slice(&std::fs::read(state).ok()?).ok()?;
    state["acknowledged"].as_u64()
}

#[test]
fn a_folder_of_every_form_is_imported_once() {
    let place = Place::new();
    let node = place.node(&[]);
    std::fs::create_dir_all(place.path("in/deep")).expect("a folder");
    place.write("in/plain.ndjson", lines("plain", 40));
    let array = format!("[{}]", lines("array", 30).trim_end().replace('\n', ","));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(array.as_bytes()).expect("memory");
    place.write("in/deep/array.json.gz", gzip.finish().expect("memory"));
    place.write("in/deep/more.zst", zstd::encode_all(lines("zstd", 20).as_bytes(), 1).expect("memory"));
    place.write("in/readme.txt", "no events");

    let first = node.run(&["import", "in", "--batch", "7", "--output", "json"]).ok().json();
    assert_eq!((&first["Files"], &first["Accepted"], &first["Refused"]), (&3.into(), &90.into(), &0.into()));
    assert_eq!(found(&node), 90);
    let again = node.run(&["import", "in", "--output", "json"]).ok().json();
    assert_eq!((&again["FilesDoneBefore"], &again["EventsPerSecond"]), (&3.into(), &0.into()), "nothing is read again");

    place.write("in/plain.ndjson", format!("{}{}", lines("plain", 40), lines("later", 5)));
    let grown = node.run(&["import", "in", "--output", "json"]).ok().json();
    assert_eq!(grown["FilesDoneBefore"], 2);
    assert_eq!(found(&node), 95);
    let restarted = node.run(&["import", "in", "--restart", "--output", "json"]).ok().json();
    assert_eq!((&restarted["Accepted"], &restarted["Duplicates"]), (&0.into(), &95.into()));
}

#[test]
fn an_import_that_was_killed_goes_on() {
    let place = Place::new();
    let node = place.node(&[]);
    let count = 3000;
    place.write("events.ndjson", lines("killed", count));
    let arguments = ["import", "events.ndjson", "--batch", "1", "--output", "json"];
    let mut import =
        Guarded(node.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts"));
    wait_until("some events are acknowledged", PATIENCE, || acknowledged(&place).filter(|done| *done > 20));
    import.signal("KILL");
    import.wait(PATIENCE);
    let done = acknowledged(&place).expect("kept");
    assert!(done < count as u64, "it was killed in the middle: {done}");

    let resumed = node.run(&["import", "events.ndjson", "--output", "json"]).ok().json();
    let (accepted, duplicates) = (resumed["Accepted"].as_u64().expect("a number"), resumed["Duplicates"].as_u64());
    assert_eq!(accepted + duplicates.expect("a number"), count as u64);
    assert!(duplicates.expect("a number") <= 10, "only what was on its way is sent again: {resumed}");
    assert_eq!(found(&node), count);
}

#[test]
fn an_import_outlives_its_node() {
    let place = Place::new();
    let mut node = place.node(&[]);
    let count = 600;
    place.write("events.ndjson", lines("outlived", count));
    let arguments = ["import", "events.ndjson", "--batch", "1", "--output", "json"];
    let mut import =
        Guarded(node.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts"));
    wait_until("some events are acknowledged", PATIENCE, || acknowledged(&place).filter(|done| *done > 20));
    node.kill_and_restart(&[]);
    assert!(acknowledged(&place).expect("kept") < count as u64, "the node went away in the middle");
    assert_eq!(import.wait(PATIENCE).code(), Some(0));
    assert_eq!(found(&node), count);
}

#[test]
fn a_node_that_has_too_much_to_do_is_waited_for() {
    let place = Place::new();
    // Room for one body at a time, while an import sends three.
    let node = place.node(&[("CAIRN_INGEST_BODY_BYTES", "10485760")]);
    place.write("events.ndjson", lines("throttled", 900));
    let done = node.run(&["import", "events.ndjson", "--batch", "100", "--output", "json"]).ok().json();
    assert_eq!((&done["Accepted"], &done["Refused"]), (&900.into(), &0.into()));
    assert_eq!(found(&node), 900);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test looks into a file")]
fn refused_events_are_kept_with_the_reason() {
    let place = Place::new();
    let node = place.node(&[]);
    let file = format!("{}\nnot json\n{{\"eventId\":\"no-time\"}}\n{}\n", event("a"), event("b"));
    place.write("mixed.ndjson", &file);
    let done = node.run(&["import", "mixed.ndjson", "--batch", "1", "--output", "json"]).failed_with(2);
    assert_eq!((&done.json()["Accepted"], &done.json()["Refused"]), (&2.into(), &2.into()));
    let report = std::fs::read_to_string(place.path("mixed.ndjson.refused.ndjson")).expect("written");
    let report: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(report.len(), 2);
    assert_eq!((&report[0]["Index"], &report[0]["Code"]), (&1.into(), &"MalformedJson".into()));
    assert_eq!(report[0]["Text"], "not json");
    assert_eq!((&report[1]["Code"], &report[1]["Event"]["eventId"]), (&"MissingEventTime".into(), &"no-time".into()));
    node.run(&["import", "mixed.ndjson"]).failed_with(2);

    let torn = &zstd::encode_all(lines("torn", 5000).as_bytes(), 1).expect("memory")[..2000];
    place.write("torn.zst", torn);
    let done = node.run(&["import", "torn.zst"]).failed_with(1);
    assert!(done.stderr.contains("torn.zst") && done.stderr.contains("after event"), "{}", done.stderr);
}

#[test]
fn old_samples_are_moved_to_now_together() {
    let place = Place::new();
    let node = place.node(&[]);
    std::fs::create_dir(place.path("old")).expect("a folder");
    let old = |id: &str, time: &str| format!(r#"{{"eventId":"{id}","eventName":"Made","eventTime":"{time}"}}"#);
    place.write("old/1.ndjson", old("first", "2019-03-01T00:00:00Z"));
    place.write("old/2.json", format!("[{}]", old("last", "2019-03-03T12:00:00Z")));
    let started = now();
    node.run(&["import", "old", "--shift-to-now"]).ok();
    let events = node.run(&["events", "lookup", "--attr", "EventName=Made", "--json"]).ok().json_lines();
    let time = |id: &str| {
        let event = events.iter().find(|event| event["eventId"] == id).expect("found");
        model::Timestamp::parse(event["eventTime"].as_str().expect("a text")).expect("a time")
    };
    assert_eq!(time("last").since(time("first")).as_secs(), 60 * 3600, "the distance stays");
    let started = model::Timestamp::parse(&started).expect("a time");
    assert!(time("last") >= started.minus(std::time::Duration::from_secs(1)) && time("last") <= started.plus(PATIENCE));
    let refused = node.run(&["import", "old"]).failed_with(1);
    assert!(refused.stderr.contains("--restart"), "{}", refused.stderr);
}
