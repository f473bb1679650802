//! What delivery must know to find the trails an event is for, and the two counters that say whether it still knows it.
//!
//! The counters are raised by the database itself whenever an interval or a membership changes, in the transaction of the
//! change. They are always read before what they count: whoever then holds something newer than its counter is refused and
//! reads again; the other way round would be a cursor moved over events nobody looked at.

use model::organization::DirectoryId;
use model::trail::{DestinationKind, Selector};
use model::{AccountId, Seq};

use crate::database::{Columns, seq_number};
use crate::delivery::{DeliveryId, Plan, drop_passed, id_from_row};
use crate::{Catalog, CatalogError};

/// Trails named in one statement; SQLite takes 32,766 variables.
const TRAILS_AT_ONCE: usize = 5_000;

/// How often intervals and memberships have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SelectionVersion {
    /// Intervals opened or closed.
    pub intervals: u64,
    /// Accounts that joined or left.
    pub members: u64,
}

/// A stretch of the journal in which an account belonged to a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    /// Who.
    pub account: AccountId,
    /// Events after this one.
    pub after: Seq,
    /// Up to and including this one; `None` while it is a member.
    pub through: Option<Seq>,
}

/// What a trail has yet to deliver to one kind of destination, as far as it must be known to wake its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The trail and the kind.
    pub delivery: DeliveryId,
    /// The trail's owner.
    pub account: AccountId,
    /// The directory whose members' events it delivers.
    pub organization: Option<DirectoryId>,
    /// Where it writes now, as the catalog holds it: only to see whether it changed.
    pub destinations: String,
    /// What is not wholly delivered, oldest first.
    pub intervals: Vec<RouteInterval>,
}

/// An interval of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInterval {
    /// Its number.
    pub id: i64,
    /// Its end; `None` while it is open.
    pub through: Option<Seq>,
    /// What it selects.
    pub selector: Selector,
}

/// Every delivery of every trail, and the version it was read under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    /// See [`SelectionVersion`].
    pub version: SelectionVersion,
    /// By the trail's number and the kind.
    pub routes: Vec<Route>,
    /// Who belongs to the directories that have a trail, with those who have left.
    pub tenures: Vec<(DirectoryId, Tenure)>,
}

impl Catalog {
    /// How often intervals and memberships have changed.
    pub async fn selection_version(&self) -> Result<SelectionVersion, CatalogError> {
        let row = sqlx::query("SELECT intervals, members FROM selection_changes").fetch_one(self.reader()).await?;
        Ok(SelectionVersion { intervals: row.count("intervals")?, members: row.count("members")? })
    }

    /// Every trail's deliveries and what each has yet to deliver.
    pub async fn delivery_routes(&self) -> Result<Routes, CatalogError> {
        let version = self.selection_version().await?;
        let mut routes = Routes { version, ..Routes::default() };
        let query = sqlx::query(
            "SELECT trails.id AS trail, deliveries.kind AS kind, account, organization, trails.destinations AS present,
                 intervals.id AS interval, through_seq, intervals.selector AS selector
             FROM trails JOIN deliveries ON deliveries.trail = trails.id
                 LEFT JOIN intervals ON intervals.trail = trails.id
                     AND instr(goes_to, ' ' || deliveries.kind || ' ') > 0
                     AND (through_seq IS NULL OR through_seq > cursor_seq)
             ORDER BY trails.id, deliveries.kind, intervals.id",
        );
        for row in query.fetch_all(self.reader()).await? {
            let delivery = id_from_row(&row)?;
            if routes.routes.last().is_none_or(|last| last.delivery != delivery) {
                routes.routes.push(Route {
                    delivery,
                    account: row.account("account")?,
                    organization: row.parsed_if_any("organization")?,
                    destinations: row.text("present")?,
                    intervals: Vec::new(),
                });
            }
            let route = routes.routes.last_mut().expect("pushed above when it was missing");
            if let Some(id) = row.number_if_any("interval")? {
                route.intervals.push(RouteInterval {
                    id,
                    through: row.number_if_any("through_seq")?.map(|seq| Seq(seq as u64)),
                    selector: row.json("selector")?,
                });
            }
        }
        let query = sqlx::query(
            "SELECT * FROM memberships WHERE directory IN (SELECT organization FROM trails) ORDER BY directory, id",
        );
        for row in query.fetch_all(self.reader()).await? {
            routes.tenures.push((row.parsed("directory")?, tenure(&row)?));
        }
        Ok(routes)
    }

