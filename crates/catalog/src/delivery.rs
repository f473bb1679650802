//! How far each trail's deliveries are: one for each kind of destination it has or had.
//!
//! They share the trail's intervals and nothing else. An interval says which kinds it goes to, and is dropped when all of
//! these have passed it.

use std::collections::BTreeMap;

use model::trail::{DestinationKind, Destinations, Selector};
use model::{AccountId, Seq, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::database::{Columns, seq_number};
use crate::{Catalog, CatalogError, delivery_metrics};

/// A trail's delivery to one kind of destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The trail's number.
    pub trail: i64,
    /// Where to.
    pub kind: DestinationKind,
}

impl DeliveryId {
    /// The trail's delivery to its bucket.
    pub fn bucket(trail: i64) -> DeliveryId {
        DeliveryId { trail, kind: DestinationKind::Bucket }
    }
}

impl std::fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of trail number {}", self.kind, self.trail)
    }
}

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
    /// Whose it is.
    pub delivery: DeliveryId,
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
            "SELECT trails.id AS trail, deliveries.kind AS kind, coalesce(members.account, trails.account) AS account,
                 max(after_seq, cursor_seq, coalesce(joined_after, 0)) AS after_seq,
                 CASE WHEN left_through IS NULL THEN through_seq
                      ELSE min(left_through, coalesce(through_seq, left_through)) END AS through_seq,
                 intervals.selector AS selector
             FROM intervals JOIN trails ON trails.id = intervals.trail
                 JOIN deliveries ON deliveries.trail = trails.id AND instr(goes_to, ' ' || deliveries.kind || ' ') > 0
                 LEFT JOIN memberships AS members ON members.directory = trails.organization
             WHERE (through_seq IS NULL OR through_seq > cursor_seq)
                 AND (left_through IS NULL OR left_through > max(after_seq, cursor_seq))
             ORDER BY trails.id, deliveries.kind, after_seq",
        );
        let rows = query.fetch_all(self.reader()).await?;
        let undelivered = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Undelivered {
                delivery: id_from_row(row)?,
                account: row.account("account")?,
                after: Seq(row.count("after_seq")?),
                through: row.number_if_any("through_seq")?.map(|seq| Seq(seq as u64)),
                selector: row.json("selector")?,
            })
        };
        rows.iter().map(undelivered).collect()
    }

    /// How far a delivery is.
    pub async fn delivery_state(&self, id: DeliveryId) -> Result<DeliveryState, CatalogError> {
        let query = sqlx::query("SELECT * FROM deliveries WHERE trail = ? AND kind = ?").bind(id.trail);
        let row = query.bind(id.kind.as_str()).fetch_optional(self.reader()).await?;
        state_from_row(&row.ok_or_else(|| CatalogError::not_found(id.to_string()))?)
    }

    /// How far a trail's deliveries are, to all kinds of destinations it has or had.
    pub async fn delivery_states(&self, trail: i64) -> Result<BTreeMap<DestinationKind, DeliveryState>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM deliveries WHERE trail = ?").bind(trail).fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((row.parsed("kind")?, state_from_row(row)?))).collect()
    }

    /// Records what is about to be written.
    pub async fn delivery_plan(&self, id: DeliveryId, plan: &Plan) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE deliveries SET plan_interval = ?, plan_after = ?, plan_through = ? WHERE trail = ? AND kind = ?",
        );
        let query = query.bind(plan.interval).bind(seq_number(plan.after)).bind(seq_number(plan.through));
        let query = query.bind(id.trail).bind(id.kind.as_str());
        self.delivery_changed(id, query.execute(self.writer()).await?.rows_affected())
    }

    /// Moves the cursor after the objects are written (`at`), or past events that were not selected (`None`). Clears
    /// the plan and, if objects were written, the error; drops the intervals that now lie behind.
    pub async fn delivery_advance(
        &self,
        id: DeliveryId,
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
             WHERE trail = ?5 AND kind = ?6",
        );
        let query = query.bind(seq_number(through)).bind(at.map(|at| at.0)).bind(events as i64).bind(objects as i64);
        let query = query.bind(id.trail).bind(id.kind.as_str());
        let changed = query.execute(&mut *transaction).await?.rows_affected();
        drop_passed(&mut transaction, id.trail).await?;
        if let Some(at) = at {
            delivery_metrics::count(&mut transaction, id, at, objects, 0).await?;
        }
        transaction.commit().await?;
        self.delivery_changed(id, changed)
    }

    /// Records a failed attempt; cursor and plan stay.
    pub async fn delivery_failed(&self, id: DeliveryId, error: &str, at: Timestamp) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query =
            sqlx::query("UPDATE deliveries SET latest_error = ?, latest_error_at = ? WHERE trail = ? AND kind = ?");
        let query = query.bind(error).bind(at.0).bind(id.trail).bind(id.kind.as_str());
        let changed = query.execute(&mut *transaction).await?;
        delivery_metrics::count(&mut transaction, id, at, 0, 1).await?;
        transaction.commit().await?;
        self.delivery_changed(id, changed.rows_affected())
    }

    fn delivery_changed(&self, id: DeliveryId, rows: u64) -> Result<(), CatalogError> {
        // The trail may have been deleted meanwhile.
        if rows == 0 { Err(CatalogError::not_found(id.to_string())) } else { Ok(()) }
    }
}

/// Drops the closed intervals of a trail that are empty, or that every kind they go to has passed.
pub(crate) async fn drop_passed(transaction: &mut Transaction<'_, Sqlite>, trail: i64) -> Result<(), CatalogError> {
    let query = sqlx::query(
        "DELETE FROM intervals WHERE trail = ?1 AND through_seq IS NOT NULL
             AND (through_seq = after_seq OR NOT EXISTS (SELECT 1 FROM deliveries
                 WHERE deliveries.trail = ?1 AND instr(goes_to, ' ' || kind || ' ') > 0 AND cursor_seq < through_seq))",
    );
    query.bind(trail).execute(&mut **transaction).await?;
    Ok(())
}

/// The kinds of destinations as an interval has them: with a blank before and behind each.
pub(crate) fn goes_to(destinations: &Destinations) -> String {
    destinations.kinds().map(|kind| format!(" {kind} ")).collect()
}

/// Makes the deliveries a trail needs and does not have.
pub(crate) async fn make_deliveries(
    transaction: &mut Transaction<'_, Sqlite>,
    trail: i64,
    destinations: &Destinations,
) -> Result<(), CatalogError> {
    for kind in destinations.kinds() {
        let query = sqlx::query("INSERT INTO deliveries (trail, kind) VALUES (?, ?) ON CONFLICT DO NOTHING");
        query.bind(trail).bind(kind.as_str()).execute(&mut **transaction).await?;
    }
    Ok(())
}

pub(crate) fn id_from_row(row: &SqliteRow) -> Result<DeliveryId, CatalogError> {
    Ok(DeliveryId { trail: row.number("trail")?, kind: row.parsed("kind")? })
}

pub(crate) fn state_from_row(row: &SqliteRow) -> Result<DeliveryState, CatalogError> {
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
        latest_error: row.text_if_any("latest_error")?,
        latest_error_at: row.time_if_any("latest_error_at")?,
        events_delivered: row.count("events_delivered")?,
        objects_delivered: row.count("objects_delivered")?,
    })
}
