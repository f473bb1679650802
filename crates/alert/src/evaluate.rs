//! From the rows of a rule's queries to alerts.
//!
//! Two steps. [`evaluate`] looks at one evaluation alone: rows are joined ([`join`]), put into groups, and each group meets
//! the rule's conditions or does not. [`step`] brings in what was before: how often in a row a group has fired, since when,
//! and what has ended; it gives alerts, the state to keep, and the record for the history. Both are functions of their
//! arguments. Who calls: `watch` on schedule and on the stream, and the dry run.

mod candidate;
mod fill;
mod groups;
pub mod join;
mod record;
mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::condition::NotBoolean;
use crate::rule::{self, Rule};
use crate::{Found, Row, Severity};

pub use record::{Evaluation, EvaluationStatus, FoundRecord, NotifyStatus};
pub use step::{Instance, Place, RuleState, Scope, Step, step};

/// The most groups one evaluation looks at. More are counted and left out.
pub const GROUPS_MAX: usize = 1000;
/// The most alerts one evaluation gives: those that fire already, then the worst.
pub const ALERTS_MAX: usize = 100;
/// The most rows an alert shows.
pub const SHOWN_ROWS_MAX: usize = 100;

/// What one of a rule's queries answered.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryAnswer {
    /// What was asked and the rows to show.
    pub found: Found,
    /// The rows to evaluate.
    pub rows: Vec<Row>,
}

impl QueryAnswer {
    /// From what was asked (`found.rows` is replaced) and all rows of the answer. More rows than the rule looks at are
    /// left out, and the answer says so.
    pub fn new(mut found: Found, mut rows: Vec<Row>, rule: &Rule) -> QueryAnswer {
        found.row_count = found.row_count.max(rows.len());
        if rows.len() > rule.rows_max() {
            rows.truncate(rule.rows_max());
            found.is_truncated = true;
        }
        let rows: Vec<Row> = rows.into_iter().map(rule::cut).collect();
        found.rows = rows.iter().take(SHOWN_ROWS_MAX).cloned().collect();
        QueryAnswer { found, rows }
    }
}

/// What one evaluation found, before anything earlier is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The groups that meet the rule's conditions, worst first, at most [`GROUPS_MAX`].
    pub fired: Vec<Group>,
    /// How many there were.
    pub fired_count: usize,
    /// How many groups there were altogether.
    pub group_count: usize,
    /// How many rows there were after the join.
    pub row_count: usize,
    /// How many rows each query had.
    pub query_rows: Vec<usize>,
    /// Whether rows were left out: a query had more than a rule looks at, or the join gave too many.
    pub is_truncated: bool,
    /// The groups that were looked at and met nothing, with the values that decided; at most [`EXPLAINED_MAX`].
    pub passed_over: Vec<PassedOver>,
}

/// How many groups that met nothing are kept to explain why.
pub const EXPLAINED_MAX: usize = 10;

/// Rows that belong together and meet the rule's conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The values they have in common, without the rule's own labels.
    pub labels: BTreeMap<String, String>,
    /// How bad it is.
    pub severity: Severity,
    /// Rows that met the condition, at most [`SHOWN_ROWS_MAX`].
    pub rows: Vec<Row>,
    /// How many there are.
    pub pass_count: usize,
    /// How many rows the group has.
    pub row_count: usize,
    /// The conditions with their values: `Count:[5] > 3;Condition:[12] > 10`.
    pub condition: String,
    /// The conditions as written.
    pub raw_condition: String,
}

/// A group that met nothing, to explain why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The values its rows have in common.
    pub labels: BTreeMap<String, String>,
    /// How many rows it has.
    pub row_count: usize,
    /// The conditions of each severity with the values of the group's first row.
    pub conditions: Vec<String>,
}

/// An evaluation cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A condition gives a number or a text.
    #[error(transparent)]
    NotBoolean(#[from] NotBoolean),
    /// A bug of the caller's: as many answers as queries are needed.
    #[error("{answers} answers for {queries} queries")]
    AnswersMissing {
        /// How many came.
        answers: usize,
        /// How many are needed.
        queries: usize,
    },
}

impl EvaluationError {
    /// What kind of failure it is.
    pub fn kind(&self) -> model::ErrorKind {
        match self {
            EvaluationError::NotBoolean(error) => error.kind(),
            EvaluationError::AnswersMissing { .. } => model::ErrorKind::Bug,
        }
    }
}

/// Looks at the answers of a rule's queries.
pub fn evaluate(rule: &Rule, answers: &[QueryAnswer]) -> Result<Outcome, EvaluationError> {
    if answers.len() != rule.queries.len() {
        return Err(EvaluationError::AnswersMissing { answers: answers.len(), queries: rule.queries.len() });
    }
    let rows: Vec<&[Row]> = answers.iter().map(|answer| answer.rows.as_slice()).collect();
    let joined = join::join(&rule.joins, &rows)?;
    let (start, end) = answers.first().map_or((0, 0), |answer| (answer.found.start_time, answer.found.end_time));
    let times = groups::Times { start: start.to_string(), end: end.to_string() };
    let mut outcome = groups::outcome(rule, &joined, &times)?;
    outcome.is_truncated |= joined.is_truncated || answers.iter().any(|answer| answer.found.is_truncated);
    outcome.query_rows = answers.iter().map(|answer| answer.found.row_count).collect();
    Ok(outcome)
}

#[cfg(test)]
mod tests;
