//! `cairn demo`: the scene is set, and a second demo goes on with it.

use crate::process::Place;

#[test]
fn a_demo_shows_what_to_try_and_goes_on_with_its_folder() {
    let place = Place::new();
    let demo =
        || place.run(&["demo", "--data", "demo", "--events", "300", "--listen", "127.0.0.1:0", "--exit-after", "0"]);
    let first = demo().ok();
    for part in [
        "Cairn runs at http://127.0.0.1:",
        "312 made-up events",
        "export ALIBABA_CLOUD_ACCESS_KEY_SECRET=",
        "alibabacloud_actiontrail20200706",
        "protocol=\"http\"",
        "cairn events tail",
        "curl -H",
        "demo/bucket",
    ] {
        assert!(first.stdout.contains(part), "{part:?} is missing in {}", first.stdout);
    }
    let second = demo().ok();
    assert!(second.stdout.contains("events of an earlier demo"), "{}", second.stdout);
    let key = |text: &str| text.lines().find(|line| line.contains("access key id")).map(str::to_owned);
    assert_eq!(key(&first.stdout), key(&second.stdout));

    place.init();
    let other = place.run(&["demo", "--data", "data", "--listen", "127.0.0.1:0", "--exit-after", "0"]).failed_with(1);
    assert!(other.stderr.contains("no demo"), "{}", other.stderr);
}
