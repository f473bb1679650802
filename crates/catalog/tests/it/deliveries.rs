//! A trail's cursor, plan and status.

use std::time::Duration;

use catalog::{DeliveryId, DeliveryState, Plan};
use model::{ErrorKind, Seq};

use crate::samples::{AT, account, catalog, new_trail, to_bucket, writes_of_hangzhou};

#[tokio::test]
async fn plan_then_advance() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap().id;
    catalog.trail_start(trail, AT, Seq(10)).await.unwrap();
    let interval = catalog.intervals(DeliveryId::bucket(trail)).await.unwrap()[0].id;
    let plan = Plan { interval, after: Seq(10), through: Seq(20) };
    catalog.delivery_plan(DeliveryId::bucket(trail), &plan).await.unwrap();
    let planned = DeliveryState { plan: Some(plan), ..DeliveryState::default() };
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap(), planned);

    catalog.delivery_failed(DeliveryId::bucket(trail), "the bucket is gone", AT).await.unwrap();
    let failed = DeliveryState {
        latest_error: Some("the bucket is gone".to_owned()),
        latest_error_at: Some(AT),
        ..planned.clone()
    };
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap(), failed, "cursor and plan stay");

    let later = AT.plus(Duration::from_secs(60));
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(20), Some(later), 7, 2).await.unwrap();
    let delivered = DeliveryState {
        cursor: Seq(20),
        latest_delivery: Some(later),
        events_delivered: 7,
        objects_delivered: 2,
        ..DeliveryState::default()
    };
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap(), delivered, "plan and error are gone");
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(30), None, 0, 0).await.unwrap();
    let passed = DeliveryState { cursor: Seq(30), ..delivered };
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap(), passed, "nothing was selected");
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(25), None, 0, 0).await.unwrap();
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap(), passed, "a cursor never moves back");
}

#[tokio::test]
async fn intervals_behind_the_cursor_are_gone_for_good() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap().id;
    for (start, stop) in [(10, 20), (30, 40)] {
        catalog.trail_start(trail, AT, Seq(start)).await.unwrap();
        catalog.trail_stop(trail, AT, Seq(stop)).await.unwrap();
    }
    catalog.trail_start(trail, AT, Seq(50)).await.unwrap();
    let left = async || {
        let intervals = catalog.intervals(DeliveryId::bucket(trail)).await.unwrap();
        intervals.iter().map(|interval| interval.after.0).collect::<Vec<_>>()
    };
    assert_eq!(left().await, [10, 30, 50]);
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(19), Some(AT), 1, 1).await.unwrap();
    assert_eq!(left().await, [10, 30, 50], "event 20 is still to come");
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(20), Some(AT), 1, 1).await.unwrap();
    assert_eq!(left().await, [30, 50]);
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(60), Some(AT), 1, 1).await.unwrap();
    assert_eq!(left().await, [50], "an open one stays");
}

#[tokio::test]
async fn an_interval_ends_behind_what_is_planned_already() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap().id;
    catalog.trail_start(trail, AT, Seq(10)).await.unwrap();
    let first = catalog.intervals(DeliveryId::bucket(trail)).await.unwrap()[0].id;
    catalog
        .delivery_plan(DeliveryId::bucket(trail), &Plan { interval: first, after: Seq(10), through: Seq(25) })
        .await
        .unwrap();
    // The caller read the journal's head before five more events came and were planned.
    catalog.trail_update(trail, &writes_of_hangzhou(), &to_bucket("main-logs"), AT, Seq(20)).await.unwrap();
    let intervals = catalog.intervals(DeliveryId::bucket(trail)).await.unwrap();
    let ranges: Vec<_> = intervals.iter().map(|each| (each.after, each.through)).collect();
    assert_eq!(ranges, [(Seq(10), Some(Seq(25))), (Seq(25), None)], "no event falls into two");
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(25), Some(AT), 1, 1).await.unwrap();
    catalog.trail_stop(trail, AT, Seq(24)).await.unwrap();
    catalog.trail_start(trail, AT, Seq(24)).await.unwrap();
    let intervals = catalog.intervals(DeliveryId::bucket(trail)).await.unwrap();
    assert_eq!((intervals.len(), intervals[0].after), (1, Seq(25)), "nothing is delivered twice");
}

#[tokio::test]
async fn a_deleted_trail_has_no_delivery() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap().id;
    catalog.trail_start(trail, AT, Seq(10)).await.unwrap();
    catalog.trail_delete(trail, Seq(0)).await.unwrap();
    assert_eq!(catalog.intervals(DeliveryId::bucket(trail)).await.unwrap(), []);
    let plan = Plan { interval: 1, after: Seq(10), through: Seq(20) };
    let calls = [
        catalog.delivery_state(DeliveryId::bucket(trail)).await.map(|_| ()),
        catalog.delivery_plan(DeliveryId::bucket(trail), &plan).await,
        catalog.delivery_advance(DeliveryId::bucket(trail), Seq(20), None, 0, 0).await,
        catalog.delivery_failed(DeliveryId::bucket(trail), "late", AT).await,
    ];
    for call in calls {
        assert_eq!(call.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn what_is_undelivered_is_what_lies_between_the_cursor_and_each_intervals_end() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap().id;
    catalog.trail_create(new_trail(account(), "fresh-trail"), 5).await.unwrap();
    assert_eq!(catalog.undelivered().await.unwrap(), []);
    for (start, stop) in [(10, 20), (30, 40)] {
        catalog.trail_start(trail, AT, Seq(start)).await.unwrap();
        catalog.trail_stop(trail, AT, Seq(stop)).await.unwrap();
    }
    catalog.trail_start(trail, AT, Seq(50)).await.unwrap();
    let places = async || {
        let undelivered = catalog.undelivered().await.unwrap();
        assert!(undelivered.iter().all(|each| each.delivery.trail == trail && each.account == account()));
        undelivered.iter().map(|each| (each.after.0, each.through.map(|seq| seq.0))).collect::<Vec<_>>()
    };
    assert_eq!(places().await, [(10, Some(20)), (30, Some(40)), (50, None)]);
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(35), None, 0, 0).await.unwrap();
    assert_eq!(places().await, [(35, Some(40)), (50, None)]);
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(70), None, 0, 0).await.unwrap();
    assert_eq!(places().await, [(70, None)]);
}
