//! From alerts to what would be told, on a clock that is moved by hand.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use alert::action::{self, EscalationKind};
use alert::evaluate::Step;
use alert::merge::Silences;
use alert::{Alert, Fingerprint};
use model::{AccountId, Timestamp};

use super::explanation::PolicyTrace;
use super::report::{Report, Told};
use crate::decide::{Around, Book, Decided, Decider, ToldAlert, route_legacy};
use crate::rules::KnownRule;

/// Sets that are due so soon after the last run are still told: most are, after their group wait.
const AFTERWARDS: Duration = Duration::from_secs(15 * 60);

/// Runs of scripts whose steps are kept.
const TRACES_MAX: usize = 20;

/// See the module.
pub(crate) struct Pipeline {
    decider: Decider,
    around: Nobody,
    /// What fires, as the last run had it.
    firing: BTreeMap<Fingerprint, Alert>,
    waiting: BTreeMap<Fingerprint, Waiting>,
    /// What scripts did, the first of it.
    traces: Vec<PolicyTrace>,
}

/// An alert that was told and is not over.
struct Waiting {
    alert: Alert,
    action_policy: String,
    incident: action::Incident,
    next: Option<Timestamp>,
}

/// Nobody handles incidents in a trial, and there are no pages of them.
struct Nobody {
    base_url: String,
}

impl Around for Nobody {
    fn is_ignored(&self, _: &Fingerprint) -> bool {
        false
    }

    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn detail_link(&self, _: AccountId, _: &str) -> Option<String> {
        None
    }
}

impl Pipeline {
    /// With empty merge sets and no quota used.
    pub(crate) fn new(book: Arc<Book>, silences: Silences, base_url: String) -> Pipeline {
        let mut decider = Decider::new(book, [], HashMap::new());
        decider.heeds(silences);
        let (firing, waiting, traces) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Pipeline { decider, around: Nobody { base_url }, firing, waiting, traces }
    }

    /// Takes in what a run leads to, at its time.
    pub(crate) fn step(&mut self, rule: &KnownRule, step: &Step, now: Timestamp, report: &mut Report) {
        self.pass(now, report);
        for alert in &step.resolved {
            self.waiting.remove(&alert.fingerprint);
            if !rule.rule.sends_resolved {
                self.decider.leave(&alert.fingerprint);
            }
        }
        self.firing = step.firing.iter().map(|alert| (alert.fingerprint.clone(), alert.clone())).collect();
        let resolved = step.resolved.iter().filter(|_| rule.rule.sends_resolved);
        for alert in step.firing.iter().chain(resolved) {
            let mut alert = alert.clone();
            if let Some(legacy) = &rule.rule.legacy {
                route_legacy(&mut alert, &rule.row, legacy);
            }
            for decision in self.decider.add(&alert, now) {
                report.told(Told::of(&decision, now));
            }
            if let Some(waiting) = self.waiting.get_mut(&alert.fingerprint) {
                waiting.alert = alert;
            }
        }
        if self.decider.next_due().is_some_and(|due| due <= now) {
            let decided = self.decider.due(now, &self.around);
            self.take(decided, now, report);
        }
    }

    /// Lets some time pass after the last run.
    pub(crate) fn finish(&mut self, last: Timestamp, report: &mut Report) {
        self.pass(last.plus(AFTERWARDS), report);
    }

    /// What the scripts of policies did.
    pub(crate) fn take_traces(&mut self) -> Vec<PolicyTrace> {
        std::mem::take(&mut self.traces)
    }

    /// Lets everything happen that is due before a time, in order.
    fn pass(&mut self, until: Timestamp, report: &mut Report) {
        loop {
            let escalation = self.waiting.values().filter_map(|waiting| waiting.next).min();
            let due = self.decider.next_due();
            let Some(next) = due.into_iter().chain(escalation).min().filter(|next| *next < until) else { return };
            if due == Some(next) {
                let decided = self.decider.due(next, &self.around);
                self.take(decided, next, report);
            } else {
                self.escalate(next, report);
            }
        }
    }

    fn take(&mut self, decided: Decided, now: Timestamp, report: &mut Report) {
        for (action_policy, steps) in decided.steps {
            if self.traces.len() < TRACES_MAX {
                self.traces.push(PolicyTrace::of(action_policy, steps));
            }
        }
        for told in decided.told {
            self.wait(told);
        }
        for decision in &decided.decisions {
            report.told(Told::of(decision, now));
        }
    }

    /// Remembers an alert that was told for the first time, if its policy escalates.
    fn wait(&mut self, told: ToldAlert) {
        let Some(alert) = self.firing.get(&told.alert.fingerprint) else { return };
        if told.escalate_at.is_none() || self.waiting.contains_key(&alert.fingerprint) {
            return;
        }
        let incident = action::Incident {
            fired_at: alert.fire_time,
            confirmed_at: None,
            ended_at: None,
            escalated: BTreeSet::new(),
        };
        let (action_policy, next) = (told.action_policy, told.escalate_at);
        self.waiting.insert(alert.fingerprint.clone(), Waiting { alert: alert.clone(), action_policy, incident, next });
    }

    fn escalate(&mut self, now: Timestamp, report: &mut Report) {
        for waiting in self.waiting.values_mut().filter(|waiting| waiting.next.is_some_and(|next| next <= now)) {
            let Some(policy) = self.decider.policy(&waiting.action_policy).cloned() else {
                waiting.next = None;
                continue;
            };
            let kinds: Vec<EscalationKind> =
                action::escalations(&waiting.incident, &policy, now).into_iter().map(|due| due.kind).collect();
            for kind in kinds {
                waiting.incident.escalated.insert(kind);
                let decided = self.decider.escalate(&waiting.alert, &policy.id, kind.reason(), now, &self.around);
                decided.decisions.iter().for_each(|decision| report.told(Told::of(decision, now)));
            }
            waiting.next = action::next_escalation(&waiting.incident, &policy).filter(|next| *next > now);
        }
    }
}
