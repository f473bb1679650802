//! The desk: the one task through which alerting's state changes.
//!
//! Outcomes of runs come here from the schedule and from the stream. The desk brings them together with what was before,
//! puts alerts into incidents and merge sets, lets sets speak that are due, and writes all of it in one transaction. What
//! waits meanwhile shares the next one. What it keeps in memory is what the catalog holds; after a transaction that did
//! not succeed it is read again. So whoever gets an answer from [`Desk::apply`] knows that it is durable.

mod accounts;
mod clerk;
mod deciding;
mod draft;
mod escalation;
mod run;
mod slim;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use catalog::{AlertRuleId, Catalog};
use futures::FutureExt;
use host::{Clock, Random, Shutdown};
use identity::Vault;
use model::{AccountId, Seq};
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::error;

use crate::config::Config;
use crate::decide::Question;
use crate::evaluation::Outcome;
use crate::metrics::WatchMetrics;
use crate::rules::RuleList;

pub(crate) use accounts::{read_book, read_silences};
use clerk::Clerk;

/// Requests that may wait. Each is a run or a batch of the stream, whose makers wait for the answer.
pub(crate) const REQUESTS_MAX: usize = 256;

/// Before the desk opens again after a panic, our own mistake, which most likely repeats.
const PANIC_PAUSE: Duration = Duration::from_secs(10);

/// What became of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable.
    Done,
    /// The rule was changed, switched off or deleted since: nothing of it was kept.
    Outdated,
}

/// The desk has closed: the node stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("alerting has stopped")]
pub struct DeskStopped;

/// The way to the desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    requests: mpsc::Sender<Request>,
}

pub(crate) enum Request {
    /// Runs, and how far the stream is when they come from there.
    Apply { outcomes: Vec<Outcome>, cursor: Option<Seq>, reply: oneshot::Sender<Vec<Verdict>> },
    /// Whom to tell, asked of somebody outside: the planned notification with its recipients.
    Answered { id: String, account: AccountId, question: Box<Question>, reply: oneshot::Sender<()> },
}

impl Desk {
    pub(crate) fn new() -> (Desk, mpsc::Receiver<Request>) {
        let (requests, queue) = mpsc::channel(REQUESTS_MAX);
        (Desk { requests }, queue)
    }

    /// Takes outcomes, and the number of the event through which the stream has looked. Resolves when they are durable,
    /// with a verdict for each. While the catalog cannot be written it waits.
    pub async fn apply(&self, outcomes: Vec<Outcome>, cursor: Option<Seq>) -> Result<Vec<Verdict>, DeskStopped> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Apply { outcomes, cursor, reply };
        self.requests.send(request).await.map_err(|_| DeskStopped)?;
        answer.await.map_err(|_| DeskStopped)
    }

    /// Takes the recipients that somebody outside named for the row of the outbox with this id.
    pub(crate) async fn answered(&self, id: String, account: AccountId, question: Question) -> Result<(), DeskStopped> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Answered { id, account, question: Box::new(question), reply };
        self.requests.send(request).await.map_err(|_| DeskStopped)?;
        answer.await.map_err(|_| DeskStopped)
    }
}

/// What the desk works with.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) catalog: Catalog,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) config: Arc<Config>,
    pub(crate) metrics: WatchMetrics,
    pub(crate) rules: tokio::sync::watch::Receiver<RuleList>,
    /// Rung when there is something to send, and something for the history.
    pub(crate) outbox_bell: Arc<Notify>,
    pub(crate) history_bell: Arc<Notify>,
}

/// Keeps a clerk at the desk until the node stops. After a panic another one sits down and reads everything again; whoever
/// waited for an answer gets none and asks again.
pub(crate) async fn keep_open(tools: Tools, mut queue: mpsc::Receiver<Request>, shutdown: Shutdown) {
    loop {
        let work = Clerk::new(tools.clone()).run(&mut queue, &shutdown);
        if AssertUnwindSafe(work).catch_unwind().await.is_ok() {
            return;
        }
        error!("the desk of alerting broke and will open again");
        tokio::select! {
            () = shutdown.begun() => return,
            () = tokio::time::sleep(PANIC_PAUSE) => {}
        }
    }
}

/// The rules of a request that are outdated.
pub(crate) type OutdatedRules = std::collections::HashSet<AlertRuleId>;

#[cfg(test)]
mod tests;
