//! What a rule's queries answer at rising instants, with as little asking as possible.
//!
//! A plain search is read once and its windows slide over it (`sliding`). Other queries are asked run by run, but runs whose windows
//! hold the same events share an answer (`same`). Either way the answer is the one the schedule would have got.

use std::collections::HashMap;
use std::sync::Arc;

use alert::Found;
use alert::evaluate::{Outcome, QueryAnswer, evaluate};
use alert::rule::{Query, StoreType};
use model::Timestamp;
use query::{Limits, Meter, Scope, Ticket};
use store::Store;

use super::same::{EventSeconds, Events, asks_for_the_present};
use super::sliding::Sliding;
use crate::evaluation::{Run, question};
use crate::question::{AskError, Asked, Asker};
use crate::rules::KnownRule;

/// One run: the answers and what the rule makes of them.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) answers: Vec<QueryAnswer>,
    pub(crate) outcome: Result<Outcome, String>,
}

/// See the module.
pub(crate) struct Answers {
    rule: Arc<KnownRule>,
    asker: Asker,
    now: Timestamp,
    way: Way,
    last: Option<Arc<Looked>>,
    /// How many evaluations were really made.
    pub(crate) made: usize,
}

enum Way {
    /// With its place among the account's queries.
    Sliding(Box<(Sliding, Ticket)>),
    Asking {
        seconds: Vec<Option<EventSeconds>>,
        known: HashMap<Vec<Events>, Arc<Looked>>,
    },
}

/// The first and the last window of each query.
type Windows = Vec<(Timestamp, Timestamp)>;

impl Answers {
    /// For instants from the first to the last of these. `limits` are for reading events ahead; each query has its own.
    pub(crate) async fn new(
        rule: Arc<KnownRule>,
        (asker, store): (Asker, Store),
        (first, last): (Timestamp, Timestamp),
        limits: Limits,
        now: Timestamp,
    ) -> Result<Answers, AskError> {
        let reach = |query: &Query| {
            let (from, before) = (query.range.at(first).0, query.range.at(last).1);
            (Timestamp(from.saturating_mul(1000)), Timestamp(before.saturating_mul(1000)))
        };
        let windows: Windows = rule.rule.queries.iter().map(reach).collect();
        let meter = Arc::new(Meter::new(limits));
        let scope = |number: usize| {
            let (rule, asker) = (rule.clone(), asker.clone());
            let (from, before) = windows[number];
            async move {
                let query = &rule.rule.queries[number];
                let asked = question(&rule, query, last, Run::Scheduled);
                let view = asker.view(rule.row.account, &asked.project, &asked.store, now).await?;
                let search = query.statement.as_ref().map_or(query::Search::All, |statement| statement.search.clone());
                Ok::<_, AskError>(Scope { view: Arc::new(view), from, before, search })
            }
        };
        let is_own = |query: &Query| query.store == StoreType::Log && query.role.is_empty();
        let is_plain = |query: &Query| query.statement.as_ref().is_some_and(|statement| statement.sql.is_none());
        let way = match rule.rule.queries.as_slice() {
            [query] if is_own(query) && is_plain(query) => {
                let ticket = asker.place(rule.row.account).await?;
                let sliding = Sliding::new(store, scope(0).await?, meter, rule.rule.rows_max());
                Way::Sliding(Box::new((sliding, ticket)))
            }
            queries => {
                // Given back before the first question, which needs one of its own.
                let _ticket = asker.place(rule.row.account).await?;
                let mut seconds = Vec::new();
                for (number, query) in queries.iter().enumerate() {
                    let sql = query.statement.as_ref().and_then(|statement| statement.sql.as_ref());
                    let can_share = is_own(query) && !sql.is_some_and(|sql| asks_for_the_present(&sql.text));
                    seconds.push(match (query.store, can_share) {
                        (StoreType::Log, true) => EventSeconds::of(&store, scope(number).await?, meter.clone()).await?,
                        // Records are as they are now, at every instant.
                        (StoreType::Meta, _) => Some(EventSeconds::default()),
                        _ => None,
                    });
                }
                Way::Asking { seconds, known: HashMap::new() }
            }
        };
        Ok(Answers { rule, asker, now, way, last: None, made: 0 })
    }

    /// Whether every run may need a query of its own.
    pub(crate) fn asks_each(&self) -> bool {
        matches!(&self.way, Way::Asking { seconds, .. } if seconds.iter().any(Option::is_none))
    }

