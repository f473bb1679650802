//! The plain model of trails: when each was logging and what it selected then, against what lies in the buckets.

use std::collections::BTreeMap;

use catalog::{Bucket, DeliveryId, NewTrail};
use delivery::{Config, Parts, Stepper};
use host::Clock;
use host::simulated::{Chance, SeededRandom};
use model::trail::{BucketTarget, DestinationKind, Destinations, EventRw, Selector, Trail, TrailRegions};
use model::{AccountId, Seq};
use std::sync::Arc;
use std::time::Duration;

use crate::buckets::Buckets;
use crate::events::Events;
use crate::node::{Node, story_of};

/// Steps without an end would hang the story; each writes something or waits.
const STEPS_MAX: usize = 10_000;

struct Interval {
    after: Seq,
    through: Option<Seq>,
    selector: Selector,
}

struct Modelled {
    trail: Trail,
    prefix: String,
    intervals: Vec<Interval>,
    stepper: Option<Stepper>,
    cursor: Seq,
}

/// Every trail of the story.
pub(crate) struct Trails {
    all: Vec<Modelled>,
    config: Config,
    store_cursor: Seq,
}

fn selector(chance: &mut Chance) -> Selector {
    let event_rw = [EventRw::All, EventRw::All, EventRw::Read, EventRw::Write][chance.below(4)];
    let regions = ["All", "All", "cn-beijing", "cn-beijing,cn-shanghai"][chance.below(4)];
    Selector::management(event_rw, TrailRegions::parse(regions).expect("regions"))
}

impl Trails {
    /// Creates trails in the catalog, one to three an account, two of them on one bucket.
    pub(crate) async fn create(node: &Node, accounts: &[AccountId], chance: &mut Chance) -> Trails {
        let config = Config {
            age_max: Duration::from_secs(if chance.per_mille(500) { 0 } else { 60 }),
            bytes_max: 300 << chance.below(5),
            record_every: Duration::ZERO,
            retry_min: Duration::ZERO,
            retry_max: Duration::ZERO,
            ..Config::default()
        };
        let mut all = Vec::new();
        for account in accounts {
            let now = node.clock.now();
            node.catalog.account_create(*account, "simulated", true, now).await.expect("a new account");
            let sealed_settings = Vec::new();
            let bucket = Bucket {
                account: *account,
                name: "logs".into(),
                url: "s3://logs".into(),
                sealed_settings,
                created: now,
            };
            node.catalog.bucket_put(&bucket).await.expect("a new bucket");
            for number in 0..1 + chance.below(3) {
                let prefix = format!("trail-{number}-of-{account}");
                let target = BucketTarget { name: "logs".into(), prefix: Some(prefix.clone()), write_role_arn: None };
                let new = NewTrail {
                    organization: None,
                    account: *account,
                    name: format!("trail-{number}").parse().expect("a trail's name"),
                    home_region: "cn-hangzhou".into(),
                    selector: selector(chance),
                    destinations: Destinations { bucket: Some(target), ..Default::default() },
                    created: now,
                };
                let trail = node.catalog.trail_create(new, 100).await.expect("a new trail");
                all.push(Modelled { trail, prefix, intervals: Vec::new(), stepper: None, cursor: Seq::ZERO });
            }
        }
        Trails { all, config, store_cursor: Seq::ZERO }
    }

    /// Starts, stops or changes one trail.
    pub(crate) async fn change(&mut self, node: &Node, chance: &mut Chance) -> String {
        let which = chance.below(self.all.len());
        let modelled = &mut self.all[which];
        let (id, now, head) = (modelled.trail.id, node.clock.now(), node.writer().head());
        let open = modelled.intervals.last_mut().filter(|interval| interval.through.is_none());
        match open {
            Some(interval) if chance.per_mille(500) => {
                node.catalog.trail_stop(id, now, head).await.expect("stopped");
                interval.through = Some(head);
                format!("trail {which} stops at {head}")
            }
            Some(interval) => {
                let selector = selector(chance);
                let destinations = modelled.trail.destinations.clone();
                node.catalog.trail_update(id, &selector, &destinations, now, head).await.expect("updated");
                interval.through = Some(head);
                modelled.trail.selector = selector.clone();
                modelled.intervals.push(Interval { after: head, through: None, selector });
                format!("trail {which} changes at {head}")
            }
            None => {
                node.catalog.trail_start(id, now, head).await.expect("started");
                let selector = modelled.trail.selector.clone();
                modelled.intervals.push(Interval { after: head, through: None, selector });
                format!("trail {which} starts at {head}")
            }
        }
    }

