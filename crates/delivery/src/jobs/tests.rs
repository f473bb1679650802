use std::collections::BTreeMap;

use catalog::{Job, JobStatus, NewJob};
use host::Clock;
use model::trail::{Destinations, EventRw, LogTarget, Selector, TableTarget, Trail, TrailRegions};
use model::{AccountId, Seq, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::testing::{ACCOUNT, Fault, World, account, all, to_bucket};

const HANGZHOU: &str = r#""acsRegion":"cn-hangzhou","eventRW":"Write""#;
const BEIJING: &str = r#""acsRegion":"cn-beijing","eventRW":"Read""#;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

fn owner() -> AccountId {
    account(ACCOUNT)
}

fn new_job(world: &World, trail: &Trail) -> NewJob {
    NewJob {
        account: owner(),
        trail: trail.id,
        trail_name: trail.name.clone(),
        home_region: trail.home_region.clone(),
        selector: trail.selector.clone(),
        destinations: trail.destinations.clone(),
        from: at("2026-01-01T00:00:00Z"),
        through: at("2026-02-01T00:00:00Z"),
        head: world.head(),
        client_token: None,
        created: world.clock.now(),
    }
}

async fn job(world: &World, trail: &Trail) -> Job {
    world.catalog.job_create(new_job(world, trail), 100).await.expect("created").0
}

fn stepper(world: &World, job: &Job) -> JobStepper {
    JobStepper::new(world.parts(), world.config.clone(), job.id)
}

async fn run(world: &World, job: &Job) -> Result<(), DeliveryError> {
    let mut stepper = stepper(world, job);
    while stepper.step().await? {}
    Ok(())
}

async fn state(world: &World, job: &Job) -> Job {
    world.catalog.job_state(job.id).await.expect("a job")
}

#[tokio::test]
async fn the_history_is_written_once_in_the_trails_layout_and_counted() {
    let mut world = World::new().await;
    world.config.bytes_max = 250;
    for _ in 0..5 {
        world.push(HANGZHOU);
        world.push(BEIJING);
        world.push_for(account("2000000000000002"), HANGZHOU);
    }
    let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
    let job = job(&world, &trail).await;
    let later = world.push(HANGZHOU);
    run(&world, &job).await.expect("no failure");

    let done = state(&world, &job).await;
    assert_eq!((done.status, done.events, done.error), (JobStatus::Done, 10, None));
    assert_eq!(world.delivered().len(), 10);
    assert!(!world.delivered().contains(&format!("e{later}")), "it came after the job");
    let regions = world.catalog.job_regions(job.id).await.expect("regions");
    let regions: Vec<_> = regions.iter().map(|region| (region.region.as_str(), region.events)).collect();
    assert_eq!(regions, [("cn-beijing", 5), ("cn-hangzhou", 5)]);
    assert!(world.read_back().len() as u64 == done.objects && done.objects > 4, "several batches");
    assert!(world.read_back()[0].key.starts_with("AliyunLogs/Actiontrail/cn-beijing/2026/01/15/"));
    assert_eq!(world.catalog.job_batches(job.id).await.expect("none left"), []);
}

#[tokio::test]
async fn only_what_is_selected_and_in_the_range_is_written() {
    let world = World::new().await;
    world.push(HANGZHOU);
    world.push(BEIJING);
    let reads = Selector { event_rw: EventRw::Read, ..all() };
    let trail = world.trail("audit-trail", reads, to_bucket("logs")).await;
    let selected = job(&world, &trail).await;
    run(&world, &selected).await.expect("no failure");
    assert_eq!(world.delivered(), ["e2"]);

    // Every event of this world is of eight o'clock.
    for (from, through, events) in [
        ("2026-01-15T08:00:00Z", "2026-01-15T08:00:00Z", 1),
        ("2026-01-15T08:00:01Z", "2026-02-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00Z", "2026-01-15T07:59:59Z", 0),
    ] {
        let new = NewJob { from: at(from), through: at(through), ..new_job(&world, &trail) };
        let ranged = world.catalog.job_create(new, 100).await.expect("created").0;
        run(&world, &ranged).await.expect("no failure");
        let done = state(&world, &ranged).await;
        assert_eq!((done.status, done.events), (JobStatus::Done, events), "{from} {through}");
    }
}

#[tokio::test]
async fn a_difference_at_the_end_fails_the_job_with_both_numbers() {
    let world = World::new().await;
    world.push(HANGZHOU);
    world.push(HANGZHOU);
    world.push_for(account("2000000000000002"), HANGZHOU);
    let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
    let job = job(&world, &trail).await;
    let mut stepper = stepper(&world, &job);
    assert!(stepper.step().await.expect("the batch"));
    // As if the first pass had not been shown the third.
    world.put_in_place(owner(), Seq(3));
    assert!(!stepper.step().await.expect("the count"));
    let failed = state(&world, &job).await;
    assert_eq!(failed.status, JobStatus::Failed);
    let expected = "it wrote 2 of the events that are in the history, which has 3 of its range";
    assert_eq!(failed.error.as_deref(), Some(expected));
}

#[tokio::test]
async fn a_broken_bucket_is_retried_for_a_day_and_then_given_up() {
    let world = World::new().await;
    world.push(HANGZHOU);
    let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
    let job = job(&world, &trail).await;
    world.fault("logs", Fault::Before);
    run(&world, &job).await.expect_err("refused");
    let failing = state(&world, &job).await;
    assert_eq!(failing.status, JobStatus::Delivering);
    assert!(failing.error.expect("told").contains("access denied"));
    assert_eq!(failing.planned, Some(Seq(1)));

    world.clock.advance(Duration::from_secs(23 * 3600));
    world.fault("logs", Fault::Before);
    run(&world, &job).await.expect_err("refused");
    assert_eq!(state(&world, &job).await.failing_since, failing.failing_since, "still the first failure");
    world.clock.advance(Duration::from_secs(2 * 3600));
    run(&world, &job).await.expect("given up");
    let over = state(&world, &job).await;
    assert_eq!(over.status, JobStatus::Failed);
    assert!(over.error.expect("told").starts_with("given up after a day without progress"));
}

#[tokio::test]
async fn a_revoked_role_stops_a_job_until_it_is_given_back() {
    let world = World::new().await;
    world.push(HANGZHOU);
    let mut destinations = to_bucket("logs");
    destinations.bucket.as_mut().expect("a bucket").write_role_arn = Some(format!("acs:ram::{ACCOUNT}:role/writer"));
    let trail = world.trail("audit-trail", all(), destinations).await;
    let job = job(&world, &trail).await;
    world.buckets.revoked.store(true, std::sync::atomic::Ordering::SeqCst);
    run(&world, &job).await.expect_err("refused");
    assert_eq!(world.read_back(), []);
    world.buckets.revoked.store(false, std::sync::atomic::Ordering::SeqCst);
    run(&world, &job).await.expect("given back");
    assert_eq!(world.delivered(), ["e1"]);
}

#[tokio::test]
async fn a_deleted_trail_fails_its_jobs_and_a_deleted_job_ends() {
    let world = World::new().await;
    world.push(HANGZHOU);
    let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
    let (orphan, deleted) = (job(&world, &trail).await, job(&world, &trail).await);
    world.catalog.job_delete(owner(), deleted.id).await.expect("deleted");
    world.catalog.trail_delete(trail.id, world.head()).await.expect("deleted");
    run(&world, &orphan).await.expect("it ends");
    let failed = state(&world, &orphan).await;
    assert_eq!((failed.status, failed.error.as_deref()), (JobStatus::Failed, Some("the trail was deleted")));
    let gone = run(&world, &deleted).await.expect_err("gone");
    assert!(matches!(gone, DeliveryError::Catalog(CatalogError::NotFound { .. })), "{gone}");
    assert_eq!(world.read_back(), []);
}

/// The whole machinery: several jobs at once, one of them before a bucket that hangs, and a trail that delivers on.
#[tokio::test]
async fn jobs_take_turns_and_do_not_hold_up_trails() {
    let mut world = World::new().await;
    world.config.bytes_max = 100;
    world.config.age_max = Duration::ZERO;
    world.config.jobs = 2;
    for _ in 0..6 {
        world.push(HANGZHOU);
    }
    let stuck = world.trail("stuck-trail", all(), to_bucket("stuck")).await;
    let works = world.trail("works-trail", all(), to_bucket("works")).await;
    world.fault("stuck", Fault::Hang);
    let hanging = job(&world, &stuck).await;
    let first = job(&world, &works).await;
    let shutdown = host::Shutdown::new();
    let delivery = crate::Delivery::start(world.parts(), world.config.clone(), &world.metrics, &shutdown);
    let live = world.started("live-trail", "live").await;
    world.push(BEIJING);
    let second = job(&world, &works).await;
    for _ in 0..2000 {
        let jobs = (state(&world, &first).await.status, state(&world, &second).await.status);
        let delivered = world.state(&live).await.events_delivered;
        if jobs == (JobStatus::Done, JobStatus::Done) && delivered == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(state(&world, &first).await.status, JobStatus::Done);
    assert_eq!(state(&world, &second).await.events, 7);
    assert_eq!(world.state(&live).await.events_delivered, 1, "{:?}", delivery.standing());
    assert_eq!(state(&world, &hanging).await.status, JobStatus::Delivering);
    shutdown.finish(Duration::from_secs(5)).await;
}

#[derive(Debug, Clone)]
enum Act {
    Step,
    Crash,
    Fault(u8),
    Push(bool),
    Config(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Step),
        2 => Just(Act::Crash),
        2 => (0..3_u8).prop_map(Act::Fault),
        2 => any::<bool>().prop_map(Act::Push),
        1 => (80..900_usize).prop_map(Act::Config),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// However often it is killed, wherever, with whatever batch size it comes back: each event of the range once.
    #[test]
    fn a_job_that_is_killed_anywhere_writes_each_event_once(acts in prop::collection::vec(act(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let mut world = World::new().await;
            world.config.bytes_max = 300;
            for n in 0..20 {
                world.push(if n % 3 == 0 { BEIJING } else { HANGZHOU });
            }
            let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
            let job = job(&world, &trail).await;
            let mut running = stepper(&world, &job);
            for act in acts {
                match act {
                    Act::Step => {
                        // A put that hangs is where the node is killed.
                        let _ = tokio::time::timeout(Duration::from_millis(50), running.step()).await;
                    }
                    Act::Crash => running = stepper(&world, &job),
                    Act::Fault(0) => world.fault("logs", Fault::Before),
                    Act::Fault(1) => world.fault("logs", Fault::After),
                    Act::Fault(_) => world.fault("logs", Fault::Hang),
                    Act::Push(read) => {
                        world.push(if read { BEIJING } else { HANGZHOU });
                    }
                    Act::Config(bytes) => {
                        world.config.bytes_max = bytes;
                        running = stepper(&world, &job);
                    }
                }
            }
            world.heal();
            run(&world, &job).await.expect("nothing fails any more");
            let done = state(&world, &job).await;
            assert_eq!((done.status, done.events), (JobStatus::Done, 20), "{:?}", done.error);
            let expected: Vec<String> = (1..=20).map(|n| format!("e{n}")).collect();
            assert_eq!(world.delivered(), expected);
            let mut times = BTreeMap::new();
            for object in world.read_back() {
                *times.entry(object.key).or_insert(0) += 1;
            }
            assert_eq!(times.len() as u64, done.objects);
        });
    }
}

#[tokio::test]
async fn regions_only_selects_and_all_else_is_left() {
    let world = World::new().await;
    world.push(HANGZHOU);
    world.push(BEIJING);
    let only = TrailRegions::parse("cn-beijing").expect("a region");
    let trail = world.trail("audit-trail", Selector { regions: only, ..all() }, to_bucket("logs")).await;
    let job = job(&world, &trail).await;
    run(&world, &job).await.expect("no failure");
    assert_eq!(world.delivered(), ["e2"]);
}

#[tokio::test]
async fn a_logstore_shows_the_history_at_once_and_the_job_only_counts() {
    let world = World::new().await;
    for rest in [HANGZHOU, BEIJING, HANGZHOU] {
        world.push(rest);
    }
    let logs = LogTarget::parse("acs:log:cn-hangzhou:1000000000000001:project/audit");
    let trail = world.trail("audit-trail", all(), Destinations { logs, ..Destinations::default() }).await;
    let job = job(&world, &trail).await;
    world.push(HANGZHOU);
    let logstore = &world.catalog.logstores_of(owner()).await.expect("read")[0];
    let view = world.catalog.logstore_view(logstore, world.clock.now()).await.expect("a view");
    let part = &view.parts()[0];
    assert_eq!((part.after, part.through, part.from), (Seq(0), Some(Seq(3)), job.from));
    assert!(part.holds_time(job.through) && !part.holds_time(Timestamp(job.through.0 + 1)));
    run(&world, &job).await.expect("counted");
    let done = state(&world, &job).await;
    assert_eq!((done.status, done.events, done.objects, done.cursor), (JobStatus::Done, 3, 0, Seq(3)));
    let regions = world.catalog.job_regions(job.id).await.expect("regions");
    let regions: Vec<_> = regions.iter().map(|each| (each.region.as_str(), each.events)).collect();
    assert_eq!(regions, [("cn-beijing", 1), ("cn-hangzhou", 2)]);
    assert_eq!(world.read_back(), []);
}

#[tokio::test]
async fn a_job_writes_to_every_destination_and_a_table_takes_a_repeated_batch_once() {
    let mut world = World::new().await;
    world.config.bytes_max = 250;
    for _ in 0..9 {
        world.push(HANGZHOU);
    }
    let logs = LogTarget::parse("acs:log:cn-hangzhou:1000000000000001:project/audit").expect("an ARN");
    let destinations = Destinations {
        logs: Some(LogTarget { is_remote: true, ..logs }),
        table: TableTarget::parse("acs:odps:cn-hangzhou:1000000000000001:project/actiontrail_x"),
        ..to_bucket("logs")
    };
    let trail = world.trail("audit-trail", all(), destinations).await;
    let job = job(&world, &trail).await;
    // The first write to Log Service and the first to the table are taken and reported as failed.
    for _ in 0..2 {
        world.rows.fault(Fault::After);
    }
    let mut failures = 0;
    while state(&world, &job).await.status != JobStatus::Done {
        failures += u32::from(stepper(&world, &job).step().await.is_err());
    }
    assert_eq!(failures, 2);
    let all: Vec<String> = (1..=9).map(|number| format!("e{number}")).collect();
    assert_eq!((world.delivered(), world.rows.in_table("actiontrail_audit-trail")), (all.clone(), all.clone()));
    let mut logs = world.rows.in_logstore("actiontrail_audit-trail");
    assert!(logs.len() > 9, "what was sent is sent again");
    logs.sort();
    logs.dedup();
    assert_eq!(logs, all);
    assert_eq!(state(&world, &job).await.events, 9);
}
