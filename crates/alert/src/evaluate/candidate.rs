//! Groups that met a rule's conditions, with the identity and the words they have as alerts.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;

use super::fill::fill;
use super::step::{Instance, Place, Scope};
use super::{Group, Outcome, QueryAnswer};
use crate::rule::Rule;
use crate::{Alert, Fingerprint, Row, Severity, Status};

/// The label that tells an alert about missing data from those about data.
const NO_DATA_LABEL: &str = "__no_data__";

/// A group with the identity it has over time.
pub(super) struct Candidate<'o> {
    pub(super) fingerprint: Fingerprint,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    severity: Severity,
    group: Option<&'o Group>,
}

/// The groups of an outcome that may be alerts, the worst first, and the lack of data if the rule minds it.
pub(super) fn candidates<'o>(rule: &Rule, place: &Place, scope: Scope, outcome: &'o Outcome) -> Vec<Candidate<'o>> {
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
    let without_query = plain.strip_prefix('$').and_then(|rest| rest.split_once('.')).map(|(_, name)| name);
    let found = row.get(plain).or_else(|| row.get(without_query?)).or_else(|| group?.labels.get(plain));
    // As in searches, case does not matter.
    let found = found.or_else(|| row.iter().find(|(name, _)| name.eq_ignore_ascii_case(plain)).map(|(_, value)| value));
    found.cloned()
}

impl Candidate<'_> {
    /// What it is after this evaluation.
    pub(super) fn instance(&self, rule: &Rule, place: &Place, before: Option<&Instance>) -> Instance {
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

    /// What it tells.
    pub(super) fn alert(
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

/// An alert of an instance, without rows.
pub(super) fn alert(
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
