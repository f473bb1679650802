//! Notifications: the log of what was told and why, the outbox, the attempts to send, the inbox.
//!
//! A row of the outbox is made in the transaction of what it follows from, and goes in the transaction that records how it
//! ended. So whatever happens in between, it is sent at least once, and under one id.

use std::str::FromStr;

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::database::{Columns, to_json};
use crate::{Catalog, CatalogError};

/// How a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationOutcome {
    /// It is in the outbox.
    Waiting,
    /// The receiver has it.
    Sent,
    /// It was given up.
    Failed,
    /// It was decided not to send it.
    Suppressed,
}

impl NotificationOutcome {
    const ALL: [NotificationOutcome; 4] = [Self::Waiting, Self::Sent, Self::Failed, Self::Suppressed];

    /// As it is written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            NotificationOutcome::Waiting => "waiting",
            NotificationOutcome::Sent => "sent",
            NotificationOutcome::Failed => "failed",
            NotificationOutcome::Suppressed => "suppressed",
        }
    }
}

impl FromStr for NotificationOutcome {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        NotificationOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(())
    }
}

/// Something that was told, or deliberately not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Random; the same for every attempt.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The project of the first alert's rule.
    pub project: String,
    /// The first alert's rule.
    pub rule: String,
    /// The action policy that decided; empty when none was asked.
    pub action_policy: String,
    /// The channel's name; empty when it did not come so far.
    pub channel: String,
    /// A user, a webhook: whom it is for.
    pub recipient: String,
    /// How it stands.
    pub outcome: NotificationOutcome,
    /// Why, for machines.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// Of which incidents.
    pub incidents: Vec<String>,
    /// The message's title or first words.
    pub title: String,
    /// Attempts so far.
    pub attempts: u64,
    /// When it was decided.
    pub created: Timestamp,
    /// When it was sent, given up or suppressed.
    pub finished: Option<Timestamp>,
}

/// Which notifications to list. What is not said does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotificationFilter {
    /// Of this project.
    pub project: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// Of this incident.
    pub incident: Option<String>,
    /// With this outcome.
    pub outcome: Option<NotificationOutcome>,
    /// Leave out so many, the newest first.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

/// One attempt to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1.
    pub number: u64,
    /// When it ended.
    pub at: Timestamp,
    /// `sent`, `retry` or `failed`.
    pub outcome: String,
    /// The receiver's words, or what was wrong.
    pub detail: String,
}

/// What a row of the outbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxKind {
    /// A message to somebody outside.
    Notification,
    /// An event for the journal.
    History,
}

impl OutboxKind {
    fn as_str(self) -> &'static str {
        match self {
            OutboxKind::Notification => "notification",
            OutboxKind::History => "history",
        }
    }
}

impl FromStr for OutboxKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [OutboxKind::Notification, OutboxKind::History].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The notification's id, or the event's.
    pub id: String,
    /// What it is for.
    pub kind: OutboxKind,
    /// Whose.
    pub account: AccountId,
    /// The channel's name; `history` for the journal.
    pub channel: String,
    /// Not before this.
    pub due: Timestamp,
    /// Attempts that failed.
    pub attempts: u64,
    /// What to send.
    pub body: String,
    /// When it was put here.
    pub created: Timestamp,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The receiver has it.
    Sent,
    /// It will be tried again then.
    Retry(Timestamp),
    /// It is given up.
    Failed,
}

/// A message of the Message Center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// The notification's id.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The highest of its alerts.
    pub severity: u8,
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// When.
    pub created: Timestamp,
    /// When somebody read it.
    pub read: Option<Timestamp>,
}

fn notification(row: &SqliteRow) -> Result<Notification, CatalogError> {
    Ok(Notification {
        id: row.text("id")?,
        account: row.account("account")?,
        project: row.text("project")?,
        rule: row.text("rule")?,
        action_policy: row.text("action_policy")?,
        channel: row.text("channel")?,
        recipient: row.text("recipient")?,
        outcome: row.parsed("outcome")?,
        code: row.text("code")?,
        reason: row.text("reason")?,
        incidents: row.json("incidents")?,
        title: row.text("title")?,
        attempts: row.count("attempts")?,
        created: row.time("created")?,
        finished: row.time_if_any("finished")?,
    })
}

fn outbox_row(row: &SqliteRow) -> Result<OutboxRow, CatalogError> {
    Ok(OutboxRow {
        id: row.text("id")?,
        kind: row.parsed("kind")?,
        account: row.account("account")?,
        channel: row.text("channel")?,
        due: row.time("due")?,
        attempts: row.count("attempts")?,
        body: row.text("body")?,
        created: row.time("created")?,
    })
}

