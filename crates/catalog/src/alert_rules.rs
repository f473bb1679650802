//! Alert rules of Log Service's projects.
//!
//! The configuration is kept as the text that was sent, because a client must read back what it wrote; what the rule
//! means is read from it by `alert`. Every change raises the rule's version, so a reader that began with an older one
//! notices, and the catalog's [`Catalog::alert_rules_version`], so caches look again.

use std::ops::Deref;

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A rule's number: never used again, also when a rule of the same name is made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertRuleId(pub i64);

/// What a client says about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlertRule {
    /// Whose project.
    pub account: AccountId,
    /// An embedded project.
    pub project: String,
    /// Unique in the project.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// Whether it is evaluated.
    pub is_enabled: bool,
    /// Until when it tells nobody.
    pub muted_until: Option<Timestamp>,
    /// JSON, as it was sent.
    pub schedule: String,
    /// JSON, as it was sent.
    pub configuration: String,
}

/// A rule as it is kept: it reads like what the client wrote, and has what the catalog adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its number.
    pub id: AlertRuleId,
    /// What the client says.
    pub written: NewAlertRule,
    /// 1, and one more with each change.
    pub version: u64,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

impl Deref for AlertRule {
    type Target = NewAlertRule;

    fn deref(&self) -> &NewAlertRule {
        &self.written
    }
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<AlertRule, CatalogError> {
    let written = NewAlertRule {
        account: row.account("account")?,
        project: row.text("project")?,
        name: row.text("name")?,
        display_name: row.text("display_name")?,
        description: row.text("description")?,
        is_enabled: row.flag("is_enabled")?,
        muted_until: row.time_if_any("muted_until")?,
        schedule: row.text("schedule")?,
        configuration: row.text("configuration")?,
    };
    Ok(AlertRule {
        id: AlertRuleId(row.number("id")?),
        written,
        version: row.count("version")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

fn rules(rows: &[SqliteRow]) -> Result<Vec<AlertRule>, CatalogError> {
    rows.iter().map(from_row).collect()
}

fn must_be_there(name: &str, rows: u64) -> Result<(), CatalogError> {
    if rows == 0 { Err(CatalogError::not_found(format!("alert rule {name}"))) } else { Ok(()) }
}

impl Catalog {
    /// Makes a rule, unless the project has `limit` already.
    pub async fn alert_rule_create(
        &self,
        new: &NewAlertRule,
        now: Timestamp,
        limit: usize,
    ) -> Result<AlertRuleId, CatalogError> {
        let mut transaction = self.begin().await?;
        let query = "SELECT count(*) AS rules FROM alert_rules WHERE account = ? AND project = ?";
        let query = sqlx::query(query).bind(new.account.as_str()).bind(&new.project);
        let rules = query.fetch_one(&mut *transaction).await?.count("rules")?;
        let inserted = sqlx::query(
            "INSERT INTO alert_rules (account, project, name, display_name, description, is_enabled, muted_until,
                 schedule, configuration, created, updated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
        )
        .bind(new.account.as_str())
        .bind(&new.project)
        .bind(&new.name)
        .bind(&new.display_name)
        .bind(&new.description)
        .bind(new.is_enabled)
        .bind(new.muted_until.map(|until| until.0))
        .bind(&new.schedule)
        .bind(&new.configuration)
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("alert rule {}", new.name)))?;
        // After the insert, so that a name that is taken is told as such also in a full project.
        if rules >= limit as u64 {
            return Err(CatalogError::LimitReached { what: "alert rules in the project".to_owned(), limit });
        }
        transaction.commit().await?;
        self.alert_rules_changed();
        Ok(AlertRuleId(inserted.last_insert_rowid()))
    }

    /// Writes a rule in place of the one of its name.
    pub async fn alert_rule_update(&self, changed: &NewAlertRule, now: Timestamp) -> Result<(), CatalogError> {
        let updated = sqlx::query(
            "UPDATE alert_rules SET display_name = ?, description = ?, is_enabled = ?, muted_until = ?, schedule = ?,
                 configuration = ?, version = version + 1, updated = ?
             WHERE account = ? AND project = ? AND name = ?",
        )
        .bind(&changed.display_name)
        .bind(&changed.description)
        .bind(changed.is_enabled)
        .bind(changed.muted_until.map(|until| until.0))
        .bind(&changed.schedule)
        .bind(&changed.configuration)
        .bind(now.0)
        .bind(changed.account.as_str())
        .bind(&changed.project)
        .bind(&changed.name)
        .execute(self.writer())
        .await?;
        must_be_there(&changed.name, updated.rows_affected())?;
        self.alert_rules_changed();
        Ok(())
    }

    /// Switches a rule on or off; `false` when it was so already.
    pub async fn alert_rule_switch(
        &self,
        account: AccountId,
        project: &str,
        name: &str,
        is_enabled: bool,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let switched = sqlx::query(
            "UPDATE alert_rules SET is_enabled = ?1, version = version + 1, updated = ?2
             WHERE account = ?3 AND project = ?4 AND name = ?5 AND is_enabled <> ?1",
        )
        .bind(is_enabled)
        .bind(now.0)
        .bind(account.as_str())
        .bind(project)
        .bind(name)
        .execute(self.writer())
        .await?;
        if switched.rows_affected() > 0 {
            self.alert_rules_changed();
            return Ok(true);
        }
        let found = self.alert_rule_find(account, project, name).await?;
        found.map(|_| false).ok_or_else(|| CatalogError::not_found(format!("alert rule {name}")))
    }

    /// The project's rule of this name.
    pub async fn alert_rule_find(
        &self,
        account: AccountId,
        project: &str,
        name: &str,
    ) -> Result<Option<AlertRule>, CatalogError> {
        let query = "SELECT * FROM alert_rules WHERE account = ? AND project = ? AND name = ?";
        let query = sqlx::query(query).bind(account.as_str()).bind(project).bind(name);
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// The account's rule of this number.
    pub async fn alert_rule_of_id(
        &self,
        account: AccountId,
        id: AlertRuleId,
    ) -> Result<Option<AlertRule>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_rules WHERE account = ? AND id = ?");
        let query = query.bind(account.as_str()).bind(id.0);
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// The project's rules by name.
    pub async fn alert_rule_list(&self, account: AccountId, project: &str) -> Result<Vec<AlertRule>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_rules WHERE account = ? AND project = ? ORDER BY name");
        rules(&query.bind(account.as_str()).bind(project).fetch_all(self.reader()).await?)
    }

    /// The account's rules, by project and name.
    pub async fn alert_rules_of_account(&self, account: AccountId) -> Result<Vec<AlertRule>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_rules WHERE account = ? ORDER BY project, name");
        rules(&query.bind(account.as_str()).fetch_all(self.reader()).await?)
    }

    /// Every account's rules that are switched on, by number: what the node evaluates.
    pub async fn alert_rules_enabled(&self) -> Result<Vec<AlertRule>, CatalogError> {
        let query = sqlx::query("SELECT * FROM alert_rules WHERE is_enabled = 1 ORDER BY id");
        rules(&query.fetch_all(self.reader()).await?)
    }

    /// Forgets a rule.
    pub async fn alert_rule_delete(&self, account: AccountId, project: &str, name: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM alert_rules WHERE account = ? AND project = ? AND name = ?");
        let query = query.bind(account.as_str()).bind(project).bind(name);
        must_be_there(name, query.execute(self.writer()).await?.rows_affected())?;
        self.alert_rules_changed();
        Ok(())
    }
}
