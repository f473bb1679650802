//! How rules were evaluated, as events of category `Alert` in their account's journal.
//!
//! An evaluation's event waits in the outbox, written in the transaction of the evaluation. Here it goes into the journal,
//! then out of the outbox. After a crash in between it is appended again, and the journal drops it by its id, which derives
//! from the rule and the instant of the run.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::{AlertRule, Catalog, OutboxKind, OutboxRow};
use host::{Clock, Shutdown};
use journal::{AppendError, Entry, Writer};
use model::{Event, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tracing::{error, warn};

/// The `channel` of such rows.
const CHANNEL: &str = "history";
/// Events appended together: one sync for all of them.
const BATCH: usize = 256;
/// Before the journal or the outbox is asked again when it failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Appends what waits, until the node stops.
pub(crate) struct Historian {
    pub(crate) catalog: Catalog,
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bell: Arc<Notify>,
    /// The longest time without looking.
    pub(crate) look_again: Duration,
}

/// The row that leads to the event of a run. `evaluation` has the fields of Log Service's history.
pub(crate) fn row(
    rule: &AlertRule,
    region: &str,
    instant: Timestamp,
    source: &str,
    evaluation: Map<String, Value>,
    now: Timestamp,
) -> OutboxRow {
    let id = event_id(rule, instant, source);
    let mut event = Map::new();
    let ours = json!({
        "eventId": id,
        "eventTime": instant.to_string(),
        "eventVersion": "1",
        "eventCategory": "Alert",
        "eventType": "AlertEvaluation",
        "eventName": "EvaluateAlertRule",
        "eventSource": "watch",
        "eventRW": "Read",
        "serviceName": "Sls",
        "acsRegion": region,
        "recipientAccountId": rule.account,
        "resourceType": "project;rule",
        "resourceName": format!("{};{}", rule.project, rule.name),
        "Project": rule.project,
    });
    if let Value::Object(ours) = ours {
        event.extend(ours);
    }
    event.extend(evaluation);
    OutboxRow {
        id,
        kind: OutboxKind::History,
        account: rule.account,
        channel: CHANNEL.to_owned(),
        due: now,
        attempts: 0,
        body: Value::Object(event).to_string(),
        created: now,
    }
}

/// The same for every repetition of a run.
fn event_id(rule: &AlertRule, instant: Timestamp, source: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(rule.account.as_str());
    hash.update(rule.id.0.to_le_bytes());
    hash.update(instant.0.to_le_bytes());
    hash.update(source);
    format!("alert-{}", hex::encode(&hash.finalize()[..16]))
}

impl Historian {
    pub(crate) async fn run(self, shutdown: Shutdown) {
        loop {
            let pause = match self.append().await {
                Ok(BATCH) => continue,
                Ok(_) => self.look_again,
                Err(pause) => pause,
            };
            tokio::select! {
                () = shutdown.begun() => return,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Appends a batch and says how many it were, or how long to wait.
    async fn append(&self) -> Result<usize, Duration> {
        let unreadable = |error| {
            warn!(%error, "could not use the outbox for the history of evaluations");
            PAUSE
        };
        let due = self.catalog.outbox_due(OutboxKind::History, CHANNEL, self.clock.now(), BATCH);
        let rows = due.await.map_err(unreadable)?;
        let entries = rows.iter().filter_map(|row| {
            let event = Event::parse(Bytes::from(row.body.clone()));
            let event =
                event.inspect_err(|refusal| error!(%refusal, id = row.id, "an evaluation makes no event")).ok()?;
            Some(Entry { account: row.account, event })
        });
        self.writer.append(entries.collect()).await.map_err(|error| {
            warn!(%error, "could not append the history of evaluations");
            match error {
                AppendError::Throttled { retry_after } => retry_after,
                _ => PAUSE,
            }
        })?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        if !ids.is_empty() {
            self.catalog.outbox_done(&ids).await.map_err(unreadable)?;
        }
        Ok(rows.len())
    }
}
