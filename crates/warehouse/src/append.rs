//! Adding a batch to a table: each event once, all of them in one commit.
//!
//! A table that has events behind a batch's start may have events of the batch: because an answer was lost, because a job
//! and a trail bring the same, or because the node was set back to an older state. Only what is not there is added then. The
//! commit carries how far the batch's application (a trail, a job) has come, and fails if another did so at the same time.

use deltalake_core::DeltaTable;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake_core::kernel::{Action, Transaction};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use futures::{StreamExt, TryStreamExt, stream};
use model::Seq;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutOptions};
use tracing::debug;

use crate::data_file::{DataFile, encode};
use crate::present::absent;
use crate::rows::{Row, by_day};
use crate::schema::DAY;
use crate::table::{log_failed, newest};
use crate::{TableName, Warehouse, WarehouseError};

/// Files of a batch that are written at once.
const PUTS_AT_ONCE: usize = 4;

/// The object that shows whether the location refuses to replace. Hidden from readers by its first letter.
const EXAMINED: &str = "_cairn/must-be-new";

/// What one application delivers between two of its cursors.
#[derive(Debug)]
pub struct Batch {
    /// Whose cursor it is, for example `trail-17`. Never used for another.
    pub application: String,
    /// Before its first event.
    pub after: Seq,
    /// Its end; the cursor moves here once it is appended.
    pub through: Seq,
    /// Its events, in order.
    pub rows: Vec<Row>,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Events that were added now.
    pub added: usize,
    /// Events of the batch that the table already had.
    pub present: usize,
    /// Bytes of the new files.
    pub bytes: u64,
}

impl Warehouse {
    /// Appends a batch, and makes the table if it is not there. Durable when it returns. After an error, or when dropped
    /// before, the batch is there whole or not at all; repeat it.
    pub async fn append(&self, name: &TableName, batch: Batch) -> Result<Appended, WarehouseError> {
        let mut done = Appended { added: 0, present: 0, bytes: 0 };
        if batch.rows.is_empty() {
            return Ok(done);
        }
        let writer = self.writer(name);
        let mut writer = writer.lock().await;
        self.0.examined.get_or_try_init(|| self.examine(name)).await?;
        // Taken out: after a failure the next append reads all of the log again.
        let table = newest(&self.0.store, name, writer.take()).await?;
        let all = batch.rows.len();
        let rows = absent(&table, name, batch.rows, batch.after).await?;
        done.added = rows.len();
        done.present = all - rows.len();
        if rows.is_empty() {
            self.0.metrics.appended(done);
            *writer = Some(table);
            return Ok(done);
        }
        let files = self.encode(name, rows, batch.through).await?;
        done.bytes = files.iter().map(|file| file.bytes.len() as u64).sum();
        self.put(name, &files).await?;
        let transaction = Transaction::new(&batch.application, batch.through.0.cast_signed());
        commit(&table, name, files, transaction).await?;
        *writer = Some(table);
        self.0.metrics.appended(done);
        self.0.touched.lock().insert(name.clone());
        debug!(table = %name, events = done.added, present = done.present, "appended to a table");
        Ok(done)
    }

    async fn encode(&self, name: &TableName, rows: Vec<Row>, through: Seq) -> Result<Vec<DataFile>, WarehouseError> {
        let now = self.0.clock.now();
        let encode_all = move || {
            let days = by_day(rows);
            days.iter().map(|(day, rows)| encode(day, rows, through, now)).collect::<Result<Vec<_>, _>>()
        };
        let files = tokio::task::spawn_blocking(encode_all).await?;
        files.map_err(|source| WarehouseError::Parquet { table: name.to_string(), source })
    }

    async fn put(&self, name: &TableName, files: &[DataFile]) -> Result<(), WarehouseError> {
        let put = |file: &DataFile| {
            let (path, bytes) = (Path::from(format!("{name}/{}", file.path)), file.bytes.clone());
            async move { self.0.store.put(&path, bytes.into()).await }
        };
        let puts: Vec<_> = files.iter().map(put).collect();
        let done = stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_for_each(|_| async { Ok(()) }).await;
        done.map_err(|source| WarehouseError::Files { table: name.to_string(), source })
    }

    /// Finds out whether the location refuses to replace an object that must be new: a table's commits rest on it.
    async fn examine(&self, name: &TableName) -> Result<(), WarehouseError> {
        let only_new = || PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let (store, path) = (&self.0.store, Path::from(EXAMINED));
        let failed = |source| WarehouseError::Files { table: name.to_string(), source };
        for _ in 0..2 {
            match store.put_opts(&path, "cairn can write here\n".into(), only_new()).await {
                Err(StoreError::AlreadyExists { .. }) => return Ok(()),
                Ok(_) => {}
                Err(source) => return Err(failed(source)),
            }
        }
        Err(WarehouseError::Replaces)
    }
}

async fn commit(
    table: &DeltaTable,
    name: &TableName,
    files: Vec<DataFile>,
    transaction: Transaction,
) -> Result<(), WarehouseError> {
    let failed = log_failed(name);
    let state = table.snapshot().map_err(&failed)?;
    let operation =
        DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(vec![DAY.to_owned()]), predicate: None };
    // Checkpoints and the removal of old log entries are upkeep's: their failure would look like the commit's.
    let properties = CommitProperties::default()
        .with_application_transaction(transaction)
        .with_create_checkpoint(false)
        .with_cleanup_expired_logs(Some(false));
    let adds = files.into_iter().map(|file| Action::Add(file.add)).collect();
    let reference: &dyn TableReference = state;
    let commit = CommitBuilder::from(properties).with_actions(adds);
    let prepared = commit.build(Some(reference), table.log_store(), operation).into_prepared_commit_future();
    // What comes after a commit in the library would read the log once more; the next append does that.
    prepared.await.map_err(&failed)?.await.map_err(failed)?;
    Ok(())
}
