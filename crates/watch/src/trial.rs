//! A rule run over the past, and the reasons of one run, with the code of the real thing and without any effect.
//!
//! A trial walks the rule's instants in a range on a clock of its own: answers, evaluation, step, merge sets, policies,
//! recipients, messages. Nothing is stored and nobody is told. What it shows is what would have been sent if every event had been
//! there on time, nobody had confirmed or ignored anything, and the records had been as they are now.

mod answers;
mod explain;
mod explanation;
mod pipeline;
mod report;
mod runs;
mod sliding;

use std::sync::Arc;
use std::time::{Duration, Instant};

use alert::evaluate::EvaluationStatus;
use alert::rule::RuleError;
use catalog::{AlertRule, AlertRuleId, Catalog, CatalogError, NewAlertRule};
use host::Clock;
use model::{AccountId, ErrorKind, Timestamp};
use query::{Cut, Limits};
use store::Store;
use tokio::sync::mpsc;

use crate::desk::{read_book, read_silences};
use crate::question::{AskError, Asker};
use crate::rules::KnownRule;
use answers::{Answers, Seen};
pub use explanation::{Asked, Explanation, Met, NotMet, PolicyStep, PolicyTrace, Recorded, RecordedRun};
use pipeline::Pipeline;
pub use report::{Episode, Failure, Report, Tally, Told, ToldOf};
use runs::Runs;

/// Instants of a trial at most: a run every minute for ten weeks.
const RUNS_MAX: usize = 100_000;
/// A trial ends after so long, and says how far it came.
const PATIENCE: Duration = Duration::from_secs(50);
/// Answers that wait to be looked at.
const WAITING_RUNS: usize = 16;
/// What reading events ahead may cost: as much as the largest question.
const LIMITS: Limits = Limits { time: PATIENCE, rows: 1000, scanned_bytes: 16 << 30, memory_bytes: 256 << 20 };

/// Makes trials. Cheap to clone.
#[derive(Clone)]
pub struct Trials {
    catalog: Catalog,
    store: Store,
    asker: Asker,
    clock: Arc<dyn Clock>,
    base_url: String,
}

/// A trial could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// From must lie before to.
    #[error("the range ends before it begins")]
    EmptyRange,
    /// The schedule has no instant there.
    #[error("the rule does not run between {from} and {to}")]
    NoRuns {
        /// From.
        from: Timestamp,
        /// To.
        to: Timestamp,
    },
    /// Too many of them.
    #[error("the rule runs more than {RUNS_MAX} times in this range: take a shorter one")]
    TooManyRuns,
    /// The rule cannot be read.
    #[error("the rule cannot be read: {0}")]
    Rule(#[from] RuleError),
    /// There is none of this name.
    #[error("project {project} has no alert rule {rule}")]
    NoRule {
        /// The project.
        project: String,
        /// The rule.
        rule: String,
    },
    /// The events cannot be read.
    #[error("{0}")]
    Ask(#[from] AskError),
    /// The catalog failed.
    #[error("the catalog could not be read")]
    Catalog(#[from] CatalogError),
}

impl TrialError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            TrialError::EmptyRange | TrialError::NoRuns { .. } | TrialError::TooManyRuns => ErrorKind::Invalid,
            TrialError::Rule(error) => error.kind(),
            TrialError::NoRule { .. } => ErrorKind::NotFound,
            TrialError::Ask(error) => error.kind(),
            TrialError::Catalog(error) => error.kind(),
        }
    }
}

impl Trials {
    /// Trials over these parts of the node. `base_url` is where people see the node; empty when it is not said.
    pub fn new(catalog: Catalog, store: Store, asker: Asker, clock: Arc<dyn Clock>, base_url: String) -> Trials {
        Trials { catalog, store, asker, clock, base_url }
    }

    /// Runs a rule over a range as it is written, whether it is kept or not.
    pub async fn run_written(&self, new: &NewAlertRule, from: Timestamp, to: Timestamp) -> Result<Report, TrialError> {
        let now = self.clock.now();
        let row = AlertRule { id: AlertRuleId(0), written: new.clone(), version: 0, created: now, updated: now };
        self.run(self.known(row).await?, from, to).await
    }

