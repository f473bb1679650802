//! What a node that was down makes up for.

use std::time::Duration;

use model::Timestamp;
use serde_json::Value;
use watch::Config;

use crate::scene::{AT, Folder, Scene, minutes, quick, search_rule, until};

fn half_past(minute: i64) -> Timestamp {
    Timestamp(minutes(minute).0 + 30_000)
}

#[tokio::test]
async fn missed_runs_are_made_up_for_one_by_one_and_told_once() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let rule = scene.rule("trail-off", search_rule("eventRW: Write")).await;
    scene.event("e0", "DeleteTrail", half_past(0)).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    until("it is told", async || scene.arrived().len() == 1).await;
    // What happens while nobody runs rules: the first goes on for a while, another begins and ends.
    for minute in 1..4 {
        scene.event(&format!("d{minute}"), "DeleteTrail", half_past(minute)).await;
    }
    scene.event("s1", "StopLogging", half_past(5)).await;
    let receivers = scene.receivers.clone();
    scene.stop().await;

    let scene = Scene::start_with(&folder, minutes(11), quick(), receivers).await;
    scene.until_ran(rule, minutes(11)).await;
    until("the history is whole", async || scene.history().await.len() == 11).await;
    let history = scene.history().await;
    let caught_up: Vec<bool> = history.iter().map(|run| run["CaughtUp"].as_bool().unwrap()).collect();
    assert_eq!(caught_up, [vec![false], vec![true; 9], vec![false]].concat(), "the last one is in time");
    let fired: Vec<bool> = history.iter().map(|run| run["Fired"].as_bool().unwrap()).collect();
    assert_eq!(fired, [true, true, true, true, false, true, false, false, false, false, false]);
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 2, "the same went on without a new incident");
    assert_eq!(incidents[0].fired, minutes(6));
    until("everything is sent", async || {
        scene.catalog.outbox_waiting(catalog::OutboxKind::Notification).await.unwrap().is_empty()
    })
    .await;
    let begun =
        scene.arrived().iter().filter(|one| one.body.contains("DeleteTrail") && !one.body.contains("resolved")).count();
    assert_eq!(begun, 1, "nobody hears twice that it fires");
    scene.stop().await;
}

#[tokio::test]
async fn a_long_gap_is_covered_by_the_first_of_the_last_runs() {
    let folder = Folder::new();
    let config = || Config { catch_up_runs: 5, ..quick() };
    let scene = Scene::start(&folder, AT, config()).await;
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    scene.event("e1", "DeleteTrail", half_past(20)).await;
    scene.stop().await;

    let scene = Scene::start(&folder, minutes(60), config()).await;
    scene.until_ran(rule, minutes(60)).await;
    until("the history is whole", async || scene.history().await.len() == 6).await;
    let history = scene.history().await;
    let covering = &history[1];
    assert_eq!(covering["CoversSince"], minutes(1).to_string());
    assert_eq!(
        (&covering["Fired"], &covering["eventTime"]),
        (&Value::Bool(true), &Value::from(minutes(56).to_string()))
    );
    assert!(history[2..].iter().all(|run| run["Fired"] == false && run.get("CoversSince").is_none()));
    scene.stop().await;
}

#[tokio::test]
async fn a_rule_that_was_off_does_not_make_up_for_that_time() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    let switch = async |on, at| {
        scene.catalog.alert_rule_switch(crate::scene::account(), "audit", "trail-off", on, at).await.unwrap();
    };
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    switch(false, minutes(1)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    scene.advance_to(minutes(30));
    switch(true, minutes(30)).await;
    scene.advance_to(minutes(31));
    scene.until_ran(rule, minutes(31)).await;
    until("the history is written", async || scene.history().await.len() == 2).await;
    scene.stop().await;
}
