//! Carrying out a plan: where it goes, and for a bucket: read its range, encode it, put the objects, move the cursor.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalog::Plan;
use model::trail::{BucketTarget, Interval};
use model::{Seq, Timestamp};
use store::Owned;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{READ_BYTES, Worker};
use crate::DeliveryError;
use crate::destination::Destination;
use crate::encode::{Object, Regions};
use crate::target::Target;

/// A plan's range, ready to be put.
struct Encoded {
    objects: Vec<Object>,
    events: usize,
    oldest: Option<Timestamp>,
}

/// Keys of the present plan that are written already, so that a retry goes on where it failed.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The catalog's version when they were written: a changed bucket may be another place.
    version: u64,
    keys: BTreeSet<String>,
}

impl Worker {
    /// Writes what was planned, whoever planned it: this step, an earlier one or a run of the node that crashed.
    ///
    /// When the destination of an interval fails and the trail has since been given another one, the rest goes there: its
    /// owner has moved on, and events held back for one that is gone would hold up all that follow.
    pub(super) async fn carry_out(&mut self, plan: &Plan) -> Result<(), DeliveryError> {
        let progress = self.progress.as_ref().expect("the plan came from it");
        let interval = progress.intervals.iter().find(|interval| interval.id == plan.interval).cloned();
        let target = interval.as_ref().and_then(|interval| Target::of(&interval.destinations, self.id.kind));
        let (Some(interval), Some(target)) = (interval, target) else {
            // The interval ended before the plan began, so its events belong to the next one, if to any.
            warn!(trail = self.trail.id, interval = plan.interval, "a delivery plan has no interval any more");
            let cursor = progress.cursor;
            return self.advance(cursor, None, 0, 0).await;
        };
        let Some(present) = progress.present.clone().filter(|present| *present != target) else {
            return self.deliver(plan, &interval, &target).await;
        };
        if self.moved_on != Some(interval.id) {
            let done = self.deliver(plan, &interval, &target).await;
            let Err(error) = done else { return done };
            if !error.is_of_destination() {
                return Err(error);
            }
            let (trail, to) = (self.trail.id, present.name());
            warn!(trail, to, error = error.story(), "a former destination fails, its events go to the present one");
            self.moved_on = Some(interval.id);
            self.written = Written::default();
            self.destination = None;
        }
        self.deliver(plan, &interval, &present).await
    }

    async fn deliver(&mut self, plan: &Plan, interval: &Interval, target: &Target) -> Result<(), DeliveryError> {
        match target {
            Target::Bucket(target) => self.deliver_objects(plan, interval, target).await,
            Target::Logs(target) => self.deliver_logs(plan, interval, target).await,
            Target::Table(target) => self.deliver_rows(plan, interval, target).await,
        }
    }

    async fn deliver_objects(
        &mut self,
        plan: &Plan,
        interval: &Interval,
        target: &BucketTarget,
    ) -> Result<(), DeliveryError> {
        self.shared.parts.destinations.permit(self.trail.account, target)?;
        let encoded = self.encode(plan, interval, target).await?;
        self.shared.metrics.trail_holds(self.id, encoded.oldest);
        let destination = self.destination(target).await?;
        let version = *self.changes.borrow();
        if self.written.version != version {
            self.written = Written { version, keys: BTreeSet::new() };
        }
        for object in &encoded.objects {
            if self.written.keys.contains(&object.key) {
                continue;
            }
            let started = Instant::now();
            destination.put(&object.key, object.bytes.clone()).await?;
            self.shared.metrics.object_put(object.bytes.len(), started.elapsed());
            self.written.keys.insert(object.key.clone());
        }
        let now = self.shared.parts.clock.now();
        let (events, objects) = (encoded.events, encoded.objects.len());
        let at = (objects > 0).then_some(now);
        self.advance(plan.through, at, events as u64, objects as u64).await?;
        self.written.keys.clear();
        if let Some(oldest) = encoded.oldest {
            self.shared.metrics.batch_delivered(events, now.since(oldest));
        }
        debug!(trail = self.trail.id, events, objects, through = plan.through.0, "delivered");
        Ok(())
    }

    /// Reads the range again and encodes it. Holds a slot, because this is what costs memory; the objects that come
    /// out are a tenth of it.
    async fn encode(&self, plan: &Plan, interval: &Interval, target: &BucketTarget) -> Result<Encoded, DeliveryError> {
        let _slot = self.slot().await;
        let choices = self.shared.parts.catalog.global_regions(self.trail.account).await?;
        let regions = Regions::new(&self.trail.home_region, self.trail.organization.clone());
        let mut regions = regions.with_global(choices);
        let (mut events, mut oldest) = (0, None::<Timestamp>);
        self.read_selected(plan, interval, |owned| {
            events += 1;
            let received = owned.found.received;
            oldest = Some(oldest.map_or(received, |oldest| oldest.min(received)));
            regions.add(owned);
        })
        .await?;
        let prefix = target.prefix.clone();
        let objects = tokio::task::spawn_blocking(move || regions.into_objects(prefix.as_deref())).await?;
        Ok(Encoded { objects, events, oldest })
    }

    /// Reads the plan's range and gives each event that is selected.
    pub(super) async fn read_selected(
        &self,
        plan: &Plan,
        interval: &Interval,
        mut take: impl FnMut(Owned),
    ) -> Result<(), DeliveryError> {
        let mut after: Seq = plan.after;
        while after < plan.through {
            let stretch = self.read(after, plan.through, READ_BYTES).await?;
            after = stretch.through;
            stretch
                .events
                .into_iter()
                .filter(|owned| interval.selector.selects(&owned.found.event))
                .for_each(&mut take);
        }
        Ok(())
    }

    async fn destination(&mut self, target: &BucketTarget) -> Result<Arc<dyn Destination>, DeliveryError> {
        let owner = target.owner(self.trail.account);
        if let Some((account, name, destination)) = &self.destination
            && (*account, name) == (owner, &target.name)
        {
            return Ok(destination.clone());
        }
        let destination = self.shared.parts.destinations.open(owner, &target.name).await?;
        self.destination = Some((owner, target.name.clone(), destination.clone()));
        Ok(destination)
    }
}
