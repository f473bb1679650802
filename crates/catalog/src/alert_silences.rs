//! Silences: alerts that match one are not told while it lasts. Each has an end, a reason and somebody who said so.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSilence {
    /// Unique.
    pub id: String,
    /// Whose alerts.
    pub account: AccountId,
    /// Which of them: JSON of crate `alert`.
    pub matchers: String,
    /// From here.
    pub starts: Timestamp,
    /// Until here.
    pub ends: Timestamp,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub creator: String,
    /// When.
    pub created: Timestamp,
}

fn from_row(row: &SqliteRow) -> Result<AlertSilence, CatalogError> {
    Ok(AlertSilence {
        id: row.text("id")?,
        account: row.account("account")?,
        matchers: row.text("matchers")?,
        starts: row.time("starts")?,
        ends: row.time("ends")?,
        reason: row.text("reason")?,
        creator: row.text("creator")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Makes a silence, unless the account has `limit` that are not over.
    pub async fn silence_create(&self, new: &AlertSilence, limit: usize) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = "SELECT count(*) AS silences FROM alert_silences WHERE account = ? AND ends > ?";
        let query = sqlx::query(query).bind(new.account.as_str()).bind(new.created.0);
        if query.fetch_one(&mut *transaction).await?.count("silences")? >= limit as u64 {
            return Err(CatalogError::LimitReached { what: "silences".to_owned(), limit });
        }
        sqlx::query(
            "INSERT INTO alert_silences (id, account, matchers, starts, ends, reason, creator, created)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.id)
        .bind(new.account.as_str())
        .bind(&new.matchers)
        .bind(new.starts.0)
        .bind(new.ends.0)
        .bind(&new.reason)
        .bind(&new.creator)
        .bind(new.created.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("silence {}", new.id)))?;
        transaction.commit().await?;
        Ok(())
    }

    /// The account's silences that end after a time, the newest first.
    pub async fn silence_list(&self, account: AccountId, after: Timestamp) -> Result<Vec<AlertSilence>, CatalogError> {
        let query = "SELECT * FROM alert_silences WHERE account = ? AND ends > ? ORDER BY created DESC, id";
        let rows = sqlx::query(query).bind(account.as_str()).bind(after.0).fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }

    /// Ends a silence at once.
    pub async fn silence_delete(&self, account: AccountId, id: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM alert_silences WHERE account = ? AND id = ?");
        let deleted = query.bind(account.as_str()).bind(id).execute(self.writer()).await?;
        if deleted.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("silence {id}")));
        }
        Ok(())
    }
}
