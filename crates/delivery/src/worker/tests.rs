use std::sync::atomic::Ordering;

use model::trail::{Destinations, EventRw, Selector, TrailRegions};

use super::*;
use crate::testing::{Fault, World, account, all, drain, to_bucket};

mod inner_test;
mod lag_test;
mod model_test;
mod role_test;
mod several_test;

const HANGZHOU_WRITE: &str = r#""acsRegion":"cn-hangzhou","eventRW":"Write""#;
const BEIJING_READ: &str = r#""acsRegion":"cn-beijing","eventRW":"Read""#;

fn selector(event_rw: EventRw, regions: &str) -> Selector {
    Selector::management(event_rw, TrailRegions::parse(regions).expect("regions"))
}

#[tokio::test]
async fn names_and_contents_to_the_byte() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push(HANGZHOU_WRITE);
    world.push(BEIJING_READ);
    world.clock.advance(Duration::from_secs(9));
    world.push(r#""acsRegion":"cn-beijing","isGlobal":true"#);
    world.push_for(account("2000000000000002"), HANGZHOU_WRITE);
    let mut worker = world.worker(&trail);
    let wait = drain(&mut worker).await.expect("no failure");
    assert_eq!(wait, Next::WaitForEvents(Some(Duration::from_secs(51))), "the batch is 9 s old");
    assert_eq!(world.read_back(), []);

    world.clock.advance(Duration::from_secs(51));
    assert_eq!(drain(&mut worker).await.expect("no failure"), Next::WaitForEvents(None));
    let objects: Vec<(String, String)> =
        world.read_back().into_iter().map(|object| (object.key, object.json)).collect();
    let expected = [
        (
            "AliyunLogs/Actiontrail/cn-beijing/2026/01/15/\
             Actiontrail_cn-beijing_20260115083000_1002_1_95_c2af81e0e97e12f367e96b38ae60ff4c.gz",
            r#"[{"eventId":"e2","eventTime":"2026-01-15T08:00:00Z","acsRegion":"cn-beijing","eventRW":"Read"}]"#,
        ),
        (
            "AliyunLogs/Actiontrail/cn-hangzhou/2026/01/15/\
             Actiontrail_cn-hangzhou_20260115083009_1002_2_190_f6bd4ac92fa4e569fb8901957c8cfd4b.gz",
            r#"[{"eventId":"e1","eventTime":"2026-01-15T08:00:00Z","acsRegion":"cn-hangzhou","eventRW":"Write"},{"eventId":"e3","eventTime":"2026-01-15T08:00:00Z","acsRegion":"cn-beijing","isGlobal":true}]"#,
        ),
    ];
    assert_eq!(objects, expected.map(|(key, json)| (key.to_owned(), json.to_owned())));

    let state = world.state(&trail).await;
    assert_eq!((state.cursor, state.plan), (Seq(4), None));
    assert_eq!((state.events_delivered, state.objects_delivered), (3, 2));
    assert_eq!(state.latest_delivery.map(|at| at.to_string()).as_deref(), Some("2026-01-15T08:31:00Z"));
}

#[tokio::test]
async fn a_batch_closes_when_it_is_full() {
    let mut world = World::new().await;
    world.config.bytes_max = 200;
    let trail = world.started("audit-trail", "logs").await;
    for _ in 0..7 {
        world.push(HANGZHOU_WRITE);
    }
    let mut worker = world.worker(&trail);
    drain(&mut worker).await.expect("no failure");
    let ids: Vec<_> = world.read_back().iter().map(|object| object.ids().len()).collect();
    assert_eq!(ids, [3, 3], "each at the event that fills it; the seventh waits");
    world.age();
    drain(&mut worker).await.expect("no failure");
    assert_eq!(world.delivered().len(), 7);
}

#[tokio::test]
async fn a_retry_after_a_crash_writes_the_same_objects_and_nothing_newer() {
    let mut world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push(HANGZHOU_WRITE);
    world.push(BEIJING_READ);
    world.age();
    // The second object is written, and then the node dies before the cursor moves.
    world.fault("logs", Fault::Before);
    drain(&mut world.worker(&trail)).await.expect_err("the first put fails");
    world.heal();
    let mut worker = world.worker(&trail);
    worker.step().await.expect("carries out the plan");
    let first = world.read_back();
    assert_eq!(first.len(), 2);

    // Again for the whole, now with more events and another limit: the plan's range stays.
    let plan = Plan {
        interval: world.catalog.intervals(DeliveryId::bucket(trail.id)).await.expect("open")[0].id,
        after: Seq(0),
        through: Seq(2),
    };
    world.catalog.delivery_plan(DeliveryId::bucket(trail.id), &plan).await.expect("as if the cursor had not moved");
    world.push(HANGZHOU_WRITE);
    world.config.bytes_max = 10;
    let mut worker = world.worker(&trail);
    worker.step().await.expect("the same objects");
    assert_eq!(world.read_back(), first);
    drain(&mut worker).await.expect("the rest");
    assert_eq!(world.delivered(), ["e1", "e2", "e3"]);
}

