//! The node is killed again and again, wherever it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use catalog::{NotificationOutcome, OutboxKind};
use model::Timestamp;

use crate::scene::{AT, Folder, Receivers, Scene, minutes, quick, search_rule, until};

const MINUTES: i64 = 12;

/// Whatever is told was decided once and arrives at least once; what arrives twice has the same id, and only where a kill
/// came between. Nothing of the history is lost or doubled.
#[test]
fn each_alert_is_told_at_least_once_and_twice_only_under_one_id() {
    let folder = Folder::new();
    let receivers: Arc<Receivers> = Arc::default();
    let mut now = AT;
    let mut is_first = true;
    let mut kills = 0;
    while now < minutes(MINUTES) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        now = runtime.block_on(async {
            let scene = Scene::start_with(&folder, now, quick(), receivers.clone()).await;
            if is_first {
                scene.rule("any-write", search_rule("eventRW: Write")).await;
                for minute in 0..MINUTES - 1 {
                    let at = Timestamp(minutes(minute).0 + 30_000);
                    scene.event(&format!("e{minute}"), &format!("Delete{minute}"), at).await;
                }
            }
            // A little later each time: before a run, in its transaction, while a message is on its way, after it.
            scene.advance_to(Timestamp(now.0 + 60_000));
            tokio::time::sleep(Duration::from_millis(3 + 9 * (kills % 12))).await;
            Timestamp(now.0 + 60_000)
        });
        // Nothing is told to stop. The journal's thread ends with its last writer.
        runtime.shutdown_background();
        std::thread::sleep(Duration::from_millis(150));
        is_first = false;
        kills += 1;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let scene = Scene::start_with(&folder, minutes(MINUTES), quick(), receivers.clone()).await;
        let rule = scene.catalog.alert_rules_enabled().await.unwrap()[0].id;
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
        for envelope in scene.arrived() {
            *arrived.entry(envelope.id).or_default() += 1;
        }
        let sent: BTreeSet<String> =
            log.iter().filter(|one| one.channel == "webhook").map(|one| one.id.clone()).collect();
        assert_eq!(
            arrived.keys().cloned().collect::<BTreeSet<_>>(),
            sent,
            "what was decided arrived, and nothing else"
        );
        assert!(log.iter().all(|one| one.outcome == NotificationOutcome::Sent), "{log:?}");
        for incident in &incidents {
            let told: Vec<_> =
                log.iter().filter(|one| one.channel == "webhook" && one.incidents.contains(&incident.id)).collect();
            let first = told.iter().filter(|one| one.code == "first").count();
            assert_eq!(first, 1, "{incident:?} was told as new {first} times");
        }
        let history = scene.history().await;
        let ids: BTreeSet<&str> = history.iter().map(|run| run["eventId"].as_str().unwrap()).collect();
        assert_eq!((history.len(), ids.len()), ((MINUTES + 2) as usize, (MINUTES + 2) as usize));
        scene.stop().await;
    });
}
