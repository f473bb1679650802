//! A trail with a bucket, a table and a project of Log Service elsewhere: each is delivered whatever the others do.

use model::trail::{Destinations, LogTarget, TableTarget};

use super::*;

const TABLE: &str = "actiontrail_audit-trail";

fn everywhere() -> Destinations {
    let logs = LogTarget::parse("acs:log:cn-hangzhou:1000000000000001:project/audit").expect("an ARN");
    Destinations {
        logs: Some(LogTarget { is_remote: true, ..logs }),
        table: TableTarget::parse("acs:odps:cn-hangzhou:1000000000000001:project/actiontrail_x"),
        ..to_bucket("logs")
    }
}

async fn started_everywhere(world: &World) -> model::trail::Trail {
    let trail = world.trail("audit-trail", all(), everywhere()).await;
    world.start(&trail).await;
    trail
}

fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("e{number}")).collect()
}

#[tokio::test]
async fn a_broken_destination_holds_up_no_other() {
    let world = World::new().await;
    let trail = started_everywhere(&world).await;
    for _ in 0..3 {
        world.push("");
    }
    world.stop(&trail).await;
    let [mut bucket, mut logs, mut table] = DestinationKind::ALL.map(|kind| world.worker_to(&trail, kind));
    world.fault("logs", Fault::Before);
    assert!(drain(&mut bucket).await.is_err());
    drain(&mut table).await.expect("rows");
    drain(&mut logs).await.expect("logs");
    assert_eq!((world.rows.in_table(TABLE), world.rows.in_logstore(TABLE)), (ids(1..=3), ids(1..=3)));
    assert_eq!(world.delivered(), [""; 0]);
    let open = async || world.catalog.intervals(DeliveryId::bucket(trail.id)).await.expect("read").len();
    assert_eq!(open().await, 1, "the bucket still needs it");
    let at = |kind| world.state_to(&trail, kind);
    assert_eq!((at(DestinationKind::Bucket).await.cursor, at(DestinationKind::Table).await.cursor), (Seq(0), Seq(3)));
    drain(&mut bucket).await.expect("healed");
    assert_eq!(world.delivered(), ids(1..=3));
    assert_eq!(open().await, 0);
}

#[tokio::test]
async fn a_table_that_took_a_batch_and_said_otherwise_holds_it_once() {
    let world = World::new().await;
    let trail = started_everywhere(&world).await;
    world.push("");
    world.stop(&trail).await;
    let mut worker = world.worker_to(&trail, DestinationKind::Table);
    world.rows.fault(Fault::After);
    let error = drain(&mut worker).await.expect_err("reported as failed");
    assert_eq!(error.kind(), model::ErrorKind::Unavailable);
    // As after a crash: nothing is known but what the catalog says.
    let mut again = world.worker_to(&trail, DestinationKind::Table);
    drain(&mut again).await.expect("appended");
    assert_eq!(world.rows.in_table(TABLE), ids([1]));
}

#[tokio::test]
async fn groups_of_logs_that_were_sent_are_not_sent_again_by_the_same_run() {
    let world = World::new().await;
    let trail = started_everywhere(&world).await;
    for _ in 0..5000 {
        world.push("");
    }
    world.stop(&trail).await;
    let mut worker = world.worker_to(&trail, DestinationKind::LogService);
    worker.step().await.expect("planned");
    let plan = world.state_to(&trail, DestinationKind::LogService).await.plan;
    assert_eq!(plan.map(|plan| plan.through), Some(Seq(5000)), "two groups");
    // The first group is taken, the second is not.
    world.rows.fault(Fault::Before);
    assert!(worker.step().await.is_err());
    assert_eq!(world.rows.in_logstore(TABLE).len(), 0);
    drain(&mut worker).await.expect("sent");
    assert_eq!(world.rows.in_logstore(TABLE), ids(1..=5000));
}

#[tokio::test]
async fn a_destination_that_is_added_gets_what_comes_after() {
    let world = World::new().await;
    let trail = world.started("audit-trail", "logs").await;
    world.push("");
    world.update(&trail, all(), everywhere()).await;
    world.push("");
    world.update(&trail, all(), to_bucket("logs")).await;
    world.push("");
    world.stop(&trail).await;
    for kind in DestinationKind::ALL {
        drain(&mut world.worker_to(&trail, kind)).await.expect("delivered");
    }
    assert_eq!(world.delivered(), ids(1..=3));
    assert_eq!((world.rows.in_table(TABLE), world.rows.in_logstore(TABLE)), (ids([2]), ids([2])));
    assert_eq!(world.catalog.intervals(DeliveryId::bucket(trail.id)).await.expect("read"), []);
}

#[tokio::test]
async fn a_former_table_that_fails_gives_its_rows_to_the_present_one() {
    let world = World::new().await;
    let trail = started_everywhere(&world).await;
    world.push("");
    let table = TableTarget::parse("acs:odps:cn-hangzhou:1000000000000001:project/actiontrail_y");
    world.update(&trail, all(), Destinations { table, ..everywhere() }).await;
    world.stop(&trail).await;
    world.rows.fault(Fault::Before);
    drain(&mut world.worker_to(&trail, DestinationKind::Table)).await.expect("appended elsewhere");
    assert_eq!(world.rows.in_table(TABLE), ids([1]));
    world.rows.heal();
}

mod chances {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Events(u8),
        Work(usize, Option<Fault>),
        Crash(usize),
        Age,
    }

    fn step() -> impl Strategy<Value = Step> {
        let fault = prop_oneof![3 => Just(None), 1 => Just(Some(Fault::Before)), 1 => Just(Some(Fault::After))];
        prop_oneof![
            3 => (1..4_u8).prop_map(Step::Events),
            5 => (0..3_usize, fault).prop_map(|(kind, fault)| Step::Work(kind, fault)),
            1 => (0..3_usize).prop_map(Step::Crash),
            1 => Just(Step::Age),
        ]
    }

    async fn check(steps: Vec<Step>) {
        let world = World::new().await;
        let trail = started_everywhere(&world).await;
        let mut workers = DestinationKind::ALL.map(|kind| world.worker_to(&trail, kind));
        for step in steps {
            match step {
                Step::Events(count) => {
                    for _ in 0..count {
                        world.push("");
                    }
                }
                Step::Work(kind, fault) => {
                    if let Some(fault) = fault {
                        if kind == 0 { world.fault("logs", fault) } else { world.rows.fault(fault) }
                    }
                    // A failure is what is tested.
                    let _ = workers[kind].step().await;
                }
                Step::Crash(kind) => workers[kind] = world.worker_to(&trail, DestinationKind::ALL[kind]),
                Step::Age => world.age(),
            }
        }
        world.heal();
        world.rows.heal();
        world.stop(&trail).await;
        for worker in &mut workers {
            drain(worker).await.expect("nothing fails any more");
        }
        let all = ids(1..=world.head().0);
        assert_eq!(world.delivered(), all, "each in one object");
        assert_eq!(world.rows.in_table(TABLE), all, "each in one row, in order");
        let mut logs = world.rows.in_logstore(TABLE);
        logs.sort_by_key(|id| id[1..].parse::<u64>().expect("the ids of this world"));
        logs.dedup();
        assert_eq!(logs, all, "at least once");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_fails_each_destination_gets_everything(steps in prop::collection::vec(step(), 1..40)) {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(check(steps));
        }
    }
}