#[tokio::test]
async fn a_put_that_happened_but_failed_is_repeated_under_the_same_name() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push(HANGZHOU_WRITE);
    world.push(BEIJING_READ);
    world.age();
    world.fault("logs", Fault::After);
    let mut worker = world.worker(&trail);
    drain(&mut worker).await.expect_err("reported as failed");
    assert_eq!(world.state(&trail).await.cursor, Seq(0));
    drop(worker);
    drain(&mut world.worker(&trail)).await.expect("another run of the node");
    assert_eq!(world.delivered(), ["e1", "e2"]);
    assert_eq!(world.buckets.tried.lock().len(), 3, "beijing twice, hangzhou once");
}

#[tokio::test]
async fn a_retry_in_the_same_run_goes_on_where_it_failed() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    for region in ["cn-a", "cn-b", "cn-c"] {
        world.push(&format!(r#""acsRegion":"{region}""#));
    }
    world.age();
    let mut worker = world.worker(&trail);
    worker.step().await.expect("plans");
    world.fault("logs", Fault::After);
    worker.step().await.expect_err("the first fails");
    worker.step().await.expect("all three");
    let tried: Vec<String> = world.buckets.tried.lock().iter().map(|(_, key)| key[23..27].to_owned()).collect();
    assert_eq!(tried, ["cn-a", "cn-a", "cn-b", "cn-c"]);
    assert_eq!(world.delivered(), ["e1", "e2", "e3"]);
}

#[tokio::test]
async fn a_failure_is_told_in_the_status_until_it_is_over() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push(HANGZHOU_WRITE);
    world.age();
    world.fault("logs", Fault::Before);
    let mut worker = world.worker(&trail);
    let error = drain(&mut worker).await.expect_err("refused");
    worker.fail(&error).await;
    let state = world.state(&trail).await;
    assert_eq!(state.latest_error.as_deref(), Some("bucket s3://logs: access denied: AccessDenied: a test"));
    assert_eq!(state.latest_error_at, Some(host::Clock::now(&*world.clock)));
    assert!(state.plan.is_some());
    assert_eq!(worker.shared.metrics.standing().failing, 1);

    drain(&mut worker).await.expect("healed");
    let state = world.state(&trail).await;
    assert_eq!((state.latest_error, state.plan), (None, None));
    assert_eq!(worker.shared.metrics.standing().failing, 0);
    assert_eq!(world.delivered(), ["e1"]);
}

#[tokio::test]
async fn damage_and_a_missing_bucket_are_failures_with_a_story() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "gone").await;
    world.push(HANGZHOU_WRITE);
    world.age();
    world.events.damaged.store(true, Ordering::SeqCst);
    let mut worker = world.worker(&trail);
    let error = drain(&mut worker).await.expect_err("damaged");
    assert_eq!(error.story(), "could not read the events: the segment file 7.parquet is damaged: a test");
    world.heal();
    let error = drain(&mut worker).await.expect_err("gone");
    assert_eq!(error.story(), "the account has no bucket named gone; create it again or update the trail");
}

#[tokio::test]
async fn start_stop_and_update_are_exact_to_the_event() {
    let world = World::new().await;
    let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
    world.push(HANGZHOU_WRITE);
    world.start(&trail).await;
    world.push(HANGZHOU_WRITE);
    world.push(HANGZHOU_WRITE);
    world.stop(&trail).await;
    world.push(HANGZHOU_WRITE);
    world.start(&trail).await;
    world.push(HANGZHOU_WRITE);
    world.update(&trail, selector(EventRw::Read, "All"), to_bucket("other")).await;
    world.push(HANGZHOU_WRITE);
    world.push(BEIJING_READ);
    // Nothing was delivered while this happened; what is delivered afterwards is what was selected at the time.
    let mut worker = world.worker(&trail);
    drain(&mut worker).await.expect("no failure");
    assert_eq!(world.delivered(), ["e2", "e3", "e5"], "closed intervals do not wait");
    world.age();
    drain(&mut worker).await.expect("no failure");
    let found: Vec<_> = world.read_back().into_iter().map(|object| (object.bucket.clone(), object.ids())).collect();
    let expected = [("logs", vec!["e2", "e3"]), ("logs", vec!["e5"]), ("other", vec!["e7"])];
    let expected = expected.map(|(bucket, ids)| (bucket.to_owned(), ids.into_iter().map(str::to_owned).collect()));
    let mut found = found;
    found.sort();
    assert_eq!(found, expected);
    world.stop(&trail).await;
    assert_eq!(drain(&mut worker).await.expect("no failure"), Next::WaitForChange);
}

