//! Random starts, stops, updates, deletions and deliveries of a trail with up to three destinations, against a plain list of
//! which event goes where and is shown under which selector.

use std::collections::BTreeMap;

use catalog::{Catalog, DeliveryId};
use model::Seq;
use model::trail::{DestinationKind, Destinations, Selector};
use proptest::prelude::*;

use crate::samples::{
    AT, account, catalog_with_destinations, destinations_of, everything, new_trail, writes_of_hangzhou,
};

#[derive(Debug, Clone)]
enum Step {
    /// So many events arrive.
    Events(u64),
    Start,
    Stop,
    /// To one of two selectors and these destinations: the bits of bucket, Logstore and table.
    Update(bool, u8),
    /// The delivery to one kind takes up to so many events.
    Deliver(bool, u64),
    /// Deleted and created again.
    Renew,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..5_u64).prop_map(Step::Events),
        2 => Just(Step::Start),
        2 => Just(Step::Stop),
        3 => (any::<bool>(), 0..8_u8).prop_map(|(is_narrow, bits)| Step::Update(is_narrow, bits)),
        3 => (any::<bool>(), 1..8_u64).prop_map(|(is_table, events)| Step::Deliver(is_table, events)),
        1 => Just(Step::Renew),
    ]
}

fn selector(is_narrow: bool) -> Selector {
    if is_narrow { writes_of_hangzhou() } else { everything() }
}

const COPIED: [DestinationKind; 2] = [DestinationKind::Bucket, DestinationKind::Table];

/// What must be delivered and shown: each event received while logging, with the selector and destinations of that moment.
#[derive(Default)]
struct Model {
    head: u64,
    is_logging: bool,
    is_narrow: bool,
    destinations: Destinations,
    owed: BTreeMap<DestinationKind, BTreeMap<u64, Selector>>,
    shown: BTreeMap<u64, Selector>,
}

impl Model {
    fn receive(&mut self, events: u64) {
        for _ in 0..events {
            self.head += 1;
            if self.is_logging {
                for kind in self.destinations.kinds() {
                    self.owed.entry(kind).or_default().insert(self.head, selector(self.is_narrow));
                }
                if self.destinations.view().is_some() {
                    self.shown.insert(self.head, selector(self.is_narrow));
                }
            }
        }
    }
}

async fn check(steps: Vec<Step>) {
    let catalog = catalog_with_destinations().await;
    let mut model = Model { destinations: destinations_of(0b111), ..Model::default() };
    let new = || new_trail(account(), "main-trail");
    let mut new_with = new();
    new_with.destinations = model.destinations.clone();
    let mut trail = catalog.trail_create(new_with, 5).await.unwrap().id;
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
            Step::Update(is_narrow, bits) => {
                model.destinations = destinations_of(bits);
                model.is_narrow = is_narrow;
                catalog.trail_update(trail, &selector(is_narrow), &model.destinations, AT, head).await.unwrap();
            }
            Step::Deliver(is_table, events) => {
                let kind = COPIED[usize::from(is_table)];
                let id = DeliveryId { trail, kind };
                let Ok(state) = catalog.delivery_state(id).await else { continue };
                let through = Seq((state.cursor.0 + events).min(model.head));
                if through > state.cursor {
                    catalog.delivery_advance(id, through, Some(AT), 1, 1).await.unwrap();
                    model.owed.entry(kind).or_default().retain(|seq, _| *seq > through.0);
                }
            }
            Step::Renew => {
                catalog.trail_delete(trail, head).await.unwrap();
                let (selector, destinations) = (selector(model.is_narrow), model.destinations.clone());
                let renewed = catalog::NewTrail { selector, destinations, ..new() };
                trail = catalog.trail_create(renewed, 5).await.unwrap().id;
                model.is_logging = false;
                model.owed.clear();
            }
        }
        for kind in COPIED {
            check_owed(&catalog, DeliveryId { trail, kind }, &model).await;
        }
        check_shown(&catalog, &model).await;
    }
}

async fn check_owed(catalog: &Catalog, id: DeliveryId, model: &Model) {
    let cursor = catalog.delivery_state(id).await.map(|state| state.cursor.0).unwrap_or(0);
    let mut found = BTreeMap::new();
    let mut previous = 0;
    for interval in catalog.intervals(id).await.unwrap() {
        let through = interval.through.map_or(model.head, |through| through.0);
        assert!(interval.after.0 >= previous, "in order and apart");
        assert!(interval.destinations.has(id.kind), "an interval is for those it goes to");
        previous = through;
        for seq in interval.after.0.max(cursor) + 1..=through {
            found.insert(seq, interval.selector.clone());
        }
    }
    assert_eq!(found, model.owed.get(&id.kind).cloned().unwrap_or_default(), "{id}");
}

async fn check_shown(catalog: &Catalog, model: &Model) {
    let logstore = catalog.logstore_find(account(), "audit", "actiontrail_main-trail").await.unwrap();
    let logstore = logstore.expect("it appears with its trail and stays");
    let view = catalog.logstore_view(&logstore, AT).await.unwrap();
    let mut found = BTreeMap::new();
    for part in view.parts() {
        assert!(part.account == account() && part.is_timeless());
        assert!(part.through.is_none_or(|through| through > part.after), "no empty part");
        for seq in part.after.0 + 1..=part.through.map_or(model.head, |through| through.0) {
            let before = found.insert(seq, part.selector.as_deref().cloned().unwrap());
            assert_eq!(before, None, "shown once");
        }
    }
    assert_eq!(found, model.shown);
    let needs = catalog.logstores_needs(AT).await.unwrap();
    for seq in 1..=model.head {
        let is_needed =
            needs.iter().any(|need| Seq(seq) > need.after && need.through.is_none_or(|through| Seq(seq) <= through));
        assert_eq!(is_needed, model.shown.contains_key(&seq), "event {seq}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_event_is_owed_and_shown_exactly_when_it_came_while_logging(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(check(steps));
    }
}