    /// Lets every trail do some steps. A put that hangs is cut off, as the node's end does.
    pub(crate) async fn deliver(&mut self, node: &Node, buckets: &Buckets, steps: usize) -> String {
        let mut told = Vec::new();
        for modelled in &mut self.all {
            let stepper = modelled.stepper.get_or_insert_with(|| stepper(node, buckets, &self.config, &modelled.trail));
            let (mut done, mut failed, mut hung) = (0, 0, false);
            while done < steps && !hung {
                done += 1;
                tokio::select! {
                    biased;
                    () = buckets.hung() => hung = true,
                    stepped = stepper.step() => match stepped {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(_) => failed += 1,
                    },
                }
            }
            if hung {
                modelled.stepper = None;
            }
            told.push(format!("{done} steps, {failed} failed{}", if hung { ", hung" } else { "" }));
        }
        format!("delivery: {}", told.join("; "))
    }

    /// Delivers everything there is, with nothing in the way.
    pub(crate) async fn catch_up(&mut self, node: &Node, buckets: &Buckets) -> Result<(), String> {
        node.clock.advance(self.config.age_max);
        for modelled in &mut self.all {
            let stepper = modelled.stepper.get_or_insert_with(|| stepper(node, buckets, &self.config, &modelled.trail));
            let mut steps = 0;
            while stepper
                .step()
                .await
                .map_err(|error| format!("delivery failed for no reason: {}", story_of(&error)))?
            {
                steps += 1;
                if steps > STEPS_MAX {
                    return Err(format!("{} never has enough", modelled.prefix));
                }
            }
        }
        Ok(())
    }

    /// The node ends.
    pub(crate) fn stop(&mut self) {
        self.all.iter_mut().for_each(|modelled| modelled.stepper = None);
    }

    /// Nothing was delivered twice, nothing that was not selected. `is_complete`: and everything that was.
    pub(crate) fn check(&self, events: &Events, buckets: &Buckets, is_complete: bool) -> Result<(), String> {
        buckets.violation()?;
        for modelled in &self.all {
            let Modelled { trail, prefix, intervals, .. } = modelled;
            let selected = intervals.iter().flat_map(|interval| {
                events.selected(trail.account, interval.after, interval.through, &interval.selector)
            });
            let mut missing: BTreeMap<String, usize> = selected.map(|raw| (raw, 0)).collect();
            for (raw, key) in buckets.delivered(trail.account, prefix)? {
                match missing.get_mut(&raw) {
                    Some(count) => *count += 1,
                    None => return Err(format!("{key} holds an event that {prefix} did not select: {raw}")),
                }
            }
            if let Some((raw, count)) = missing.iter().find(|(_, count)| **count > 1 || (is_complete && **count == 0)) {
                return Err(format!("{prefix} delivered {count} times: {raw}"));
            }
        }
        Ok(())
    }

    /// No cursor is behind where it was.
    pub(crate) async fn check_cursors(&mut self, node: &Node) -> Result<(), String> {
        let manifest = node.catalog.manifest().await.map_err(|error| story_of(&error))?;
        if manifest.cursor < self.store_cursor {
            return Err(format!("the store's cursor went back from {} to {}", self.store_cursor, manifest.cursor));
        }
        self.store_cursor = manifest.cursor;
        for modelled in &mut self.all {
            let state = node
                .catalog
                .delivery_state(DeliveryId::bucket(modelled.trail.id))
                .await
                .map_err(|error| story_of(&error))?;
            if state.cursor < modelled.cursor {
                return Err(format!("{} went back from {} to {}", modelled.prefix, modelled.cursor, state.cursor));
            }
            modelled.cursor = state.cursor;
        }
        Ok(())
    }
}

fn stepper(node: &Node, buckets: &Buckets, config: &Config, trail: &Trail) -> Stepper {
    let parts = Parts {
        tables: None,
        catalog: node.catalog.clone(),
        source: Arc::new(node.store().clone()),
        destinations: Arc::new(buckets.clone()),
        committed: node.writer().committed(),
        clock: node.clock.clone(),
        random: Arc::new(SeededRandom::new(0)),
    };
    Stepper::new(parts, config.clone(), trail.clone(), DestinationKind::Bucket)
}
