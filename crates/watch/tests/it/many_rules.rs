//! A thousand rules that are due at the same instant.

use std::time::{Duration, Instant};

use crate::scene::{AT, Folder, Scene, minutes, quick, search_rule, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rules_run_well_within_their_minute() {
    const RULES: usize = 1000;
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    for number in 0..RULES {
        scene.rule(&format!("rule-{number:04}"), search_rule(&format!("eventName: Delete{number}"))).await;
    }
    for number in 0..20 {
        let at = model::Timestamp(AT.0 + 30_000);
        scene.event(&format!("e{number}"), &format!("Delete{}", number * 50), at).await;
    }
    let rules = scene.watch.rules();
    until("the rules are known", async || rules.borrow().len() == RULES).await;
    let started = Instant::now();
    scene.advance_to(minutes(1));
    until("all have run", async || {
        let states = scene.catalog.alert_rule_states().await.unwrap();
        states.iter().filter(|state| state.evaluated_through == minutes(1)).count() == RULES
    })
    .await;
    let took = started.elapsed();
    println!("{RULES} rules ran in {took:?}");
    assert!(took < Duration::from_secs(40), "{took:?}");
    until("all that fired is told", async || scene.arrived().len() == 20).await;
    assert_eq!(scene.incidents().await.len(), 20);
    until("the history is whole", async || scene.history().await.len() == RULES).await;
    scene.stop().await;
}
