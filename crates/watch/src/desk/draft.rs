//! What is about to be written, and decisions as rows of it.

use std::borrow::Cow;

use catalog::{
    AlertChange, AlertRuleId, InboxMessage, Notification, NotificationOutcome, OutboxKind, OutboxRow, QuotaUse,
};
use model::{AccountId, Timestamp};
use outbound::channel::Envelope;

use super::accounts::channel_name;
use super::run::Standing;
use crate::decide::{Act, AlertRef, Decision, quota_day};
use crate::outbox::ASK;

/// Characters of a message's title that are kept in the log.
const TITLE_CHARACTERS_MAX: usize = 80;

/// What is about to be written, and what follows from it in memory.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) change: AlertChange,
    pub(super) standings: Vec<(AlertRuleId, Standing)>,
    pub(super) quiet: Vec<(String, Cow<'static, str>)>,
    /// Channel and outcome of what was decided, for the metrics.
    pub(super) decided: Vec<(String, &'static str)>,
}

impl Draft {
    /// Whether there is nothing to write. A state that only the stream saw again is kept in memory.
    pub(super) fn is_empty(&self) -> bool {
        let AlertChange { rules, incidents, sets, notifications, outbox, answered, inbox, quotas, cursors } =
            &self.change;
        rules.is_empty()
            && incidents.is_empty()
            && sets.is_empty()
            && notifications.is_empty()
            && outbox.is_empty()
            && answered.is_empty()
            && inbox.is_empty()
            && quotas.is_empty()
            && cursors.is_empty()
    }

    /// A decision as rows.
    pub(super) fn write(&mut self, account: AccountId, id: String, decision: Decision, now: Timestamp) {
        let mut notification = notification(account, &id, &decision, now);
        let channel = notification.channel.clone();
        let usual = notification.title.clone();
        let row = |channel: String, body: String| OutboxRow {
            id: id.clone(),
            kind: OutboxKind::Notification,
            account,
            channel,
            due: now,
            attempts: 0,
            body,
            created: now,
        };
        match decision.act {
            Act::Send(what) => {
                let (target, message) = *what;
                notification.title = title(&message.title, &usual);
                let envelope = Envelope {
                    id: id.clone(),
                    account,
                    target,
                    title: message.title,
                    body: message.body,
                    plain: message.plain,
                };
                let body = serde_json::to_string(&envelope).expect("an envelope has no failing parts");
                self.change.outbox.push(row(envelope.target.channel().to_owned(), body));
                if decision.is_counted {
                    let recipient = decision.recipient;
                    self.change.quotas.push(QuotaUse { account, recipient, channel, day: quota_day(now) });
                }
            }
            Act::Ask(question) => {
                let body = serde_json::to_string(&question).expect("a question has no failing parts");
                self.change.outbox.push(row(ASK.to_owned(), body));
            }
            Act::Inbox(message) => {
                notification.title = title(&message.title, &usual);
                notification.outcome = NotificationOutcome::Sent;
                notification.finished = Some(now);
                self.decided.push((channel, "sent"));
                let title = notification.title.clone();
                let severity = decision.alerts.iter().map(|alert| alert.severity.number()).max().unwrap_or(0);
                let message =
                    InboxMessage { id, account, severity, title, content: message.body, created: now, read: None };
                self.change.inbox.push(message);
            }
            Act::Suppress => {
                notification.outcome = NotificationOutcome::Suppressed;
                notification.finished = Some(now);
                self.decided.push((channel, "suppressed"));
            }
        }
        self.change.notifications.push(notification);
    }
}

/// Its record, as of something that waits.
fn notification(account: AccountId, id: &str, decision: &Decision, now: Timestamp) -> Notification {
    let first = decision.alerts.first();
    let of_first = |text: fn(&AlertRef) -> &String| first.map(|alert| text(alert).clone()).unwrap_or_default();
    Notification {
        id: id.to_owned(),
        account,
        project: of_first(|alert| &alert.project),
        rule: of_first(|alert| &alert.rule),
        action_policy: decision.action_policy.clone(),
        channel: decision.channel.map(channel_name).unwrap_or_default(),
        recipient: decision.recipient.clone(),
        outcome: NotificationOutcome::Waiting,
        code: decision.code.clone().into_owned(),
        reason: decision.reason.clone(),
        incidents: decision.alerts.iter().map(|alert| alert.incident.clone()).collect(),
        title: of_first(|alert| &alert.title),
        attempts: 0,
        created: now,
        finished: None,
    }
}

/// A message's own title, or its rule's.
fn title(own: &str, usual: &str) -> String {
    let text = if own.is_empty() { usual } else { own };
    text.chars().take(TITLE_CHARACTERS_MAX).collect()
}
