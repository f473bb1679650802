//! What alerting remembers, and the one transaction that changes it.
//!
//! [`Catalog::alert_apply`] writes everything that some evaluations, or merge sets that were due, changed: all of it or
//! nothing. What it is given was computed by `watch` from what was here before; the texts called state are `alert`'s.

use std::collections::HashSet;

use model::trail::Selector;
use model::{AccountId, Seq, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::alert_incidents::{self, IncidentChange};
use crate::database::{Columns, seq_number, to_json};
use crate::notifications::{self, Ended, InboxMessage, Notification, OutboxRow};
use crate::{AlertRuleId, Catalog, CatalogError};

/// The Logstore that shows how a project's rules were evaluated.
pub const HISTORY_LOGSTORE: &str = "internal-alert-history";
/// Days it shows, until its owner says otherwise.
const HISTORY_DAYS: u32 = 30;

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRuleState {
    /// Which rule.
    pub rule: AlertRuleId,
    /// The rule's version when it ran.
    pub version: u64,
    /// What the next run needs of the last: JSON.
    pub state: String,
    /// The scheduled time of the last run.
    pub evaluated_through: Timestamp,
    /// How it ended, for lists of rules.
    pub status: String,
    /// Why.
    pub reason: String,
}

/// A merge set between two notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeSetState {
    /// Whose.
    pub account: AccountId,
    /// Of which alert policy.
    pub policy: String,
    /// Which of its sets.
    pub key: String,
    /// What is in it: JSON. `None`: the set is gone.
    pub state: Option<String>,
}

/// Messages a recipient had on a channel on a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuotaUse {
    /// Whose recipient.
    pub account: AccountId,
    /// A user's id.
    pub recipient: String,
    /// The channel's name.
    pub channel: String,
    /// Days since 1970 where the recipient is.
    pub day: i64,
}

/// One evaluation's own changes. They are left out when the rule was changed or deleted meanwhile.
#[derive(Debug, Clone)]
pub struct EvaluatedRule {
    /// Whose.
    pub account: AccountId,
    /// The rule's project.
    pub project: String,
    /// Where the rule stands now.
    pub state: AlertRuleState,
    /// What leads to the history: rows of kind `History`.
    pub history: Vec<OutboxRow>,
}

/// What is to be written together.
#[derive(Debug, Clone, Default)]
pub struct AlertChange {
    /// Rules that ran.
    pub rules: Vec<EvaluatedRule>,
    /// Incidents that began, went on or ended.
    pub incidents: Vec<IncidentChange>,
    /// Merge sets as they are now.
    pub sets: Vec<MergeSetState>,
    /// What was told or not told, and why.
    pub notifications: Vec<Notification>,
    /// What is to be sent.
    pub outbox: Vec<OutboxRow>,
    /// Rows of the outbox that this follows from: their ids, and what was answered.
    pub answered: Vec<(String, String)>,
    /// Messages for the Message Center.
    pub inbox: Vec<InboxMessage>,
    /// One message each.
    pub quotas: Vec<QuotaUse>,
    /// Where readers of new events are.
    pub cursors: Vec<(&'static str, Seq)>,
}

/// Rules of a change that are not as they were when the change was computed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// All of it is durable.
    Done,
    /// Nothing was written: these rules have another version or are gone.
    Outdated(HashSet<AlertRuleId>),
}

