//! Why a rule did or did not fire at a time, and who heard of it or did not.
//!
//! The last run at or before the time is made again, after as many runs as its threshold needs, and each step is kept. Beside
//! that stands what was recorded when it really ran: where the rule stands, and the notifications about it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alert::evaluate::Step;
use alert::stream::on_stream;
use catalog::NotificationFilter;
use model::Timestamp;

use super::answers::Answers;
use super::explanation::{Asked, Explanation, Met, NotMet, Recorded, RecordedRun};
use super::pipeline::Pipeline;
use super::report::Report;
use super::runs::{Looked, Runs};
use super::{LIMITS, TrialError, Trials};
use crate::question::AskError;
use crate::rules::KnownRule;

/// Runs before the one that is explained, at most: a threshold beyond that is told from these.
const RUNS_BEFORE_MAX: usize = 100;
/// Rows and groups that are shown.
const SHOWN_MAX: usize = 10;
/// Notifications that are listed.
const RECORDED_MAX: usize = 20;
/// How far back the last run is looked for.
const REACH_MAX: Duration = Duration::from_secs(62 * 24 * 3600);

impl Trials {
    /// Explains the last run at or before a time.
    pub async fn explain(&self, rule: KnownRule, at: Timestamp) -> Result<Explanation, TrialError> {
        let instants = instants_up_to(&rule, at);
        let Some(last) = instants.last().copied() else {
            return Err(TrialError::NoRuns { from: at.minus(REACH_MAX), to: at });
        };
        let rule = Arc::new(rule);
        let parts = (&self.asker, &self.store);
        let mut answers = Answers::new(rule.clone(), parts, &instants, LIMITS, self.clock.now()).await?;
        let mut seen = Vec::with_capacity(instants.len());
        for instant in instants {
            seen.push(answers.at(instant).await?);
        }
        let pipeline = self.pipeline(&rule, last).await?;
        let explained = rule.clone();
        let explaining = tokio::task::spawn_blocking(move || {
            let mut runs = Runs::new(explained.clone());
            let last_run = seen.into_iter().map(|seen| runs.next(seen)).last();
            let (looked, step) = last_run.expect("there is an instant");
            let mut explanation = of_run(&explained, at, last, &looked, &step);
            add_telling(&explained, &step, pipeline, &mut explanation);
            explanation
        });
        let mut explanation = explaining.await.map_err(|_| AskError::Broke)?;
        self.add_records(&rule, &mut explanation).await?;
        Ok(explanation)
    }

    /// What the catalog has about the rule.
    async fn add_records(&self, rule: &KnownRule, into: &mut Explanation) -> Result<(), TrialError> {
        let state = self.catalog.alert_rule_state(rule.row.id).await?;
        into.recorded_run = state.map(|state| RecordedRun {
            through: state.evaluated_through,
            status: state.status,
            reason: state.reason,
        });
        let filter = NotificationFilter {
            project: Some(rule.row.project.clone()),
            rule: Some(rule.row.name.clone()),
            limit: RECORDED_MAX,
            ..NotificationFilter::default()
        };
        let (rows, _) = self.catalog.notification_list(rule.row.account, &filter).await?;
        into.recorded_notifications = rows
            .into_iter()
            .map(|row| Recorded {
                at: row.created,
                outcome: row.outcome.as_str().to_owned(),
                code: row.code,
                reason: row.reason,
                channel: row.channel,
                recipient: row.recipient,
            })
            .collect();
        Ok(())
    }
}

/// The last instants up to a time, as many as the threshold looks back over and one more, the earliest first.
fn instants_up_to(rule: &KnownRule, at: Timestamp) -> Vec<Timestamp> {
    let wanted = (rule.rule.threshold as usize + 1).min(RUNS_BEFORE_MAX);
    let mut back = Duration::from_secs(3600);
    loop {
        // An hour has at most sixty, and each further step has room for as many as it is longer.
        let room = back.as_secs() as usize / 60 + 1;
        let mut instants = rule.schedule.runs_between(at.minus(back), at, room);
        if instants.len() >= wanted || back >= REACH_MAX {
            return instants.split_off(instants.len().saturating_sub(wanted));
        }
        back *= 4;
    }
}

/// What policies make of the run, with merge sets that hold nothing else.
fn add_telling(rule: &Arc<KnownRule>, step: &Step, mut pipeline: Pipeline, into: &mut Explanation) {
    if step.is_muted {
        return;
    }
    let mut report = Report::new(rule, (into.instant, into.instant), 1);
    let now = rule.schedule.begins(into.instant);
    pipeline.step(rule, step, now, &mut report);
    pipeline.finish(now, &mut report);
    into.policies = pipeline.take_traces();
    into.notifications = report.notifications;
    if !step.firing.is_empty() {
        let (sent, suppressed) = (report.sent, report.suppressed);
        into.why.push(format!("On its own it would lead to {sent} messages; {suppressed} would not be sent."));
    }
}

