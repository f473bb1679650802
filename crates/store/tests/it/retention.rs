//! What the history's end takes from a trail that has not delivered yet: it is counted, never silent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::{Catalog, NewTrail};
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use model::trail::{Destinations, EventRw, Selector, TrailRegions};
use model::{Seq, Timestamp};
use store::{Config, Store};

use crate::node::{Node, entry, id, small};

async fn started(catalog: &Catalog, name: &str, event_rw: EventRw) -> i64 {
    let new = NewTrail {
        organization: None,
        account: id("77"),
        name: name.parse().expect("a name"),
        home_region: "cn-hangzhou".to_owned(),
        selector: Selector::management(event_rw, TrailRegions::All),
        destinations: Destinations::default(),
        created: Timestamp(0),
    };
    let trail = catalog.trail_create(new, 5).await.expect("created").id;
    catalog.trail_start(trail, Timestamp(0), Seq(0)).await.expect("started");
    trail
}

/// Ten events of the account, five of which read, and five of another; then the history ends before all of them.
#[tokio::test(flavor = "multi_thread")]
async fn events_lost_to_retention_are_counted_for_each_trail_that_wanted_them() {
    let (data, catalog, metrics) =
        (tempfile::tempdir().unwrap(), Catalog::in_memory().await.unwrap(), Metrics::default());
    for account in ["77", "78"] {
        catalog.account_create(id(account), account, false, Timestamp(0)).await.unwrap();
    }
    let behind = started(&catalog, "behind-trail", EventRw::All).await;
    let reads = started(&catalog, "reads-trail", EventRw::Read).await;
    let done = started(&catalog, "done-trail", EventRw::All).await;
    let stopped = started(&catalog, "stopped-trail", EventRw::All).await;
    catalog.trail_stop(stopped, Timestamp(0), Seq(3)).await.unwrap();
    catalog.delivery_advance(behind, Seq(4), None, 0, 0).await.unwrap();
    catalog.delivery_advance(done, Seq(15), None, 0, 0).await.unwrap();

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
