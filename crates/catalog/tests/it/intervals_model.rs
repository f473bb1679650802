//! Random starts, stops, updates and deliveries of a trail, against a plain list of which event goes where.

use std::collections::BTreeMap;

use model::Seq;
use model::trail::{Destinations, Selector};
use proptest::prelude::*;

use crate::samples::{AT, account, catalog, everything, new_trail, writes_of_hangzhou};

#[derive(Debug, Clone)]
enum Step {
    /// So many events arrive.
    Events(u64),
    Start,
    Stop,
    /// To one of two selectors.
    Update(bool),
    /// The delivery takes up to so many events.
    Deliver(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..5_u64).prop_map(Step::Events),
        2 => Just(Step::Start),
        2 => Just(Step::Stop),
        2 => any::<bool>().prop_map(Step::Update),
        2 => (1..8_u64).prop_map(Step::Deliver),
    ]
}

fn selector(is_narrow: bool) -> Selector {
    if is_narrow { writes_of_hangzhou() } else { everything() }
}

/// What must be delivered: each event received while logging, with the selector of that moment.
#[derive(Default)]
struct Model {
    head: u64,
    is_logging: bool,
    is_narrow: bool,
    owed: BTreeMap<u64, Selector>,
}

impl Model {
    fn receive(&mut self, events: u64) {
        for _ in 0..events {
            self.head += 1;
            if self.is_logging {
                self.owed.insert(self.head, selector(self.is_narrow));
            }
        }
    }
}

async fn check(steps: Vec<Step>) {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap().id;
    let mut model = Model::default();
    for step in steps {
        let head = Seq(model.head);
        match step {
            Step::Events(events) => model.receive(events),
            Step::Start => {
                catalog.trail_start(trail, AT, head).await.unwrap();
                model.is_logging = true;
            }
            Step::Stop => {
                catalog.trail_stop(trail, AT, head).await.unwrap();
                model.is_logging = false;
            }
            Step::Update(is_narrow) => {
                catalog.trail_update(trail, &selector(is_narrow), &Destinations::default(), AT, head).await.unwrap();
                model.is_narrow = is_narrow;
            }
            Step::Deliver(events) => {
                let cursor = catalog.delivery_state(trail).await.unwrap().cursor;
                let through = Seq((cursor.0 + events).min(model.head));
                if through > cursor {
                    catalog.delivery_advance(trail, through, Some(AT), 1, 1).await.unwrap();
                    model.owed.retain(|seq, _| *seq > through.0);
                }
            }
        }
        let cursor = catalog.delivery_state(trail).await.unwrap().cursor.0;
        let mut found = BTreeMap::new();
        let mut previous = 0;
        for interval in catalog.intervals(trail).await.unwrap() {
            let through = interval.through.map_or(model.head, |through| through.0);
            assert!(interval.after.0 >= previous, "in order and apart");
            assert!(interval.through.is_none_or(|through| through.0 > cursor), "none is delivered wholly");
            previous = through;
            for seq in interval.after.0.max(cursor) + 1..=through {
                found.insert(seq, interval.selector.clone());
            }
        }
        assert_eq!(found, model.owed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_event_is_owed_exactly_when_it_came_while_logging(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(check(steps));
    }
}
