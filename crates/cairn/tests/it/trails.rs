//! Trails that deliver to a folder: each event once, as it was put, also when the node is killed meanwhile.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::value::RawValue;

use crate::process::{PATIENCE, Place, event_with, files_below, wait_until};

const QUICK: &[(&str, &str)] = &[("CAIRN_DELIVERY_AGE_SECONDS", "1")];

/// How often each event that was made lies in the bucket, by its text.
fn delivered(bucket: &Path) -> BTreeMap<String, usize> {
    let mut events = BTreeMap::new();
    for path in files_below(bucket).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "gz")) {
        let mut json = String::new();
        let file = std::fs::File::open(&path).expect("readable");
        flate2::read::GzDecoder::new(file).read_to_string(&mut json).expect("gzip of text");
        let array: Vec<Box<RawValue>> = serde_json::from_str(&json).expect("a JSON array");
        for event in array.into_iter().filter(|event| event.get().contains(r#""eventName":"Made""#)) {
            *events.entry(event.get().to_owned()).or_default() += 1;
        }
    }
    events
}

#[test]
fn a_trail_delivers_each_event_once_and_as_it_was() {
    let place = Place::new();
    let mut node = place.node(QUICK);
    std::fs::create_dir(place.path("bucket")).expect("a folder");
    let before = event_with("before", r#""acsRegion":"cn-beijing","#);
    node.run_with_input(&["events", "put", "-"], &before).ok();
    node.run(&["bucket", "add", "local-logs", "--url", "file://bucket"]).ok();
    let created = node.run(&["trail", "create", "all-events", "--bucket", "local-logs", "--prefix", "audit-logs"]).ok();
    assert!(created.stdout.contains("cairn trail start all-events"), "{}", created.stdout);
    let listed = node.run(&["trail", "list"]).ok();
    assert!(
        listed.stdout.lines().nth(1).is_some_and(|line| line.starts_with("all-events  Fresh")),
        "{}",
        listed.stdout
    );
    node.run(&["trail", "start", "all-events"]).ok();

    let mut expected = BTreeMap::new();
    for round in 0..3 {
        let events: Vec<String> = (0..100)
            .map(|number| {
                let fields = format!(r#""n":1{number}00000000000000000000,"acsRegion":"eu-west-{}","#, number % 2 + 1);
                event_with(&format!("{round}-{number}"), &fields)
            })
            .collect();
        node.run_with_input(&["events", "put", "-"], &events.join("\n")).ok();
        expected.extend(events.into_iter().map(|event| (event, 1)));
        if round == 1 {
            node.kill_and_restart(QUICK);
        }
    }
    let bucket = place.path("bucket");
    wait_until("everything is delivered", PATIENCE, || (delivered(&bucket).len() >= expected.len()).then_some(()));
    node.run(&["trail", "stop", "all-events"]).ok();
    node.run_with_input(&["events", "put", "-"], &event_with("after", "")).ok();
    let status = wait_until("the status says so", PATIENCE, || {
        let status = node.run(&["trail", "status", "all-events"]).ok().stdout;
        status.contains("Latest delivery").then_some(status)
    });
    assert!(status.contains("Logging          no"), "{status}");
    assert_eq!(delivered(&bucket), expected);
    let file = files_below(&bucket).into_iter().find(|path| path.to_string_lossy().contains("eu-west-1"));
    let file = file.expect("an object").display().to_string();
    assert!(file.contains("bucket/audit-logs/AliyunLogs/Actiontrail/eu-west-1/20"), "{file}");

    let in_use = node.run(&["bucket", "delete", "local-logs"]).failed_with(1);
    assert!(in_use.stderr.contains("cairn trail list"), "{}", in_use.stderr);
    node.run(&["trail", "delete", "all-events"]).ok();
    node.run(&["bucket", "delete", "local-logs"]).ok();
}
