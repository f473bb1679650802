//! Incidents: an alert from its first fire until it is resolved, and what people did about it.

use std::str::FromStr;

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::database::Columns;
use crate::{AlertRuleId, Catalog, CatalogError};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IncidentStatus {
    /// Nobody has said anything.
    Firing,
    /// Somebody works on it.
    Confirmed,
    /// Somebody said that it does not matter: it notifies nobody.
    Ignored,
    /// It is over, or somebody said so.
    Resolved,
}

impl IncidentStatus {
    /// All of them.
    pub const ALL: [IncidentStatus; 4] = [Self::Firing, Self::Confirmed, Self::Ignored, Self::Resolved];

    /// As it is written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            IncidentStatus::Firing => "firing",
            IncidentStatus::Confirmed => "confirmed",
            IncidentStatus::Ignored => "ignored",
            IncidentStatus::Resolved => "resolved",
        }
    }
}

impl FromStr for IncidentStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        IncidentStatus::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Of its account, fingerprint and first fire.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The rule's project.
    pub project: String,
    /// The rule's name.
    pub rule: String,
    /// The rule's number; the rule may be gone.
    pub rule_id: AlertRuleId,
    /// The rule's display name.
    pub title: String,
    /// Which alert, across evaluations.
    pub fingerprint: String,
    /// Where it stands.
    pub status: IncidentStatus,
    /// 2 to 10.
    pub severity: u8,
    /// First fire.
    pub fired: Timestamp,
    /// The last evaluation that found it.
    pub last_seen: Timestamp,
    /// Its end; `None` while it is open.
    pub ended: Option<Timestamp>,
    /// Who confirmed, ignored or resolved it.
    pub handled_by: Option<String>,
    /// When.
    pub handled: Option<Timestamp>,
    /// What they said.
    pub note: String,
    /// The action policy that told it first.
    pub action_policy: String,
    /// When it was first told.
    pub told: Option<Timestamp>,
    /// Which clocks of its policy rang: 1 nobody confirmed it, 2 it was confirmed and not done, 4 it went on too long.
    pub escalated: u8,
    /// The last alert of it: JSON.
    pub alert: String,
}

/// What an evaluation or a notification changes in an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentChange {
    /// It fires: it begins, or goes on. Only identity, text, severity, times and alert are read.
    Fires(Box<Incident>),
    /// The open incident of this fingerprint is over.
    Ends {
        /// Whose.
        account: AccountId,
        /// Which.
        fingerprint: String,
        /// When.
        at: Timestamp,
    },
    /// It was told by this action policy.
    Told {
        /// Which.
        id: String,
        /// Who told.
        action_policy: String,
        /// When.
        at: Timestamp,
        /// When to look at the policy's clocks.
        escalate_at: Option<Timestamp>,
    },
    /// Its clocks were looked at: the bits that are set are added.
    Escalated {
        /// Which.
        id: String,
        /// See [`Incident::escalated`].
        bits: u8,
        /// When to look again.
        escalate_at: Option<Timestamp>,
    },
}

/// An open incident that somebody confirmed or ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandledIncident {
    /// Its id.
    pub id: String,
    /// Of its alert.
    pub fingerprint: String,
    /// Which of both.
    pub status: IncidentStatus,
}

/// Which incidents to list. What is not said does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentFilter {
    /// Of this project.
    pub project: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// In these states; empty: in any.
    pub statuses: Vec<IncidentStatus>,
    /// First fired at or after this.
    pub from: Option<Timestamp>,
    /// First fired before this.
    pub before: Option<Timestamp>,
    /// Leave out so many, the newest first.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

fn from_row(row: &SqliteRow) -> Result<Incident, CatalogError> {
    let small = |column: &'static str| Ok::<u8, CatalogError>(row.count(column)?.try_into().unwrap_or(u8::MAX));
    Ok(Incident {
        id: row.text("id")?,
        account: row.account("account")?,
        project: row.text("project")?,
        rule: row.text("rule")?,
        rule_id: AlertRuleId(row.number("rule_id")?),
        title: row.text("title")?,
        fingerprint: row.text("fingerprint")?,
        status: row.parsed("status")?,
        severity: small("severity")?,
        fired: row.time("fired")?,
        last_seen: row.time("last_seen")?,
        ended: row.time_if_any("ended")?,
        handled_by: row.text_if_any("handled_by")?,
        handled: row.time_if_any("handled")?,
        note: row.text("note")?,
        action_policy: row.text("action_policy")?,
        told: row.time_if_any("told")?,
        escalated: small("escalated")?,
        alert: row.text("alert")?,
    })
}

