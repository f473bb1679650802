//! One evaluation after another: how often in a row, since when, and what has ended.
//!
//! State is one entry for each instance (each fingerprint) that fires or is on its way to. An instance that fires again is the
//! same one, with the time it first fired; one that no longer does is resolved and forgotten.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fill::fill;
use super::record::{Evaluation, EvaluationStatus, FoundRecord, NotifyStatus};
use super::{ALERTS_MAX, Group, Outcome, QueryAnswer};
use crate::condition::Fields;
use crate::rule::Rule;
use crate::{Alert, Fingerprint, Row, Severity, Status};

/// The label that tells an alert about missing data from those about data.
const NO_DATA_LABEL: &str = "__no_data__";

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
            let evaluation = failed(rule, place, answers, reason);
            return Step { state: previous.clone(), firing: vec![], resolved: vec![], is_muted, evaluation };
        }
    };
    let candidates = candidates(rule, place, scope, outcome);
    let mut state = RuleState::default();
    let mut firing = Vec::new();
    for candidate in &candidates {
        let before = previous.instances.get(&candidate.fingerprint);
        let instance = candidate.instance(rule, place, before);
        if let Some(fire_time) = instance.fire_time {
            let was_firing = before.is_some_and(|before| before.fire_time.is_some());
            firing.push((!was_firing, candidate.alert(rule, place, answers, &instance, fire_time)));
        }
        state.instances.insert(candidate.fingerprint.clone(), instance);
    }
    let resolved = match scope {
        Scope::Everything => resolved(rule, place, previous, &state, answers),
        Scope::Additions => {
            let others = previous.instances.iter().filter(|(id, _)| !state.instances.contains_key(id));
            let others: Vec<_> = others.map(|(id, instance)| (id.clone(), instance.clone())).collect();
            state.instances.extend(others);
            Vec::new()
        }
    };
    let fired_count = firing.len();
    // Those that fire already come first: leaving them out would look like an end. The sort keeps the order otherwise.
    firing.sort_by_key(|(is_new, _)| *is_new);
    let firing: Vec<Alert> = firing.into_iter().map(|(_, alert)| alert).take(ALERTS_MAX).collect();
    let evaluation = record(rule, place, answers, outcome, &candidates, &firing, fired_count);
    Step { state, firing, resolved, is_muted, evaluation }
}

/// A group with the identity it has over time.
struct Candidate<'o> {
    fingerprint: Fingerprint,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    severity: Severity,
    group: Option<&'o Group>,
}

fn candidates<'o>(rule: &Rule, place: &Place, scope: Scope, outcome: &'o Outcome) -> Vec<Candidate<'o>> {
    let mut seen = BTreeSet::new();
    let mut candidates: Vec<Candidate<'o>> =
        outcome.fired.iter().map(|group| candidate(rule, place, outcome, Some(group), group.severity)).collect();
    if let Some(severity) = rule.no_data.filter(|_| scope == Scope::Everything && outcome.row_count == 0) {
        candidates.push(candidate(rule, place, outcome, None, severity));
    }
    // Labels of the rule may hide what tells groups apart: the worst of those alike stays.
    candidates.retain(|candidate| seen.insert(candidate.fingerprint.clone()));
    candidates
}

fn candidate<'o>(
    rule: &Rule,
    place: &Place,
    outcome: &Outcome,
    group: Option<&'o Group>,
    severity: Severity,
) -> Candidate<'o> {
    let empty = Row::new();
    let row = group.and_then(|group| group.rows.first()).unwrap_or(&empty);
    let value = |name: &str| variable(place, outcome, group, row, name);
    let mut labels: BTreeMap<String, String> =
        rule.labels.iter().map(|(key, text)| (key.clone(), fill(text, &value))).collect();
    match group {
        Some(group) => labels.extend(group.labels.clone()),
        None => {
            labels.insert(NO_DATA_LABEL.to_owned(), "true".to_owned());
        }
    }
    let fingerprint = Fingerprint::of(place.account, &place.project, &place.rule, &labels);
    let with_identity = |name: &str| match name {
        "alert_instance_id" | "fingerprint" => Some(fingerprint.0.clone()),
        _ => labels.get(name).cloned().or_else(|| value(name)),
    };
    let mut annotations: BTreeMap<String, String> =
        rule.annotations.iter().map(|(key, text)| (key.clone(), fill(text, &with_identity))).collect();
    if rule.has_auto_annotation {
        for name in ["__count__", "__pass_count__"] {
            annotations.insert(name.to_owned(), value(name).unwrap_or_default());
        }
    }
    Candidate { labels, annotations, severity, group, fingerprint }
}

