//! The stretches of the journal a Logstore shows: opened and closed in the transactions that change trails.

use model::organization::DirectoryId;
use model::trail::{LogTarget, Selector, Trail};
use model::{AccountId, Seq, Timestamp};
use sqlx::{Sqlite, Transaction};

use super::TTL_DAYS_FOR_EVER;
use crate::CatalogError;
use crate::database::{Columns, seq_number, to_json};

/// The project a trail is pointed at must exist and be what the trail takes it for.
pub(crate) async fn project_must_exist(
    transaction: &mut Transaction<'_, Sqlite>,
    target: &LogTarget,
) -> Result<(), CatalogError> {
    let kind = if target.is_remote { "Remote" } else { "Embedded" };
    let query = sqlx::query("SELECT 1 FROM projects WHERE account = ? AND name = ? AND kind = ?");
    let query = query.bind(target.owner.as_str()).bind(&target.project).bind(kind);
    match query.fetch_optional(&mut **transaction).await? {
        Some(_) => Ok(()),
        None => Err(CatalogError::not_found(format!("project {}", target.project))),
    }
}

/// Makes the Logstore of a trail, unless it is there, and gives its number.
pub(crate) async fn make_logstore(
    transaction: &mut Transaction<'_, Sqlite>,
    target: &LogTarget,
    trail: &Trail,
    at: Timestamp,
) -> Result<i64, CatalogError> {
    let row = sqlx::query(
        "INSERT INTO logstores (account, project, name, ttl_days, trail, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET trail = excluded.trail RETURNING id",
    )
    .bind(target.owner.as_str())
    .bind(&target.project)
    .bind(trail.logstore())
    .bind(TTL_DAYS_FOR_EVER)
    .bind(trail.id)
    .bind(at.0)
    .bind(at.0)
    .fetch_one(&mut **transaction)
    .await?;
    row.number("id")
}

/// Shows what the trail selects after `boundary`. A stretch of the same that ended there goes on.
pub(crate) async fn open(
    transaction: &mut Transaction<'_, Sqlite>,
    trail: &Trail,
    boundary: Seq,
    at: Timestamp,
) -> Result<(), CatalogError> {
    let Some(target) = trail.destinations.view() else { return Ok(()) };
    let logstore = make_logstore(transaction, target, trail, at).await?;
    let selector = to_json(&trail.selector);
    let query = sqlx::query(
        "UPDATE view_intervals SET through_seq = NULL
         WHERE logstore = ? AND trail = ? AND through_seq = ? AND selector = ? AND from_time IS NULL",
    );
    let query = query.bind(logstore).bind(trail.id).bind(seq_number(boundary)).bind(&selector);
    if query.execute(&mut **transaction).await?.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO view_intervals (logstore, trail, account, directory, after_seq, selector) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(logstore)
    .bind(trail.id)
    .bind(trail.account.as_str())
    .bind(trail.organization.as_ref().map(DirectoryId::as_str))
    .bind(seq_number(boundary))
    .bind(selector)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Ends what the trail shows with `boundary`.
pub(crate) async fn close(
    transaction: &mut Transaction<'_, Sqlite>,
    trail: i64,
    boundary: Seq,
) -> Result<(), CatalogError> {
    let query = sqlx::query(
        "UPDATE view_intervals SET through_seq = max(?, after_seq) WHERE trail = ? AND through_seq IS NULL",
    );
    query.bind(seq_number(boundary)).bind(trail).execute(&mut **transaction).await?;
    let query = sqlx::query("DELETE FROM view_intervals WHERE trail = ? AND through_seq = after_seq");
    query.bind(trail).execute(&mut **transaction).await?;
    Ok(())
}

/// What a delivery history job adds to its trail's Logstore.
pub(crate) struct Past<'a> {
    pub(crate) account: AccountId,
    pub(crate) selector: &'a Selector,
    pub(crate) head: Seq,
    pub(crate) from: Timestamp,
    pub(crate) before: Timestamp,
}

/// Shows what was there already.
pub(crate) async fn add_past(
    transaction: &mut Transaction<'_, Sqlite>,
    logstore: i64,
    past: &Past<'_>,
) -> Result<(), CatalogError> {
    if past.head == Seq::ZERO {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO view_intervals (logstore, account, after_seq, through_seq, selector, from_time, before_time)
         VALUES (?, ?, 0, ?, ?, ?, ?)",
    )
    .bind(logstore)
    .bind(past.account.as_str())
    .bind(seq_number(past.head))
    .bind(to_json(past.selector))
    .bind(past.from.0)
    .bind(past.before.0)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Before a directory and its memberships are forgotten: what was shown of its members stays shown.
pub(crate) async fn settle_directory(
    transaction: &mut Transaction<'_, Sqlite>,
    directory: &DirectoryId,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO view_intervals (logstore, trail, account, after_seq, through_seq, selector)
         SELECT logstore, trail, members.account, max(after_seq, joined_after),
             min(through_seq, coalesce(left_through, through_seq)), selector
         FROM view_intervals JOIN memberships AS members ON members.directory = view_intervals.directory
         WHERE view_intervals.directory = ? AND through_seq > joined_after
             AND (left_through IS NULL OR left_through > max(after_seq, joined_after))",
    )
    .bind(directory.as_str())
    .execute(&mut **transaction)
    .await?;
    let query = sqlx::query("DELETE FROM view_intervals WHERE directory = ?").bind(directory.as_str());
    query.execute(&mut **transaction).await?;
    Ok(())
}
