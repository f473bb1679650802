//! Rules that change while they are evaluated.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::scene::{AT, Folder, Scene, account, minutes, new_rule, quick, search_rule, until};

#[tokio::test]
async fn a_run_of_an_older_version_leaves_nothing_and_the_new_one_runs_instead() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let counting = |condition: &str| {
        let mut rule = search_rule("* | SELECT count(*) AS cnt");
        rule["groupConfiguration"] = json!({ "type": "no_group", "fields": [] });
        rule["severityConfigurations"][0]["evalCondition"]["condition"] = json!(condition);
        rule
    };
    let rule = scene.rule("counting", counting("cnt >= 0")).await;
    scene.advance_to(minutes(1));
    until("the statement runs", async || scene.engine.begun.load(Ordering::Relaxed) == 1).await;
    let changed = new_rule("counting", &counting("cnt > 100"));
    scene.catalog.alert_rule_update(&changed, minutes(1)).await.unwrap();
    scene.engine.gate.add_permits(1);
    // The new version begins with the next instant: what was before it is not its own.
    scene.advance_to(minutes(2));
    until("the new version runs", async || scene.engine.begun.load(Ordering::Relaxed) >= 2).await;
    scene.engine.gate.add_permits(10);
    scene.until_ran(rule, minutes(2)).await;
    until("the history is written", async || !scene.history().await.is_empty()).await;
    assert!(scene.history().await.iter().all(|run| run["Fired"] == false), "the old condition would have fired");
    assert!(scene.incidents().await.is_empty() && scene.arrived().is_empty());
    let state = scene.catalog.alert_rule_state(rule).await.unwrap().unwrap();
    assert_eq!(state.version, 2);
    let text = scene.metrics.encode();
    assert!(text.contains("cairn_alert_evaluations_total{outcome=\"outdated\"} 1"), "{text}");
    scene.stop().await;
}

#[tokio::test]
async fn a_rule_that_is_deleted_while_it_runs_leaves_nothing_and_its_incidents_end() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    scene.event("e1", "DeleteTrail", minutes(0)).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    let sql = scene.rule("counting", search_rule("* | SELECT count(*) AS cnt")).await;
    scene.advance_to(minutes(2));
    until("the statement runs", async || scene.engine.begun.load(Ordering::Relaxed) == 1).await;
    for name in ["counting", "trail-off"] {
        scene.catalog.alert_rule_delete(account(), "audit", name).await.unwrap();
    }
    scene.engine.gate.add_permits(1);
    until("the incident has ended", async || scene.incidents().await.iter().all(|one| one.ended.is_some())).await;
    assert_eq!(scene.through(sql).await, None);
    assert_eq!(scene.incidents().await.len(), 1);
    scene.stop().await;
}
