//! Putting, finding and following events.

use std::process::Stdio;
use std::time::Duration;

use crate::process::{Guarded, Lines, PATIENCE, Place, event, event_with, now, run, wait_until};

#[test]
fn events_come_out_as_they_went_in() {
    let place = Place::new();
    let node = place.node(&[]);
    let odd = format!(
        r#"{{ "n":12345678901234567890123, "é" : "中\u00e9", "twice":1,"twice":2, "eventId":"odd","eventTime":"{}", "x":{{}} }}"#,
        now()
    );
    node.run_with_input(&["events", "put", "-"], &odd).ok();
    for arguments in [
        &["events", "lookup", "--attr", "EventId=odd", "--json"][..],
        // A question LookupEvents does not answer goes the other way.
        &["events", "lookup", "--attr", "EventId=odd", "--text", "中é", "--output", "json"],
    ] {
        assert_eq!(node.run(arguments).ok().stdout, format!("{odd}\n"), "{arguments:?}");
    }

    // A pretty-printed event is one event, and is kept as it is printed.
    let pretty = odd.replace("odd", "pretty").replace(", ", ",\n  ");
    node.run_with_input(&["events", "put", "-"], &pretty).ok();
    let shown = node.run(&["events", "lookup", "--attr", "EventId=pretty", "--json"]).ok();
    assert_eq!(shown.stdout, format!("{}\n", pretty.replace('\n', " ")));
}

#[test]
fn refusals_are_named_and_the_rest_is_taken() {
    let place = Place::new();
    let node = place.node(&[]);
    let lines = format!("{}\n{{\"eventTime\":\"{}\"}}\nnot json\n{}\n", event("a"), now(), event("b"));
    let put = node.run_with_input(&["events", "put", "-"], &lines).failed_with(2);
    assert_eq!(put.stdout, "2 accepted, 0 known already, 2 refused\n");
    assert!(put.stderr.contains("event 1 was refused: MissingEventId"), "{}", put.stderr);
    assert!(put.stderr.contains("event 2 was refused: MalformedJson"), "{}", put.stderr);

    let array = format!("[{},\n{{\"a\":tru}},{}]", event("a"), event("c"));
    let put = node.run_with_input(&["events", "put", "-"], &array).failed_with(2);
    assert_eq!(put.stdout, "1 accepted, 1 known already, 1 refused\n");
}