fn inbox_message(row: &SqliteRow) -> Result<InboxMessage, CatalogError> {
    Ok(InboxMessage {
        id: row.text("id")?,
        account: row.account("account")?,
        severity: row.count("severity")?.try_into().unwrap_or(u8::MAX),
        title: row.text("title")?,
        content: row.text("content")?,
        created: row.time("created")?,
        read: row.time_if_any("read")?,
    })
}

impl Catalog {
    /// What is due of a kind, and of a channel when one is said, the longest waiting first.
    pub async fn outbox_due(
        &self,
        kind: OutboxKind,
        channel: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, CatalogError> {
        let query = "SELECT * FROM outbox WHERE kind = ? AND channel = ? AND due <= ? ORDER BY due, created LIMIT ?";
        let query = sqlx::query(query).bind(kind.as_str()).bind(channel).bind(now.0).bind(limit as i64);
        query.fetch_all(self.reader()).await?.iter().map(outbox_row).collect()
    }

    /// The channels something waits for, how much, and when the first is due.
    pub async fn outbox_waiting(&self, kind: OutboxKind) -> Result<Vec<(String, u64, Timestamp)>, CatalogError> {
        let query = "SELECT channel, count(*) AS messages, min(due) AS due FROM outbox WHERE kind = ? GROUP BY channel";
        let rows = sqlx::query(query).bind(kind.as_str()).fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((row.text("channel")?, row.count("messages")?, row.time("due")?))).collect()
    }

    /// Records an attempt to send a notification, and takes it out of the outbox when it was the last.
    pub async fn notification_attempted(
        &self,
        id: &str,
        ended: Ended,
        detail: &str,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        attempted(&mut transaction, id, ended, detail, at).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Leaves a row for later without counting an attempt.
    pub async fn outbox_postpone(&self, id: &str, due: Timestamp) -> Result<(), CatalogError> {
        let query = sqlx::query("UPDATE outbox SET due = ? WHERE id = ?").bind(due.0).bind(id);
        query.execute(self.writer()).await?;
        Ok(())
    }

    /// Gives up the notifications that have waited longest, down to `keep`; says how many.
    pub async fn outbox_give_up_oldest(&self, keep: usize, why: &str, at: Timestamp) -> Result<u64, CatalogError> {
        let mut transaction = self.begin().await?;
        let query = "SELECT id FROM outbox WHERE kind = 'notification' ORDER BY created DESC, id LIMIT -1 OFFSET ?";
        let rows = sqlx::query(query).bind(keep as i64).fetch_all(&mut *transaction).await?;
        for row in &rows {
            attempted(&mut transaction, &row.text("id")?, Ended::Failed, why, at).await?;
        }
        transaction.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Takes rows out of the outbox that are in the journal now.
    pub async fn outbox_done(&self, ids: &[String]) -> Result<(), CatalogError> {
        let query = "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))";
        sqlx::query(query).bind(to_json(&ids)).execute(self.writer()).await?;
        Ok(())
    }

    /// What was told and not told, the newest first, and how much there is in all.
    pub async fn notification_list(
        &self,
        account: AccountId,
        filter: &NotificationFilter,
    ) -> Result<(Vec<Notification>, u64), CatalogError> {
        const WHICH: &str = "FROM notifications WHERE account = ?1 AND (?2 IS NULL OR project = ?2)
             AND (?3 IS NULL OR rule = ?3) AND (?4 IS NULL OR outcome = ?4)
             AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(incidents) WHERE value = ?5))";
        let bound = |text: String| {
            sqlx::query(sqlx::AssertSqlSafe(text))
                .bind(account.as_str().to_owned())
                .bind(filter.project.clone())
                .bind(filter.rule.clone())
                .bind(filter.outcome.map(NotificationOutcome::as_str))
                .bind(filter.incident.clone())
        };
        let page = bound(format!("SELECT * {WHICH} ORDER BY created DESC, id LIMIT ?6 OFFSET ?7"));
        let rows = page.bind(filter.limit as i64).bind(filter.offset as i64).fetch_all(self.reader()).await?;
        let all = bound(format!("SELECT count(*) AS messages {WHICH}")).fetch_one(self.reader()).await?;
        Ok((rows.iter().map(notification).collect::<Result<_, _>>()?, all.count("messages")?))
    }

    /// The attempts to send a notification of the account, in order.
    pub async fn notification_attempts(&self, account: AccountId, id: &str) -> Result<Vec<Attempt>, CatalogError> {
        let query = "SELECT notification_attempts.* FROM notification_attempts
             JOIN notifications ON notifications.id = notification
             WHERE account = ? AND notification = ? ORDER BY number";
        let rows = sqlx::query(query).bind(account.as_str()).bind(id).fetch_all(self.reader()).await?;
        let attempt = |row: &SqliteRow| {
            Ok(Attempt {
                number: row.count("number")?,
                at: row.time("at")?,
                outcome: row.text("outcome")?,
                detail: row.text("detail")?,
            })
        };
        rows.iter().map(attempt).collect()
    }

