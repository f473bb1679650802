//! What is not objects: rows of a table, and logs to a project of Log Service elsewhere.
//!
//! A table remembers what it holds of each source, so a plan that is carried out twice has its effect once. Log Service does not:
//! what a plan had sent when it was interrupted is sent again by the next run of the node.

use catalog::Plan;
use model::trail::{Interval, LogTarget, TableTarget};
use model::{Seq, Timestamp};
use store::Owned;
use tracing::debug;

use super::Worker;
use crate::DeliveryError;
use crate::logs::groups;
use crate::tables::{Table, TableBatch};

impl Worker {
    /// Appends a plan's events to the trail's table.
    pub(super) async fn deliver_rows(
        &mut self,
        plan: &Plan,
        interval: &Interval,
        target: &TableTarget,
    ) -> Result<(), DeliveryError> {
        let table = Table::of(target, &self.trail.name);
        self.shared.parts.destinations.permit_table(self.trail.account, target, &table.name)?;
        let tables = self.shared.parts.tables.clone().ok_or(DeliveryError::NoTables)?;
        let slot = self.slot().await;
        let events = self.selected(plan, interval).await?;
        let (count, oldest) = (events.len(), oldest(&events));
        self.shared.metrics.trail_holds(self.id, oldest);
        if count > 0 {
            let source = format!("trail-{}", self.trail.id);
            let batch = TableBatch { source, after: plan.after, through: plan.through, events };
            tables.append(&table, batch).await?;
        }
        drop(slot);
        self.done(plan.through, count, oldest, u64::from(count > 0)).await
    }

    /// Sends a plan's events to the trail's Logstore in a project elsewhere.
    pub(super) async fn deliver_logs(
        &mut self,
        plan: &Plan,
        interval: &Interval,
        target: &LogTarget,
    ) -> Result<(), DeliveryError> {
        let logstore = self.trail.logstore();
        self.shared.parts.destinations.permit_logs(self.trail.account, target, &logstore)?;
        let project = self.shared.parts.destinations.open_project(target.owner, &target.project).await?;
        let slot = self.slot().await;
        let events = self.selected(plan, interval).await?;
        let (count, oldest) = (events.len(), oldest(&events));
        self.shared.metrics.trail_holds(self.id, oldest);
        let mut sent = 0;
        for group in groups(events) {
            let (first, last) = (group.first, group.last);
            if self.sent.is_some_and(|sent| sent.0 == plan.interval && last <= sent.1) {
                continue;
            }
            project.put(&logstore, group).await?;
            debug!(trail = self.trail.id, first = first.0, last = last.0, "logs sent");
            self.sent = Some((plan.interval, last));
            sent += 1;
        }
        drop(slot);
        self.done(plan.through, count, oldest, sent).await
    }

    async fn selected(&self, plan: &Plan, interval: &Interval) -> Result<Vec<Owned>, DeliveryError> {
        let mut events = Vec::new();
        self.read_selected(plan, interval, |owned| events.push(owned)).await?;
        Ok(events)
    }

    async fn done(
        &mut self,
        through: Seq,
        events: usize,
        oldest: Option<Timestamp>,
        writes: u64,
    ) -> Result<(), DeliveryError> {
        let now = self.shared.parts.clock.now();
        self.advance(through, (events > 0).then_some(now), events as u64, writes).await?;
        if let Some(oldest) = oldest {
            self.shared.metrics.batch_delivered(events, now.since(oldest));
        }
        debug!(trail = self.trail.id, to = %self.id.kind, events, through = through.0, "delivered");
        Ok(())
    }
}

fn oldest(events: &[Owned]) -> Option<Timestamp> {
    events.iter().map(|owned| owned.found.received).min()
}