    /// Who belongs to a directory and who did, oldest first, and the number of changes they were read under.
    pub async fn tenures(&self, directory: &DirectoryId) -> Result<(u64, Vec<Tenure>), CatalogError> {
        let version = self.selection_version().await?.members;
        let query = sqlx::query("SELECT * FROM memberships WHERE directory = ? ORDER BY id").bind(directory.as_str());
        let rows = query.fetch_all(self.reader()).await?;
        Ok((version, rows.iter().map(tenure).collect::<Result<_, _>>()?))
    }

    /// Records what an organization's trail is about to write, unless a membership has changed since `members`: then
    /// nothing is recorded and the answer is false.
    pub async fn delivery_plan_among(&self, id: DeliveryId, plan: &Plan, members: u64) -> Result<bool, CatalogError> {
        let query = sqlx::query(
            "UPDATE deliveries SET plan_interval = ?, plan_after = ?, plan_through = ?
             WHERE trail = ? AND kind = ? AND (SELECT members FROM selection_changes) = ?",
        );
        let query = query.bind(plan.interval).bind(seq_number(plan.after)).bind(seq_number(plan.through));
        let changed = query
            .bind(id.trail)
            .bind(id.kind.as_str())
            .bind(members as i64)
            .execute(self.writer())
            .await?
            .rows_affected();
        self.recorded_or_stale(id, changed).await
    }

    /// Moves the cursor of an organization's trail past events that were not selected, unless a membership has changed
    /// since `members`: then the answer is false.
    pub async fn delivery_pass_among(&self, id: DeliveryId, through: Seq, members: u64) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "UPDATE deliveries SET cursor_seq = max(cursor_seq, ?)
             WHERE trail = ? AND kind = ? AND plan_interval IS NULL AND (SELECT members FROM selection_changes) = ?",
        );
        let query = query.bind(seq_number(through)).bind(id.trail).bind(id.kind.as_str()).bind(members as i64);
        let changed = query.execute(&mut *transaction).await?.rows_affected();
        if changed > 0 {
            drop_passed(&mut transaction, id.trail).await?;
        }
        transaction.commit().await?;
        self.recorded_or_stale(id, changed).await
    }

    /// Moves the cursors of trails that have nothing selected up to `through`, in one transaction, unless what trails
    /// select has changed since `version`: then the answer is false.
    pub async fn delivery_pass_quiet(
        &self,
        deliveries: &[DeliveryId],
        through: Seq,
        version: SelectionVersion,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query("SELECT intervals, members FROM selection_changes").fetch_one(&mut *transaction).await?;
        let present = SelectionVersion { intervals: row.count("intervals")?, members: row.count("members")? };
        if present != version {
            return Ok(false);
        }
        for kind in DestinationKind::ALL {
            let trails: Vec<i64> = deliveries.iter().filter(|id| id.kind == kind).map(|id| id.trail).collect();
            for some in trails.chunks(TRAILS_AT_ONCE) {
                let mut query = sqlx::QueryBuilder::new("UPDATE deliveries SET cursor_seq = max(cursor_seq, ");
                query.push_bind(seq_number(through)).push(") WHERE plan_interval IS NULL AND kind = ");
                query.push_bind(kind.as_str()).push(" AND trail IN (");
                let mut list = query.separated(", ");
                for trail in some {
                    list.push_bind(*trail);
                }
                query.push(")");
                query.build().execute(&mut *transaction).await?;
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn recorded_or_stale(&self, id: DeliveryId, changed: u64) -> Result<bool, CatalogError> {
        if changed == 0 {
            // Tells a trail that was deleted meanwhile from a membership that changed.
            self.delivery_state(id).await?;
        }
        Ok(changed > 0)
    }
}

fn tenure(row: &sqlx::sqlite::SqliteRow) -> Result<Tenure, CatalogError> {
    Ok(Tenure {
        account: row.account("account")?,
        after: Seq(row.count("joined_after")?),
        through: row.number_if_any("left_through")?.map(|seq| Seq(seq as u64)),
    })
}
