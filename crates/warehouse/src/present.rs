//! Which events of a batch a table already has.
//!
//! Looks at the files of the batch's days whose statistics allow for events behind the batch's start, and of those at two
//! columns. A trail that goes forward finds no such file, and nothing is read. What is remembered is at most the batch
//! itself, whatever the table's size.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use deltalake_core::DeltaTable;
use model::Seq;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use serde_json::Value;

use crate::rows::{Row, day_of};
use crate::schema::DAY;
use crate::table::log_failed;
use crate::{TableName, WarehouseError};

/// An event's identity: its account and its id.
type Identity = (String, String);

fn identity(row: &Row) -> Identity {
    (row.account.to_string(), row.event.id().to_owned())
}

/// The rows the table does not have yet.
pub(crate) async fn absent(
    table: &DeltaTable,
    name: &TableName,
    rows: Vec<Row>,
    after: Seq,
) -> Result<Vec<Row>, WarehouseError> {
    let days: BTreeSet<String> = rows.iter().map(|row| day_of(row.event.time())).collect();
    let files = files(table, name, &days, after)?;
    if files.is_empty() {
        return Ok(rows);
    }
    let mut wanted: Arc<HashSet<Identity>> = Arc::new(rows.iter().map(identity).collect());
    let store = table.object_store();
    for path in files {
        let bytes = read(&store, name, &path).await?;
        let ask = wanted.clone();
        let found = tokio::task::spawn_blocking(move || present_in(bytes, &ask)).await?;
        let found = found.map_err(|source| WarehouseError::Parquet { table: name.to_string(), source })?;
        let left = Arc::make_mut(&mut wanted);
        for identity in &found {
            left.remove(identity);
        }
        if left.is_empty() {
            return Ok(Vec::new());
        }
    }
    Ok(rows.into_iter().filter(|row| wanted.contains(&identity(row))).collect())
}

/// The table's files of these days with events behind `after`, as far as their statistics tell.
fn files(
    table: &DeltaTable,
    name: &TableName,
    days: &BTreeSet<String>,
    after: Seq,
) -> Result<Vec<Path>, WarehouseError> {
    let state = table.snapshot().map_err(log_failed(name))?;
    let mut paths = Vec::new();
    for file in state.log_data().iter() {
        let is_wanted_day = match file.partition_values_map().get(DAY) {
            Some(Some(day)) => days.contains(day),
            _ => true,
        };
        let last = file.stats().and_then(|stats| serde_json::from_str::<Value>(&stats).ok());
        let last = last.and_then(|stats| stats.pointer("/maxValues/seq")?.as_i64());
        if is_wanted_day && last.is_none_or(|last| last > after.0.cast_signed()) {
            paths.push(file.object_store_path());
        }
    }
    Ok(paths)
}

async fn read(store: &Arc<dyn ObjectStore>, name: &TableName, path: &Path) -> Result<Bytes, WarehouseError> {
    let failed = |source| WarehouseError::Files { table: name.to_string(), source };
    store.get(path).await.map_err(failed)?.bytes().await.map_err(failed)
}

/// Which of these events a file holds.
fn present_in(file: Bytes, wanted: &HashSet<Identity>) -> Result<Vec<Identity>, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), ["account_id", "event_id"]);
    let mut found = Vec::new();
    for batch in builder.with_projection(columns).build()? {
        let batch = batch?;
        // Merged files keep the same texts in another Arrow type.
        let column = |name: &str| {
            let column = batch.column_by_name(name).and_then(|column| cast(column, &DataType::Utf8).ok());
            let column = column.and_then(|column| column.as_string_opt::<i32>().cloned());
            column.ok_or_else(|| ParquetError::General(format!("a file without texts in column {name}")))
        };
        let (accounts, ids) = (column("account_id")?, column("event_id")?);
        for row in 0..batch.num_rows() {
            if accounts.is_null(row) || ids.is_null(row) {
                continue;
            }
            let identity = (accounts.value(row).to_owned(), ids.value(row).to_owned());
            if wanted.contains(&identity) {
                found.push(identity);
            }
        }
    }
    Ok(found)
}
