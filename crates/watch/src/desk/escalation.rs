//! Incidents that nobody handled in time: the clocks of their policies, and who hears of it.

use std::collections::BTreeSet;
use std::time::Duration;

use alert::Alert;
use alert::action::{self, EscalationKind};
use catalog::{CatalogError, Incident, IncidentChange, IncidentStatus};
use model::Timestamp;

use super::accounts::read_silences;
use super::clerk::Clerk;
use super::draft::Draft;

/// Between two looks at the clocks of open incidents.
const ESCALATIONS_EVERY: Duration = Duration::from_secs(5);
/// Incidents looked at together.
const ESCALATIONS_MAX: usize = 200;

/// The clocks, and the bits that stand for them in the catalog.
const KINDS: [(EscalationKind, u8); 3] =
    [(EscalationKind::NotStarted, 1), (EscalationKind::InProgress, 2), (EscalationKind::Unresolved, 4)];

impl Clerk {
    /// Looks at the clocks of incidents that nobody handled in time.
    pub(super) async fn escalate(&mut self, now: Timestamp, draft: &mut Draft) -> Result<(), CatalogError> {
        if self.escalated.is_some_and(|at| now.since(at) < ESCALATIONS_EVERY && now >= at) {
            return Ok(());
        }
        self.escalated = Some(now);
        let rules = self.tools.rules.borrow().clone();
        for incident in self.tools.catalog.incidents_to_escalate(now, ESCALATIONS_MAX).await? {
            let around = self.surroundings(incident.account, BTreeSet::new(), now).await?;
            let silences = read_silences(&self.tools.catalog, incident.account, now).await?;
            let decider = self.accounts.decider(&self.tools.catalog, incident.account, &rules, now).await?;
            decider.heeds(silences);
            let Some(policy) = decider.policy(&incident.action_policy) else {
                draft.change.incidents.push(IncidentChange::Escalated { id: incident.id, bits: 0, escalate_at: None });
                continue;
            };
            let mut clocks = clocks(&incident);
            let due = action::escalations(&clocks, policy, now);
            clocks.escalated.extend(due.iter().map(|due| due.kind));
            let escalate_at = action::next_escalation(&clocks, policy);
            let bits = clocks.escalated.iter().map(|kind| bit(*kind)).sum();
            let id = incident.id.clone();
            draft.change.incidents.push(IncidentChange::Escalated { id, bits, escalate_at });
            let Ok(alert) = serde_json::from_str::<Alert>(&incident.alert) else { continue };
            let mut decisions = Vec::new();
            for due in due {
                let decided = decider.escalate(&alert, &incident.action_policy, due.kind.reason(), now, &around);
                decisions.extend(decided.decisions);
            }
            self.record(incident.account, decisions, now, draft);
        }
        Ok(())
    }
}

fn bit(kind: EscalationKind) -> u8 {
    KINDS.into_iter().find(|(each, _)| *each == kind).map_or(0, |(_, bit)| bit)
}

fn clocks(incident: &Incident) -> action::Incident {
    let rang: BTreeSet<EscalationKind> =
        KINDS.into_iter().filter(|(_, bit)| incident.escalated & bit != 0).map(|(kind, _)| kind).collect();
    let confirmed_at = incident.handled.filter(|_| incident.status == IncidentStatus::Confirmed);
    action::Incident { fired_at: incident.fired, confirmed_at, ended_at: incident.ended, escalated: rang }
}