    /// The account's messages, the newest first, and how many there are in all.
    pub async fn inbox_list(
        &self,
        account: AccountId,
        unread_only: bool,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<InboxMessage>, u64), CatalogError> {
        let query = "SELECT * FROM inbox WHERE account = ? AND (read IS NULL OR NOT ?)
             ORDER BY created DESC, id LIMIT ? OFFSET ?";
        let query = sqlx::query(query).bind(account.as_str()).bind(unread_only).bind(limit as i64).bind(offset as i64);
        let rows = query.fetch_all(self.reader()).await?;
        let query = "SELECT count(*) AS messages FROM inbox WHERE account = ? AND (read IS NULL OR NOT ?)";
        let all = sqlx::query(query).bind(account.as_str()).bind(unread_only).fetch_one(self.reader()).await?;
        Ok((rows.iter().map(inbox_message).collect::<Result<_, _>>()?, all.count("messages")?))
    }

    /// Marks messages of the account as read.
    pub async fn inbox_read(&self, account: AccountId, ids: &[String], at: Timestamp) -> Result<(), CatalogError> {
        let query = "UPDATE inbox SET read = coalesce(read, ?) WHERE account = ?
             AND id IN (SELECT value FROM json_each(?))";
        let query = sqlx::query(query).bind(at.0).bind(account.as_str()).bind(to_json(&ids));
        query.execute(self.writer()).await?;
        Ok(())
    }
}

pub(crate) async fn attempted(
    transaction: &mut Transaction<'_, Sqlite>,
    id: &str,
    ended: Ended,
    detail: &str,
    at: Timestamp,
) -> Result<(), CatalogError> {
    let (name, outcome, due) = match ended {
        Ended::Sent => ("sent", Some(NotificationOutcome::Sent), None),
        Ended::Failed => ("failed", Some(NotificationOutcome::Failed), None),
        Ended::Retry(due) => ("retry", None, Some(due)),
    };
    let query = match due {
        Some(due) => {
            let query = "UPDATE outbox SET due = ?, attempts = attempts + 1 WHERE id = ?";
            sqlx::query(query).bind(due.0).bind(id)
        }
        None => sqlx::query("DELETE FROM outbox WHERE id = ?").bind(id),
    };
    query.execute(&mut **transaction).await?;
    let query = "UPDATE notifications SET attempts = attempts + 1, outcome = coalesce(?1, outcome),
             finished = CASE WHEN ?1 IS NOT NULL THEN ?2 END
         WHERE id = ?3 RETURNING attempts";
    let query = sqlx::query(query).bind(outcome.map(NotificationOutcome::as_str)).bind(at.0).bind(id);
    // It may have been forgotten with its account's history.
    let Some(row) = query.fetch_optional(&mut **transaction).await? else { return Ok(()) };
    let query = "INSERT INTO notification_attempts (notification, number, at, outcome, detail) VALUES (?, ?, ?, ?, ?)";
    let query = sqlx::query(query).bind(id).bind(row.number("attempts")?).bind(at.0).bind(name).bind(detail);
    query.execute(&mut **transaction).await?;
    Ok(())
}

pub(crate) async fn add(transaction: &mut Transaction<'_, Sqlite>, new: &Notification) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO notifications (id, account, project, rule, action_policy, channel, recipient, outcome, code, reason,
             incidents, title, created, finished)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&new.id)
    .bind(new.account.as_str())
    .bind(&new.project)
    .bind(&new.rule)
    .bind(&new.action_policy)
    .bind(&new.channel)
    .bind(&new.recipient)
    .bind(new.outcome.as_str())
    .bind(&new.code)
    .bind(&new.reason)
    .bind(to_json(&new.incidents))
    .bind(&new.title)
    .bind(new.created.0)
    .bind(new.finished.map(|finished| finished.0))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(crate) async fn add_to_outbox(
    transaction: &mut Transaction<'_, Sqlite>,
    new: &OutboxRow,
) -> Result<(), CatalogError> {
    // A run that is repeated has the same event: the row may be here still.
    sqlx::query(
        "INSERT INTO outbox (id, kind, account, channel, due, body, created) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(&new.id)
    .bind(new.kind.as_str())
    .bind(new.account.as_str())
    .bind(&new.channel)
    .bind(new.due.0)
    .bind(&new.body)
    .bind(new.created.0)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(crate) async fn add_to_inbox(
    transaction: &mut Transaction<'_, Sqlite>,
    new: &InboxMessage,
) -> Result<(), CatalogError> {
    sqlx::query("INSERT INTO inbox (id, account, severity, title, content, created) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(&new.id)
        .bind(new.account.as_str())
        .bind(new.severity)
        .bind(&new.title)
        .bind(&new.content)
        .bind(new.created.0)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
