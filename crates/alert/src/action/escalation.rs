//! When an incident has waited too long and the secondary policy is due.
//!
//! Each of the three clocks of a policy rings at most once for an incident. One that resolved or is ignored waits for nobody.

use std::collections::BTreeSet;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::ActionPolicy;

/// Which clock ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationKind {
    /// Nobody confirmed it.
    NotStarted,
    /// It was confirmed and is not done.
    InProgress,
    /// It has gone on for too long.
    Unresolved,
}

impl EscalationKind {
    /// Why, for whoever gets the notification.
    pub fn reason(self) -> &'static str {
        match self {
            EscalationKind::NotStarted => "nobody has confirmed the incident in time",
            EscalationKind::InProgress => "the incident was confirmed and is not done in time",
            EscalationKind::Unresolved => "the incident has gone on for too long",
        }
    }
}

/// What escalation looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// When it first fired.
    pub fired_at: Timestamp,
    /// When somebody confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// When it resolved or was ignored.
    pub ended_at: Option<Timestamp>,
    /// The clocks that rang already.
    pub escalated: BTreeSet<EscalationKind>,
}

/// An escalation that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Since when.
    pub at: Timestamp,
    /// Which clock.
    pub kind: EscalationKind,
}

/// The escalations of an incident that are due now and have not happened, the earliest first.
pub fn escalations(incident: &Incident, policy: &ActionPolicy, now: Timestamp) -> Vec<Due> {
    let mut due: Vec<Due> = waiting(incident, policy).filter(|due| due.at <= now).collect();
    due.sort();
    due
}

/// When the next escalation of an incident falls due, if nothing happens before.
pub fn next_escalation(incident: &Incident, policy: &ActionPolicy) -> Option<Timestamp> {
    waiting(incident, policy).map(|due| due.at).min()
}

fn waiting<'a>(incident: &'a Incident, policy: &ActionPolicy) -> impl Iterator<Item = Due> + 'a {
    let not_started = match incident.confirmed_at {
        None => policy.start_timeout.map(|wait| incident.fired_at.plus(wait)),
        Some(_) => None,
    };
    let in_progress = incident.confirmed_at.zip(policy.in_progress_timeout).map(|(at, wait)| at.plus(wait));
    let unresolved = policy.timeout.map(|wait| incident.fired_at.plus(wait));
    let clocks = [
        (EscalationKind::NotStarted, not_started),
        (EscalationKind::InProgress, in_progress),
        (EscalationKind::Unresolved, unresolved),
    ];
    let is_open = incident.ended_at.is_none();
    let left = clocks.into_iter().filter(move |(kind, _)| is_open && !incident.escalated.contains(kind));
    left.filter_map(|(kind, at)| Some(Due { at: at?, kind }))
}
