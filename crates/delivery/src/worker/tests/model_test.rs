//! Random events, selectors, starts, stops, updates, failures and restarts against a plain model: what must be
//! delivered is noted when the event happens, by the state of the trail at that moment.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use model::trail::Trail;
use proptest::prelude::*;

use super::*;
use crate::testing::Object;

#[derive(Debug, Clone)]
enum Act {
    Push {
        mine: bool,
        kind: usize,
    },
    Start,
    Stop,
    Update {
        selector: usize,
        bucket: usize,
    },
    Age,
    Steps(usize),
    Fault(Fault),
    DamageReads,
    Heal,
    /// The node dies and starts again.
    Restart,
    /// The node dies after it wrote an object and before it noted that, if it has any to write.
    DieAfterPut,
}

const KINDS: [(&str, Option<&str>, bool, bool); 6] = [
    // rest of the event, region in its object, is a read, is global
    (r#""acsRegion":"cn-hangzhou","eventRW":"Write""#, Some("cn-hangzhou"), false, false),
    (r#""acsRegion":"cn-beijing","eventRW":"Read""#, Some("cn-beijing"), true, false),
    (r#""acsRegion":"cn-beijing","eventRW":"Write""#, Some("cn-beijing"), false, false),
    (r#""acsRegion":"us-east-1","isGlobal":true,"eventRW":"Read""#, None, true, true),
    (r#""acsRegion":"NOT A REGION""#, None, false, false),
    (r#""note":"no region""#, None, false, false),
];

fn selectors() -> [Selector; 4] {
    [
        all(),
        selector(EventRw::Write, "All"),
        selector(EventRw::Read, "cn-beijing"),
        selector(EventRw::All, "cn-hangzhou,cn-shenzhen"),
    ]
}

const BUCKETS: [&str; 2] = ["logs", "other"];

/// Independent of `Selector::selects`.
fn is_selected(selector: usize, kind: usize) -> bool {
    let (_, region, is_read, is_global) = KINDS[kind];
    match selector {
        0 => true,
        1 => !is_read,
        2 => is_read && (is_global || region == Some("cn-beijing")),
        _ => is_global || region == Some("cn-hangzhou"),
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (prop::bool::weighted(0.8), 0..KINDS.len()).prop_map(|(mine, kind)| Act::Push { mine, kind }),
        2 => Just(Act::Start),
        1 => Just(Act::Stop),
        2 => (0..4_usize, 0..2_usize).prop_map(|(selector, bucket)| Act::Update { selector, bucket }),
        3 => Just(Act::Age),
        6 => (1..6_usize).prop_map(Act::Steps),
        2 => prop_oneof![Just(Fault::Before), Just(Fault::After)].prop_map(Act::Fault),
        1 => Just(Act::DamageReads),
        1 => Just(Act::Heal),
        2 => Just(Act::Restart),
        3 => Just(Act::DieAfterPut),
    ]
}

/// What must be found, by event id: bucket and region.
#[derive(Default)]
struct Expected {
    is_logging: bool,
    selector: usize,
    bucket: usize,
    events: BTreeMap<String, (String, String)>,
}

struct Run {
    world: World,
    trail: Trail,
    worker: Worker,
    expected: Expected,
    /// Whether a put may have failed. Then events may be in the bucket the trail had later, or in both.
    had_faults: bool,
}

impl Run {
    async fn act(&mut self, act: Act) {
        match act {
            Act::Push { mine: false, kind } => {
                self.world.push_for(account("2000000000000002"), KINDS[kind].0);
            }
            Act::Push { mine: true, kind } => {
                let seq = self.world.push(KINDS[kind].0);
                let Expected { is_logging, selector, bucket, events } = &mut self.expected;
                if *is_logging && is_selected(*selector, kind) {
                    let region = KINDS[kind].1.unwrap_or("cn-hangzhou");
                    events.insert(format!("e{seq}"), (BUCKETS[*bucket].to_owned(), region.to_owned()));
                }
            }
            Act::Start => {
                self.world.start(&self.trail).await;
                self.expected.is_logging = true;
            }
            Act::Stop => {
                self.world.stop(&self.trail).await;
                self.expected.is_logging = false;
            }
            Act::Update { selector, bucket } => {
                self.world.update(&self.trail, selectors()[selector].clone(), to_bucket(BUCKETS[bucket])).await;
                self.expected.selector = selector;
                self.expected.bucket = bucket;
            }
            Act::Age => self.world.age(),
            Act::Steps(steps) => {
                for _ in 0..steps {
                    // A failed step is repeated, like after a pause.
                    let _ = self.worker.step().await;
                }
            }
            Act::Fault(fault) => {
                self.had_faults = true;
                BUCKETS.iter().for_each(|bucket| self.world.fault(bucket, fault));
            }
            Act::DamageReads => self.world.events.damaged.store(true, Ordering::SeqCst),
            Act::Heal => self.world.heal(),
            Act::Restart => self.worker = self.world.worker(&self.trail),
            Act::DieAfterPut => {
                self.had_faults = true;
                self.world.age();
                BUCKETS.iter().for_each(|bucket| self.world.fault(bucket, Fault::After));
                let mut steps = 0;
                while steps < 4 && self.worker.step().await.is_ok() {
                    steps += 1;
                }
                self.world.heal();
                self.worker = self.world.worker(&self.trail);
            }
        }
    }
}

/// Checks that an object is what its name says, and notes its events.
fn check_object(object: &Object, found: &mut BTreeMap<String, (String, String)>) {
    let name = object.key.rsplit('/').next().expect("a name");
    let fields: Vec<&str> = name.trim_end_matches(".gz").split('_').collect();
    let [_, region, _, "1002", count, size, md5] = fields[..] else { panic!("{name}") };
    let ids = object.ids();
    assert_eq!(count, ids.len().to_string(), "{name}");
    assert_eq!(size, object.json.len().to_string(), "{name}");
    assert_eq!(md5, hex::encode(Md5::digest(&object.json)), "{name}");
    let numbers: Vec<u64> = ids.iter().map(|id| id[1..].parse().expect("a number")).collect();
    assert!(numbers.is_sorted(), "{name}: {ids:?}");
    for id in ids {
        let twice = found.insert(id.clone(), (object.bucket.clone(), region.to_owned()));
        assert_eq!(twice, None, "{id} is in two objects");
    }
}

async fn check(acts: Vec<Act>, bytes_max: usize) {
    let mut world = World::new().await;
    world.config.bytes_max = bytes_max;
    let trail = world.trail("audit-trail", all(), to_bucket("logs")).await;
    let worker = world.worker(&trail);
    let mut run = Run { world, trail, worker, expected: Expected::default(), had_faults: false };
    for act in acts {
        run.act(act).await;
    }
    run.world.heal();
    run.world.age();
    drain(&mut run.worker).await.expect("healed");
    let mut objects = run.world.read_back();
    let mut expected = run.expected.events;
    if run.had_faults {
        objects.iter_mut().for_each(|object| object.bucket = "any".into());
        expected.values_mut().for_each(|(bucket, _)| *bucket = "any".into());
        // The same name and content in two buckets is one object.
        objects.sort_by(|one, other| (&one.key, &one.json).cmp(&(&other.key, &other.json)));
        objects.dedup();
    }
    let mut found = BTreeMap::new();
    objects.iter().for_each(|object| check_object(object, &mut found));
    assert_eq!(found, expected);
    let state = run.world.state(&run.trail).await;
    assert_eq!(state.plan, None);
    assert_eq!(state.events_delivered as usize, found.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_objects_hold_exactly_what_was_selected_once(
        acts in prop::collection::vec(act(), 1..60),
        bytes_max in prop_oneof![Just(150_usize), Just(400), Just(1_000_000)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(check(acts, bytes_max));
    }
}
