//! What the history keeps of one evaluation, with the field names of Log Service's `internal-alert-history`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::step::Place;
use super::{Outcome, QueryAnswer};
use crate::rule::Rule;
use crate::{Alert, Found, Row};

/// Whether an evaluation found something, in Log Service's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvaluationStatus {
    /// Nothing.
    Inactive,
    /// Something, but not often enough in a row.
    Pending,
    /// An alert.
    Firing,
    /// It could not be made.
    Error,
    /// Something, but nobody is to hear of it.
    Paused,
}

impl EvaluationStatus {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            EvaluationStatus::Inactive => "inactive",
            EvaluationStatus::Pending => "pending",
            EvaluationStatus::Firing => "firing",
            EvaluationStatus::Error => "error",
            EvaluationStatus::Paused => "paused",
        }
    }
}

/// Whether alerts were handed on to their policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotifyStatus {
    /// They were.
    Success,
    /// They could not be.
    Failed,
    /// There were none, or nobody is to hear of them.
    NotNotified,
}

/// The record of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Evaluation {
    /// Of this run: the same for the same rule and instant.
    #[serde(rename = "AlertID")]
    pub alert_id: String,
    /// The rule's name.
    pub alert_name: String,
    /// The rule's display name.
    pub alert_display_name: String,
    /// What came of it.
    pub alert_status: EvaluationStatus,
    /// `Success`, or `Failed` when it could not be made.
    pub status: String,
    /// Whether an alert fired.
    pub fired: bool,
    /// How many alerts fired.
    pub fire_count: usize,
    /// Whether they were handed on.
    pub notify_status: NotifyStatus,
    /// Why nothing fired or was handed on; empty when something was.
    pub reason: String,
    /// The condition of the worst alert, filled in; the rule's own when nothing fired.
    pub condition: String,
    /// The worst severity, 0 when nothing fired.
    pub severity: u8,
    /// The labels of the worst alert.
    pub labels: BTreeMap<String, String>,
    /// The rule's dashboard.
    pub dashboard: String,
    /// What each query found.
    pub results: Vec<FoundRecord>,
    /// Whether the run was made up for after the node had been down.
    pub caught_up: bool,
}

/// What a query found, in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FoundRecord {
    /// The project that was asked.
    pub project: String,
    /// Its region.
    pub region: String,
    /// The Logstore or resource.
    pub store: String,
    /// `log`, `metric` or `meta`.
    pub store_type: String,
    /// Seconds since 1970; inclusive.
    pub start_time: i64,
    /// Seconds since 1970; exclusive.
    pub end_time: i64,
    /// As it was run.
    pub query: String,
    /// How many rows there were.
    pub raw_result_count: usize,
    /// The first rows.
    pub raw_results: Vec<Row>,
    /// The first row that met the condition; of the first query only.
    pub fire_result: Row,
    /// Whether rows are missing here or were not looked at.
    pub truncated: bool,
}

/// The most bytes of rows a record keeps for each query. A record is an event in the journal, one for each run.
const RECORD_ROWS_BYTES_MAX: usize = 8 * 1024;

impl FoundRecord {
    /// Of an answer, with the row that fired.
    pub(super) fn of(answer: &QueryAnswer, fired: Option<&Row>) -> FoundRecord {
        let found: &Found = &answer.found;
        let mut bytes = 0;
        let mut fits = |row: &&Row| {
            bytes += row.iter().map(|(name, value)| name.len() + value.len() + 6).sum::<usize>();
            bytes <= RECORD_ROWS_BYTES_MAX
        };
        let rows: Vec<Row> = found.rows.iter().take_while(&mut fits).cloned().collect();
        FoundRecord {
            project: found.project.clone(),
            region: found.region.clone(),
            store: found.store.clone(),
            store_type: found.store_type.clone(),
            start_time: found.start_time,
            end_time: found.end_time,
            query: found.query.clone(),
            raw_result_count: found.row_count,
            truncated: found.is_truncated || rows.len() < found.row_count,
            raw_results: rows,
            fire_result: fired.cloned().unwrap_or_default(),
        }
    }
}

impl Evaluation {
    /// The fields of the history's event, at its top level.
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => unreachable!("a struct of texts and numbers is an object"),
        }
    }
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

/// Of an evaluation that could not be made.
pub(super) fn failed(rule: &Rule, place: &Place, answers: &[QueryAnswer], reason: &str) -> Evaluation {
    Evaluation {
        alert_status: EvaluationStatus::Error,
        status: "Failed".to_owned(),
        reason: reason.to_owned(),
        ..blank(rule, place, answers, None)
    }
}

/// Of an evaluation that gave these alerts, out of so many.
pub(super) fn of(
    rule: &Rule,
    place: &Place,
    answers: &[QueryAnswer],
    outcome: &Outcome,
    is_pending: bool,
    (firing, fired_count): (&[Alert], usize),
) -> Evaluation {
    let worst = firing.iter().min_by_key(|alert| std::cmp::Reverse(alert.severity));
    let blank = blank(rule, place, answers, worst.and_then(|alert| alert.fire_results.first()));
    if fired_count == 0 {
        return unfired(rule, outcome, is_pending, blank);
    }
    let is_muted = rule.is_muted(place.now);
    let mut reasons = Vec::new();
    if let Some(until) = rule.mute_until.filter(|_| is_muted) {
        reasons.push(format!("muted until {until}"));
    }
    if fired_count > firing.len() {
        reasons.push(format!("{} of {fired_count} alerts handed on", firing.len()));
    }
    let is_told = !is_muted && worst.is_some();
    Evaluation {
        alert_status: if is_muted { EvaluationStatus::Paused } else { EvaluationStatus::Firing },
        fired: true,
        fire_count: fired_count,
        notify_status: if is_told { NotifyStatus::Success } else { NotifyStatus::NotNotified },
        reason: reasons.join("; "),
        condition: worst.map(|alert| alert.condition.clone()).unwrap_or_default(),
        severity: worst.map_or(0, |alert| alert.severity.number()),
        labels: worst.map(|alert| alert.labels.clone()).unwrap_or_default(),
        ..blank
    }
}

fn unfired(rule: &Rule, outcome: &Outcome, is_pending: bool, blank: Evaluation) -> Evaluation {
    let not_met = match outcome.row_count {
        0 => "Alert condition not met: the queries found no rows".to_owned(),
        rows => format!("Alert condition not met: {rows} rows in {} groups", outcome.group_count),
    };
    let pending = format!("met, but not yet in {} evaluations in a row", rule.threshold);
    Evaluation {
        alert_status: if is_pending { EvaluationStatus::Pending } else { EvaluationStatus::Inactive },
        reason: if is_pending { pending } else { not_met },
        condition: outcome.passed_over.first().and_then(|group| group.conditions.first()).cloned().unwrap_or_default(),
        ..blank
    }
}
