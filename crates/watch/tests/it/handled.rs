//! What people say about incidents: who hears of them afterwards, and who does not.

use std::time::Duration;

use catalog::IncidentStatus;
use model::Timestamp;
use serde_json::json;

use crate::scene::{AT, Folder, Scene, account, escalating_policy, minutes, quick, search_rule, until};

/// Alerts of one rule and name are a set, told again after three minutes.
async fn repeat_often(scene: &Scene) {
    let group = "fire(action_policy=alert.policy.action_policy_id, group_by_all_labels=true, group_wait=\"0s\", \
                 group_interval=\"1m\", repeat_interval=\"3m\")";
    let policy = json!({ "policy_id": "ops.alerts", "policy_name": "Ops", "group_script": group });
    scene.record("sls.alert.alert_policy", "ops.alerts", policy).await;
}

/// Half a minute into a minute this happens so often; then the minute's run.
async fn minute(scene: &Scene, rule: catalog::AlertRuleId, minute: i64, events: usize) {
    for number in 0..events {
        let at = Timestamp(minutes(minute).0 + 30_000);
        scene.event(&format!("e{minute}-{number}"), "DeleteTrail", at).await;
    }
    scene.advance_to(minutes(minute + 1));
    scene.until_ran(rule, minutes(minute + 1)).await;
}

#[tokio::test]
async fn a_confirmed_incident_is_told_again_when_it_changes_and_not_before() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    repeat_often(&scene).await;
    let mut configuration = search_rule("eventName: DeleteTrail");
    configuration["severityConfigurations"] = json!([
        { "severity": 10, "evalCondition": { "condition": "", "countCondition": "__count__ > 1" } },
        { "severity": 8, "evalCondition": { "condition": "", "countCondition": "" } },
    ]);
    let rule = scene.rule("trail-off", configuration).await;
    for at in 0..5 {
        minute(&scene, rule, at, 1).await;
    }
    until("it is told and repeated", async || scene.arrived().len() == 2).await;
    let incident = scene.incidents().await[0].clone();
    let handle = async |status: IncidentStatus| {
        let (catalog, now) = (&scene.catalog, host::Clock::now(&*scene.clock));
        catalog.incident_handle(account(), &incident.id, status, "bob", "", now).await.unwrap();
    };
    handle(IncidentStatus::Confirmed).await;
    for at in 5..12 {
        minute(&scene, rule, at, 1).await;
    }
    let confirmed =
        async || scene.notifications().await.into_iter().filter(|one| one.code == "confirmed").collect::<Vec<_>>();
    until("it is said why nobody hears of it", async || !confirmed().await.is_empty()).await;
    let quiet = confirmed().await;
    assert_eq!((quiet.len(), &quiet[0].incidents), (1, &vec![incident.id.clone()]), "once an hour");
    assert_eq!(scene.arrived().len(), 2);

    // Worse than it was told is news, and once.
    for at in 12..18 {
        minute(&scene, rule, at, 2).await;
    }
    until("that it became worse is told", async || scene.arrived().len() == 3).await;
    assert_eq!(scene.incidents().await[0].severity, 10);
    // Nobody works on it after all.
    handle(IncidentStatus::Firing).await;
    for at in 18..23 {
        minute(&scene, rule, at, 2).await;
    }
    until("it is repeated again", async || scene.arrived().len() == 5).await;
    handle(IncidentStatus::Confirmed).await;
    minute(&scene, rule, 23, 0).await;
    until("its end is told", async || scene.arrived().len() == 6).await;
    assert_eq!(scene.incidents().await[0].status, IncidentStatus::Resolved);
    // When it begins anew nobody has confirmed that.
    minute(&scene, rule, 25, 1).await;
    until("the new one is told", async || scene.arrived().len() == 7).await;
    assert_eq!(scene.incidents().await.len(), 2);
    scene.stop().await;
}

/// Templates are the accounts' own. While nothing may run beside the serving thread, none is filled.
#[test]
fn escalations_are_rendered_beside_the_threads_that_serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let folder = Folder::new();
        let scene = Scene::start(&folder, AT, quick()).await;
        scene.record("sls.alert.action_policy", "ops.policy", escalating_policy()).await;
        let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
        minute(&scene, rule, 0, 1).await;
        until("it is told", async || scene.arrived().len() == 1).await;

        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let holding = tokio::task::spawn_blocking(move || held.recv());
        scene.advance_to(minutes(12));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(scene.arrived().len(), 1, "it was rendered on the thread that serves");
        drop(let_go);
        assert!(holding.await.unwrap().is_err());
        until("the boss is told", async || scene.codes().await.iter().any(|code| code == "escalation")).await;
        scene.stop().await;
    });
}
