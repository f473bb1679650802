//! The reader of a trail for one kind of its destinations: what was planned before is written first, then the next batch is
//! gathered, planned, written.
//!
//! A [`Worker::step`] is one bounded piece of work and takes no input: it compares the catalog with the journal and
//! does what is missing. The order of effects never changes: plan recorded, objects put, cursor moved. After any
//! failure everything held in memory is dropped and read again.

mod plan;
mod progress;
mod rows;

use std::sync::Arc;
use std::time::Duration;

use catalog::{CatalogError, DeliveryId, Plan};
use model::trail::{DestinationKind, Interval, Trail};
use model::{AccountId, Seq};
use store::StretchOfMany;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::backoff::Backoff;
use crate::batch::{Batch, Verdict};
use crate::desk::Desk;
use crate::destination::Destination;
use crate::members::Members;
use crate::{DeliveryError, Shared};

use plan::Written;
use progress::Progress;

/// Bytes of JSON read at once while looking for what is selected.
const READ_BYTES: usize = 2 * 1024 * 1024;
/// Before a failed attempt is repeated because the catalog changed.
const CHANGE_PAUSE: Duration = Duration::from_secs(1);

/// Delivers one trail to one kind of destination.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    id: DeliveryId,
    /// As it was when the worker started; its id, account, name and home region never change.
    trail: Trail,
    /// What the catalog said, until it changes.
    progress: Option<Progress>,
    batch: Option<Batch>,
    written: Written,
    /// The last event of a group of logs that was sent, and its interval, so that a retry goes on where it failed.
    sent: Option<(i64, Seq)>,
    /// The interval whose destination failed and whose trail writes elsewhere now.
    moved_on: Option<i64>,
    /// When a cursor that moved over nothing selected was last recorded.
    recorded: Instant,
    /// The bucket last opened with its owner and name, until the catalog changes.
    destination: Option<(AccountId, String, Arc<dyn Destination>)>,
    changes: watch::Receiver<u64>,
    committed: watch::Receiver<Seq>,
    desk: Arc<Desk>,
    bell: watch::Receiver<u64>,
    /// Rings heard before the last step.
    rings: u64,
    backoff: Backoff,
}