impl Catalog {
    /// Writes a change, unless one of its rules was changed or deleted since it was read.
    pub async fn alert_apply(&self, change: &AlertChange, now: Timestamp) -> Result<Applied, CatalogError> {
        let mut transaction = self.begin().await?;
        let outdated = outdated(&mut transaction, &change.rules).await?;
        if !outdated.is_empty() {
            return Ok(Applied::Outdated(outdated));
        }
        for rule in &change.rules {
            put_state(&mut transaction, &rule.state).await?;
            for row in &rule.history {
                notifications::add_to_outbox(&mut transaction, row).await?;
            }
        }
        let projects: HashSet<(AccountId, &str)> =
            change.rules.iter().map(|rule| (rule.account, rule.project.as_str())).collect();
        for (account, project) in projects {
            make_history(&mut transaction, account, project, now).await?;
        }
        for incident in &change.incidents {
            alert_incidents::apply(&mut transaction, incident).await?;
        }
        for set in &change.sets {
            put_set(&mut transaction, set).await?;
        }
        for notification in &change.notifications {
            notifications::add(&mut transaction, notification).await?;
        }
        for row in &change.outbox {
            notifications::add_to_outbox(&mut transaction, row).await?;
        }
        for (id, detail) in &change.answered {
            notifications::attempted(&mut transaction, id, Ended::Sent, detail, now).await?;
        }
        for message in &change.inbox {
            notifications::add_to_inbox(&mut transaction, message).await?;
        }
        for used in &change.quotas {
            count(&mut transaction, used).await?;
        }
        for (name, seq) in &change.cursors {
            let query = "INSERT INTO alert_cursors (name, seq) VALUES (?, ?)
                 ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)";
            sqlx::query(query).bind(*name).bind(seq_number(*seq)).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Applied::Done)
    }

    /// Where every rule stands that has run.
    pub async fn alert_rule_states(&self) -> Result<Vec<AlertRuleState>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM alert_rule_states").fetch_all(self.reader()).await?;
        rows.iter().map(state_from_row).collect()
    }

    /// Where a rule stands; `None` when it has never run.
    pub async fn alert_rule_state(&self, rule: AlertRuleId) -> Result<Option<AlertRuleState>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_rule_states WHERE rule = ?").bind(rule.0);
        query.fetch_optional(self.reader()).await?.as_ref().map(state_from_row).transpose()
    }

    /// Where those of some rules stand that have run.
    pub async fn alert_rule_states_of(&self, rules: &[AlertRuleId]) -> Result<Vec<AlertRuleState>, CatalogError> {
        let ids: Vec<i64> = rules.iter().map(|rule| rule.0).collect();
        let query = "SELECT * FROM alert_rule_states WHERE rule IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(query).bind(to_json(&ids)).fetch_all(self.reader()).await?;
        rows.iter().map(state_from_row).collect()
    }

    /// Every merge set.
    pub async fn alert_merge_sets(&self) -> Result<Vec<MergeSetState>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM alert_merge_sets").fetch_all(self.reader()).await?;
        let set = |row: &SqliteRow| {
            Ok(MergeSetState {
                account: row.account("account")?,
                policy: row.text("policy")?,
                key: row.text("key")?,
                state: Some(row.text("state")?),
            })
        };
        rows.iter().map(set).collect()
    }

    /// How many messages each recipient of an account had on each channel, since a day.
    pub async fn alert_quotas(&self, account: AccountId, since: i64) -> Result<Vec<(QuotaUse, u64)>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_quotas WHERE account = ? AND day >= ?");
        let rows = query.bind(account.as_str()).bind(since).fetch_all(self.reader()).await?;
        let used = |row: &SqliteRow| {
            let of = QuotaUse {
                account,
                recipient: row.text("recipient")?,
                channel: row.text("channel")?,
                day: row.number("day")?,
            };
            Ok((of, row.count("used")?))
        };
        rows.iter().map(used).collect()
    }

    /// How far a reader of new events is; `None` when it has never said.
    pub async fn alert_cursor(&self, name: &str) -> Result<Option<Seq>, CatalogError> {
        let query = sqlx::query("SELECT seq FROM alert_cursors WHERE name = ?").bind(name);
        let row = query.fetch_optional(self.reader()).await?;
        row.map(|row| Ok(Seq(row.count("seq")?))).transpose()
    }

    /// Forgets where a reader of new events is.
    pub async fn alert_cursor_forget(&self, name: &str) -> Result<(), CatalogError> {
        sqlx::query("DELETE FROM alert_cursors WHERE name = ?").bind(name).execute(self.writer()).await?;
        Ok(())
    }

    /// Forgets what ended before a time: incidents, notifications, messages, silences; and quotas of days before.
    pub async fn alert_forget(&self, before: Timestamp) -> Result<u64, CatalogError> {
        let mut transaction = self.begin().await?;
        let mut rows = 0;
        for query in [
            "DELETE FROM alert_incidents WHERE ended < ?",
            "DELETE FROM notifications WHERE created < ? AND outcome <> 'waiting'",
            "DELETE FROM inbox WHERE created < ?",
            "DELETE FROM alert_silences WHERE ends < ?",
            "DELETE FROM alert_quotas WHERE day < ? / 86400000",
        ] {
            rows += sqlx::query(query).bind(before.0).execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        Ok(rows)
    }
}

