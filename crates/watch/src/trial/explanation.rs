//! What an explanation shows. Names are those of the API, where it is shown as it is.

use std::collections::BTreeMap;

use alert::{Row, Severity, action};
use model::Timestamp;
use serde::Serialize;

use super::report::{Told, as_text};

/// Why a rule did or did not fire, and who would hear of it or not.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Explanation {
    /// The rule's project.
    pub project: String,
    /// The rule's name.
    pub rule: String,
    /// As it was asked.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The instant of the run that is explained.
    #[serde(serialize_with = "as_text")]
    pub instant: Timestamp,
    /// Whether it fires, in a few sentences: the first says so.
    pub why: Vec<String>,
    /// What each query found.
    pub queries: Vec<Asked>,
    /// Rows after the join.
    pub joined_rows: usize,
    /// Groups of them.
    pub group_count: usize,
    /// Those that met the conditions.
    pub met: Vec<Met>,
    /// The first of those that did not.
    pub not_met: Vec<NotMet>,
    /// What the scripts of policies do about it.
    pub policies: Vec<PolicyTrace>,
    /// What would be told about this run, and why not.
    pub notifications: Vec<Told>,
    /// Where the rule really stands.
    pub recorded_run: Option<RecordedRun>,
    /// What was really told or not told about the rule, the newest first.
    pub recorded_notifications: Vec<Recorded>,
}

/// What a query found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asked {
    /// The project that was asked.
    pub project: String,
    /// The Logstore or resource.
    pub store: String,
    /// As it was run.
    pub query: String,
    /// Seconds since 1970; inclusive.
    pub from: i64,
    /// Seconds since 1970; exclusive.
    pub to: i64,
    /// How many rows.
    pub row_count: usize,
    /// Whether there were more.
    pub is_truncated: bool,
    /// The first of them.
    pub rows: Vec<Row>,
}

/// A group that met the conditions.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Met {
    /// What its rows have in common.
    pub labels: BTreeMap<String, String>,
    /// How bad.
    pub severity: Severity,
    /// Rows that met the condition.
    pub pass_count: usize,
    /// Rows of the group.
    pub row_count: usize,
    /// Filled in.
    pub condition: String,
    /// The first rows.
    pub rows: Vec<Row>,
    /// In how many runs in a row.
    pub consecutive: u32,
    /// In how many it has to.
    pub threshold: u32,
    /// Whether it is an alert.
    pub is_firing: bool,
}

/// A group that met nothing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NotMet {
    /// What its rows have in common.
    pub labels: BTreeMap<String, String>,
    /// Rows of the group.
    pub row_count: usize,
    /// The conditions of each severity, filled in.
    pub conditions: Vec<String>,
}

/// What the script of a policy did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyTrace {
    /// Which policy.
    pub action_policy: String,
    /// Line by line.
    pub steps: Vec<PolicyStep>,
}

/// A step of a script.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyStep {
    /// Of the script.
    pub line: usize,
    /// What happened.
    pub what: String,
    /// Whether a condition held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
}

impl PolicyTrace {
    pub(super) fn of(action_policy: String, steps: Vec<action::Step>) -> PolicyTrace {
        let step = |step: action::Step| PolicyStep { line: step.line, what: step.what, held: step.held };
        PolicyTrace { action_policy, steps: steps.into_iter().map(step).collect() }
    }
}

/// Where a rule really stands.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordedRun {
    /// The instant of the last run.
    #[serde(serialize_with = "as_text")]
    pub through: Timestamp,
    /// How it ended.
    pub status: String,
    /// Why.
    pub reason: String,
}

/// A notification that was recorded.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recorded {
    /// When it was decided.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// `waiting`, `sent`, `failed` or `suppressed`.
    pub outcome: String,
    /// Why, for machines.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// How.
    pub channel: String,
    /// To whom.
    pub recipient: String,
}