impl Catalog {
    /// The account's incidents, the newest first, and how many there are in all.
    pub async fn incident_list(
        &self,
        account: AccountId,
        filter: &IncidentFilter,
    ) -> Result<(Vec<Incident>, u64), CatalogError> {
        const WHICH: &str = "FROM alert_incidents WHERE account = ?1 AND (?2 IS NULL OR project = ?2)
             AND (?3 IS NULL OR rule = ?3) AND (?4 = '' OR instr(?4, ' ' || status || ' ') > 0)
             AND fired >= ?5 AND fired < ?6";
        let statuses: String = filter.statuses.iter().map(|status| format!(" {} ", status.as_str())).collect();
        let bound = |text: String| {
            sqlx::query(sqlx::AssertSqlSafe(text))
                .bind(account.as_str().to_owned())
                .bind(filter.project.clone())
                .bind(filter.rule.clone())
                .bind(statuses.clone())
                .bind(filter.from.map_or(i64::MIN, |from| from.0))
                .bind(filter.before.map_or(i64::MAX, |before| before.0))
        };
        let page = bound(format!("SELECT * {WHICH} ORDER BY fired DESC, id LIMIT ?7 OFFSET ?8"));
        let rows = page.bind(filter.limit as i64).bind(filter.offset as i64).fetch_all(self.reader()).await?;
        let all = bound(format!("SELECT count(*) AS incidents {WHICH}")).fetch_one(self.reader()).await?;
        Ok((rows.iter().map(from_row).collect::<Result<_, _>>()?, all.count("incidents")?))
    }

    /// The account's incident of this id.
    pub async fn incident_find(&self, account: AccountId, id: &str) -> Result<Option<Incident>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_incidents WHERE account = ? AND id = ?");
        let query = query.bind(account.as_str()).bind(id);
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// How many incidents of the account are open and not ignored.
    pub async fn incident_count_open(&self, account: AccountId) -> Result<u64, CatalogError> {
        let query = "SELECT count(*) AS incidents FROM alert_incidents
             WHERE account = ? AND ended IS NULL AND status <> 'ignored'";
        sqlx::query(query).bind(account.as_str()).fetch_one(self.reader()).await?.count("incidents")
    }

    /// How many incidents of the account are open and not ignored, by severity.
    pub async fn incident_severities(&self, account: AccountId) -> Result<Vec<(u8, u64)>, CatalogError> {
        let query = "SELECT severity, count(*) AS incidents FROM alert_incidents
             WHERE account = ? AND ended IS NULL AND status <> 'ignored' GROUP BY severity ORDER BY severity DESC";
        let rows = sqlx::query(query).bind(account.as_str()).fetch_all(self.reader()).await?;
        let severity =
            |row: &SqliteRow| Ok((row.count("severity")?.try_into().unwrap_or(u8::MAX), row.count("incidents")?));
        rows.iter().map(severity).collect()
    }

    /// Says what somebody did about an open incident. `Resolved` ends it.
    pub async fn incident_handle(
        &self,
        account: AccountId,
        id: &str,
        status: IncidentStatus,
        by: &str,
        note: &str,
        at: Timestamp,
    ) -> Result<Incident, CatalogError> {
        let query = sqlx::query(
            "UPDATE alert_incidents SET status = ?1, handled_by = ?2, handled = ?3, note = ?4,
                 ended = CASE WHEN ?1 = 'resolved' THEN ?3 END,
                 -- Who is told of what now waits is the policy's, which only `watch` knows.
                 escalate_at = CASE WHEN told IS NOT NULL THEN ?3 END
             WHERE account = ?5 AND id = ?6 AND ended IS NULL RETURNING *",
        );
        let query = query.bind(status.as_str()).bind(by).bind(at.0).bind(note).bind(account.as_str()).bind(id);
        let row = query.fetch_optional(self.writer()).await?;
        let row = row.ok_or_else(|| CatalogError::not_found(format!("open incident {id}")))?;
        from_row(&row)
    }

