//! How many objects or batches each trail delivered to each kind of destination and how many attempts failed, minute by minute, for 30 days.
//!
//! The counters change in the transaction that moves a trail's cursor or records its failure, so they never disagree
//! with its status.

use model::limits::DELIVERY_METRICS_AGE_MAX;
use model::{AccountId, Timestamp};
use sqlx::{Sqlite, Transaction};

use crate::database::Columns;
use crate::{Catalog, CatalogError, DeliveryId};

const MINUTE_MS: i64 = 60_000;

/// Which counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Objects or batches written.
    Succeeded,
    /// Attempts that failed.
    Failed,
}

/// A counter over a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricPoint {
    /// The period's start.
    pub start: Timestamp,
    /// What was counted in it.
    pub count: u64,
}

/// Adds to a trail's counters and forgets what is too old.
pub(crate) async fn count(
    transaction: &mut Transaction<'_, Sqlite>,
    of: DeliveryId,
    at: Timestamp,
    succeeded: u64,
    failed: u64,
) -> Result<(), CatalogError> {
    let minute = at.0.div_euclid(MINUTE_MS);
    let query = sqlx::query(
        "INSERT INTO delivery_metrics (trail, kind, minute, succeeded, failed)
         SELECT id, ?5, ?2, ?3, ?4 FROM trails WHERE id = ?1
         ON CONFLICT DO UPDATE SET succeeded = succeeded + ?3, failed = failed + ?4",
    );
    let query = query.bind(of.trail).bind(minute).bind(succeeded as i64).bind(failed as i64).bind(of.kind.as_str());
    query.execute(&mut **transaction).await?;
    let oldest = minute - DELIVERY_METRICS_AGE_MAX.as_secs() as i64 / 60;
    let query = sqlx::query("DELETE FROM delivery_metrics WHERE trail = ? AND minute < ?");
    query.bind(of.trail).bind(oldest).execute(&mut **transaction).await?;
    Ok(())
}

impl Catalog {
    /// A counter of a delivery of the account's trail in `[from, through)`, in periods of whole minutes counted from 1970. Periods
    /// in which nothing happened are left out.
    pub async fn delivery_metric(
        &self,
        account: AccountId,
        of: DeliveryId,
        outcome: Outcome,
        from: Timestamp,
        through: Timestamp,
        period_minutes: i64,
    ) -> Result<Vec<MetricPoint>, CatalogError> {
        let wanted = match outcome {
            Outcome::Succeeded => 0_i64,
            Outcome::Failed => 1,
        };
        let query = sqlx::query(
            "SELECT minute / ?1 * ?1 AS start, sum(CASE ?2 WHEN 0 THEN succeeded ELSE failed END) AS counted
             FROM delivery_metrics JOIN trails ON trails.id = delivery_metrics.trail
             WHERE trails.account = ?3 AND trails.id = ?4 AND minute >= ?5 AND minute < ?6
                 AND delivery_metrics.kind = ?7
             GROUP BY start HAVING counted > 0 ORDER BY start",
        );
        // A minute that the window cuts counts when it begins in it.
        let minute = |at: Timestamp| at.0.div_euclid(MINUTE_MS) + i64::from(at.0.rem_euclid(MINUTE_MS) > 0);
        let query = query.bind(period_minutes.max(1)).bind(wanted).bind(account.as_str()).bind(of.trail);
        let rows =
            query.bind(minute(from)).bind(minute(through)).bind(of.kind.as_str()).fetch_all(self.reader()).await?;
        let point = |row: &sqlx::sqlite::SqliteRow| {
            let start = Timestamp(row.number("start")? * MINUTE_MS);
            Ok(MetricPoint { start, count: row.count("counted")? })
        };
        rows.iter().map(point).collect()
    }
}