fn of_run(rule: &KnownRule, at: Timestamp, instant: Timestamp, looked: &Looked, step: &Step) -> Explanation {
    let queries = looked.answers.iter().map(|answer| Asked {
        project: answer.found.project.clone(),
        store: answer.found.store.clone(),
        query: answer.found.query.clone(),
        from: answer.found.start_time,
        to: answer.found.end_time,
        row_count: answer.found.row_count,
        is_truncated: answer.found.is_truncated,
        rows: answer.found.rows.iter().take(SHOWN_MAX).cloned().collect(),
    });
    let outcome = looked.outcome.as_ref().ok();
    let fired = outcome.map_or(&[][..], |outcome| outcome.fired.as_slice());
    let met = fired.iter().take(SHOWN_MAX).map(|group| {
        let is_of =
            |labels: &BTreeMap<String, String>| group.labels.iter().all(|(key, value)| labels.get(key) == Some(value));
        let instance = step.state.instances.values().find(|instance| is_of(&instance.labels));
        Met {
            labels: group.labels.clone(),
            severity: group.severity,
            pass_count: group.pass_count,
            row_count: group.row_count,
            condition: group.condition.clone(),
            rows: group.rows.iter().take(SHOWN_MAX).cloned().collect(),
            consecutive: instance.map_or(0, |instance| instance.consecutive),
            threshold: rule.rule.threshold,
            is_firing: instance.is_some_and(|instance| instance.fire_time.is_some()),
        }
    });
    let passed_over = outcome.map_or(&[][..], |outcome| outcome.passed_over.as_slice());
    let not_met = passed_over.iter().map(|group| NotMet {
        labels: group.labels.clone(),
        row_count: group.row_count,
        conditions: group.conditions.clone(),
    });
    Explanation {
        project: rule.row.project.clone(),
        rule: rule.row.name.clone(),
        at,
        instant,
        why: why(rule, looked, step),
        queries: queries.collect(),
        joined_rows: outcome.map_or(0, |outcome| outcome.row_count),
        group_count: outcome.map_or(0, |outcome| outcome.group_count),
        met: met.collect(),
        not_met: not_met.collect(),
        policies: Vec::new(),
        notifications: Vec::new(),
        recorded_run: None,
        recorded_notifications: Vec::new(),
    }
}

fn why(rule: &KnownRule, looked: &Looked, step: &Step) -> Vec<String> {
    let mut why = Vec::new();
    match &looked.outcome {
        Err(reason) => why.push(format!("It could not be evaluated: {reason}.")),
        Ok(outcome) if !step.firing.is_empty() => {
            let (alerts, groups) = (step.firing.len(), outcome.group_count);
            why.push(format!("It fires: {alerts} alerts of {groups} groups."));
        }
        Ok(outcome) if outcome.fired_count > 0 => {
            let (met, threshold) = (outcome.fired_count, rule.rule.threshold);
            why.push(format!(
                "It does not fire yet: {met} groups meet its conditions, but not in {threshold} runs in a row."
            ));
        }
        Ok(outcome) if outcome.row_count == 0 => {
            let counts: Vec<String> = outcome.query_rows.iter().map(usize::to_string).collect();
            let counts = counts.join(", ");
            why.push(format!("It does not fire: there are no rows to look at (rows of its queries: {counts})."));
        }
        Ok(outcome) => {
            let (rows, groups) = (outcome.row_count, outcome.group_count);
            why.push(format!("It does not fire: {rows} rows in {groups} groups, and none meets its conditions."));
        }
    }
    if !step.resolved.is_empty() {
        why.push(format!("{} alerts of the run before are over.", step.resolved.len()));
    }
    if looked.outcome.as_ref().is_ok_and(|outcome| outcome.is_truncated) {
        why.push(format!(
            "Only part of the rows was looked at: a rule looks at {} of each query.",
            rule.rule.rows_max()
        ));
    }
    if let Some(until) = rule.rule.mute_until.filter(|_| step.is_muted) {
        why.push(format!("Nobody hears of it: the rule is muted until {until}."));
    }
    if !rule.row.is_enabled {
        why.push("The rule is switched off, so it does not really run.".to_owned());
    }
    why.push(match on_stream(&rule.rule) {
        Ok(_) => "It is also on the stream: new events are looked at when they come.".to_owned(),
        Err(reason) => format!("It runs on its schedule only: {reason}."),
    });
    why
}
