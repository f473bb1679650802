//! How far each trail's delivery is.

use model::trail::Selector;
use model::{AccountId, Seq, Timestamp};

use crate::database::{Columns, seq_number};
use crate::{Catalog, CatalogError, delivery_metrics};

/// The range whose objects are being written: recorded before the first byte, so a retry writes the same objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The interval it belongs to.
    pub interval: i64,
    /// Events after this one.
    pub after: Seq,
    /// Up to and including this one.
    pub through: Seq,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryState {
    /// Everything up to this event is delivered, or was not selected.
    pub cursor: Seq,
    /// What is being written.
    pub plan: Option<Plan>,
    /// The last time objects were written.
    pub latest_delivery: Option<Timestamp>,
    /// The last failure since then.
    pub latest_error: Option<String>,
    /// When it happened.
    pub latest_error_at: Option<Timestamp>,
    /// Events delivered so far.
    pub events_delivered: u64,
    /// Objects written so far.
    pub objects_delivered: u64,
}

/// A stretch of the journal a trail has yet to deliver its events of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The trail's number.
    pub trail: i64,
    /// Whose events.
    pub account: AccountId,
    /// After this one.
    pub after: Seq,
    /// Up to this one; `None` while the trail is logging.
    pub through: Option<Seq>,
    /// Which of them.
    pub selector: Selector,
}

impl Catalog {
    /// What every trail has yet to deliver.
    pub async fn undelivered(&self) -> Result<Vec<Undelivered>, CatalogError> {
        let query = sqlx::query(
            "SELECT trails.id AS trail, coalesce(members.account, trails.account) AS account,
                 max(after_seq, cursor_seq, coalesce(joined_after, 0)) AS after_seq,
                 CASE WHEN left_through IS NULL THEN through_seq
                      ELSE min(left_through, coalesce(through_seq, left_through)) END AS through_seq,
                 intervals.selector AS selector
             FROM intervals JOIN trails ON trails.id = intervals.trail JOIN deliveries ON deliveries.trail = trails.id
                 LEFT JOIN memberships AS members ON members.directory = trails.organization
             WHERE (through_seq IS NULL OR through_seq > cursor_seq)
                 AND (left_through IS NULL OR left_through > max(after_seq, cursor_seq))
             ORDER BY trails.id, after_seq",
        );
        let rows = query.fetch_all(self.reader()).await?;
        let undelivered = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Undelivered {
                trail: row.number("trail")?,
                account: row.account("account")?,
                after: Seq(row.count("after_seq")?),
                through: row.number_if_any("through_seq")?.map(|seq| Seq(seq as u64)),
                selector: row.json("selector")?,
            })
        };
        rows.iter().map(undelivered).collect()
    }

    /// How far a trail's delivery is.
    pub async fn delivery_state(&self, trail: i64) -> Result<DeliveryState, CatalogError> {
        let row = sqlx::query("SELECT * FROM deliveries WHERE trail = ?").bind(trail).fetch_optional(self.reader());
        let row = row.await?.ok_or_else(|| CatalogError::not_found(format!("trail number {trail}")))?;
        let plan = match row.number_if_any("plan_interval")? {
            Some(interval) => {
                Some(Plan { interval, after: Seq(row.count("plan_after")?), through: Seq(row.count("plan_through")?) })
            }
            None => None,
        };
        Ok(DeliveryState {
            cursor: Seq(row.count("cursor_seq")?),
            plan,
            latest_delivery: row.time_if_any("latest_delivery")?,
            latest_error: sqlx::Row::try_get(&row, "latest_error")?,
            latest_error_at: row.time_if_any("latest_error_at")?,
            events_delivered: row.count("events_delivered")?,
            objects_delivered: row.count("objects_delivered")?,
        })
    }

    /// Records what is about to be written.
    pub async fn delivery_plan(&self, trail: i64, plan: &Plan) -> Result<(), CatalogError> {
        let query =
            sqlx::query("UPDATE deliveries SET plan_interval = ?, plan_after = ?, plan_through = ? WHERE trail = ?");
        let query = query.bind(plan.interval).bind(seq_number(plan.after)).bind(seq_number(plan.through)).bind(trail);
        self.delivery_changed(trail, query.execute(self.writer()).await?.rows_affected())
    }

    /// Moves the cursor after the objects are written (`at`), or past events that were not selected (`None`). Clears
    /// the plan and, if objects were written, the error; drops the intervals that now lie behind.
    pub async fn delivery_advance(
        &self,
        trail: i64,
        through: Seq,
        at: Option<Timestamp>,
        events: u64,
        objects: u64,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "UPDATE deliveries SET cursor_seq = max(cursor_seq, ?1),
                 plan_interval = NULL, plan_after = NULL, plan_through = NULL,
                 latest_delivery = coalesce(?2, latest_delivery),
                 latest_error = CASE WHEN ?2 IS NULL THEN latest_error END,
                 latest_error_at = CASE WHEN ?2 IS NULL THEN latest_error_at END,
                 events_delivered = events_delivered + ?3, objects_delivered = objects_delivered + ?4
             WHERE trail = ?5",
        );
        let query = query.bind(seq_number(through)).bind(at.map(|at| at.0)).bind(events as i64).bind(objects as i64);
        let changed = query.bind(trail).execute(&mut *transaction).await?.rows_affected();
        sqlx::query("DELETE FROM intervals WHERE trail = ? AND through_seq <= ?")
            .bind(trail)
            .bind(seq_number(through))
            .execute(&mut *transaction)
            .await?;
        if let Some(at) = at {
            delivery_metrics::count(&mut transaction, trail, at, objects, 0).await?;
        }
        transaction.commit().await?;
        self.delivery_changed(trail, changed)
    }

    /// Records a failed attempt; cursor and plan stay.
    pub async fn delivery_failed(&self, trail: i64, error: &str, at: Timestamp) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("UPDATE deliveries SET latest_error = ?, latest_error_at = ? WHERE trail = ?");
        let changed = query.bind(error).bind(at.0).bind(trail).execute(&mut *transaction).await?;
        delivery_metrics::count(&mut transaction, trail, at, 0, 1).await?;
        transaction.commit().await?;
        self.delivery_changed(trail, changed.rows_affected())
    }

    fn delivery_changed(&self, trail: i64, rows: u64) -> Result<(), CatalogError> {
        // The trail may have been deleted meanwhile.
        if rows == 0 { Err(CatalogError::not_found(format!("trail number {trail}"))) } else { Ok(()) }
    }
}