    /// The run of an instant, not before the last one's.
    pub(crate) async fn at(&mut self, instant: Timestamp) -> Arc<Looked> {
        let rule = self.rule.clone();
        let asked: Vec<Asked> =
            rule.rule.queries.iter().map(|query| question(&rule, query, instant, Run::Scheduled)).collect();
        let looked = match &mut self.way {
            Way::Sliding(sliding) => {
                let (sliding, _) = sliding.as_mut();
                if let Err(error) = sliding.move_to(asked[0].from, asked[0].before).await {
                    return failed(&error);
                }
                let has_changed = sliding.take_change();
                let same = self.last.take().filter(|_| !has_changed);
                match same {
                    Some(same) => same,
                    None => {
                        self.made += 1;
                        let (rows, is_truncated) = sliding.rows();
                        let mut found = found(&asked[0]);
                        found.is_truncated = is_truncated;
                        looked_at(&rule, vec![QueryAnswer::new(found, rows, &rule.rule)]).await
                    }
                }
            }
            Way::Asking { seconds, known } => {
                let window = |(seconds, asked): (&Option<EventSeconds>, &Asked)| {
                    let second = |at: Timestamp| at.0.div_euclid(1000);
                    Some(seconds.as_ref()?.within(second(asked.from), second(asked.before)))
                };
                let key: Option<Vec<Events>> = seconds.iter().zip(&asked).map(window).collect();
                match key.as_ref().and_then(|key| known.get(key)) {
                    Some(same) => same.clone(),
                    None => {
                        self.made += 1;
                        let looked = ask(&self.asker, &rule, &asked, self.now).await;
                        // A failure may be a passing one.
                        if let Some(key) = key.filter(|_| looked.outcome.is_ok()) {
                            known.insert(key, looked.clone());
                        }
                        looked
                    }
                }
            }
        };
        let looked = of_this_time(&rule, looked, &asked).await;
        self.last = Some(looked.clone());
        looked
    }
}

async fn ask(asker: &Asker, rule: &Arc<KnownRule>, asked: &[Asked], now: Timestamp) -> Arc<Looked> {
    let mut answers = Vec::new();
    for each in asked {
        match asker.ask(rule.row.account, each, now).await {
            Ok(told) => answers.push(QueryAnswer::new(told.found, told.rows, &rule.rule)),
            Err(error) => return failed(&error),
        }
    }
    looked_at(rule, answers).await
}

async fn looked_at(rule: &Arc<KnownRule>, answers: Vec<QueryAnswer>) -> Arc<Looked> {
    let rule = rule.clone();
    let looking = tokio::task::spawn_blocking(move || {
        let outcome = evaluate(&rule.rule, &answers).map_err(|error| error.to_string());
        Arc::new(Looked { answers, outcome })
    });
    looking.await.unwrap_or_else(|_| failed(&AskError::Broke))
}

fn failed(error: &AskError) -> Arc<Looked> {
    Arc::new(Looked { answers: Vec::new(), outcome: Err(crate::evaluation::chain(error)) })
}

/// An answer that several runs share says of each run its own time, and is looked at anew where that matters.
async fn of_this_time(rule: &Arc<KnownRule>, looked: Arc<Looked>, asked: &[Asked]) -> Arc<Looked> {
    let range = |asked: &Asked| (asked.from.0.div_euclid(1000), asked.before.0.div_euclid(1000));
    let is_of = |answer: &QueryAnswer, asked: &Asked| (answer.found.start_time, answer.found.end_time) == range(asked);
    if looked.answers.iter().zip(asked).all(|(answer, asked)| is_of(answer, asked)) {
        return looked;
    }
    let looks_at_times = rule.rule.looks_at_times();
    // Nobody sees the times of a run that found nothing.
    if !looks_at_times && looked.outcome.as_ref().is_ok_and(|outcome| outcome.fired.is_empty()) {
        return looked;
    }
    let mut own = Looked::clone(&looked);
    for (answer, asked) in own.answers.iter_mut().zip(asked) {
        (answer.found.start_time, answer.found.end_time) = range(asked);
    }
    if looks_at_times { looked_at(rule, own.answers).await } else { Arc::new(own) }
}

fn found(asked: &Asked) -> Found {
    Found {
        store_type: asked.store_type.clone(),
        region: asked.region.clone(),
        project: asked.project.clone(),
        store: asked.store.clone(),
        query: asked.query.clone(),
        start_time: asked.from.0.div_euclid(1000),
        end_time: asked.before.0.div_euclid(1000),
        rows: Vec::new(),
        row_count: 0,
        is_truncated: false,
    }
}
