//! Rules on the stream: each new event is looked at once, and what it makes fire goes to the desk at once.
//!
//! The cursor is the number through which events were looked at and their outcomes are durable; it moves in the desk's
//! transaction, so an event that fired is never looked at again, and killed before that, no event is passed over. What comes in
//! the moment between a rule's making and its being known here is its schedule's.

mod feed;
mod matching;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alert::evaluate::{QueryAnswer, evaluate};
use alert::{Found, Row};
use catalog::{Catalog, CatalogError};
use futures::StreamExt;
use host::{Clock, Shutdown};
use model::logstore::View;
use model::{AccountId, Seq, Timestamp};
use store::{Store, StoreError};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::STREAM_CURSOR;
use crate::desk::{Desk, DeskStopped};
use crate::evaluation::{self, Outcome, Run};
use crate::metrics::WatchMetrics;
use crate::question::{AskError, Asker};
use crate::rules::{KnownRule, RuleList};
use matching::{Matching, Met};

/// The longest time without looking: the clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a cursor is kept that moved without anything having fired. What lies behind it is looked at again after a
/// restart, which costs little.
const CURSOR_EVERY: Duration = Duration::from_secs(5);
/// Rules whose number was reached, evaluated at once.
const EVALUATIONS: usize = 4;

/// The reader of new events.
pub(crate) struct StreamReader {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) asker: Asker,
    pub(crate) desk: Desk,
    pub(crate) committed: watch::Receiver<Seq>,
    pub(crate) rules: watch::Receiver<RuleList>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: WatchMetrics,
}

