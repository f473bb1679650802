//! Which events Logstores still show, so that the store keeps them.

use model::{AccountId, Seq, Timestamp};

use super::view::{PARTS, not_before};
use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// Events a Logstore shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogstoreNeed {
    /// Whose.
    pub account: AccountId,
    /// After this one.
    pub after: Seq,
    /// Up to and including this one; `None` while the stretch is open.
    pub through: Option<Seq>,
    /// What happened before this is not needed.
    pub not_before: Timestamp,
}

impl Catalog {
    /// What all Logstores of all accounts show. Which of an account's events a selector leaves out is not said.
    pub async fn logstores_needs(&self, now: Timestamp) -> Result<Vec<LogstoreNeed>, CatalogError> {
        let query = format!(
            "SELECT DISTINCT account, after_seq, through_seq, ttl_days, from_time FROM
                 (SELECT parts.*, logstores.ttl_days FROM ({PARTS}) AS parts
                  JOIN logstores ON logstores.id = parts.logstore)"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(self.reader()).await?;
        let need = |row: &sqlx::sqlite::SqliteRow| {
            let ttl_days = u32::try_from(row.count("ttl_days")?).unwrap_or(u32::MAX);
            let from = row.time_if_any("from_time")?.unwrap_or(Timestamp(i64::MIN));
            Ok(LogstoreNeed {
                account: row.account("account")?,
                after: Seq(row.count("after_seq")?),
                through: row.number_if_any("through_seq")?.map(|seq| Seq(seq as u64)),
                not_before: not_before(ttl_days, now).max(from),
            })
        };
        rows.iter().map(need).collect()
    }
}
