//! Sends what the outbox holds.
//!
//! A row is sent, then the attempt is recorded, and a row that was sent or refused for good goes in that same transaction. A
//! crash in between sends it again with the same id. Channels do not wait for each other: each has a few messages on
//! their way at most, so one whose receivers hang holds up nobody else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use alert::recipients::named_by;
use async_trait::async_trait;
use catalog::{Catalog, CatalogError, Ended, OutboxKind, OutboxRow};
use host::{Clock, Shutdown};
use model::Timestamp;
use outbound::channel::{Channels, Envelope, Outcome};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::decide::Question;
use crate::desk::Desk;
use crate::metrics::WatchMetrics;

/// Between attempts: the first failures are mostly a receiver that restarts, the later ones an outage.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(3600),
];
/// A carrier ends by itself long before; this is for one that does not.
const ATTEMPT_PATIENCE: Duration = Duration::from_secs(90);
/// For what is on its way when the node stops.
const STOP_PATIENCE: Duration = Duration::from_secs(3);
/// Before the catalog is asked again when it failed.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// Characters of a receiver's answer that are kept.
const DETAIL_CHARACTERS_MAX: usize = 300;

/// The channel of rows that ask who is to be told.
pub(crate) const ASK: &str = "ask";

/// Whoever takes a message out of the node.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// One attempt.
    async fn carry(&self, envelope: &Envelope, now: Timestamp) -> Outcome;

    /// Asks somebody outside who is to be told.
    async fn ask(&self, url: &str, headers: &[(String, String)], body: String) -> Result<String, Outcome>;
}

#[async_trait]
impl Carrier for Channels {
    async fn carry(&self, envelope: &Envelope, now: Timestamp) -> Outcome {
        self.send(envelope, now).await
    }

    async fn ask(&self, url: &str, headers: &[(String, String)], body: String) -> Result<String, Outcome> {
        Channels::ask(self, url, headers, body).await
    }
}

/// The sender.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) catalog: Catalog,
    pub(crate) carrier: Arc<dyn Carrier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) desk: Desk,
    pub(crate) bell: Arc<Notify>,
    pub(crate) config: Arc<Config>,
    pub(crate) metrics: WatchMetrics,
}

/// What is on its way.
#[derive(Default)]
struct InFlight {
    ids: HashSet<String>,
    per_channel: HashMap<String, usize>,
}

