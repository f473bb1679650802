//! How far a trail is behind, as the metrics show it.

use super::*;

fn lag(world: &World, worker: &Worker) -> (u64, f64) {
    world.metrics.encode();
    let standing = worker.shared.metrics.standing();
    (standing.lag_events, standing.lag_seconds)
}

async fn shown(world: &World, trail: &model::trail::Trail) -> Worker {
    let worker = world.worker(trail);
    let slots = worker.shared.slots.clone();
    worker.shared.metrics.show_when_read(&world.metrics, slots, 1);
    worker
}

#[tokio::test]
async fn a_trail_that_cannot_deliver_ages_with_its_oldest_event_until_it_can() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    let mut worker = shown(&world, &trail).await;
    drain(&mut worker).await.expect("nothing to do");
    assert_eq!(lag(&world, &worker), (0, 0.0));
    world.push(HANGZHOU_WRITE);
    world.clock.advance(Duration::from_secs(30));
    world.push(HANGZHOU_WRITE);
    drain(&mut worker).await.expect("waits for more");
    assert_eq!(lag(&world, &worker), (2, 30.0));
    world.age();
    for _ in 0..3 {
        world.fault("logs", Fault::Before);
        drain(&mut worker).await.expect_err("the bucket fails");
        world.clock.advance(Duration::from_secs(600));
    }
    assert_eq!(lag(&world, &worker), (2, 1890.0));
    let line = format!("cairn_delivery_trail_lag_seconds{{trail=\"{}\",to=\"Bucket\"}} 1890.0", trail.id);
    assert!(world.metrics.encode().contains(&line), "{}", world.metrics.encode());
    drain(&mut worker).await.expect("healed");
    assert_eq!(lag(&world, &worker), (0, 0.0));
    assert!(!world.metrics.encode().contains("cairn_delivery_trail_lag_seconds{"), "only those behind are shown");
}

/// A worker that hangs reports nothing, so it is the reader of the metrics that notices.
#[tokio::test]
async fn a_trail_that_hangs_ages_from_when_it_is_noticed() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    let mut worker = shown(&world, &trail).await;
    drain(&mut worker).await.expect("nothing to do");
    world.clock.advance(Duration::from_secs(3600));
    world.push(HANGZHOU_WRITE);
    assert_eq!(lag(&world, &worker), (1, 0.0), "a quiet trail is not behind by the time it was quiet");
    world.clock.advance(Duration::from_secs(45));
    assert_eq!(lag(&world, &worker), (1, 45.0));
}

#[tokio::test]
async fn only_the_trails_furthest_behind_are_shown_one_by_one() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    let worker = shown(&world, &trail).await;
    let metrics = &worker.shared.metrics;
    for number in 0..50 {
        let at = host::Clock::now(&*world.clock).minus(Duration::from_secs(number as u64));
        metrics.trail_started(DeliveryId::bucket(1000 + number));
        metrics.trail_holds(DeliveryId::bucket(1000 + number), Some(at));
    }
    let text = world.metrics.encode();
    assert_eq!(text.lines().filter(|line| line.starts_with("cairn_delivery_trail_lag_seconds{")).count(), 10);
    assert!(
        text.contains("{trail=\"1049\",to=\"Bucket\"} 49.0") && text.contains("{trail=\"1040\",to=\"Bucket\"} 40.0"),
        "{text}"
    );
}
