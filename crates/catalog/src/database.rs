//! The database: connections, migrations, and the versions that tell caches to look again.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use model::{AccountId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};
use tokio::sync::watch;

use crate::CatalogError;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Connections for reading. Queries take microseconds; more would only hold memory.
const READERS: u32 = 4;
/// How long a call waits for a connection before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The catalog. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    writer: SqlitePool,
    readers: SqlitePool,
    identity_version: Arc<watch::Sender<u64>>,
    trails_version: Arc<watch::Sender<u64>>,
    jobs_version: Arc<watch::Sender<u64>>,
    alert_rules_version: Arc<watch::Sender<u64>>,
    resource_records_version: Arc<watch::Sender<u64>>,
}

impl Catalog {
    /// Opens the database file, creating it when absent, and brings its schema up to date.
    pub async fn open(path: &Path) -> Result<Catalog, CatalogError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let writer = pool(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await.map_err(CatalogError::on_migration)?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        Ok(Catalog::over(writer, readers))
    }

    /// A catalog that is gone with its last clone, for tests.
    pub async fn in_memory() -> Result<Catalog, CatalogError> {
        let options = SqliteConnectOptions::from_str("sqlite::memory:")?.foreign_keys(true);
        // The database lives as long as its one connection, which must therefore never be closed for idling.
        let only = pool(1).idle_timeout(None).max_lifetime(None).connect_with(options).await?;
        MIGRATIONS.run(&only).await?;
        Ok(Catalog::over(only.clone(), only))
    }

    /// A catalog that only reads.
    pub(crate) fn reading(reader: SqlitePool) -> Catalog {
        Catalog::over(reader.clone(), reader)
    }

    fn over(writer: SqlitePool, readers: SqlitePool) -> Catalog {
        Catalog {
            writer,
            readers,
            identity_version: Arc::new(watch::Sender::new(0)),
            trails_version: Arc::new(watch::Sender::new(0)),
            jobs_version: Arc::new(watch::Sender::new(0)),
            alert_rules_version: Arc::new(watch::Sender::new(0)),
            resource_records_version: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Closes every connection; calls after it fail.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Rises after any change of accounts, users, keys, policies, attachments or tokens.
    pub fn identity_version(&self) -> watch::Receiver<u64> {
        self.identity_version.subscribe()
    }

    /// Rises after any change of trails or buckets.
    pub fn trails_version(&self) -> watch::Receiver<u64> {
        self.trails_version.subscribe()
    }

    /// Rises after any change of which delivery history jobs there are.
    pub fn jobs_version(&self) -> watch::Receiver<u64> {
        self.jobs_version.subscribe()
    }

    /// Rises after any change of alert rules.
    pub fn alert_rules_version(&self) -> watch::Receiver<u64> {
        self.alert_rules_version.subscribe()
    }

    /// Rises after any change of a resource's records.
    pub fn resource_records_version(&self) -> watch::Receiver<u64> {
        self.resource_records_version.subscribe()
    }

    pub(crate) fn alert_rules_changed(&self) {
        self.alert_rules_version.send_modify(|version| *version += 1);
    }

    pub(crate) fn resource_records_changed(&self) {
        self.resource_records_version.send_modify(|version| *version += 1);
    }

    pub(crate) fn jobs_changed(&self) {
        self.jobs_version.send_modify(|version| *version += 1);
    }

    pub(crate) fn identity_changed(&self) {
        self.identity_version.send_modify(|version| *version += 1);
    }

    pub(crate) fn trails_changed(&self) {
        self.trails_version.send_modify(|version| *version += 1);
    }

    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, CatalogError> {
        Ok(self.writer.begin().await?)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE)
}

/// Typed access to a row's columns.
pub(crate) trait Columns {
    fn text(&self, column: &'static str) -> Result<String, CatalogError>;
    fn text_if_any(&self, column: &'static str) -> Result<Option<String>, CatalogError>;
    fn number(&self, column: &'static str) -> Result<i64, CatalogError>;
    fn number_if_any(&self, column: &'static str) -> Result<Option<i64>, CatalogError>;
    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, CatalogError>;

    fn count(&self, column: &'static str) -> Result<u64, CatalogError> {
        let number = self.number(column)?;
        u64::try_from(number).map_err(|_| CatalogError::Corrupt { what: column, value: number.to_string() })
    }

    fn flag(&self, column: &'static str) -> Result<bool, CatalogError> {
        Ok(self.number(column)? != 0)
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, CatalogError> {
        self.number(column).map(Timestamp)
    }

    fn time_if_any(&self, column: &'static str) -> Result<Option<Timestamp>, CatalogError> {
        Ok(self.number_if_any(column)?.map(Timestamp))
    }

    /// A text that a type of the model parses.
    fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, CatalogError> {
        let text = self.text(column)?;
        text.parse().map_err(|_| CatalogError::Corrupt { what: column, value: text })
    }

    fn parsed_if_any<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, CatalogError> {
        let Some(text) = self.text_if_any(column)? else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(CatalogError::Corrupt { what: column, value: text }),
        }
    }

    fn account(&self, column: &'static str) -> Result<AccountId, CatalogError> {
        self.parsed(column)
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, CatalogError> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|_| CatalogError::Corrupt { what: column, value: text })
    }
}

impl Columns for SqliteRow {
    fn text(&self, column: &'static str) -> Result<String, CatalogError> {
        Ok(self.try_get(column)?)
    }

    fn text_if_any(&self, column: &'static str) -> Result<Option<String>, CatalogError> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: &'static str) -> Result<i64, CatalogError> {
        Ok(self.try_get(column)?)
    }

    fn number_if_any(&self, column: &'static str) -> Result<Option<i64>, CatalogError> {
        Ok(self.try_get(column)?)
    }

    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, CatalogError> {
        Ok(self.try_get(column)?)
    }
}

/// A model type as a JSON column.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the model's types have string keys and no failing parts")
}

/// Sequence numbers as SQLite integers: 2^63 events are out of reach.
pub(crate) fn seq_number(seq: model::Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
