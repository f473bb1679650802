//! `cairn doctor`: a night shift's questions, with the exit codes a script goes by.

use crate::process::{Place, event, files_below};

#[test]
fn a_running_node_a_stopped_one_and_one_that_was_killed() {
    let place = Place::new();
    let mut node = place.node(&[("CAIRN_STORE_RECENT_AGE_SECONDS", "1")]);
    let lines: String = (0..300).map(|number| format!("{}\n", event(&format!("e-{number}")))).collect();
    node.run_with_input(&["events", "put", "-"], &lines).ok();
    let running = place.run(&["doctor", "--data", "data"]).ok();
    assert!(running.stdout.contains("a snapshot of it was checked"), "{}", running.stdout);
    assert!(running.stdout.contains("events 1 to 3"), "{}", running.stdout);
    let refused = place.run(&["doctor", "--data", "data", "--repair"]).failed_with(2);
    assert!(refused.stderr.contains("stop it first"), "{}", refused.stderr);

    node.process.child.signal("KILL");
    node.process.child.wait(crate::process::PATIENCE);
    let killed = place.run(&["doctor", "--data", "data", "--json"]).ok().json();
    assert_eq!(killed["of_snapshot"], false);
    assert_ne!(killed["report"]["verdict"], "damaged");
    assert!(killed["report"]["head"].as_u64().is_some_and(|head| head >= 300), "{killed}");
    place.run(&["doctor", "--data", "no-such-folder"]).failed_with(2);
    std::fs::create_dir(place.path("empty")).expect("made");
    let nothing = place.run(&["doctor", "--data", "empty"]).failed_with(2);
    assert!(nothing.stderr.contains("is no data folder"), "{}", nothing.stderr);
    assert!(files_below(&place.path("empty")).is_empty(), "and nothing was put there");
    place.run(&["doctor"]).failed_with(64);
}

#[test]
fn damage_is_an_exit_code_and_a_repair_says_what_it_did() {
    let place = Place::new();
    let mut node = place.node(&[("CAIRN_STORE_RECENT_AGE_SECONDS", "1")]);
    node.run_with_input(&["events", "put", "-"], &event("one")).ok();
    let index = crate::process::wait_until("a segment is written", crate::process::PATIENCE, || {
        files_below(&place.path("data/segments"))
            .into_iter()
            .find(|path| path.extension().is_some_and(|e| e == "index"))
    });
    node.process.child.signal("TERM");
    node.process.child.wait(crate::process::PATIENCE);
    let index =
        if index.exists() { index } else { files_below(&place.path("data/segments"))[0].with_extension("index") };
    std::fs::remove_file(&index).expect("removed");
    let damaged = place.run(&["doctor", "--data", "data"]).failed_with(1);
    for part in ["DAMAGED  segments/", "it is missing", "It means: ", "To do: ", "DAMAGED: 1 finding."] {
        assert!(damaged.stdout.contains(part), "{part}: {}", damaged.stdout);
    }
    let repaired = place.run(&["doctor", "--data", "data", "--repair"]).ok();
    assert!(repaired.stdout.contains("REPAIRED  made segments/"), "{}", repaired.stdout);
    assert!(index.exists());
    place.run(&["doctor", "--data", "data"]).ok();
}