async fn outdated(
    transaction: &mut Transaction<'_, Sqlite>,
    rules: &[EvaluatedRule],
) -> Result<HashSet<AlertRuleId>, CatalogError> {
    let mut outdated = HashSet::new();
    for rule in rules {
        let query = "SELECT 1 FROM alert_rules WHERE id = ? AND version = ? AND is_enabled = 1";
        let query = sqlx::query(query).bind(rule.state.rule.0).bind(rule.state.version as i64);
        if query.fetch_optional(&mut **transaction).await?.is_none() {
            outdated.insert(rule.state.rule);
        }
    }
    Ok(outdated)
}

async fn put_state(transaction: &mut Transaction<'_, Sqlite>, state: &AlertRuleState) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO alert_rule_states (rule, version, state, evaluated_through, status, reason)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state, status = excluded.status,
             reason = excluded.reason, evaluated_through = max(evaluated_through, excluded.evaluated_through)",
    )
    .bind(state.rule.0)
    .bind(state.version as i64)
    .bind(&state.state)
    .bind(state.evaluated_through.0)
    .bind(&state.status)
    .bind(&state.reason)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn put_set(transaction: &mut Transaction<'_, Sqlite>, set: &MergeSetState) -> Result<(), CatalogError> {
    let query = match &set.state {
        Some(state) => sqlx::query(
            "INSERT INTO alert_merge_sets (account, policy, key, state) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET state = excluded.state",
        )
        .bind(set.account.as_str())
        .bind(&set.policy)
        .bind(&set.key)
        .bind(state),
        None => sqlx::query("DELETE FROM alert_merge_sets WHERE account = ? AND policy = ? AND key = ?")
            .bind(set.account.as_str())
            .bind(&set.policy)
            .bind(&set.key),
    };
    query.execute(&mut **transaction).await?;
    Ok(())
}

async fn count(transaction: &mut Transaction<'_, Sqlite>, used: &QuotaUse) -> Result<(), CatalogError> {
    let query = sqlx::query(
        "INSERT INTO alert_quotas (account, recipient, channel, day, used) VALUES (?, ?, ?, ?, 1)
         ON CONFLICT DO UPDATE SET used = used + 1",
    );
    let query = query.bind(used.account.as_str()).bind(&used.recipient).bind(&used.channel).bind(used.day);
    query.execute(&mut **transaction).await?;
    Ok(())
}

/// The project's view of how its rules were evaluated, unless it is there. A project that is gone has none.
async fn make_history(
    transaction: &mut Transaction<'_, Sqlite>,
    account: AccountId,
    project: &str,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let row = sqlx::query(
        "INSERT INTO logstores (account, project, name, ttl_days, created, updated)
         SELECT account, name, ?3, ?4, ?5, ?5 FROM projects WHERE account = ?1 AND name = ?2
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(account.as_str())
    .bind(project)
    .bind(HISTORY_LOGSTORE)
    .bind(HISTORY_DAYS)
    .bind(now.0)
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let query = "INSERT INTO view_intervals (logstore, account, after_seq, selector) VALUES (?, ?, 0, ?)";
    let query = sqlx::query(query).bind(row.number("id")?).bind(account.as_str());
    query.bind(to_json(&Selector::alert_history(project))).execute(&mut **transaction).await?;
    Ok(())
}

fn state_from_row(row: &SqliteRow) -> Result<AlertRuleState, CatalogError> {
    Ok(AlertRuleState {
        rule: AlertRuleId(row.number("rule")?),
        version: row.count("version")?,
        state: row.text("state")?,
        evaluated_through: row.time("evaluated_through")?,
        status: row.text("status")?,
        reason: row.text("reason")?,
    })
}