/// What a `${name}` stands for.
fn variable(place: &Place, outcome: &Outcome, group: Option<&Group>, row: &Row, name: &str) -> Option<String> {
    let of_query = |query: &str| query.parse::<usize>().ok().and_then(|query| outcome.query_rows.get(query));
    match name {
        "__count__" => return Some(group.map_or(0, |group| group.row_count).to_string()),
        "__pass_count__" => return Some(group.map_or(0, |group| group.pass_count).to_string()),
        "aliuid" => return Some(place.account.to_string()),
        "alert_id" => return Some(place.rule.clone()),
        "alert_name" => return Some(place.rule_title.clone()),
        "project" if !row.contains_key("project") => return Some(place.project.clone()),
        "region" if !row.contains_key("region") => return Some(place.region.clone()),
        _ => {}
    }
    let counted = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("_count__")).and_then(of_query);
    if let Some(count) = counted {
        return Some(count.to_string());
    }
    // `$0.name` of the first query is the plain name, as a joined row has it.
    let plain = name.strip_prefix("$0.").unwrap_or(name);
    let plain = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(plain);
    let found = row.field(None, plain).or_else(|| {
        let without_query = plain.strip_prefix('$').and_then(|rest| rest.split_once('.'))?.1;
        row.field(None, without_query)
    });
    found.map(str::to_owned).or_else(|| group?.labels.get(plain).cloned())
}

impl Candidate<'_> {
    fn instance(&self, rule: &Rule, place: &Place, before: Option<&Instance>) -> Instance {
        let consecutive = before.map_or(0, |before| before.consecutive).saturating_add(1);
        let since = before.and_then(|before| before.fire_time);
        let fires = since.is_some() || consecutive >= rule.threshold;
        Instance {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            severity: self.severity,
            consecutive,
            fire_time: fires.then(|| since.unwrap_or(place.now)),
            condition: self.group.map_or_else(|| "Count:[0] == 0".to_owned(), |group| group.condition.clone()),
            raw_condition: self
                .group
                .map_or_else(|| "Count:__count__ == 0".to_owned(), |group| group.raw_condition.clone()),
        }
    }

    fn alert(
        &self,
        rule: &Rule,
        place: &Place,
        answers: &[QueryAnswer],
        instance: &Instance,
        fire_time: Timestamp,
    ) -> Alert {
        Alert {
            fire_results: self.group.map_or_else(Vec::new, |group| group.rows.clone()),
            fire_results_count: self.group.map_or(0, |group| group.pass_count),
            ..alert(rule, place, answers, &self.fingerprint, instance, (Status::Firing, fire_time))
        }
    }
}

