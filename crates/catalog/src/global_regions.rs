//! Where an account's global events lie in delivered objects: a history, so that what is encoded again after a crash
//! comes out as it was.

use model::{AccountId, Seq, Timestamp};

use crate::database::{Columns, seq_number};
use crate::{Catalog, CatalogError};

/// A choice and from which event on it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalRegion {
    /// Events after this one.
    pub after: Seq,
    /// The region.
    pub region: String,
    /// When it was chosen.
    pub chosen: Timestamp,
}

impl Catalog {
    /// The account's choices, oldest first; none while global events lie with each trail's home region.
    pub async fn global_regions(&self, account: AccountId) -> Result<Vec<GlobalRegion>, CatalogError> {
        let query = sqlx::query("SELECT * FROM global_regions WHERE account = ? ORDER BY after_seq");
        let rows = query.bind(account.as_str()).fetch_all(self.reader()).await?;
        let choice = |row: &sqlx::sqlite::SqliteRow| {
            Ok(GlobalRegion {
                after: Seq(row.count("after_seq")?),
                region: row.text("region")?,
                chosen: row.time("chosen")?,
            })
        };
        rows.iter().map(choice).collect()
    }

    /// Chooses a region for events after `head`, and after everything that is planned or delivered already.
    pub async fn global_region_put(
        &self,
        account: AccountId,
        region: &str,
        at: Timestamp,
        head: Seq,
    ) -> Result<Seq, CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "SELECT max(?1, coalesce(max(coalesce(plan_through, 0)), 0), coalesce(max(cursor_seq), 0)) AS after_seq
             FROM deliveries",
        );
        let row = query.bind(seq_number(head)).fetch_one(&mut *transaction).await?;
        let after = row.number("after_seq")?;
        sqlx::query(
            "INSERT INTO global_regions (account, after_seq, region, chosen) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET region = excluded.region, chosen = excluded.chosen",
        )
        .bind(account.as_str())
        .bind(after)
        .bind(region)
        .bind(at.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Seq(u64::try_from(after).unwrap_or(0)))
    }
}
