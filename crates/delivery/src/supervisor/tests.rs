use host::Shutdown;
use tokio::time::Instant;

use crate::testing::{Fault, World};
use crate::{Delivery, Standing};

use super::*;

mod organization_test;
mod quiet_test;

const EVENT: &str = r#""acsRegion":"cn-hangzhou""#;

/// Waits for something other tasks bring about.
async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn start(world: &World) -> (Delivery, Shutdown) {
    let shutdown = Shutdown::new();
    let delivery = Delivery::start(world.parts(), world.config.clone(), &world.metrics, &shutdown);
    (delivery, shutdown)
}

async fn immediate() -> World {
    let mut world = World::new().await;
    world.config.age_max = Duration::ZERO;
    world
}

fn delivered_to(world: &World, bucket: &str) -> usize {
    world.read_back().iter().filter(|object| object.bucket == bucket).map(|object| object.ids().len()).sum()
}

#[tokio::test]
async fn a_bucket_that_hangs_harms_neither_another_trail_nor_the_nodes_end() {
    let world = immediate().await;
    world.started("hanging-trail", "stuck").await;
    world.started("working-trail", "logs").await;
    world.fault("stuck", Fault::Hang);
    let (delivery, shutdown) = start(&world);
    world.push(EVENT);
    eventually("the put hangs", || world.buckets.tried.lock().iter().any(|(bucket, _)| bucket == "stuck")).await;
    for number in 1..=3 {
        eventually("the other trail goes on", || delivered_to(&world, "logs") == number).await;
        world.push(EVENT);
    }
    eventually("lag is seen", || delivery.standing().lag_events > 0).await;
    let stopping = Instant::now();
    shutdown.finish(Duration::from_secs(10)).await;
    assert!(stopping.elapsed() < Duration::from_secs(5));

    // The next run of the node writes what hung.
    let (_delivery, shutdown) = start(&world);
    eventually("caught up", || delivered_to(&world, "stuck") == 4).await;
    shutdown.finish(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_bucket_that_fails_is_retried_and_told_of() {
    let world = immediate().await;
    let failing = world.started("failing-trail", "broken").await;
    let working = world.started("working-trail", "logs").await;
    for _ in 0..5 {
        world.fault("broken", Fault::Before);
    }
    let (delivery, shutdown) = start(&world);
    world.push(EVENT);
    eventually("the other trail delivers", || delivered_to(&world, "logs") == 1).await;
    eventually("the sixth attempt works", || delivered_to(&world, "broken") == 1).await;
    eventually("nobody fails any more", || delivery.standing().failing == 0).await;
    shutdown.finish(Duration::from_secs(10)).await;
    assert_eq!(world.state(&failing).await.events_delivered, 1);
    assert_eq!(world.state(&working).await.latest_error, None);
    assert!(world.metrics.encode().contains("cairn_delivery_failed_attempts_total 5"));
}

#[tokio::test]
async fn trails_come_and_go_while_the_node_runs() {
    let world = immediate().await;
    let (delivery, shutdown) = start(&world);
    let trail = world.started("later-trail", "logs").await;
    world.push(EVENT);
    eventually("a new trail is noticed", || delivered_to(&world, "logs") == 1).await;
    world.stop(&trail).await;
    world.push(EVENT);
    world.start(&trail).await;
    world.push(EVENT);
    eventually("a started trail goes on", || delivered_to(&world, "logs") == 2).await;
    world.catalog.trail_delete(trail.id, world.head()).await.expect("deleted");
    eventually("a deleted trail is let go", || delivery.standing() == Standing::default()).await;
    shutdown.finish(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn an_update_ends_a_long_pause() {
    let mut world = immediate().await;
    world.config.retry_max = Duration::from_secs(3600);
    world.config.retry_min = Duration::from_secs(3600);
    let trail = world.started("audit-trail", "gone").await;
    let (delivery, shutdown) = start(&world);
    world.push(EVENT);
    eventually("it fails", || delivery.standing().failing == 1).await;
    let selector = crate::testing::all();
    world.update(&trail, selector, crate::testing::to_bucket("logs")).await;
    world.push(EVENT);
    eventually("what waited goes to the new bucket too", || delivered_to(&world, "logs") == 2).await;
    shutdown.finish(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_worker_that_breaks_takes_nobody_along() {
    let world = immediate().await;
    world.started("breaking-trail", "broken").await;
    world.started("working-trail", "logs").await;
    world.fault("broken", Fault::Panic);
    let (_delivery, shutdown) = start(&world);
    world.push(EVENT);
    let is_counted = || world.metrics.encode().contains("cairn_delivery_panics_total 1");
    eventually("the panic is counted", is_counted).await;
    eventually("the other trail delivers", || delivered_to(&world, "logs") == 1).await;
    world.push(EVENT);
    eventually("and goes on", || delivered_to(&world, "logs") == 2).await;
    shutdown.finish(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_trail_started_long_after_it_was_created_delivers() {
    let world = immediate().await;
    let trail = world.trail("audit-trail", crate::testing::all(), crate::testing::to_bucket("logs")).await;
    let (delivery, shutdown) = start(&world);
    eventually("it is looked after", || delivery.standing().trails == 1).await;
    // Whatever the worker does with a trail that is not logging, it has done it by now.
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.start(&trail).await;
    world.push(EVENT);
    eventually("started", || delivered_to(&world, "logs") == 1).await;
    world.stop(&trail).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.start(&trail).await;
    world.push(EVENT);
    eventually("started again", || delivered_to(&world, "logs") == 2).await;
    shutdown.finish(Duration::from_secs(10)).await;
}
