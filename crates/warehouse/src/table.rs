//! Opening a table, making it, and adding the columns a newer version has.

use std::sync::Arc;

use deltalake_core::kernel::StructField;
use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::SaveMode;
use deltalake_core::{DeltaTable, DeltaTableError};
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::schema::{DAY, STATED, table_columns};
use crate::{TableName, WarehouseError};

/// Commits between two checkpoints.
pub(crate) const CHECKPOINT_COMMITS: u64 = 100;

fn log_of(store: &Arc<dyn ObjectStore>, name: &TableName) -> LogStoreRef {
    // The scheme is ours, so that nothing finds another store by it.
    let url = format!("cairn://warehouse/{name}/");
    let url = Url::parse(&url).expect("a table's name has only letters, digits, _ and -");
    let below = Arc::new(PrefixStore::new(store.clone(), name.to_string()));
    default_logstore(below, store.clone(), &url, &StorageConfig::default())
}

pub(crate) fn log_failed(name: &TableName) -> impl Fn(DeltaTableError) -> WarehouseError {
    let table = name.to_string();
    move |source| WarehouseError::Log { table: table.clone(), source: Box::new(source) }
}

/// The newest version of the table, if there is one.
pub(crate) async fn open(store: &Arc<dyn ObjectStore>, name: &TableName) -> Result<Option<DeltaTable>, WarehouseError> {
    let failed = log_failed(name);
    let mut table = DeltaTable::new(log_of(store, name));
    if !table.verify_deltatable_existence().await.map_err(&failed)? {
        return Ok(None);
    }
    table.load().await.map_err(failed)?;
    Ok(Some(table))
}

/// The newest version of the table, with all of our columns; made if it is not there. `former` is the table as it was.
pub(crate) async fn newest(
    store: &Arc<dyn ObjectStore>,
    name: &TableName,
    former: Option<DeltaTable>,
) -> Result<DeltaTable, WarehouseError> {
    let there = match former {
        Some(mut table) => {
            table.update_state().await.map_err(log_failed(name))?;
            Some(table)
        }
        None => open(store, name).await?,
    };
    match there {
        Some(table) => with_our_columns(table, name).await,
        None => create(store, name).await,
    }
}

async fn create(store: &Arc<dyn ObjectStore>, name: &TableName) -> Result<DeltaTable, WarehouseError> {
    let configuration = [
        ("delta.appendOnly", "true".to_owned()),
        ("delta.checkpointInterval", CHECKPOINT_COMMITS.to_string()),
        ("delta.dataSkippingStatsColumns", STATED.join(",")),
        ("delta.deletedFileRetentionDuration", "interval 7 days".to_owned()),
        ("delta.logRetentionDuration", "interval 7 days".to_owned()),
    ];
    let create = CreateBuilder::new()
        .with_log_store(log_of(store, name))
        .with_table_name(name.table())
        .with_comment("Events of an ActionTrail trail, appended by Cairn")
        .with_save_mode(SaveMode::Ignore)
        .with_columns(table_columns())
        .with_partition_columns([DAY])
        .with_configuration(configuration.map(|(key, value)| (key, Some(value))));
    create.await.map_err(log_failed(name))
}

/// Adds the columns that a former version did not have.
async fn with_our_columns(table: DeltaTable, name: &TableName) -> Result<DeltaTable, WarehouseError> {
    let failed = log_failed(name);
    let schema = table.snapshot().map_err(&failed)?.schema();
    let mut missing: Vec<StructField> = Vec::new();
    for column in table_columns() {
        match schema.field(column.name()) {
            Some(there) if there.data_type() == column.data_type() => {}
            Some(_) => {
                return Err(WarehouseError::Column { table: name.to_string(), column: column.name().clone() });
            }
            // Older rows have nothing there.
            None => missing.push(StructField::nullable(column.name(), column.data_type().clone())),
        }
    }
    if missing.is_empty() {
        return Ok(table);
    }
    let quiet = CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false));
    table.add_columns().with_fields(missing).with_commit_properties(quiet).await.map_err(failed)
}
