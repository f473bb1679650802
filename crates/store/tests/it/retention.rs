//! What the history's end takes from a trail that has not delivered yet: it is counted, never silent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::{Bucket, Catalog, DeliveryId, NewTrail, Project, ProjectKind};
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use model::trail::{BucketTarget, Destinations, EventRw, LogTarget, Selector, TrailRegions};
use model::{Seq, Timestamp};
use store::{Config, Store};

use crate::node::{Node, entry, id, small};

async fn started(catalog: &Catalog, name: &str, event_rw: EventRw, destinations: Destinations) -> i64 {
    let new = NewTrail {
        organization: None,
        account: id("77"),
        name: name.parse().expect("a name"),
        home_region: "cn-hangzhou".to_owned(),
        selector: Selector::management(event_rw, TrailRegions::All),
        destinations,
        created: Timestamp(0),
    };
    let trail = catalog.trail_create(new, 5).await.expect("created").id;
    catalog.trail_start(trail, Timestamp(0), Seq(0)).await.expect("started");
    trail
}

fn to_bucket() -> Destinations {
    let bucket = BucketTarget { name: "logs".to_owned(), prefix: None, write_role_arn: None };
    Destinations { bucket: Some(bucket), ..Destinations::default() }
}

/// Ten events of the account, five of which read, and five of another; then the history ends before all of them.
#[tokio::test(flavor = "multi_thread")]
async fn events_lost_to_retention_are_counted_for_each_trail_that_wanted_them() {
    let (data, catalog, metrics) =
        (tempfile::tempdir().unwrap(), Catalog::in_memory().await.unwrap(), Metrics::default());
    for account in ["77", "78"] {
        catalog.account_create(id(account), account, false, Timestamp(0)).await.unwrap();
    }
    let bucket = Bucket {
        account: id("77"),
        name: "logs".to_owned(),
        url: "s3://logs".to_owned(),
        sealed_settings: Vec::new(),
        created: Timestamp(0),
    };
    catalog.bucket_put(&bucket).await.unwrap();
    let behind = started(&catalog, "behind-trail", EventRw::All, to_bucket()).await;
    let reads = started(&catalog, "reads-trail", EventRw::Read, to_bucket()).await;
    let done = started(&catalog, "done-trail", EventRw::All, to_bucket()).await;
    let stopped = started(&catalog, "stopped-trail", EventRw::All, to_bucket()).await;
    catalog.trail_stop(stopped, Timestamp(0), Seq(3)).await.unwrap();
    catalog.delivery_advance(DeliveryId::bucket(behind), Seq(4), None, 0, 0).await.unwrap();
    catalog.delivery_advance(DeliveryId::bucket(done), Seq(15), None, 0, 0).await.unwrap();

    let config = Config { history: Some(Duration::from_millis(200)), ..small() };
    let opened = Store::open(config, data.path(), Arc::new(RealDisk), catalog.clone(), Arc::new(SystemClock), &metrics);
    let (store, writer) = opened.await.unwrap();
    let node = Node { store, writer };
    let event = |n: u32, account: &str| {
        let rw = if n.is_multiple_of(2) { "Read" } else { "Write" };
        entry(account, &format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:00:00Z","eventRW":"{rw}"}}"#))
    };
    node.put((1..=10).map(|n| event(n, "77")).chain((11..=15).map(|n| event(n, "78"))).collect()).await;
    node.settle().await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while node.store.statistics().segment_events > 0 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let text = metrics.encode();
    assert!(text.contains("cairn_store_retired_events_total 15\n"), "{text}");
    // behind: e5 to e10. reads: e2, e4, .. e10. done: none. stopped: e1 to e3.
    let lost = 6 + 5 + 3;
    assert!(text.contains(&format!("cairn_store_undelivered_events_lost_total {lost}\n")), "{reads} {text}");
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_behind_by_what_is_in_no_segment() {
    let (data, catalog, metrics) =
        (tempfile::tempdir().unwrap(), Catalog::in_memory().await.unwrap(), Metrics::default());
    let opened = Store::open(small(), data.path(), Arc::new(RealDisk), catalog, Arc::new(SystemClock), &metrics);
    let (store, writer) = opened.await.unwrap();
    let node = Node { store, writer };
    let lag = || {
        let text = metrics.encode();
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(&format!("cairn_{name}")));
            line.and_then(|line| line.split(' ').nth(1)?.parse::<f64>().ok()).expect("a value")
        };
        (
            value("reader_lag_events{reader=\"store\"}"),
            value("reader_lag_seconds"),
            value("queue_used{queue=\"recent_bytes\"}"),
        )
    };
    assert_eq!(lag(), (0.0, 0.0, 0.0));
    node.put(vec![entry("77", r#"{"eventId":"e","eventTime":"2026-01-15T08:00:00Z"}"#)]).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let (events, seconds, bytes) = lag();
    assert!(events == 1.0 && (0.03..60.0).contains(&seconds) && bytes > 50.0, "{events} {seconds} {bytes}");
    node.settle().await;
    assert_eq!(lag(), (0.0, 0.0, 0.0));
    node.close().await;
}

/// Three segments beyond the history: of an account with a Logstore before and after it began to show, and of another.
#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_a_logstore_shows_outlives_the_history_until_its_days_are_over() {
    let (data, catalog, metrics) =
        (tempfile::tempdir().unwrap(), Catalog::in_memory().await.unwrap(), Metrics::default());
    for account in ["77", "78"] {
        catalog.account_create(id(account), account, false, Timestamp(0)).await.unwrap();
    }
    let project = Project {
        account: id("77"),
        name: "audit".to_owned(),
        region: "cn-hangzhou".to_owned(),
        description: String::new(),
        kind: ProjectKind::Embedded,
        sealed_settings: Vec::new(),
        created: Timestamp(0),
        updated: Timestamp(0),
    };
    catalog.project_create(&project).await.unwrap();
    let logs = LogTarget::parse("acs:log:cn-hangzhou:77:project/audit");
    let destinations = Destinations { logs, ..Destinations::default() };
    let trail = started(&catalog, "audit-trail", EventRw::All, destinations).await;
    catalog.trail_stop(trail, Timestamp(0), Seq(0)).await.unwrap();
    catalog.trail_start(trail, Timestamp(0), Seq(4)).await.unwrap();
    let config = Config { history: Some(Duration::from_millis(1)), merge_segments: 100, ..small() };
    let opened = Store::open(config, data.path(), Arc::new(RealDisk), catalog.clone(), Arc::new(SystemClock), &metrics);
    let (store, writer) = opened.await.unwrap();
    let node = Node { store, writer };
    for (account, name) in [("77", "a"), ("77", "b"), ("78", "c")] {
        let json = |n: u32| format!(r#"{{"eventId":"{name}{n}","eventTime":"2026-01-15T08:00:00Z"}}"#);
        node.put((1..=4).map(|n| entry(account, &json(n))).collect()).await;
        node.settle().await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    node.settle().await;
    assert_eq!(node.store.statistics().segment_events, 4, "those that are shown");
    assert_eq!(catalog.retired().await.unwrap(), [(Seq(1), Seq(4)), (Seq(9), Seq(12))]);
    // Events of January, seen from a clock that is months later: one day shows none of them.
    catalog.logstore_update_ttl(id("77"), "audit", "actiontrail_audit-trail", 1, Timestamp(0)).await.unwrap();
    node.close().await;
    let config = Config { history: Some(Duration::from_millis(1)), ..small() };
    let metrics = Metrics::default();
    let again = Store::open(config, data.path(), Arc::new(RealDisk), catalog.clone(), Arc::new(SystemClock), &metrics);
    let (store, writer) = again.await.unwrap();
    let node = Node { store, writer };
    node.settle().await;
    assert_eq!(node.store.statistics().segment_events, 0);
    node.close().await;
}
