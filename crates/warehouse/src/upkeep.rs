//! Beside delivery: small files are merged, the log gets checkpoints, and what no version needs is removed.
//!
//! Only tables that were appended to are visited, one after another. Nothing here is needed for a table to be right: what
//! fails is counted, logged, and tried again after the next append. Merging commits beside appends; only the removal keeps
//! appends out, because a repeated append could name again what is about to go.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::operations::vacuum::VacuumMode;
use deltalake_core::{DeltaTable, FilterLiteral, FilterOp, FilterValue, checkpoints};
use host::{Clock, Shutdown};
use model::Timestamp;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt};
use serde_json::Value;
use tracing::{debug, warn};

use crate::data_file::writer_properties;
use crate::rows::day_of;
use crate::schema::DAY;
use crate::table::{CHECKPOINT_COMMITS, log_failed};
use crate::{TableName, Warehouse, WarehouseError};

/// What merged files grow to.
const FILE_BYTES: NonZeroU64 = NonZeroU64::new(64 * 1024 * 1024).expect("not zero");
/// A file is small below this. A file above can at most double by merging, which is not worth its rewriting.
const SMALL_BYTES: i64 = 32 * 1024 * 1024;
/// Small files of a day that is still filled before they are merged: each merge rewrites the largest of them too.
const OPEN_DAY_FILES: u64 = 32;
/// The same of a day that is over.
const CLOSED_DAY_FILES: u64 = 8;
/// Between two removals of what no version needs.
const REMOVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What a visit to a table did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Small files that were merged.
    pub merged_files: u64,
    /// Files that were removed.
    pub removed_files: u64,
    /// Whether the log got a checkpoint.
    pub checkpoint: bool,
}

/// Our clock in the library's terms.
struct LibraryClock(Arc<dyn Clock>);

impl std::fmt::Debug for LibraryClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LibraryClock({})", self.0.now())
    }
}

impl deltalake_core::operations::vacuum::Clock for LibraryClock {
    fn current_timestamp_millis(&self) -> i64 {
        self.0.now().0
    }
}

impl Warehouse {
    /// Looks after the tables that were appended to since the last round, until `shutdown` begins.
    pub async fn round(&self, shutdown: &Shutdown) {
        let touched = std::mem::take(&mut *self.0.touched.lock());
        for name in touched {
            if shutdown.has_begun() {
                return;
            }
            let visit = {
                let (warehouse, name) = (self.clone(), name.clone());
                // In a task of its own, because the library panics after some failed writes.
                tokio::spawn(async move { warehouse.look_after(&name).await })
            };
            if let Err(error) = visit.await.unwrap_or_else(|stopped| Err(stopped.into())) {
                warn!(table = %name, %error, cause = error.cause(), "could not look after a table");
                self.0.metrics.upkeep_failed();
            }
        }
    }

    /// One visit to a table.
    pub async fn look_after(&self, name: &TableName) -> Result<Upkeep, WarehouseError> {
        let mut done = Upkeep::default();
        let Some(mut table) = self.open(name).await? else { return Ok(done) };
        for day in self.crowded_days(&table, name)? {
            let (merged, files) = merge(table, name, &day).await?;
            table = merged;
            done.merged_files += files;
        }
        let version = table.version().unwrap_or_default();
        if version >= self.last_checkpoint(name).await? + CHECKPOINT_COMMITS {
            checkpoints::create_checkpoint(&table, None).await.map_err(log_failed(name))?;
            done.checkpoint = true;
        }
        if self.removal_is_due(name) {
            done.removed_files = self.remove_unneeded(table, name).await?;
        }
        self.0.metrics.looked_after(&done);
        debug!(table = %name, merged = done.merged_files, removed = done.removed_files, "looked after a table");
        Ok(done)
    }

    /// The days with enough small files to merge.
    fn crowded_days(&self, table: &DeltaTable, name: &TableName) -> Result<Vec<String>, WarehouseError> {
        let mut small: BTreeMap<String, u64> = BTreeMap::new();
        for file in table.snapshot().map_err(log_failed(name))?.log_data().iter() {
            if let Some(Some(day)) = file.partition_values_map().remove(DAY).filter(|_| file.size() < SMALL_BYTES) {
                *small.entry(day).or_default() += 1;
            }
        }
        // Events arrive late: yesterday is still filled.
        let now = self.0.clock.now();
        let open_from = day_of(Timestamp(now.0.saturating_sub(REMOVAL.as_millis() as i64)));
        let enough = |day: &String| if *day >= open_from { OPEN_DAY_FILES } else { CLOSED_DAY_FILES };
        Ok(small.into_iter().filter(|(day, files)| *files >= enough(day)).map(|(day, _)| day).collect())
    }

    /// The version of the last checkpoint, 0 if there is none.
    async fn last_checkpoint(&self, name: &TableName) -> Result<u64, WarehouseError> {
        let path = Path::from(format!("{name}/_delta_log/_last_checkpoint"));
        let failed = |source| WarehouseError::Files { table: name.to_string(), source };
        let found = match self.0.store.get(&path).await {
            Err(StoreError::NotFound { .. }) => return Ok(0),
            found => found.map_err(failed)?.bytes().await.map_err(failed)?,
        };
        let version = serde_json::from_slice::<Value>(&found).ok().and_then(|last| last.get("version")?.as_u64());
        Ok(version.unwrap_or_default())
    }

    /// Once a day for each table, and once after a start.
    fn removal_is_due(&self, name: &TableName) -> bool {
        let now = self.0.clock.now();
        let mut removals = self.0.removals.lock();
        if removals.get(name).is_some_and(|last| now.since(*last) < REMOVAL) {
            return false;
        }
        removals.insert(name.clone(), now);
        true
    }

    async fn remove_unneeded(&self, table: DeltaTable, name: &TableName) -> Result<u64, WarehouseError> {
        let writer = self.writer(name);
        // Held to keep appends out.
        let _writer = writer.lock().await;
        let failed = log_failed(name);
        let mut table = table;
        table.update_state().await.map_err(&failed)?;
        checkpoints::cleanup_metadata(&table, None).await.map_err(&failed)?;
        let vacuum = table
            .vacuum()
            .with_mode(VacuumMode::Full)
            .with_clock(Arc::new(LibraryClock(self.0.clock.clone())))
            .with_commit_properties(quiet());
        let (_, removed) = vacuum.await.map_err(failed)?;
        Ok(removed.files_deleted.len() as u64)
    }
}

/// Commits without checkpoints and removals of their own.
fn quiet() -> CommitProperties {
    CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false))
}

/// Merges the small files of a day. One file is written at a time, and rows pass through in batches.
async fn merge(table: DeltaTable, name: &TableName, day: &str) -> Result<(DeltaTable, u64), WarehouseError> {
    let filters: [FilterLiteral<'_>; 1] = [(DAY, FilterOp::Eq, FilterValue::Scalar(day))];
    let merged = table
        .optimize()
        .with_filters(&filters)
        .with_target_size(FILE_BYTES)
        .with_max_concurrent_tasks(1)
        .with_writer_properties(writer_properties())
        .with_commit_properties(quiet())
        .await;
    let (table, metrics) = merged.map_err(log_failed(name))?;
    Ok((table, metrics.num_files_removed))
}