impl Sender {
    /// Sends until the node stops. What is on its way then has a moment to come to its end; what takes longer is cut off, as by a
    /// crash.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut tasks: JoinSet<(String, String)> = JoinSet::new();
        let mut in_flight = InFlight::default();
        loop {
            let pause = match self.look(&mut in_flight, &mut tasks).await {
                Ok(pause) => pause,
                Err(error) => {
                    warn!(%error, "could not read the outbox");
                    CATALOG_PAUSE
                }
            };
            tokio::select! {
                () = shutdown.begun() => return finish(tasks).await,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(done) = tasks.join_next(), if !tasks.is_empty() => match done {
                    Ok((id, channel)) => in_flight.leave(&id, &channel),
                    Err(error) => {
                        // Which one is not known: all are looked at again, those on their way too, under the same ids.
                        error!(%error, "sending a notification broke");
                        tasks.shutdown().await;
                        in_flight = InFlight::default();
                        tokio::time::sleep(CATALOG_PAUSE).await;
                    }
                },
            }
        }
    }

    /// Begins to send what is due and says how long to wait for the next.
    async fn look(
        &self,
        in_flight: &mut InFlight,
        tasks: &mut JoinSet<(String, String)>,
    ) -> Result<Duration, CatalogError> {
        let now = self.clock.now();
        let mut pause = self.config.look_again;
        let mut messages = 0;
        for (channel, waiting, due) in self.catalog.outbox_waiting(OutboxKind::Notification).await? {
            messages += waiting;
            if due > now {
                pause = pause.min(due.since(now));
                continue;
            }
            let on_their_way = in_flight.per_channel.get(&channel).copied().unwrap_or(0);
            let free = self.config.sends_per_channel.saturating_sub(on_their_way);
            // Those on their way are still due.
            let limit = free + on_their_way;
            let rows = match free {
                0 => Vec::new(),
                _ => self.catalog.outbox_due(OutboxKind::Notification, &channel, now, limit).await?,
            };
            let rows = rows.into_iter().filter(|row| !in_flight.ids.contains(&row.id)).take(free);
            for row in rows.collect::<Vec<_>>() {
                in_flight.enter(&row);
                tasks.spawn(self.clone().attempt(row));
            }
        }
        self.metrics.outbox.used(messages as usize);
        if messages as usize > self.config.outbox {
            let given_up =
                self.catalog.outbox_give_up_oldest(self.config.outbox, "too many messages were waiting", now).await?;
            error!(messages = given_up, "the outbox is full; the oldest notifications were given up");
        }
        Ok(pause.max(Duration::from_millis(5)))
    }

    async fn attempt(self, row: OutboxRow) -> (String, String) {
        let outcome = if row.channel == ASK {
            match self.ask(&row).await {
                // The desk has written what follows, and that the question is answered.
                Ok(()) => return (row.id, row.channel),
                Err(outcome) => outcome,
            }
        } else {
            self.carry(&row).await
        };
        // Until it is recorded it counts as on its way: a catalog that fails for a moment causes no second message.
        while let Err(error) = self.record(&row, &outcome).await {
            warn!(%error, notification = row.id, "could not record an attempt to notify");
            tokio::time::sleep(CATALOG_PAUSE).await;
        }
        (row.id, row.channel)
    }

    /// Asks who is to be told, and has the desk tell them.
    async fn ask(&self, row: &OutboxRow) -> Result<(), Outcome> {
        let unreadable = |error| Outcome::Rejected { why: format!("the stored question cannot be read: {error}") };
        let mut question: Question = serde_json::from_str(&row.body).map_err(unreadable)?;
        let headers: Vec<(String, String)> =
            question.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let body = json!({ "alerts": question.alerts, "notification_id": row.id }).to_string();
        let answer = self.carrier.ask(&question.url, &headers, body).await?;
        let named = named_by(answer.as_bytes()).map_err(|reason| Outcome::Rejected { why: reason.why })?;
        question.planned = question.planned.with(named);
        let stopped = |_| Outcome::Retry { why: "the answer could not be taken in".to_owned(), after: None };
        self.desk.answered(row.id.clone(), row.account, question).await.map_err(stopped)?;
        self.metrics.notified(ASK, "sent");
        Ok(())
    }

    async fn carry(&self, row: &OutboxRow) -> Outcome {
        match serde_json::from_str::<Envelope>(&row.body) {
            Ok(envelope) => {
                let sending = self.carrier.carry(&envelope, self.clock.now());
                tokio::time::timeout(ATTEMPT_PATIENCE, sending).await.unwrap_or_else(|_| Outcome::Retry {
                    why: format!("no end after {} s", ATTEMPT_PATIENCE.as_secs()),
                    after: None,
                })
            }
            Err(error) => Outcome::Rejected { why: format!("the stored message cannot be read: {error}") },
        }
    }

    async fn record(&self, row: &OutboxRow, outcome: &Outcome) -> Result<(), CatalogError> {
        let now = self.clock.now();
        let (ended, detail) = match outcome {
            Outcome::Wait { after } => return self.catalog.outbox_postpone(&row.id, now.plus(*after)).await,
            Outcome::Delivered { answer } => (Ended::Sent, answer),
            Outcome::Rejected { why } => (Ended::Failed, why),
            Outcome::Retry { why, .. } if now.since(row.created) >= self.config.give_up_after => (Ended::Failed, why),
            Outcome::Retry { why, after } => {
                let pause = PAUSES[PAUSES.len().min(row.attempts as usize + 1) - 1];
                (Ended::Retry(now.plus(pause.max(after.unwrap_or_default()))), why)
            }
        };
        let detail: String = detail.chars().take(DETAIL_CHARACTERS_MAX).collect();
        self.catalog.notification_attempted(&row.id, ended, &detail, now).await?;
        let (outcome, channel) = (name(ended), row.channel.as_str());
        self.metrics.notified(channel, outcome);
        match ended {
            Ended::Failed => warn!(notification = row.id, channel, why = detail, "a notification was given up"),
            Ended::Retry(_) => info!(notification = row.id, channel, why = detail, "a notification will be sent again"),
            Ended::Sent => {}
        }
        Ok(())
    }
}

/// A message that was received and is not recorded as sent would be sent once more.
async fn finish(mut tasks: JoinSet<(String, String)>) {
    let ending = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_PATIENCE, ending).await.is_err() {
        let messages = tasks.len();
        warn!(messages, "notifications were cut off; they will be sent again under the same ids");
    }
}

fn name(ended: Ended) -> &'static str {
    match ended {
        Ended::Sent => "sent",
        Ended::Retry(_) => "retry",
        Ended::Failed => "failed",
    }
}

impl InFlight {
    fn enter(&mut self, row: &OutboxRow) {
        self.ids.insert(row.id.clone());
        *self.per_channel.entry(row.channel.clone()).or_default() += 1;
    }

    fn leave(&mut self, id: &str, channel: &str) {
        self.ids.remove(id);
        if let Some(on_their_way) = self.per_channel.get_mut(channel) {
            *on_their_way = on_their_way.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
