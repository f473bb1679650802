//! One run of a rule: its queries asked, their rows looked at. What it leads to is the desk's.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use alert::evaluate::{Outcome as Looked, QueryAnswer, evaluate};
use alert::rule::Query;
use model::{ErrorKind, Timestamp};
use tracing::warn;

use crate::question::{Asked, Asker};
use crate::rules::KnownRule;

/// Why a rule is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Its schedule says so.
    Scheduled,
    /// Its schedule said so while nobody could run it.
    CaughtUp {
        /// The instant of the last run before, when the runs in between were too many: this one looks at all of it.
        covers: Option<Timestamp>,
    },
    /// New events fit it.
    Streamed,
}

/// What a run found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The rule as it was run.
    pub rule: Arc<KnownRule>,
    /// The instant of the run.
    pub instant: Timestamp,
    /// Why it ran.
    pub run: Run,
    /// What its queries found.
    pub answers: Vec<QueryAnswer>,
    /// The groups that met its conditions, or why nothing is known.
    pub found: Result<Looked, String>,
    /// How long it took.
    pub took: Duration,
}

/// Runs a rule for an instant.
pub async fn run(asker: &Asker, rule: Arc<KnownRule>, instant: Timestamp, run: Run, now: Timestamp) -> Outcome {
    let started = Instant::now();
    let asked = answers(asker, &rule, instant, run, now).await;
    let looked = match asked {
        Ok(answers) => {
            let rule = rule.clone();
            // Joins of a million rows take a while.
            let looking = tokio::task::spawn_blocking(move || {
                let found = evaluate(&rule.rule, &answers).map_err(|error| error.to_string());
                (answers, found)
            });
            looking.await.unwrap_or_else(|_| (Vec::new(), Err("the evaluation broke".to_owned())))
        }
        Err(failed) => failed,
    };
    let (answers, found) = looked;
    Outcome { rule, instant, run, answers, found, took: started.elapsed() }
}

/// What was answered before a query failed, and why it did.
pub type Failed = (Vec<QueryAnswer>, Result<Looked, String>);

/// What a rule's queries find in a run.
pub async fn answers(
    asker: &Asker,
    rule: &KnownRule,
    instant: Timestamp,
    run: Run,
    now: Timestamp,
) -> Result<Vec<QueryAnswer>, Failed> {
    let mut answers = Vec::with_capacity(rule.rule.queries.len());
    for (number, query) in rule.rule.queries.iter().enumerate() {
        let asked = question(rule, query, instant, run);
        match asker.ask(rule.row.account, &asked, now).await {
            Ok(told) => answers.push(QueryAnswer::new(told.found, told.rows, &rule.rule)),
            Err(error) => {
                if matches!(error.kind(), ErrorKind::Bug | ErrorKind::Corrupt | ErrorKind::Unavailable) {
                    warn!(rule = rule.row.id.0, error = chain(&error), "an alert rule could not be evaluated");
                }
                return Err((answers, Err(format!("query {number}: {error}"))));
            }
        }
    }
    Ok(answers)
}

/// What a query of a rule asks in a run.
pub fn question(rule: &KnownRule, query: &Query, instant: Timestamp, run: Run) -> Asked {
    let (from, before) = query.range.at(instant);
    let or = |text: &str, usual: &str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
    let mut from = Timestamp(from.saturating_mul(1000));
    if let Run::CaughtUp { covers: Some(last) } = run {
        from = from.min(last);
    }
    Asked {
        store_type: query.store.as_str().to_owned(),
        region: or(&query.region, &rule.region),
        project: or(&query.project, &rule.row.project),
        store: query.store_name.clone(),
        query: query.text.clone(),
        from,
        before: Timestamp(before.saturating_mul(1000)),
        role: query.role.clone(),
        rows_max: rule.rule.rows_max(),
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
