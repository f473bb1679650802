//! `init` and `serve`: the first key, the configuration, stopping, and what survives a kill.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::process::{Guarded, Lines, NodeProcess, PATIENCE, Place, event, run};

#[test]
fn init_prints_the_key_once_and_a_lost_one_can_be_replaced() {
    let place = Place::new();
    let key = place.init();
    assert_eq!(key.account.len(), 16);
    assert!(key.id.starts_with("LTAI5t") && key.secret.len() == 30, "{key:?}");
    let again = place.run(&["init", "--data", "data", "--json"]).failed_with(1);
    assert!(again.stdout.is_empty() && again.stderr.contains("--new-key"), "{again:?}");

    let process = NodeProcess::start(&place, "127.0.0.1:0", &[]);
    assert!(process.greeting.is_empty(), "the key was shown before: {:?}", process.greeting);
    let in_use = place.run(&["init", "--data", "data/", "--new-key"]).failed_with(1);
    assert!(in_use.stderr.contains("in use by another node"), "{in_use:?}");
    drop(process);
    let renewed = place.run(&["init", "--data", "data/", "--new-key", "--json"]).ok().json();
    assert_eq!(renewed["account_id"], key.account.as_str());
    assert_ne!(renewed["access_key_id"], key.id.as_str());
    assert!(place.path("data.master-key").is_file(), "the master key lies beside the folder, not in it");
}

#[test]
fn the_first_start_prints_the_key_and_how_to_keep_it() {
    let place = Place::new();
    let process = NodeProcess::start(&place, "127.0.0.1:0", &[]);
    let greeting = process.greeting.join("\n");
    assert!(greeting.contains("access key secret") && greeting.contains("cairn profile set default"), "{greeting}");
    let value = |name: &str| {
        let line = process.greeting.iter().find(|line| line.starts_with(name)).expect(name);
        line.split_whitespace().last().expect("a value").to_owned()
    };
    let arguments =
        ["profile", "set", "default", "--endpoint", &process.endpoint, "--access-key-id", &value("access key id")];
    run(place.cairn(&arguments), format!("{}\n", value("access key secret")).as_bytes()).ok();
    let saved = place.path("home/config/cairn/profiles.toml");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(saved).expect("saved").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let listed = place.run(&["account", "list", "--output", "json"]).ok().json();
    assert_eq!(listed[0]["IsManagement"], true);
}

#[test]
fn check_config_shows_what_is_in_force_and_names_what_is_wrong() {
    let place = Place::new();
    let file = place.write("cairn.toml", "[history]\ndays = 30\n");
    let arguments = ["serve", "--config", file.to_str().expect("UTF-8"), "--check-config"];
    let shown = place.run(&arguments).ok();
    assert!(shown.stdout.contains("days = 30  # from "), "{}", shown.stdout);
    let mut command = place.cairn(&arguments);
    command.env("CAIRN_HISTORY_DAYS", "0");
    let shown = run(command, b"").ok();
    assert!(shown.stdout.contains("days = 0  # from CAIRN_HISTORY_DAYS"), "{}", shown.stdout);
    assert!(!place.path("cairn-data").exists(), "nothing is started");

    // What is shown is a configuration file itself.
    let again = place.write("again.toml", &shown.stdout);
    place.run(&["serve", "--config", again.to_str().expect("UTF-8"), "--check-config"]).ok();

    place.write("cairn.toml", "[history]\ndayz = 30\n");
    let refused = place.run(&arguments).failed_with(1);
    assert!(refused.stderr.contains("history.dayz: no such setting; there are days"), "{}", refused.stderr);
    place.run(&["serve", "--frobnicate"]).failed_with(64);
}

#[test]
fn a_killed_node_comes_back_with_everything() {
    let place = Place::new();
    let mut node = place.node(&[]);
    let lines: String = (0..500).map(|number| format!("{}\n", event(&format!("before-{number}")))).collect();
    let put = node.run_with_input(&["events", "put", "-", "--output", "json"], &lines).ok().json();
    assert_eq!(put["Accepted"], 500);
    node.run(&["user", "create", "alice"]).ok();
    node.run(&["bucket", "add", "local", "--url", "file://bucket"]).ok();
    node.kill_and_restart(&[]);
    assert!(node.process.greeting.is_empty());

    let found = node.run(&["events", "lookup", "--attr", "EventName=Made", "--limit", "1000", "--json"]).ok();
    assert_eq!(found.json_lines().len(), 500);
    let users = node.run(&["user", "list", "--output", "json"]).ok().json();
    assert_eq!(users[0]["UserName"], "alice");
    let again = node.run_with_input(&["events", "put", "-", "--output", "json"], &lines).ok().json();
    assert_eq!((&again["Accepted"], &again["Duplicates"]), (&0.into(), &500.into()));
}

#[test]
fn a_node_stops_in_order_while_somebody_follows() {
    let place = Place::new();
    let mut node = place.node(&[]);
    let mut tail = Guarded(
        node.command(&["events", "tail", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts"),
    );
    let lines = Lines::of(tail.0.stdout.take().expect("piped"));
    // The tail is there when it shows what is put again and again.
    let mut number = 0;
    crate::process::wait_until("the tail follows", PATIENCE, || {
        number += 1;
        node.run_with_input(&["events", "put", "-"], &event(&format!("shown-{number}"))).ok();
        lines.next_within(Duration::from_millis(200)).filter(|line| line.contains("shown-"))
    });
    let begun = Instant::now();
    node.process.child.signal("TERM");
    let status = node.process.child.wait(PATIENCE);
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