    /// The open incidents of these fingerprints.
    pub async fn incidents_open(
        &self,
        account: AccountId,
        fingerprints: &[String],
    ) -> Result<Vec<Incident>, CatalogError> {
        let query = "SELECT * FROM alert_incidents WHERE account = ?1 AND ended IS NULL
             AND fingerprint IN (SELECT value FROM json_each(?2))";
        let query = sqlx::query(query).bind(account.as_str()).bind(crate::database::to_json(&fingerprints));
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// The open incidents of these fingerprints that somebody confirmed or ignored.
    pub async fn incidents_handled(
        &self,
        account: AccountId,
        fingerprints: &[String],
    ) -> Result<Vec<HandledIncident>, CatalogError> {
        let query = "SELECT id, fingerprint, status FROM alert_incidents
             WHERE account = ?1 AND fingerprint IN (SELECT value FROM json_each(?2)) AND ended IS NULL
                 AND status IN ('confirmed', 'ignored')";
        let query = sqlx::query(query).bind(account.as_str()).bind(crate::database::to_json(&fingerprints));
        let handled = |row: &SqliteRow| {
            let (id, fingerprint) = (row.text("id")?, row.text("fingerprint")?);
            Ok(HandledIncident { id, fingerprint, status: row.parsed("status")? })
        };
        query.fetch_all(self.reader()).await?.iter().map(handled).collect()
    }

    /// Open incidents of all accounts whose policy's clocks are to be looked at, the longest waiting first.
    pub async fn incidents_to_escalate(&self, now: Timestamp, limit: usize) -> Result<Vec<Incident>, CatalogError> {
        let query = "SELECT * FROM alert_incidents WHERE escalate_at <= ? AND ended IS NULL AND status <> 'ignored'
             ORDER BY escalate_at LIMIT ?";
        let rows = sqlx::query(query).bind(now.0).bind(limit as i64).fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }

    /// Ends the open incidents of rules that are gone or switched off; says how many.
    pub async fn incidents_end_orphans(&self, at: Timestamp) -> Result<u64, CatalogError> {
        let query = "UPDATE alert_incidents SET ended = ?1, note = 'the rule was deleted or switched off',
                 status = CASE status WHEN 'ignored' THEN 'ignored' ELSE 'resolved' END
             WHERE ended IS NULL AND NOT EXISTS
                 (SELECT 1 FROM alert_rules WHERE id = rule_id AND is_enabled = 1)";
        Ok(sqlx::query(query).bind(at.0).execute(self.writer()).await?.rows_affected())
    }

    /// How many incidents of all accounts are open, by state.
    pub async fn incident_totals(&self) -> Result<Vec<(IncidentStatus, u64)>, CatalogError> {
        let query = "SELECT status, count(*) AS incidents FROM alert_incidents WHERE ended IS NULL GROUP BY status";
        let rows = sqlx::query(query).fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((row.parsed("status")?, row.count("incidents")?))).collect()
    }
}

pub(crate) async fn apply(
    transaction: &mut Transaction<'_, Sqlite>,
    change: &IncidentChange,
) -> Result<(), CatalogError> {
    let query = match change {
        IncidentChange::Fires(incident) => return fires(transaction, incident).await,
        IncidentChange::Ends { account, fingerprint, at } => sqlx::query(
            "UPDATE alert_incidents SET ended = ?1, last_seen = max(last_seen, ?1),
                 status = CASE status WHEN 'ignored' THEN 'ignored' ELSE 'resolved' END
             WHERE account = ?2 AND fingerprint = ?3 AND ended IS NULL",
        )
        .bind(at.0)
        .bind(account.as_str())
        .bind(fingerprint),
        IncidentChange::Told { id, action_policy, at, escalate_at } => sqlx::query(
            "UPDATE alert_incidents SET told = ?1, action_policy = ?2, escalate_at = ?3 WHERE id = ?4 AND told IS NULL",
        )
        .bind(at.0)
        .bind(action_policy)
        .bind(escalate_at.map(|at| at.0))
        .bind(id),
        IncidentChange::Escalated { id, bits, escalate_at } => {
            let query = "UPDATE alert_incidents SET escalated = escalated | ?1, escalate_at = ?2 WHERE id = ?3";
            sqlx::query(query).bind(*bits).bind(escalate_at.map(|at| at.0)).bind(id)
        }
    };
    query.execute(&mut **transaction).await?;
    Ok(())
}

/// An incident somebody has ended stays ended while the same alert goes on.
async fn fires(transaction: &mut Transaction<'_, Sqlite>, new: &Incident) -> Result<(), CatalogError> {
    let row = sqlx::query(
        "INSERT INTO alert_incidents (id, account, project, rule, rule_id, title, fingerprint, status, severity, fired,
             last_seen, alert)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'firing', ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET title = excluded.title, severity = excluded.severity, alert = excluded.alert,
             last_seen = max(last_seen, excluded.last_seen)
         RETURNING last_seen = fired AS is_new",
    )
    .bind(&new.id)
    .bind(new.account.as_str())
    .bind(&new.project)
    .bind(&new.rule)
    .bind(new.rule_id.0)
    .bind(&new.title)
    .bind(&new.fingerprint)
    .bind(new.severity)
    .bind(new.fired.0)
    .bind(new.last_seen.0)
    .bind(&new.alert)
    .fetch_one(&mut **transaction)
    .await?;
    if row.try_get::<bool, _>("is_new")? {
        // Its predecessor ended without being told so: the rule was changed in between.
        let query = "UPDATE alert_incidents SET ended = ?1,
                 status = CASE status WHEN 'ignored' THEN 'ignored' ELSE 'resolved' END
             WHERE account = ?2 AND fingerprint = ?3 AND ended IS NULL AND id <> ?4";
        let query = sqlx::query(query).bind(new.fired.0).bind(new.account.as_str()).bind(&new.fingerprint);
        query.bind(&new.id).execute(&mut **transaction).await?;
    }
    Ok(())
}
