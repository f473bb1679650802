//! Trails, and the intervals that start, update and stop leave behind.

use std::time::Duration;

use catalog::{CatalogError, DeliveryId};
use model::trail::{Destinations, Interval, TrailStatus};
use model::{ErrorKind, Seq};

use crate::samples::{
    AT, account, bucket, catalog, everything, new_trail, other_account, to_bucket, writes_of_hangzhou,
};

/// The ranges of intervals as (after, through).
fn ranges(intervals: &[Interval]) -> Vec<(u64, Option<u64>)> {
    intervals.iter().map(|interval| (interval.after.0, interval.through.map(|seq| seq.0))).collect()
}

#[tokio::test]
async fn round_trip_and_conflicts() {
    let catalog = catalog().await;
    catalog.bucket_put(&bucket(account(), "archive")).await.unwrap();
    let mut new = new_trail(account(), "main-trail");
    new.selector = writes_of_hangzhou();
    new.destinations = to_bucket("archive");
    let trail = catalog.trail_create(new.clone(), 5).await.unwrap();
    assert_eq!((trail.status, trail.started, trail.stopped), (TrailStatus::Fresh, None, None));
    assert_eq!((trail.created, trail.updated), (AT, AT));
    assert_eq!((&trail.selector, &trail.destinations), (&new.selector, &new.destinations));
    assert_eq!(catalog.trail_find(account(), &trail.name).await.unwrap(), Some(trail.clone()));
    assert_eq!(catalog.trail_find(other_account(), &trail.name).await.unwrap(), None);
    let taken = catalog.trail_create(new, 5).await.unwrap_err();
    assert!(matches!(taken, CatalogError::AlreadyExists { .. }), "{taken}");

    let others = catalog.trail_create(new_trail(other_account(), "main-trail"), 5).await.unwrap();
    let first = catalog.trail_create(new_trail(account(), "a-first-trail"), 5).await.unwrap();
    assert_eq!(catalog.trail_list(account()).await.unwrap(), [first.clone(), trail.clone()]);
    assert_eq!(catalog.trail_list_all().await.unwrap(), [trail.clone(), others, first]);

    catalog.trail_delete(trail.id, Seq(0)).await.unwrap();
    assert_eq!(catalog.trail_delete(trail.id, Seq(0)).await.unwrap_err().kind(), ErrorKind::NotFound);
    let again = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap();
    assert!(again.id > trail.id, "a number is never used again");
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(again.id)).await.unwrap(), Default::default());
}

#[tokio::test]
async fn the_limit_counts_per_account_and_home_region() {
    let catalog = catalog().await;
    for number in 0..2 {
        catalog.trail_create(new_trail(account(), &format!("trail-{number}")), 2).await.unwrap();
    }
    let full = catalog.trail_create(new_trail(account(), "trail-2"), 2).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { limit: 2, .. }), "{full}");
    let taken = catalog.trail_create(new_trail(account(), "trail-1"), 2).await.unwrap_err();
    assert!(matches!(taken, CatalogError::AlreadyExists { .. }), "the name is what the caller should hear of");
    catalog.trail_create(new_trail(other_account(), "trail-2"), 2).await.unwrap();
    let mut elsewhere = new_trail(account(), "trail-2");
    elsewhere.home_region = "cn-beijing".to_owned();
    catalog.trail_create(elsewhere, 2).await.unwrap();
}

#[tokio::test]
async fn start_and_stop_keep_their_meaning_to_the_event() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap();
    assert_eq!(catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap(), [], "a fresh trail delivers nothing");
    let stopped = catalog.trail_stop(trail.id, AT, Seq(3)).await.unwrap();
    assert_eq!((stopped.status, stopped.stopped), (TrailStatus::Fresh, None), "it was not logging");

    let later = AT.plus(Duration::from_secs(1));
    let started = catalog.trail_start(trail.id, later, Seq(10)).await.unwrap();
    assert_eq!((started.status, started.started), (TrailStatus::Enable, Some(later)));
    let again = catalog.trail_start(trail.id, AT, Seq(15)).await.unwrap();
    assert_eq!(again, started, "it was logging already");
    assert_eq!(ranges(&catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap()), [(10, None)]);

    let stopped = catalog.trail_stop(trail.id, later, Seq(20)).await.unwrap();
    assert_eq!((stopped.status, stopped.stopped), (TrailStatus::Disable, Some(later)));
    assert_eq!(ranges(&catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap()), [(10, Some(20))]);
    assert_eq!(catalog.trail_stop(trail.id, AT, Seq(25)).await.unwrap(), stopped);

    catalog.trail_start(trail.id, later, Seq(30)).await.unwrap();
    assert_eq!(ranges(&catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap()), [(10, Some(20)), (30, None)]);
    for call in [catalog.trail_start(99, AT, Seq(0)).await, catalog.trail_stop(99, AT, Seq(0)).await] {
        assert_eq!(call.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn an_update_divides_the_journal_where_it_happened() {
    let catalog = catalog().await;
    catalog.bucket_put(&bucket(account(), "archive")).await.unwrap();
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap();
    let later = AT.plus(Duration::from_secs(1));
    let (first, nowhere) = (to_bucket("main-logs"), Destinations::default());

    let updated = catalog.trail_update(trail.id, &writes_of_hangzhou(), &first, later, Seq(5)).await.unwrap();
    assert_eq!((updated.created, updated.updated, updated.status), (AT, later, TrailStatus::Fresh));
    assert_eq!(catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap(), [], "it is not logging");

    catalog.trail_start(trail.id, later, Seq(10)).await.unwrap();
    catalog.trail_update(trail.id, &everything(), &to_bucket("archive"), later, Seq(20)).await.unwrap();
    let intervals = catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap();
    assert_eq!(ranges(&intervals), [(10, Some(20)), (20, None)]);
    assert_eq!((&intervals[0].selector, &intervals[0].destinations), (&writes_of_hangzhou(), &first));
    assert_eq!((&intervals[1].selector, &intervals[1].destinations), (&everything(), &to_bucket("archive")));

    // Two updates with no event between them: the first one's settings never apply to anything.
    catalog.trail_update(trail.id, &writes_of_hangzhou(), &nowhere, later, Seq(20)).await.unwrap();
    let intervals = catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap();
    assert_eq!(ranges(&intervals), [(10, Some(20))], "what goes nowhere is owed to nobody");
    let unknown = catalog.trail_update(99, &everything(), &nowhere, later, Seq(20)).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn every_change_is_announced_once_it_can_be_read() {
    let catalog = catalog().await;
    let mut version = catalog.trails_version();
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap();
    let watching = {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            version.wait_for(|version| *version >= 2).await.unwrap();
            ranges(&catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap())
        })
    };
    catalog.trail_start(trail.id, AT, Seq(1)).await.unwrap();
    assert_eq!(watching.await.unwrap(), [(1, None)]);
}
