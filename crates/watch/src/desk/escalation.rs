//! Incidents that nobody handled in time: the clocks of their policies, and who hears of it.

use std::collections::BTreeSet;
use std::time::Duration;

use alert::Alert;
use alert::action::{self, EscalationKind};
use catalog::{Incident, IncidentChange, IncidentStatus};
use model::Timestamp;

use super::accounts::{Surroundings, read_silences};
use super::clerk::Clerk;
use super::deciding::NoDraft;
use super::draft::Draft;
use crate::decide::{Decider, Decision};

/// Between two looks at the clocks of open incidents.
const ESCALATIONS_EVERY: Duration = Duration::from_secs(5);
/// Incidents looked at together.
const ESCALATIONS_MAX: usize = 200;

/// The clocks, and the bits that stand for them in the catalog.
const KINDS: [(EscalationKind, u8); 3] =
    [(EscalationKind::NotStarted, 1), (EscalationKind::InProgress, 2), (EscalationKind::Unresolved, 4)];

/// What comes of a look at an incident's clocks.
struct Looked {
    change: IncidentChange,
    decisions: Vec<Decision>,
}

impl Clerk {
    /// Looks at the clocks of incidents that nobody handled in time.
    pub(super) async fn escalate(&mut self, now: Timestamp, draft: &mut Draft) -> Result<(), NoDraft> {
        if self.escalated.is_some_and(|at| now.since(at) < ESCALATIONS_EVERY && now >= at) {
            return Ok(());
        }
        self.escalated = Some(now);
        for incident in self.tools.catalog.incidents_to_escalate(now, ESCALATIONS_MAX).await? {
            let account = incident.account;
            if self.accounts.is_aside(account, now) {
                continue;
            }
            let around = self.surroundings(account, BTreeSet::new(), now).await?;
            let silences = read_silences(&self.tools.catalog, account, now).await?;
            let looking = move |decider: &mut Decider| {
                decider.heeds(silences);
                look(decider, &incident, now, &around)
            };
            let looked = self.decide(account, now, looking).await?;
            draft.change.incidents.push(looked.change);
            self.record(account, looked.decisions, now, draft);
        }
        Ok(())
    }
}

/// Looks at the clocks of an incident and tells whom its policy wants told.
fn look(decider: &mut Decider, incident: &Incident, now: Timestamp, around: &Surroundings) -> Looked {
    let mut decisions = Vec::new();
    let id = incident.id.clone();
    let Some(policy) = decider.policy(&incident.action_policy) else {
        return Looked { change: IncidentChange::Escalated { id, bits: 0, escalate_at: None }, decisions };
    };
    let mut clocks = clocks(incident);
    let due = action::escalations(&clocks, policy, now);
    clocks.escalated.extend(due.iter().map(|due| due.kind));
    let escalate_at = action::next_escalation(&clocks, policy);
    let bits = clocks.escalated.iter().map(|kind| bit(*kind)).sum();
    if let Ok(alert) = serde_json::from_str::<Alert>(&incident.alert) {
        for due in due {
            let decided = decider.escalate(&alert, &incident.action_policy, due.kind.reason(), now, around);
            decisions.extend(decided.decisions);
        }
    }
    Looked { change: IncidentChange::Escalated { id, bits, escalate_at }, decisions }
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
