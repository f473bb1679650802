//! What PutDataEventSelector said about a trail, beside the trail's selector itself.

use model::trail::TrailRegions;
use model::{AccountId, Timestamp};

use crate::database::{Columns, to_json};
use crate::{Catalog, CatalogError};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSelection {
    /// The trail's number.
    pub trail: i64,
    /// The regions whose data events it is about.
    pub regions: TrailRegions,
    /// First put.
    pub created: Timestamp,
    /// Last put.
    pub updated: Timestamp,
}

impl Catalog {
    /// Of every trail of the account that has one.
    pub async fn data_selections(&self, account: AccountId) -> Result<Vec<DataSelection>, CatalogError> {
        let query = sqlx::query(
            "SELECT data_selectors.* FROM data_selectors JOIN trails ON trails.id = data_selectors.trail
             WHERE trails.account = ? ORDER BY trails.name",
        );
        let rows = query.bind(account.as_str()).fetch_all(self.reader()).await?;
        let selection = |row: &sqlx::sqlite::SqliteRow| {
            Ok(DataSelection {
                trail: row.number("trail")?,
                regions: row.json("regions")?,
                created: row.time("created")?,
                updated: row.time("updated")?,
            })
        };
        rows.iter().map(selection).collect()
    }

    /// Keeps what was said of a trail, in place of what was said before.
    pub async fn data_selection_put(
        &self,
        trail: i64,
        regions: &TrailRegions,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO data_selectors (trail, regions, created, updated) VALUES (?1, ?2, ?3, ?3)
             ON CONFLICT DO UPDATE SET regions = excluded.regions, updated = excluded.updated",
        )
        .bind(trail)
        .bind(to_json(regions))
        .bind(at.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("a data selector of trail number {trail}")))?;
        Ok(())
    }

    /// Forgets what was said of a trail.
    pub async fn data_selection_delete(&self, trail: i64) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM data_selectors WHERE trail = ?").bind(trail);
        query.execute(self.writer()).await?;
        Ok(())
    }
}
