//! Logstores and what they show.
//!
//! A Logstore is made for a trail and holds no events: `view` computes which ones it shows from its stretches of the
//! journal, which `stretches` opens and closes in the transactions that start, stop, change and delete trails.

mod needs;
pub(crate) mod stretches;
mod view;

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

pub use needs::LogstoreNeed;

/// Days a Logstore shows events for when nobody said otherwise; this many or more mean for ever.
pub const TTL_DAYS_FOR_EVER: u32 = 3650;

/// A Logstore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logstore {
    /// The catalog's number of it; never reused.
    pub id: i64,
    /// Whose project it is in.
    pub account: AccountId,
    /// The project.
    pub project: String,
    /// Unique within the project.
    pub name: String,
    /// Events older than this many days are not shown; from [`TTL_DAYS_FOR_EVER`] on all are.
    pub ttl_days: u32,
    /// The trail it was last made for; `None` once that is deleted.
    pub trail: Option<i64>,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<Logstore, CatalogError> {
    Ok(Logstore {
        id: row.number("id")?,
        account: row.account("account")?,
        project: row.text("project")?,
        name: row.text("name")?,
        ttl_days: u32::try_from(row.count("ttl_days")?).unwrap_or(u32::MAX),
        trail: row.number_if_any("trail")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

impl Catalog {
    /// The account's Logstore of this name in this project.
    pub async fn logstore_find(
        &self,
        account: AccountId,
        project: &str,
        name: &str,
    ) -> Result<Option<Logstore>, CatalogError> {
        let query = sqlx::query("SELECT * FROM logstores WHERE account = ? AND project = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(project).bind(name).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The Logstores of a project, by name.
    pub async fn logstore_list(&self, account: AccountId, project: &str) -> Result<Vec<Logstore>, CatalogError> {
        let query = sqlx::query("SELECT * FROM logstores WHERE account = ? AND project = ? ORDER BY name");
        let rows = query.bind(account.as_str()).bind(project).fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }

    /// The Logstores of all projects of an account, by project and name.
    pub async fn logstores_of(&self, account: AccountId) -> Result<Vec<Logstore>, CatalogError> {
        let query = sqlx::query("SELECT * FROM logstores WHERE account = ? ORDER BY project, name");
        let rows = query.bind(account.as_str()).fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }

    /// Changes for how long a Logstore shows events.
    pub async fn logstore_update_ttl(
        &self,
        account: AccountId,
        project: &str,
        name: &str,
        ttl_days: u32,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE logstores SET ttl_days = ?, updated = ? WHERE account = ? AND project = ? AND name = ?",
        );
        let query = query.bind(ttl_days).bind(at.0).bind(account.as_str()).bind(project).bind(name);
        if query.execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("Logstore {name}")));
        }
        self.trails_changed();
        Ok(())
    }

    /// Deletes a Logstore that no trail is pointed at, and forgets what it showed. The events stay.
    pub async fn logstore_delete(&self, account: AccountId, project: &str, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "SELECT name FROM trails WHERE destinations ->> '$.logs.owner' = ?1
                 AND destinations ->> '$.logs.project' = ?2
                 AND CASE kind WHEN 'Inner' THEN 'innertrail_' ELSE 'actiontrail_' END || name = ?3 LIMIT 1",
        );
        let query = query.bind(account.as_str()).bind(project).bind(name);
        if let Some(row) = query.fetch_optional(&mut *transaction).await? {
            let by = format!("trail {}", row.text("name")?);
            return Err(CatalogError::InUse { what: format!("Logstore {name}"), by });
        }
        let query = sqlx::query("DELETE FROM logstores WHERE account = ? AND project = ? AND name = ?");
        let query = query.bind(account.as_str()).bind(project).bind(name);
        if query.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("Logstore {name}")));
        }
        transaction.commit().await?;
        self.trails_changed();
        Ok(())
    }
}
