//! One evaluation after another: how often in a row, since when, and what has ended.
//!
//! State is one entry for each instance (each fingerprint) that fires or is on its way to. An instance that fires again is the
//! same one, with the time it first fired; one that no longer does is resolved and forgotten.

use std::collections::BTreeMap;

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use super::candidate::{alert, candidates};
use super::record::{self, Evaluation};
use super::{ALERTS_MAX, GROUPS_MAX, Outcome, QueryAnswer};
use crate::rule::Rule;
use crate::{Alert, Fingerprint, Severity, Status};

/// The most instances a rule remembers. On the stream new ones wait until the next whole evaluation has ended others.
const INSTANCES_MAX: usize = 2 * GROUPS_MAX;

/// What a rule remembers from one evaluation to the next.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RuleState {
    /// Those that fire or may soon.
    pub instances: BTreeMap<Fingerprint, Instance>,
}

/// One of a rule's alerts, over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Of the alert.
    pub labels: BTreeMap<String, String>,
    /// When it was last looked at.
    pub annotations: BTreeMap<String, String>,
    /// When it was last looked at.
    pub severity: Severity,
    /// In how many evaluations in a row its conditions were met.
    pub consecutive: u32,
    /// When it first fired; `None`: not yet.
    pub fire_time: Option<Timestamp>,
    /// Its condition, filled in.
    pub condition: String,
    /// Its condition as written.
    pub raw_condition: String,
}

/// Where and when a rule is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose rule.
    pub account: AccountId,
    /// The region of its project.
    pub region: String,
    /// Its project.
    pub project: String,
    /// Its name.
    pub rule: String,
    /// Its display name.
    pub rule_title: String,
    /// The instant of the run.
    pub now: Timestamp,
    /// Seconds until the next; 0 on the stream.
    pub next_eval_interval: i64,
    /// Whether the run makes up for one that was missed.
    pub is_caught_up: bool,
}

/// How much of the data was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it: what is not there has ended.
    Everything,
    /// What came in just now: of the rest nothing is known.
    Additions,
}

/// What an evaluation leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// To keep for the next.
    pub state: RuleState,
    /// Those that fire, at most [`super::ALERTS_MAX`]: again each time while they do.
    pub firing: Vec<Alert>,
    /// Those that ended. When [`Rule::sends_resolved`] is off nobody hears of them, but they have ended all the same.
    pub resolved: Vec<Alert>,
    /// Whether nobody is to hear of any of them.
    pub is_muted: bool,
    /// The record for the history.
    pub evaluation: Evaluation,
}

/// Brings an evaluation together with what was before. `outcome` is the error when a query or a condition failed: then
/// nothing is known, and the state stays as it was.
pub fn step(
    rule: &Rule,
    place: &Place,
    scope: Scope,
    previous: &RuleState,
    answers: &[QueryAnswer],
    outcome: Result<&Outcome, &str>,
) -> Step {
    let is_muted = rule.is_muted(place.now);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(reason) => {
            let evaluation = record::failed(rule, place, answers, reason);
            return Step { state: previous.clone(), firing: vec![], resolved: vec![], is_muted, evaluation };
        }
    };
    // Groups beyond what is looked at are not known to have ended.
    let is_whole = scope == Scope::Everything && outcome.fired_count <= outcome.fired.len();
    let kept = if is_whole { 0 } else { previous.instances.len() };
    let mut room = INSTANCES_MAX.saturating_sub(kept);
    let candidates = candidates(rule, place, scope, outcome);
    let mut state = RuleState::default();
    let mut firing = Vec::new();
    let mut fired_count = 0;
    for candidate in &candidates {
        let before = previous.instances.get(&candidate.fingerprint);
        let instance = candidate.instance(rule, place, before);
        fired_count += usize::from(instance.fire_time.is_some());
        if before.is_none() && room == 0 {
            continue;
        }
        room = room.saturating_sub(usize::from(before.is_none()));
        if let Some(fire_time) = instance.fire_time {
            let was_firing = before.is_some_and(|before| before.fire_time.is_some());
            firing.push((!was_firing, candidate.alert(rule, place, answers, &instance, fire_time)));
        }
        state.instances.insert(candidate.fingerprint.clone(), instance);
    }
    let resolved = if is_whole {
        resolved(rule, place, previous, &state, answers)
    } else {
        for (id, instance) in &previous.instances {
            state.instances.entry(id.clone()).or_insert_with(|| instance.clone());
        }
        Vec::new()
    };
    // Those that fire already come first: leaving them out would look like an end. The sort keeps the order otherwise.
    firing.sort_by_key(|(is_new, _)| *is_new);
    let firing: Vec<Alert> = firing.into_iter().map(|(_, alert)| alert).take(ALERTS_MAX).collect();
    let is_pending = !candidates.is_empty();
    let evaluation = record::of(rule, place, answers, outcome, is_pending, (&firing, fired_count));
    Step { state, firing, resolved, is_muted, evaluation }
}

fn resolved(
    rule: &Rule,
    place: &Place,
    previous: &RuleState,
    state: &RuleState,
    answers: &[QueryAnswer],
) -> Vec<Alert> {
    let ended = previous.instances.iter().filter(|(id, _)| !state.instances.contains_key(id));
    let fired = ended.filter_map(|(id, instance)| Some((id, instance, instance.fire_time?)));
    fired.map(|(id, instance, since)| alert(rule, place, answers, id, instance, (Status::Resolved, since))).collect()
}