    /// Explains the last run of a rule of the catalog at or before a time.
    pub async fn explain_kept(
        &self,
        account: AccountId,
        project: &str,
        rule: &str,
        at: Timestamp,
    ) -> Result<Explanation, TrialError> {
        let row = self.catalog.alert_rule_find(account, project, rule).await?;
        let missing = || TrialError::NoRule { project: project.to_owned(), rule: rule.to_owned() };
        self.explain(self.known(row.ok_or_else(missing)?).await?, at).await
    }

    async fn known(&self, row: AlertRule) -> Result<KnownRule, TrialError> {
        let project = self.catalog.project_find(row.account, &row.project).await?;
        Ok(KnownRule::parse(row, project.map(|project| project.region).unwrap_or_default())?)
    }

    /// Runs a rule over a range: its instants after `from`, up to and with `to`.
    pub async fn run(&self, mut rule: KnownRule, from: Timestamp, to: Timestamp) -> Result<Report, TrialError> {
        let started = Instant::now();
        if from >= to {
            return Err(TrialError::EmptyRange);
        }
        let instants = rule.schedule.runs_between(from, to, RUNS_MAX + 1);
        let Some(first) = instants.first() else { return Err(TrialError::NoRuns { from, to }) };
        if instants.len() > RUNS_MAX {
            return Err(TrialError::TooManyRuns);
        }
        // Whoever asks wants to know what it would say if it spoke.
        let muted = rule.rule.mute_until.take();
        let rule = Arc::new(rule);
        let parts = (&self.asker, &self.store);
        let mut answers = Answers::new(rule.clone(), parts, &instants, LIMITS, self.clock.now()).await?;
        let mut report = Report::new(&rule, (from, to), instants.len());
        report.note_of_mute(muted);
        let walk = Walk { runs: Runs::new(rule.clone()), pipeline: self.pipeline(&rule, *first).await?, rule, report };
        let (sender, receiver) = mpsc::channel(WAITING_RUNS);
        // Ends when the sender is gone, also with whoever asked.
        let walking = tokio::task::spawn_blocking(move || walk.run(receiver));
        let mut end = None;
        for instant in &instants {
            let seen = match answers.at(*instant).await {
                Ok(_) if started.elapsed() > PATIENCE => Err(Cut::Time(PATIENCE).to_string()),
                Ok(seen) => Ok(seen),
                Err(error) => Err(error.to_string()),
            };
            match seen {
                Ok(seen) => drop(sender.send(seen).await),
                Err(why) => {
                    end = Some((*instant, why));
                    break;
                }
            }
        }
        drop(sender);
        let mut report = walking.await.map_err(|_| AskError::Broke)?;
        if let Some((instant, why)) = end {
            report.note_of_an_end(instant, &why);
        }
        report.took_milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    /// Who would hear of a rule's alerts from a time on, as records and silences are now.
    async fn pipeline(&self, rule: &Arc<KnownRule>, from: Timestamp) -> Result<Pipeline, TrialError> {
        let book = read_book(&self.catalog, rule.row.account, std::slice::from_ref(rule)).await?;
        let silences = read_silences(&self.catalog, rule.row.account, from).await?;
        Ok(Pipeline::new(Arc::new(book), silences, self.base_url.clone()))
    }
}

/// A rule on its way through a range.
struct Walk {
    rule: Arc<KnownRule>,
    runs: Runs,
    pipeline: Pipeline,
    report: Report,
}

impl Walk {
    /// Makes run after run, as long as there are any.
    fn run(mut self, mut seen: mpsc::Receiver<Seen>) -> Report {
        let Walk { rule, runs, pipeline, report } = &mut self;
        while let Some(seen) = seen.blocking_recv() {
            let instant = seen.instant;
            let (_, step) = runs.next(seen);
            report.ran(instant, &step.evaluation);
            if step.evaluation.alert_status != EvaluationStatus::Error {
                report.incidents(&step.firing, &step.resolved, instant);
                pipeline.step(rule, &step, rule.schedule.begins(instant), report);
            }
            report.through = instant;
        }
        pipeline.finish(rule.schedule.begins(report.through), report);
        report.close();
        report.asked = runs.made;
        self.report
    }
}

#[cfg(test)]
mod tests;
