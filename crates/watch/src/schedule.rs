//! The schedule: runs each rule at its instants, those missed included, never two runs of one rule at once.
//!
//! Which run is next follows from the instant through which a rule has run (kept in the catalog by the desk, with what the
//! run led to) and from its schedule. Nothing else is remembered, so a restart goes on where the last transaction ended.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use catalog::{AlertRuleId, AlertRuleState, Catalog, CatalogError};
use host::{Clock, Shutdown};
use model::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::desk::{Desk, Verdict};
use crate::evaluation::{self, Run};
use crate::metrics::WatchMetrics;
use crate::question::Asker;
use crate::rules::{KnownRule, RuleList};

/// Before the catalog is asked again when it failed.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// A day and a little of the shortest interval: more missed runs need not be told apart.
const LISTED_RUNS_MAX: usize = 1500;

/// Runs rules until the node stops.
pub(crate) struct Scheduler {
    pub(crate) catalog: Catalog,
    pub(crate) asker: Asker,
    pub(crate) desk: Desk,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Arc<Config>,
    pub(crate) metrics: WatchMetrics,
    pub(crate) rules: watch::Receiver<RuleList>,
}

/// The next run of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) instant: Timestamp,
    pub(crate) run: Run,
}

/// A run that has ended.
struct Ended {
    id: AlertRuleId,
    version: u64,
    instant: Timestamp,
    /// `None`: the desk gave no answer. The run is not counted as done.
    verdict: Option<Verdict>,
}

/// What the scheduler knows of its rules.
#[derive(Default)]
struct Timetable {
    rules: HashMap<AlertRuleId, Arc<KnownRule>>,
    /// Each rule, and the instant through which it has run.
    through: HashMap<AlertRuleId, (u64, Timestamp)>,
    /// When each rule that is not running runs next.
    due: BTreeSet<(Timestamp, AlertRuleId)>,
    running: HashSet<AlertRuleId>,
}

impl Scheduler {
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut changes = self.rules.clone();
        let mut timetable = Timetable::default();
        let mut runs: JoinSet<Ended> = JoinSet::new();
        let mut is_stale = true;
        loop {
            if is_stale || changes.has_changed().unwrap_or(false) {
                let rules = changes.borrow_and_update().clone();
                let read = self.reload(&mut timetable, &rules).await;
                is_stale = read.inspect_err(|error| warn!(%error, "could not read where alert rules stand")).is_err();
            }
            let pause = self.begin_due(&mut timetable, &mut runs);
            tokio::select! {
                () = shutdown.begun() => return,
                changed = changes.changed() => match changed {
                    // Left marked for the next round.
                    Ok(()) => changes.mark_changed(),
                    Err(_) => return,
                },
                () = tokio::time::sleep(pause) => {}
                () = tokio::time::sleep(CATALOG_PAUSE), if is_stale => {}
                Some(done) = runs.join_next(), if !runs.is_empty() => match done {
                    Ok(ended) => timetable.ended(ended),
                    Err(error) => {
                        error!(%error, "a run of an alert rule broke; all rules are looked at again");
                        runs.shutdown().await;
                        timetable = Timetable::default();
                        is_stale = true;
                        tokio::time::sleep(CATALOG_PAUSE).await;
                    }
                },
            }
        }
    }

    async fn reload(&self, timetable: &mut Timetable, rules: &[Arc<KnownRule>]) -> Result<(), CatalogError> {
        let states = self.catalog.alert_rule_states().await?;
        let states: HashMap<AlertRuleId, AlertRuleState> =
            states.into_iter().map(|state| (state.rule, state)).collect();
        timetable.rules = rules.iter().map(|rule| (rule.row.id, rule.clone())).collect();
        timetable.due.clear();
        let known = rules.iter().map(|rule| {
            let before = timetable.through.get(&rule.row.id).filter(|(version, _)| *version == rule.row.version);
            let through = match before {
                Some((_, through)) => *through,
                None => starts_after(rule, states.get(&rule.row.id)),
            };
            (rule.row.id, (rule.row.version, through))
        });
        timetable.through = known.collect();
        for rule in rules {
            timetable.wait(rule.row.id);
        }
        Ok(())
    }

    /// Begins what is due, as far as there are places, and says how long to wait.
    fn begin_due(&self, timetable: &mut Timetable, runs: &mut JoinSet<Ended>) -> Duration {
        let now = self.clock.now();
        while runs.len() < self.config.evaluations {
            let Some((begins, id)) = timetable.due.first().copied().filter(|(begins, _)| *begins <= now) else { break };
            timetable.due.remove(&(begins, id));
            let Some(rule) = timetable.rules.get(&id).cloned() else { continue };
            let Some((_, through)) = timetable.through.get(&id).copied() else { continue };
            let Some(next) = next(&rule, through, now, &self.config) else { continue };
            if let Run::CaughtUp { covers: Some(since) } = next.run {
                info!(rule = id.0, %since, instant = %next.instant, "missed runs of an alert rule are made up for by one");
            }
            timetable.running.insert(id);
            runs.spawn(self.one(rule, next));
        }
        self.metrics.running.used(runs.len());
        let overdue = timetable.due.iter().take_while(|(begins, _)| *begins <= now).count();
        let oldest = timetable.due.first().map_or(0.0, |(begins, _)| now.since(*begins).as_secs_f64());
        self.metrics.lag.is(overdue as u64, oldest);
        if overdue > 0 {
            // A place comes free with the end of a run.
            return self.config.look_again;
        }
        let next = timetable.due.first().map_or(self.config.look_again, |(begins, _)| begins.since(now));
        next.clamp(Duration::from_millis(5), self.config.look_again)
    }

    fn one(&self, rule: Arc<KnownRule>, next: Next) -> impl Future<Output = Ended> + use<> {
        let (asker, desk, clock) = (self.asker.clone(), self.desk.clone(), self.clock.clone());
        let metrics = self.metrics.clone();
        async move {
            let (rule_id, version) = (rule.row.id, rule.row.version);
            let outcome = evaluation::run(&asker, rule, next.instant, next.run, clock.now()).await;
            metrics.evaluated(if outcome.found.is_ok() { "succeeded" } else { "failed" }, outcome.took);
            let verdicts = desk.apply(vec![outcome], None).await;
            let verdict = verdicts.ok().and_then(|verdicts| verdicts.first().copied());
            if verdict.is_none() {
                tokio::time::sleep(CATALOG_PAUSE).await;
            }
            Ended { id: rule_id, version, instant: next.instant, verdict }
        }
    }
}

