//! What a rule's queries answer at rising instants, with every event read once.
//!
//! The windows of a plain search slide over one walk (`sliding`); those of a statement are answered by the engine from the panes
//! they share; records are as they are now. Either way the answer is the one the schedule would have got.

use std::sync::Arc;

use alert::evaluate::QueryAnswer;
use alert::rule::StoreType;
use alert::{Found, Row};
use futures::StreamExt;
use model::Timestamp;
use query::{Limits, Meter, QueryError, Scope, Ticket, Window, WindowAnswer, WindowAnswers};
use store::{Store, StoreError};

use super::sliding::Sliding;
use crate::evaluation::{Run, question};
use crate::question::{AskError, Asked, Asker};
use crate::rows;
use crate::rules::KnownRule;

/// What a rule's queries found for a run.
pub(crate) struct Seen {
    pub(super) instant: Timestamp,
    pub(super) asked: Vec<Asked>,
    /// The answers up to the first that failed, and why that one did; `None` when all are those of the run before.
    pub(super) news: Option<(Vec<QueryAnswer>, Option<String>)>,
}

/// See the module.
pub(crate) struct Answers {
    rule: Arc<KnownRule>,
    queries: Vec<Answered>,
    is_begun: bool,
    /// Among the account's queries.
    _place: Ticket,
}

/// A query, and what it found last.
struct Answered {
    way: Way,
    rows_max: usize,
    found: Result<Rows, String>,
}

#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    is_truncated: bool,
}

enum Way {
    Search(Box<Sliding>),
    Statement(WindowAnswers),
    /// What it found at first holds for all.
    Known,
}

impl Answers {
    /// For these instants, which rise. `limits` are for all answers of a query together, those of rows for each.
    pub(crate) async fn new(
        rule: Arc<KnownRule>,
        (asker, store): (&Asker, &Store),
        instants: &[Timestamp],
        limits: Limits,
        now: Timestamp,
    ) -> Result<Answers, AskError> {
        let place = asker.place(rule.row.account).await?;
        let mut queries = Vec::new();
        for number in 0..rule.rule.queries.len() {
            queries.push(Answered::new(&rule, number, (asker, store), instants, limits, now).await?);
        }
        Ok(Answers { rule, queries, is_begun: false, _place: place })
    }

    /// What there is at the next instant. An error means that a limit was reached, and there is no more.
    pub(crate) async fn at(&mut self, instant: Timestamp) -> Result<Seen, AskError> {
        let queries = self.rule.rule.queries.iter();
        let asked: Vec<Asked> = queries.map(|query| question(&self.rule, query, instant, Run::Scheduled)).collect();
        let mut has_changed = !std::mem::replace(&mut self.is_begun, true);
        for (query, asked) in self.queries.iter_mut().zip(&asked) {
            has_changed |= query.move_to(asked).await?;
        }
        let news = has_changed.then(|| self.answers(&asked));
        Ok(Seen { instant, asked, news })
    }

    /// What the queries found, up to the first that failed, and why that one did.
    fn answers(&self, asked: &[Asked]) -> (Vec<QueryAnswer>, Option<String>) {
        let mut answers = Vec::new();
        for (number, (query, asked)) in self.queries.iter().zip(asked).enumerate() {
            match &query.found {
                Ok(Rows { rows, is_truncated }) => {
                    let found = Found { is_truncated: *is_truncated, ..asked.found_nothing() };
                    answers.push(QueryAnswer::new(found, rows.clone(), &self.rule.rule));
                }
                Err(error) => return (answers, Some(format!("query {number}: {error}"))),
            }
        }
        (answers, None)
    }
}

impl Answered {
    async fn new(
        rule: &KnownRule,
        number: usize,
        (asker, store): (&Asker, &Store),
        instants: &[Timestamp],
        limits: Limits,
        now: Timestamp,
    ) -> Result<Answered, AskError> {
        let rows_max = rule.rule.rows_max();
        let query = &rule.rule.queries[number];
        let windows: Vec<Window> = instants
            .iter()
            .map(|instant| {
                let Asked { from, before, .. } = question(rule, query, *instant, Run::Scheduled);
                Window { from, before, now: rule.schedule.begins(*instant) }
            })
            .collect();
        let last = instants.last().expect("a trial has instants");
        let mut asked = question(rule, query, *last, Run::Scheduled);
        asked.from = windows.first().map_or(asked.from, |first| first.from);
        let meter = Arc::new(Meter::new(Limits { rows: rows_max, ..limits }));
        let way = match (query.store, &query.statement) {
            (StoreType::Log, Some(statement)) if statement.sql.is_some() => {
                asker.windows(rule.row.account, &asked, statement, windows, meter, now).await.map(Way::Statement)
            }
            (StoreType::Log, Some(statement)) => asker.own_view(rule.row.account, &asked, now).await.map(|view| {
                let (from, before, search) = (asked.from, asked.before, statement.search.clone());
                let scope = Scope { view: Arc::new(view), from, before, search };
                Way::Search(Box::new(Sliding::new(store.clone(), scope, meter, rows_max)))
            }),
            _ => {
                let told = asker.ask(rule.row.account, &asked, now).await;
                let rows = told.map(|told| Rows { rows: told.rows, is_truncated: told.found.is_truncated });
                return Ok(Answered { way: Way::Known, rows_max, found: rows.map_err(|error| error.to_string()) });
            }
        };
        match way {
            Ok(way) => Ok(Answered { way, rows_max, found: Ok(Rows::default()) }),
            Err(error @ (AskError::NoLogstore { .. } | AskError::Catalog(_))) => Err(error),
            // Every run would fail with it.
            Err(error) => Ok(Answered { way: Way::Known, rows_max, found: Err(error.to_string()) }),
        }
    }

    /// Moves on to the next window; whether it found something else there.
    async fn move_to(&mut self, asked: &Asked) -> Result<bool, AskError> {
        let found = match &mut self.way {
            Way::Known => return Ok(false),
            Way::Search(sliding) => match sliding.move_to(asked.from, asked.before).await {
                Ok(()) if !sliding.take_change() => return Ok(false),
                Ok(()) => {
                    let (rows, is_truncated) = sliding.rows();
                    Ok(Rows { rows, is_truncated })
                }
                Err(error) => Err(error),
            },
            Way::Statement(answers) => match answers.next().await {
                Some(Ok(WindowAnswer::Same)) => return Ok(false),
                Some(Ok(WindowAnswer::Rows { batches, cut })) => {
                    let mut rows = Vec::new();
                    let read = batches.iter().try_for_each(|batch| rows::append(batch, &mut rows, self.rows_max));
                    read.map(|()| Rows { rows, is_truncated: cut.is_some() }).map_err(AskError::Answer)
                }
                Some(Err(error)) => Err(AskError::Statement(error)),
                None => Err(AskError::Broke),
            },
        };
        if let Err(AskError::Statement(QueryError::Cut(_)) | AskError::Store(StoreError::Cut(_))) = found {
            return found.map(|_| true);
        }
        self.found = found.map_err(|error| error.to_string());
        Ok(true)
    }
}
