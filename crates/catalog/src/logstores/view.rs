//! What a Logstore shows, as the store understands it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::logstore::{Part, View};
use model::trail::Selector;
use model::{Seq, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::{Logstore, TTL_DAYS_FOR_EVER};
use crate::database::Columns;
use crate::{Catalog, CatalogError};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Each stretch with the memberships it is made of; a stretch of one account is one row. What is empty is left out.
pub(super) const PARTS: &str = "SELECT view_intervals.logstore AS logstore,
         coalesce(members.account, view_intervals.account) AS account,
         max(after_seq, coalesce(joined_after, 0)) AS after_seq,
         CASE WHEN left_through IS NULL THEN through_seq
              ELSE min(left_through, coalesce(through_seq, left_through)) END AS through_seq,
         view_intervals.selector AS selector, from_time, before_time
     FROM view_intervals LEFT JOIN memberships AS members ON members.directory = view_intervals.directory
     WHERE (view_intervals.directory IS NULL OR members.account IS NOT NULL)
         AND (left_through IS NULL OR left_through > max(after_seq, joined_after))
         AND (through_seq IS NULL OR through_seq > max(after_seq, coalesce(joined_after, 0)))";

impl Catalog {
    /// What a Logstore shows now. It changes with [`Catalog::trails_version`], and its beginning with time.
    pub async fn logstore_view(&self, logstore: &Logstore, now: Timestamp) -> Result<View, CatalogError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{PARTS} AND logstore = ?"))).bind(logstore.id);
        let mut selectors: HashMap<String, Arc<Selector>> = HashMap::new();
        let mut parts = Vec::new();
        for row in query.fetch_all(self.reader()).await? {
            let text = row.text("selector")?;
            let selector = match selectors.get(&text) {
                Some(selector) => selector.clone(),
                None => {
                    let selector: Arc<Selector> = Arc::new(row.json("selector")?);
                    selectors.insert(text, selector.clone());
                    selector
                }
            };
            parts.push(part_from_row(&row, selector)?);
        }
        let mut view = View::new(parts);
        view.not_before = not_before(logstore.ttl_days, now);
        Ok(view)
    }
}

fn part_from_row(row: &SqliteRow, selector: Arc<Selector>) -> Result<Part, CatalogError> {
    let through = row.number_if_any("through_seq")?.map(|seq| Seq(seq as u64));
    let mut part = Part::new(row.account("account")?, Seq(row.count("after_seq")?), through, Some(selector));
    part.from = row.time_if_any("from_time")?.unwrap_or(part.from);
    part.before = row.time_if_any("before_time")?.unwrap_or(part.before);
    Ok(part)
}

/// What happened before this is not shown any more.
pub(super) fn not_before(ttl_days: u32, now: Timestamp) -> Timestamp {
    if ttl_days >= TTL_DAYS_FOR_EVER { Timestamp(i64::MIN) } else { now.minus(DAY * ttl_days) }
}