impl Timetable {
    /// Puts a rule where its next run is.
    fn wait(&mut self, id: AlertRuleId) {
        if self.running.contains(&id) {
            return;
        }
        let (Some(rule), Some((_, through))) = (self.rules.get(&id), self.through.get(&id)) else { return };
        if let Some(instant) = rule.schedule.next_after(*through) {
            self.due.insert((rule.schedule.begins(instant), id));
        }
    }

    fn ended(&mut self, ended: Ended) {
        self.running.remove(&ended.id);
        let Some((version, through)) = self.through.get_mut(&ended.id) else { return };
        match ended.verdict {
            Some(Verdict::Done) => *through = ended.instant.max(*through),
            // The rule as it is now is on its way here: running the older one again would lead to nothing again.
            Some(Verdict::Outdated) if *version == ended.version => return,
            Some(Verdict::Outdated) | None => {}
        }
        self.wait(ended.id);
    }
}

/// The instant after which a rule runs first. What it was before it was changed or switched on is not made up for.
fn starts_after(rule: &KnownRule, state: Option<&AlertRuleState>) -> Timestamp {
    match state {
        Some(state) if state.version == rule.row.version => state.evaluated_through,
        Some(state) => state.evaluated_through.max(rule.row.updated),
        // The instant before now: its run is the immediate one.
        None if rule.schedule.runs_immediately => last_instant_before(rule, rule.row.updated),
        None => rule.row.updated,
    }
}

/// A point after which the last instant before `at` comes, if there is one in the last 31 days.
fn last_instant_before(rule: &KnownRule, at: Timestamp) -> Timestamp {
    let schedule = &rule.schedule;
    let mut back = Duration::from_secs(60);
    while back < Duration::from_secs(31 * 24 * 3600) {
        let instants = schedule.runs_between(at.minus(back), at, LISTED_RUNS_MAX);
        if let Some(last) = instants.last() {
            return Timestamp(last.0 - 1);
        }
        back *= 4;
    }
    at
}

/// The next run of a rule that has run through an instant, if it is due now.
pub(crate) fn next(rule: &KnownRule, through: Timestamp, now: Timestamp, config: &Config) -> Option<Next> {
    let schedule = &rule.schedule;
    let first = schedule.next_after(through).filter(|instant| schedule.begins(*instant) <= now)?;
    let is_last = schedule.next_after(first).is_none_or(|second| schedule.begins(second) > now);
    if is_last {
        return Some(Next { instant: first, run: Run::Scheduled });
    }
    // Instants up to here have begun.
    let begun = now.minus(Duration::from_secs(schedule.delay_seconds.unsigned_abs()));
    let reach = through.max(begun.minus(config.catch_up));
    let missed = schedule.runs_between(reach, begun, LISTED_RUNS_MAX);
    let skipped = missed.len().saturating_sub(config.catch_up_runs);
    let instant = match missed.get(skipped) {
        Some(instant) => *instant,
        // The last one lies further back than that: it runs all the same, for everything before it.
        None => last_of(schedule, first, begun),
    };
    let covers = (instant != first).then_some(through);
    Some(Next { instant, run: Run::CaughtUp { covers } })
}

fn last_of(schedule: &alert::schedule::Schedule, first: Timestamp, begun: Timestamp) -> Timestamp {
    let mut last = first;
    // Rare instants: those that are frequent have one within the reach.
    while let Some(next) = schedule.next_after(last).filter(|next| *next <= begun) {
        last = next;
    }
    last
}

#[cfg(test)]
mod tests;