#[tokio::test]
async fn selectors_by_kind_and_region() {
    let cases = [
        (selector(EventRw::Write, "All"), vec!["e1", "e3", "e4"]),
        (selector(EventRw::Read, "All"), vec!["e2"]),
        (selector(EventRw::All, "cn-beijing"), vec!["e2", "e3"]),
        (selector(EventRw::All, "cn-shenzhen"), vec!["e3"]),
        (selector(EventRw::All, "All"), vec!["e1", "e2", "e3", "e4"]),
    ];
    for (selector, expected) in cases {
        let world = World::new().await;
        let trail = world.trail("audit-trail", selector.clone(), to_bucket("logs")).await;
        world.start(&trail).await;
        world.push(HANGZHOU_WRITE);
        world.push(BEIJING_READ);
        world.push(r#""acsRegion":"cn-hangzhou","isGlobal":true"#);
        world.push("");
        world.age();
        drain(&mut world.worker(&trail)).await.expect("no failure");
        assert_eq!(world.delivered(), expected, "{selector:?}");
    }
}

#[tokio::test]
async fn nothing_selected_moves_the_cursor_without_an_object() {
    let world = World::new().await;
    let trail = world.trail("audit-trail", selector(EventRw::Read, "All"), to_bucket("logs")).await;
    world.start(&trail).await;
    for _ in 0..10 {
        world.push(HANGZHOU_WRITE);
    }
    let mut worker = world.worker(&trail);
    assert_eq!(drain(&mut worker).await.expect("no failure"), Next::WaitForEvents(None));
    let state = world.state(&trail).await;
    assert_eq!((state.cursor, state.latest_delivery, state.objects_delivered), (Seq(10), None, 0));
    assert_eq!(world.read_back(), []);
}

#[tokio::test]
async fn a_trail_whose_bucket_was_taken_away_owes_nothing_more() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push(HANGZHOU_WRITE);
    world.update(&trail, all(), Destinations::default()).await;
    world.push(HANGZHOU_WRITE);
    assert_eq!(drain(&mut world.worker(&trail)).await.expect("no failure"), Next::WaitForChange);
    assert_eq!(world.delivered(), ["e1"]);
}

#[tokio::test]
async fn a_selector_that_picks_little_still_closes_after_enough_was_read() {
    let mut world = World::new().await;
    world.config.bytes_max = 500;
    let trail = world.trail("audit-trail", selector(EventRw::Read, "All"), to_bucket("logs")).await;
    world.start(&trail).await;
    world.push(BEIJING_READ);
    for _ in 0..200 {
        world.push(HANGZHOU_WRITE);
    }
    drain(&mut world.worker(&trail)).await.expect("no failure");
    assert_eq!(world.delivered(), ["e1"], "without waiting for age");
}

#[tokio::test]
async fn events_held_for_a_bucket_that_is_gone_go_where_the_trail_writes_now() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "broken").await;
    world.push(HANGZHOU_WRITE);
    world.push(BEIJING_READ);
    let mut worker = world.worker(&trail);
    world.age();
    world.fault("broken", Fault::Before);
    drain(&mut worker).await.expect_err("no other bucket yet");
    world.update(&trail, all(), to_bucket("logs")).await;
    world.push(HANGZHOU_WRITE);
    world.fault("broken", Fault::After);
    world.age();
    drain(&mut worker).await.expect("the new bucket takes both");
    let found: Vec<_> = world.read_back().into_iter().map(|object| (object.bucket.clone(), object.ids())).collect();
    let found: Vec<_> = found.iter().map(|(bucket, ids)| (bucket.as_str(), ids.join(" "))).collect();
    let logs = [("logs", "e2"), ("logs", "e1"), ("logs", "e3")];
    assert_eq!(found[0], ("broken", "e2".into()), "written before it was reported as failed");
    assert_eq!(found[1..], logs.map(|(bucket, ids)| (bucket, ids.to_owned())));
}

#[tokio::test]
async fn a_stop_and_an_update_that_raced_with_an_event_put_it_on_one_side() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push(HANGZHOU_WRITE);
    world.push(BEIJING_READ);
    let mut worker = world.worker(&trail);
    drain(&mut worker).await.expect("looked at both, wrote none");
    // The caller saw the head before the second event was stored.
    world.register(&to_bucket("other")).await;
    let (now, to_other) = (host::Clock::now(&*world.clock), to_bucket("other"));
    world.catalog.trail_update(trail.id, &all(), &to_other, now, Seq(1)).await.expect("updated");
    drain(&mut worker).await.expect("no failure");
    world.push(HANGZHOU_WRITE);
    world.catalog.trail_stop(trail.id, now, Seq(2)).await.expect("stopped");
    assert_eq!(drain(&mut worker).await.expect("no failure"), Next::WaitForChange);
    let found: Vec<_> = world.read_back().into_iter().map(|object| (object.bucket.clone(), object.ids())).collect();
    assert_eq!(found, [("logs".to_owned(), vec!["e1".to_owned()]), ("other".to_owned(), vec!["e2".to_owned()])]);
}