/// What to do after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more.
    Continue,
    /// Nothing until events arrive or, when given, this much time has passed.
    WaitForEvents(Option<Duration>),
    /// Nothing until the trail changes.
    WaitForChange,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, trail: Trail, kind: DestinationKind, desk: Arc<Desk>) -> Worker {
        Worker {
            id: DeliveryId { trail: trail.id, kind },
            trail,
            progress: None,
            batch: None,
            written: Written::default(),
            sent: None,
            moved_on: None,
            recorded: Instant::now(),
            destination: None,
            changes: shared.parts.catalog.trails_version(),
            committed: shared.parts.committed.clone(),
            bell: desk.bell(),
            desk,
            rings: 0,
            backoff: Backoff::default(),
            shared,
        }
    }

    /// Works until dropped.
    pub(crate) async fn run(mut self) {
        let mut failed = false;
        loop {
            match self.step().await {
                Ok(next) => {
                    if std::mem::take(&mut failed) {
                        info!(trail = self.trail.id, to = %self.id.kind, name = %self.trail.name, "delivery works again");
                    }
                    self.backoff.reset();
                    self.wait(next).await;
                }
                // Deleted a moment ago; the supervisor is about to end this.
                Err(DeliveryError::Catalog(CatalogError::NotFound { .. })) => {
                    tokio::time::sleep(self.shared.config.retry_max).await;
                }
                Err(error) => {
                    failed = true;
                    self.fail(&error).await;
                }
            }
        }
    }

    /// One bounded piece of work.
    pub(crate) async fn step(&mut self) -> Result<Next, DeliveryError> {
        let done = self.try_step().await;
        if done.is_err() {
            self.progress = None;
            self.batch = None;
            self.destination = None;
        }
        done
    }

    async fn try_step(&mut self) -> Result<Next, DeliveryError> {
        // In this order: what is rung for later is looked at again; what lies up to the head was accepted before the trail
        // is read, so a change made before an event counts for it.
        self.rings = *self.bell.borrow_and_update();
        let head = *self.committed.borrow();
        self.refresh().await?;
        let progress = self.progress.as_ref().expect("refreshed above");
        if let Some(plan) = progress.plan {
            self.carry_out(&plan).await?;
            return Ok(Next::Continue);
        }
        let Some(interval) = progress.current().cloned() else {
            self.shared.metrics.trail_at(self.id, None);
            self.shared.metrics.trail_works(self.id);
            return Ok(Next::WaitForChange);
        };
        let end = interval.through.map_or(head, |through| through.min(head));
        let mut batch = match self.batch.take() {
            Some(batch) if batch.interval == interval.id && batch.through <= end => batch,
            _ => Batch::new(interval.id, interval.after.max(progress.cursor)),
        };
        self.gather(&mut batch, &interval, end).await?;
        self.shared.metrics.trail_at(self.id, Some(batch.after));
        self.shared.metrics.trail_holds(self.id, batch.oldest);
        self.shared.metrics.trail_works(self.id);
        let next = self.decide(&batch, &interval).await?;
        let is_planned = self.progress.as_ref().is_some_and(|progress| progress.plan.is_some());
        let is_known = self.progress.is_some();
        self.batch = (is_known && !is_planned).then_some(batch);
        Ok(next)
    }

    /// Reads the trail's state again when something changed.
    async fn refresh(&mut self) -> Result<(), DeliveryError> {
        if self.progress.is_none() || self.changes.has_changed().unwrap_or(false) {
            self.changes.borrow_and_update();
            self.destination = None;
            let progress = Progress::load(&self.shared.parts.catalog, &self.trail, self.id.kind).await?;
            if progress.members != self.progress.take().and_then(|before| before.members) {
                // It was gathered from other accounts.
                self.batch = None;
            }
            self.shared
                .metrics
                .trail_stands_at(self.id, progress.current().map(|interval| interval.after.max(progress.cursor)));
            self.progress = Some(progress);
        }
        Ok(())
    }

    /// Looks at the events up to `end`, or until the batch is full.
    async fn gather(&self, batch: &mut Batch, interval: &Interval, end: Seq) -> Result<(), DeliveryError> {
        let bytes_max = self.shared.config.bytes_max;
        while batch.through < end && !batch.is_full(bytes_max) {
            let slot = self.slot().await;
            let stretch = self.read(batch.through, end, READ_BYTES).await?;
            batch.look_at(&stretch, interval, bytes_max);
            drop(slot);
        }
        Ok(())
    }

    async fn decide(&mut self, batch: &Batch, interval: &Interval) -> Result<Next, DeliveryError> {
        let config = &self.shared.config;
        let is_last = interval.through.is_some_and(|through| batch.through >= through);
        let age = batch.oldest.map(|oldest| self.shared.parts.clock.now().since(oldest));
        let is_old = age.is_some_and(|age| age >= config.age_max);
        match batch.verdict(is_last, is_old, config.bytes_max) {
            Verdict::Close => {
                let plan = Plan { interval: batch.interval, after: batch.after, through: batch.through };
                if self.record_plan(&plan).await? {
                    self.progress.as_mut().expect("refreshed in this step").plan = Some(plan);
                } else {
                    self.progress = None;
                }
                Ok(Next::Continue)
            }
            Verdict::Open => Ok(Next::WaitForEvents(age.map(|age| config.age_max.saturating_sub(age)))),
            Verdict::Empty if is_last => {
                self.pass(batch.through).await?;
                Ok(Next::Continue)
            }
            Verdict::Empty => {
                let moved = self.progress.as_ref().is_some_and(|progress| progress.cursor < batch.through);
                if moved && self.recorded.elapsed() >= config.record_every && !self.pass(batch.through).await? {
                    return Ok(Next::Continue);
                }
                Ok(Next::WaitForEvents(None))
            }
        }
    }

    /// Records a plan. False: a membership has changed since the trail was read, and with it what the range holds.
    async fn record_plan(&self, plan: &Plan) -> Result<bool, CatalogError> {
        let (catalog, id) = (&self.shared.parts.catalog, self.id);
        match self.members() {
            Some(members) => catalog.delivery_plan_among(id, plan, members.version).await,
            None => catalog.delivery_plan(id, plan).await.map(|()| true),
        }
    }

    /// Moves the cursor past events that are not selected. False: a membership has changed since the trail was read.
    async fn pass(&mut self, through: Seq) -> Result<bool, DeliveryError> {
        let Some(version) = self.members().map(|members| members.version) else {
            self.advance(through, None, 0, 0).await?;
            return Ok(true);
        };
        if !self.shared.parts.catalog.delivery_pass_among(self.id, through, version).await? {
            self.progress = None;
            return Ok(false);
        }
        self.advanced(through);
        Ok(true)
    }

    fn members(&self) -> Option<&Members> {
        self.progress.as_ref().and_then(|progress| progress.members.as_ref())
    }

    /// Moves the cursor, after the effect.
    async fn advance(
        &mut self,
        through: Seq,
        at: Option<model::Timestamp>,
        events: u64,
        objects: u64,
    ) -> Result<(), DeliveryError> {
        self.shared.parts.catalog.delivery_advance(self.id, through, at, events, objects).await?;
        self.advanced(through);
        Ok(())
    }

    fn advanced(&mut self, through: Seq) {
        if let Some(progress) = &mut self.progress {
            progress.advance(through);
        }
        self.shared.metrics.trail_at(self.id, Some(through));
        self.shared.metrics.trail_works(self.id);
        self.recorded = Instant::now();
    }

    pub(super) async fn slot(&self) -> tokio::sync::OwnedSemaphorePermit {
        self.shared.slots.clone().acquire_owned().await.expect("nobody closes the slots")
    }

    /// What the trail may see of `(after, through]`.
    async fn read(&self, after: Seq, through: Seq, bytes_max: usize) -> Result<StretchOfMany, DeliveryError> {
        let source = self.shared.parts.source.clone();
        let members = self.members();
        let accounts = members.map_or_else(|| vec![self.trail.account], |members| members.within(after, through));
        let read = move || source.read_after(&accounts, after, through, bytes_max);
        let mut stretch = tokio::task::spawn_blocking(read).await??;
        assert!(stretch.through > after && stretch.through <= through, "a source moves on and not too far");
        if let Some(members) = members {
            stretch.events.retain(|owned| members.hold(owned.account, owned.found.seq));
        }
        Ok(stretch)
    }

    async fn wait(&mut self, next: Next) {
        let (due, poll) = match next {
            Next::Continue => return,
            Next::WaitForEvents(due) => (due, Some(self.shared.config.poll)),
            Next::WaitForChange => (None, Some(Duration::ZERO)),
        };
        if let (Next::WaitForEvents(None), Some(batch)) = (next, &self.batch) {
            self.desk.settle(self.rings, batch.through);
            self.shared.metrics.trail_waits(self.id, true);
        }
        let bell = &mut self.bell;
        let news = async {
            // The bell may ring many times a second; one look per `poll` serves them all.
            pause(poll).await;
            changed(bell).await;
        };
        tokio::select! {
            () = news => {}
            () = pause(due) => {}
        }
        self.desk.unsettle();
        self.shared.metrics.trail_waits(self.id, false);
    }

    /// Records a failure where the trail's owner sees it, and pauses.
    pub(crate) async fn fail(&mut self, error: &DeliveryError) {
        let story = error.story();
        self.shared.metrics.trail_failed(self.id);
        let config = &self.shared.config;
        let pause = self.backoff.next(config.retry_min, config.retry_max, &*self.shared.parts.random);
        warn!(trail = self.trail.id, to = %self.id.kind, name = %self.trail.name, error = story, retry_s = pause.as_secs_f64(), "delivery failed");
        let now = self.shared.parts.clock.now();
        if let Err(error) = self.shared.parts.catalog.delivery_failed(self.id, &story, now).await {
            debug!(trail = self.trail.id, %error, "could not record a failed delivery");
        }
        // Whoever repairs a bucket or a trail need not wait for the pause to end. The change may be another trail's,
        // though, so it is not followed at once.
        let soonest = CHANGE_PAUSE.min(pause);
        let changes = &mut self.changes;
        changes.borrow_and_update();
        // A refused role is repaired by a change of identities and not of trails.
        let is_refused = matches!(error, DeliveryError::Role { .. } | DeliveryError::NoRole { .. });
        let mut identities = self.shared.parts.catalog.identity_version();
        let repaired = async {
            tokio::time::sleep(soonest).await;
            tokio::select! {
                () = changed(changes) => {}
                () = changed(&mut identities), if is_refused => {}
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = repaired => {}
        }
    }
}

/// For ever, if no time is given.
async fn pause(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Resolves at the next change. There is none once the sender is gone: the node is stopping and the worker is about to
/// be dropped.
async fn changed<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
