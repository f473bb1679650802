//! Trails that have nothing to deliver: not woken, not behind, and their cursors move together.

use std::sync::atomic::Ordering;

use model::Seq;
use model::trail::{EventRw, Selector, TrailRegions};

use super::*;
use crate::testing::{account, to_bucket};

const READ: &str = r#""acsRegion":"cn-hangzhou","eventRW":"Read""#;

fn counter(world: &World, name: &str) -> usize {
    let text = world.metrics.encode();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).expect("the counter is shown");
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[tokio::test]
async fn a_trail_that_selects_nothing_sleeps_and_its_cursor_moves_all_the_same() {
    let world = immediate().await;
    world.events.shows.store(true, Ordering::SeqCst);
    let selector = Selector::management(EventRw::Write, TrailRegions::All);
    let quiet = world.trail("quiet-trail", selector, to_bucket("quiet")).await;
    world.start(&quiet).await;
    world.started("busy-trail", "busy").await;
    let (delivery, shutdown) = start(&world);
    eventually("both are looked after", || delivery.standing().trails == 2).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let woken = counter(&world, "cairn_delivery_woken_trails_total");
    for number in 1..=5 {
        world.push(READ);
        world.push_for(account("2000000000000002"), READ);
        eventually("delivered", || delivered_to(&world, "busy") == number).await;
    }
    eventually("nobody is behind", || delivery.standing().lag_events == 0).await;
    let woken = counter(&world, "cairn_delivery_woken_trails_total") - woken;
    assert!((1..=5).contains(&woken), "only the busy trail is woken, once for each event at most: {woken}");
    eventually("every event is looked at", || counter(&world, "cairn_delivery_routed_events_total") == 10).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.state(&quiet).await.cursor != Seq(10) {
        assert!(Instant::now() < deadline, "the cursor of the quiet trail moves");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.push(r#""acsRegion":"cn-hangzhou","eventRW":"Write""#);
    eventually("the quiet trail hears of its first event", || delivered_to(&world, "quiet") == 1).await;
    shutdown.finish(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn whoever_cannot_be_shown_what_is_new_is_woken() {
    let world = immediate().await;
    world.started("audit-trail", "logs").await;
    let (_delivery, shutdown) = start(&world);
    for number in 1..=3 {
        world.events.shows.store(number % 2 == 0, Ordering::SeqCst);
        world.push(READ);
        eventually("delivered", || delivered_to(&world, "logs") == number).await;
    }
    shutdown.finish(Duration::from_secs(10)).await;
}