#[test]
fn lookups_page_through_everything_in_both_directions() {
    let place = Place::new();
    let node = place.node(&[]);
    let lines: String = (0..230)
        .map(|number| {
            let fields = format!(r#""serviceName":"Ecs","acsRegion":"eu-west-1","resourceName":"i-{}","#, number % 2);
            format!("{}\n", event_with(&format!("{number:03}"), &fields))
        })
        .collect();
    node.run_with_input(&["events", "put", "-"], &lines).ok();
    let ids = |arguments: &[&str]| -> Vec<String> {
        let common = ["events", "lookup", "--attr", "servicename=Ecs", "--json"];
        let arguments: Vec<&str> = common.iter().chain(arguments).copied().collect();
        let events = node.run(&arguments).ok().json_lines();
        events.iter().map(|event| event["eventId"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(ids(&[]).len(), 20, "without --limit");
    let mut all = ids(&["--limit", "1000"]);
    assert_eq!(all.len(), 230, "over LookupEvents, five pages");
    all.reverse();
    assert_eq!(ids(&["--limit", "1000", "--direction", "forward"]), all);
    assert_eq!(
        ids(&["--limit", "1000", "--direction", "forward", "--attr", "Region=eu-west-1"]),
        all,
        "over GET /v1/events"
    );
    assert_eq!(ids(&["--limit", "120", "--attr", "ResourceName=i-1", "--start", "1h"]).len(), 115);
    assert_eq!(ids(&["--attr", "ResourceName=i-1", "--attr", "Region=eu-west-1", "--limit", "7"]).len(), 7);
    assert!(ids(&["--end", "1d"]).is_empty());

    let table = node.run(&["events", "lookup", "--limit", "3", "--attr", "ServiceName=Ecs"]).ok();
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", table.stdout);
    assert!(lines[0].starts_with("TIME") && lines[1].contains("Made") && lines[1].contains("i-"), "{}", table.stdout);
    assert!(table.stderr.contains("--limit"), "what is cut says so: {}", table.stderr);
    let unknown = node.run(&["events", "lookup", "--attr", "Usr=alice"]).failed_with(64);
    assert!(unknown.stderr.contains("there are EventId, ServiceName"), "{}", unknown.stderr);
}

#[test]
fn a_tail_shows_what_is_accepted_from_now_on_and_matches() {
    let place = Place::new();
    let node = place.node(&[]);
    node.run_with_input(&["events", "put", "-"], &event_with("old", r#""eventRW":"Write","#)).ok();
    let arguments = ["events", "tail", "--filter", "EventRW=Write", "--filter", "EventName=Made"];
    let mut tail =
        Guarded(node.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts"));
    let lines = Lines::of(tail.0.stdout.take().expect("piped"));
    let mut number = 0;
    let shown = wait_until("the tail shows something", PATIENCE, || {
        number += 1;
        let read = event_with(&format!("read-{number}"), r#""eventRW":"Read","resourceName":"read","#);
        let write = event_with(&format!("write-{number}"), r#""eventRW":"Write","resourceName":"write","#);
        node.run_with_input(&["events", "put", "-"], &format!("{read}\n{write}\n")).ok();
        lines.next_within(Duration::from_millis(200))
    });
    assert!(shown.contains("Made") && shown.ends_with("write"), "{shown}");

    let from_the_start = ["events", "tail", "--after", "0", "--text", "OLD", "--json"];
    let mut tail =
        Guarded(node.command(&from_the_start).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts"));
    let (line, before) = Lines::of(tail.0.stdout.take().expect("piped")).until(|_| true);
    assert!(line.contains("\"old\"") && before.is_empty(), "{line}");
}

#[test]
fn events_are_sorted_by_what_they_say_where_that_is_allowed() {
    let place = Place::new();
    let node = place.node(&[("CAIRN_INGEST_CREATE_ACCOUNTS", "true")]);
    let lines = format!(
        "{}\n{}\n",
        event_with("one", r#""recipientAccountId":"1111","#),
        event_with("two", r#""userIdentity":{"accountId":"2222"},"#)
    );
    let put = node.run_with_input(&["events", "put", "-", "--account", "from-event"], &lines).ok();
    assert_eq!(put.stdout, "2 accepted, 0 known already, 0 refused\n");
    let accounts = node.run(&["account", "list", "--output", "json"]).ok().json();
    let ids: Vec<_> = accounts.as_array().expect("a list").iter().map(|each| each["AccountId"].clone()).collect();
    assert!(ids.contains(&"1111".into()) && ids.contains(&"2222".into()), "{ids:?}");

    // An ingest token of another account puts events there, and cannot do anything else.
    let key = node.run(&["key", "create", "--account-id", "1111", "--output", "json"]).ok().json();
    let token = node.run(&["token", "create", "collector", "--account-id", "1111", "--output", "json"]).ok().json();
    let with_token = |arguments: &[&str]| {
        let mut command = place.cairn(arguments);
        command.env("CAIRN_ENDPOINT", &node.process.endpoint);
        command.env("CAIRN_TOKEN", token["Token"].as_str().expect("a text"));
        run(command, event("by-token").as_bytes())
    };
    with_token(&["events", "put", "-"]).ok();
    with_token(&["events", "lookup"]).failed_with(1);
    let mut command = node.command(&["events", "lookup", "--attr", "EventId=by-token", "--json"]);
    command
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", key["AccessKey"]["AccessKeyId"].as_str().expect("a text"))
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", key["AccessKey"]["AccessKeySecret"].as_str().expect("a text"));
    assert_eq!(run(command, b"").ok().json_lines().len(), 1);
}
