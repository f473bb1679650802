//! Consumer groups of Logstores and how far each has read.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A Logstore by its names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogstoreName {
    /// Whose project.
    pub account: AccountId,
    /// The project.
    pub project: String,
    /// The Logstore.
    pub logstore: String,
}

/// Consumers that read a Logstore together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroup {
    /// Unique in the Logstore.
    pub name: String,
    /// A consumer that is silent for longer has gone.
    pub timeout_seconds: u32,
    /// Whether shards are read in order; kept and shown.
    pub in_order: bool,
}

/// How far a group has read a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The shard.
    pub shard: u32,
    /// As the consumer sent it.
    pub cursor: String,
    /// Who.
    pub consumer: String,
    /// When.
    pub updated: Timestamp,
}

fn group(row: &SqliteRow) -> Result<ConsumerGroup, CatalogError> {
    Ok(ConsumerGroup {
        name: row.text("name")?,
        timeout_seconds: u32::try_from(row.count("timeout_seconds")?).unwrap_or(u32::MAX),
        in_order: row.flag("in_order")?,
    })
}

fn checkpoint(row: &SqliteRow) -> Result<Checkpoint, CatalogError> {
    Ok(Checkpoint {
        shard: u32::try_from(row.count("shard")?).unwrap_or(u32::MAX),
        cursor: row.text("cursor")?,
        consumer: row.text("consumer")?,
        updated: row.time("updated")?,
    })
}

impl Catalog {
    /// Makes a group, unless the Logstore has `limit` already.
    pub async fn consumer_group_create(
        &self,
        of: &LogstoreName,
        new: &ConsumerGroup,
        now: Timestamp,
        limit: usize,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = "SELECT count(*) AS groups FROM consumer_groups WHERE account = ? AND project = ? AND logstore = ?";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(&of.logstore);
        if query.fetch_one(&mut *transaction).await?.count("groups")? >= limit as u64 {
            return Err(CatalogError::LimitReached { what: "consumer groups".to_owned(), limit });
        }
        sqlx::query(
            "INSERT INTO consumer_groups (account, project, logstore, name, timeout_seconds, in_order, created)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(of.account.as_str())
        .bind(&of.project)
        .bind(&of.logstore)
        .bind(&new.name)
        .bind(i64::from(new.timeout_seconds))
        .bind(new.in_order)
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("consumer group {}", new.name)))?;
        Ok(transaction.commit().await?)
    }

    /// Changes a group's settings.
    pub async fn consumer_group_update(&self, of: &LogstoreName, changed: &ConsumerGroup) -> Result<(), CatalogError> {
        let updated = sqlx::query(
            "UPDATE consumer_groups SET timeout_seconds = ?, in_order = ?
             WHERE account = ? AND project = ? AND logstore = ? AND name = ?",
        )
        .bind(i64::from(changed.timeout_seconds))
        .bind(changed.in_order)
        .bind(of.account.as_str())
        .bind(&of.project)
        .bind(&of.logstore)
        .bind(&changed.name)
        .execute(self.writer())
        .await?;
        found(updated.rows_affected(), || format!("consumer group {}", changed.name))
    }

    /// The Logstore's group of this name.
    pub async fn consumer_group_find(
        &self,
        of: &LogstoreName,
        name: &str,
    ) -> Result<Option<ConsumerGroup>, CatalogError> {
        let query = "SELECT * FROM consumer_groups WHERE account = ? AND project = ? AND logstore = ? AND name = ?";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(&of.logstore).bind(name);
        query.fetch_optional(self.reader()).await?.as_ref().map(group).transpose()
    }

    /// The Logstore's groups by name.
    pub async fn consumer_group_list(&self, of: &LogstoreName) -> Result<Vec<ConsumerGroup>, CatalogError> {
        let query = "SELECT * FROM consumer_groups WHERE account = ? AND project = ? AND logstore = ? ORDER BY name";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(&of.logstore);
        query.fetch_all(self.reader()).await?.iter().map(group).collect()
    }

    /// Forgets a group and how far it has read.
    pub async fn consumer_group_delete(&self, of: &LogstoreName, name: &str) -> Result<(), CatalogError> {
        let query = "DELETE FROM consumer_groups WHERE account = ? AND project = ? AND logstore = ? AND name = ?";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(&of.logstore).bind(name);
        let deleted = query.execute(self.writer()).await?;
        found(deleted.rows_affected(), || format!("consumer group {name}"))
    }

    /// Writes how far the group has read a shard.
    pub async fn consumer_checkpoint_put(
        &self,
        of: &LogstoreName,
        group: &str,
        at: &Checkpoint,
    ) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO consumer_checkpoints
             (account, project, logstore, consumer_group, shard, cursor, consumer, updated)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET cursor = excluded.cursor, consumer = excluded.consumer, updated = excluded.updated",
        )
        .bind(of.account.as_str())
        .bind(&of.project)
        .bind(&of.logstore)
        .bind(group)
        .bind(i64::from(at.shard))
        .bind(&at.cursor)
        .bind(&at.consumer)
        .bind(at.updated.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("a checkpoint of {group}")))?;
        Ok(())
    }

    /// How far the group has read each shard.
    pub async fn consumer_checkpoint_list(
        &self,
        of: &LogstoreName,
        group: &str,
    ) -> Result<Vec<Checkpoint>, CatalogError> {
        let query = "SELECT * FROM consumer_checkpoints
                     WHERE account = ? AND project = ? AND logstore = ? AND consumer_group = ? ORDER BY shard";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(&of.logstore).bind(group);
        query.fetch_all(self.reader()).await?.iter().map(checkpoint).collect()
    }
}

fn found(rows: u64, what: impl FnOnce() -> String) -> Result<(), CatalogError> {
    if rows == 0 { Err(CatalogError::not_found(what())) } else { Ok(()) }
}
