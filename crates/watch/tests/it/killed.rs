//! The process is killed again and again, wherever it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use catalog::{NotificationOutcome, OutboxKind};
use model::Timestamp;

use crate::scene::{AT, Folder, Receivers, Scene, minutes, quick, search_rule, until};

const MINUTES: i64 = 12;
/// Says to [`a_node_that_will_be_killed`] where its data lies and what time it is.
const FOLDER: &str = "CAIRN_WATCH_KILLED_FOLDER";
const NOW: &str = "CAIRN_WATCH_KILLED_NOW";

fn book(folder: &Path) -> PathBuf {
    folder.join("arrived")
}

async fn start(folder: &Folder, now: Timestamp) -> Scene {
    let receivers = Receivers { book: Some(book(folder.path())), ..Receivers::default() };
    Scene::start_with(folder, now, quick(), Arc::new(receivers)).await
}

/// The other process: a node on a folder it is given, until it is killed. On its own it is a test that passes.
#[tokio::test]
async fn a_node_that_will_be_killed() {
    let (Ok(folder), Ok(now)) = (std::env::var(FOLDER), std::env::var(NOW)) else { return };
    let folder = Folder::at(folder.into());
    let scene = start(&folder, Timestamp(now.parse().unwrap())).await;
    scene.clock.advance(Duration::from_secs(60));
    println!("\nit works");
    std::future::pending::<()>().await;
}

/// Starts a node at a time, lets it work for a minute of its own that takes this long, and kills it.
fn live_and_die(folder: &Folder, now: Timestamp, lives: Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::a_node_that_will_be_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(NOW, now.0.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "it works"), "the node did not start");
    std::thread::sleep(lives);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whatever is told was decided once and arrives at least once; what arrives twice has the same id, and only where a kill
/// came between. Nothing of the history is lost or doubled.
#[tokio::test]
async fn each_alert_is_told_at_least_once_and_twice_only_under_one_id() {
    let folder = Folder::new();
    let scene = start(&folder, AT).await;
    let rule = scene.rule("any-write", search_rule("eventRW: Write")).await;
    for minute in 0..MINUTES - 1 {
        let at = Timestamp(minutes(minute).0 + 30_000);
        scene.event(&format!("e{minute}"), &format!("Delete{minute}"), at).await;
    }
    scene.stop().await;
    for minute in 0..MINUTES {
        // A little later each time: before a run, in its transaction, while a message is on its way, after it.
        live_and_die(&folder, minutes(minute), Duration::from_millis(1 + 4 * minute as u64));
    }
    let scene = start(&folder, minutes(MINUTES)).await;
    scene.until_ran(rule, minutes(MINUTES)).await;
    scene.clock.advance(Duration::from_secs(120));
    scene.until_ran(rule, minutes(MINUTES + 2)).await;
    for kind in [OutboxKind::Notification, OutboxKind::History] {
        until("the outbox is empty", async || scene.catalog.outbox_waiting(kind).await.unwrap().is_empty()).await;
    }
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), (MINUTES - 1) as usize, "one for each event");
    let log = scene.notifications().await;
    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    for id in std::fs::read_to_string(book(folder.path())).unwrap().lines() {
        *arrived.entry(id.to_owned()).or_default() += 1;
    }
    let repeated = arrived.values().filter(|times| **times > 1).count();
    println!("{MINUTES} kills, {} messages, {repeated} of them repeated", arrived.len());
    let sent: BTreeSet<String> = log.iter().filter(|one| one.channel == "webhook").map(|one| one.id.clone()).collect();
    assert_eq!(arrived.into_keys().collect::<BTreeSet<_>>(), sent, "what was decided arrived, and nothing else");
    assert!(log.iter().all(|one| one.outcome == NotificationOutcome::Sent), "{log:?}");
    for incident in &incidents {
        let of_it = log.iter().filter(|one| one.channel == "webhook" && one.incidents.contains(&incident.id));
        let first = of_it.filter(|one| one.code == "first").count();
        assert_eq!(first, 1, "{incident:?} was told as new {first} times");
    }
    let history = scene.history().await;
    let ids: BTreeSet<&str> = history.iter().map(|run| run["eventId"].as_str().unwrap()).collect();
    assert_eq!((history.len(), ids.len()), ((MINUTES + 2) as usize, (MINUTES + 2) as usize));
    scene.stop().await;
}