#[derive(Debug, thiserror::Error)]
enum StreamError {
    #[error("could not read the cursor")]
    Catalog(#[from] CatalogError),
    #[error("could not read what a Logstore shows")]
    View(#[source] AskError),
    #[error("could not read new events")]
    Store(#[from] StoreError),
    #[error("could not hand on what fired")]
    Desk(#[from] DeskStopped),
    #[error("looking at events broke")]
    Broke(#[from] tokio::task::JoinError),
}

/// Where the reader is.
struct Reading {
    matching: Matching,
    /// Everything up to here was looked at and its outcomes are durable.
    cursor: Seq,
    /// What of that the catalog has, and since when.
    kept: (Seq, Instant),
    is_stale: bool,
}

impl StreamReader {
    /// Reads until the node stops.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let mut reading = None;
        let mut trails = self.catalog.trails_version();
        let mut caught_up = Instant::now();
        loop {
            let pause = match self.go_on(&mut reading, &mut trails, caught_up, &shutdown).await {
                Ok(()) => {
                    caught_up = Instant::now();
                    self.metrics.streamed(0, Duration::ZERO);
                    LOOK_AGAIN
                }
                Err(error) => {
                    warn!(error = evaluation::chain(&error), "rules on the stream have to wait");
                    self.metrics.streamed(1, caught_up.elapsed());
                    // What was done of the pass is done again.
                    reading = None;
                    PAUSE
                }
            };
            tokio::select! {
                () = shutdown.begun() => return,
                _ = self.committed.changed(), if pause == LOOK_AGAIN => {}
                _ = self.rules.changed(), if pause == LOOK_AGAIN => self.rules.mark_changed(),
                _ = trails.changed(), if pause == LOOK_AGAIN => trails.mark_changed(),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Switched off: what comes meanwhile is the schedules', and nobody hears of it again when this is switched on.
    pub(crate) async fn stay_away(self, shutdown: Shutdown) {
        while let Err(error) = self.catalog.alert_cursor_forget(STREAM_CURSOR).await {
            warn!(error = evaluation::chain(&error), "could not forget where rules on the stream were");
            tokio::select! {
                () = shutdown.begun() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Looks at everything there is.
    async fn go_on(
        &mut self,
        reading: &mut Option<Reading>,
        trails: &mut watch::Receiver<u64>,
        caught_up: Instant,
        shutdown: &Shutdown,
    ) -> Result<(), StreamError> {
        let head = *self.committed.borrow_and_update();
        if reading.is_none() {
            *reading = Some(self.begin(head).await?);
        }
        let reading = reading.as_mut().expect("it was begun above");
        let is_changed = |answer: Result<bool, _>| answer.unwrap_or(false);
        if reading.is_stale || is_changed(self.rules.has_changed()) || is_changed(trails.has_changed()) {
            trails.borrow_and_update();
            reading.is_stale = true;
            self.reload(reading).await?;
            reading.is_stale = false;
        }
        while reading.cursor < head && !shutdown.has_begun() {
            let fed = feed::next(&self.store, reading.matching.accounts(), reading.cursor, head).await?;
            let through = fed.through;
            let now = self.clock.now();
            let outcomes = if fed.events.is_empty() {
                Vec::new()
            } else {
                let met = self.meet(reading, fed, now).await?;
                self.evaluated(met, now).await?
            };
            let is_due = reading.kept.1.elapsed() >= CURSOR_EVERY;
            if !outcomes.is_empty() || is_due {
                self.desk.apply(outcomes, Some(through)).await?;
                reading.kept = (through, Instant::now());
            }
            reading.cursor = through;
            self.metrics.streamed(head.0 - through.0, caught_up.elapsed());
        }
        if reading.kept.0 < reading.cursor && reading.kept.1.elapsed() >= CURSOR_EVERY {
            self.desk.apply(Vec::new(), Some(reading.cursor)).await?;
            reading.kept = (reading.cursor, Instant::now());
        }
        Ok(())
    }

    /// Goes on where the last transaction ended; the first time, at the head.
    async fn begin(&self, head: Seq) -> Result<Reading, StreamError> {
        let kept = self.catalog.alert_cursor(STREAM_CURSOR).await?;
        let cursor = kept.unwrap_or(head).min(head);
        if kept.is_none() {
            self.desk.apply(Vec::new(), Some(cursor)).await?;
        }
        if cursor < head {
            info!(events = head.0 - cursor.0, "rules on the stream go on where they were");
        }
        Ok(Reading { matching: Matching::default(), cursor, kept: (cursor, Instant::now()), is_stale: true })
    }

    async fn reload(&mut self, reading: &mut Reading) -> Result<(), StreamError> {
        let list = self.rules.borrow_and_update().clone();
        let now = self.clock.now();
        let mut views: HashMap<(AccountId, &str, &str), Option<Arc<View>>> = HashMap::new();
        let mut rules = Vec::new();
        for known in list.iter() {
            let Some(query) = known.rule.queries.first().filter(|_| alert::stream::on_stream(&known.rule).is_ok())
            else {
                continue;
            };
            let project = if query.project.is_empty() { &known.row.project } else { &query.project };
            let of = (known.row.account, project.as_str(), query.store_name.as_str());
            let view = match views.get(&of) {
                Some(view) => view.clone(),
                None => {
                    let view = self.view(of, now).await?;
                    views.insert(of, view.clone());
                    view
                }
            };
            // A Logstore that is not there is told by the schedule.
            rules.extend(view.map(|view| (known.clone(), view)));
        }
        reading.matching.take(rules);
        self.metrics.stream_rules(reading.matching.len());
        Ok(())
    }

    async fn view(
        &self,
        (account, project, store): (AccountId, &str, &str),
        now: Timestamp,
    ) -> Result<Option<Arc<View>>, StreamError> {
        match self.asker.view(account, project, store, now).await {
            Ok(mut view) => {
                // New events are not beyond any retention; without it the view is the same until a trail changes.
                view.not_before = Timestamp::MIN;
                Ok(Some(Arc::new(view)))
            }
            Err(AskError::NoLogstore { .. }) => Ok(None),
            Err(error) => Err(StreamError::View(error)),
        }
    }

    async fn meet(&self, reading: &mut Reading, fed: feed::Fed, now: Timestamp) -> Result<Met, StreamError> {
        let (mut matching, before, store) = (std::mem::take(&mut reading.matching), reading.cursor, self.store.clone());
        let looking = move || {
            let met = matching.meet(&fed, before, &store, now);
            (matching, met)
        };
        let (matching, met) = tokio::task::spawn_blocking(looking).await?;
        reading.matching = matching;
        Ok(met)
    }

    /// Evaluates what events were met. Rules with a count are run as on schedule, over all of their range.
    async fn evaluated(&self, met: Met, now: Timestamp) -> Result<Vec<Outcome>, StreamError> {
        let rows = met.rows;
        let each = tokio::task::spawn_blocking(move || -> Vec<Outcome> {
            rows.into_iter().filter_map(|(rule, rows)| of_rows(rule, rows, now)).collect()
        });
        let counted = met.reached.into_iter().map(|(rule, before)| {
            let instant = Timestamp(before.saturating_mul(1000));
            evaluation::run(&self.asker, rule, instant, Run::Streamed, now)
        });
        let counted: Vec<Outcome> = futures::stream::iter(counted).buffer_unordered(EVALUATIONS).collect().await;
        let mut outcomes = each.await?;
        outcomes.extend(counted);
        for outcome in &outcomes {
            self.metrics.evaluated(if outcome.found.is_ok() { "streamed" } else { "failed" }, outcome.took);
        }
        Ok(outcomes)
    }
}

/// What the rows of new events make of a rule; nothing when none of them fires.
fn of_rows(rule: Arc<KnownRule>, rows: Vec<Row>, now: Timestamp) -> Option<Outcome> {
    let started = Instant::now();
    let query = rule.rule.queries.first()?;
    let asked = evaluation::question(&rule, query, now, Run::Streamed);
    let seconds = || rows.iter().filter_map(|row| row.get("__time__")?.parse::<i64>().ok());
    let (from, before) = query.range.at(now);
    let found = Found {
        // Whoever follows the link finds the events, also those that are late or ahead.
        start_time: seconds().min().map_or(from, |first| first.min(from)),
        end_time: seconds().max().map_or(before, |last| (last + 1).max(before)),
        ..asked.found_nothing()
    };
    let answers = vec![QueryAnswer::new(found, rows, &rule.rule)];
    let found = evaluate(&rule.rule, &answers).map_err(|error| error.to_string());
    if matches!(&found, Ok(looked) if looked.fired.is_empty()) {
        return None;
    }
    Some(Outcome { rule, instant: now, run: Run::Streamed, answers, found, took: started.elapsed() })
}

#[cfg(test)]
mod tests;