fn alert(
    rule: &Rule,
    place: &Place,
    answers: &[QueryAnswer],
    fingerprint: &Fingerprint,
    instance: &Instance,
    (status, fire_time): (Status, Timestamp),
) -> Alert {
    Alert {
        account: place.account,
        region: place.region.clone(),
        project: place.project.clone(),
        rule: place.rule.clone(),
        rule_title: place.rule_title.clone(),
        fingerprint: fingerprint.clone(),
        status,
        severity: instance.severity,
        labels: instance.labels.clone(),
        annotations: instance.annotations.clone(),
        alert_time: place.now,
        fire_time,
        resolve_time: (status == Status::Resolved).then_some(place.now),
        next_eval_interval: place.next_eval_interval,
        results: answers.iter().map(|answer| answer.found.clone()).collect(),
        fire_results: Vec::new(),
        fire_results_count: 0,
        condition: instance.condition.clone(),
        raw_condition: instance.raw_condition.clone(),
        alert_policy: rule.policy.alert_policy.clone(),
        action_policy: rule.policy.action_policy.clone(),
        repeat_interval: rule.policy.repeat_interval.clone(),
        dashboard: rule.dashboard.clone(),
    }
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

fn run_id(place: &Place) -> String {
    let mut hash = Sha256::new();
    for part in [place.account.as_str(), &place.project, &place.rule, &place.now.0.to_string()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..16])
}

fn blank(rule: &Rule, place: &Place, answers: &[QueryAnswer], fired: Option<&Row>) -> Evaluation {
    let result = |(query, answer)| FoundRecord::of(answer, fired.filter(|_| query == 0));
    Evaluation {
        alert_id: run_id(place),
        alert_name: place.rule.clone(),
        alert_display_name: place.rule_title.clone(),
        alert_status: EvaluationStatus::Inactive,
        status: "Success".to_owned(),
        fired: false,
        fire_count: 0,
        notify_status: NotifyStatus::NotNotified,
        reason: String::new(),
        condition: String::new(),
        severity: 0,
        labels: BTreeMap::new(),
        dashboard: rule.dashboard.clone(),
        results: answers.iter().enumerate().map(result).collect(),
        caught_up: place.is_caught_up,
    }
}

fn failed(rule: &Rule, place: &Place, answers: &[QueryAnswer], reason: &str) -> Evaluation {
    Evaluation {
        alert_status: EvaluationStatus::Error,
        status: "Failed".to_owned(),
        reason: reason.to_owned(),
        ..blank(rule, place, answers, None)
    }
}

fn record(
    rule: &Rule,
    place: &Place,
    answers: &[QueryAnswer],
    outcome: &Outcome,
    candidates: &[Candidate<'_>],
    firing: &[Alert],
    fired_count: usize,
) -> Evaluation {
    let worst = firing.iter().min_by_key(|alert| std::cmp::Reverse(alert.severity));
    let fired_row = worst.and_then(|alert| alert.fire_results.first());
    let blank = blank(rule, place, answers, fired_row);
    let Some(worst) = worst else {
        let is_pending = !candidates.is_empty();
        let not_met = match outcome.row_count {
            0 => "Alert condition not met: the queries found no rows".to_owned(),
            rows => format!("Alert condition not met: {rows} rows in {} groups", outcome.group_count),
        };
        let pending = format!("met, but not yet in {} evaluations in a row", rule.threshold);
        return Evaluation {
            alert_status: if is_pending { EvaluationStatus::Pending } else { EvaluationStatus::Inactive },
            reason: if is_pending { pending } else { not_met },
            condition: outcome
                .passed_over
                .first()
                .and_then(|group| group.conditions.first())
                .cloned()
                .unwrap_or_default(),
            ..blank
        };
    };
    let is_muted = rule.is_muted(place.now);
    let mut reasons = Vec::new();
    if let Some(until) = rule.mute_until.filter(|_| is_muted) {
        reasons.push(format!("muted until {until}"));
    }
    if fired_count > firing.len() {
        reasons.push(format!("{} of {fired_count} alerts handed on", firing.len()));
    }
    Evaluation {
        alert_status: if is_muted { EvaluationStatus::Paused } else { EvaluationStatus::Firing },
        fired: true,
        fire_count: fired_count,
        notify_status: if is_muted { NotifyStatus::NotNotified } else { NotifyStatus::Success },
        reason: reasons.join("; "),
        condition: worst.condition.clone(),
        severity: worst.severity.number(),
        labels: worst.labels.clone(),
        ..blank
    }
}
