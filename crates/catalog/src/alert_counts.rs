//! How many incidents began on which day.

use model::{AccountId, Timestamp};
use sqlx::Row;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

const DAY_MILLISECONDS: i64 = 86_400_000;

impl Catalog {
    /// Days (UTC) from a time on and how many of the account's incidents began on each; days without one are left out.
    pub async fn incident_days(
        &self,
        account: AccountId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, u64)>, CatalogError> {
        let query = "SELECT fired / ?1 AS day, count(*) AS incidents FROM alert_incidents
             WHERE account = ?2 AND fired >= ?3 GROUP BY day ORDER BY day";
        let query = sqlx::query(query).bind(DAY_MILLISECONDS).bind(account.as_str()).bind(from.0);
        let rows = query.fetch_all(self.reader()).await?;
        let counted = |row: &sqlx::sqlite::SqliteRow| {
            let day: i64 = row.try_get("day")?;
            Ok((Timestamp(day.saturating_mul(DAY_MILLISECONDS)), row.count("incidents")?))
        };
        rows.iter().map(counted).collect()
    }
}
