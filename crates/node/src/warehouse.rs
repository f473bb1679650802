//! Warehouse tables in a node: where they lie, who appends to them, what SQL finds there, and their upkeep. Only in a build
//! with the feature `warehouse`.
//!
//! The location is opened when it is first needed and again when its bucket's settings changed: a bucket is made through the
//! node's own interface, so at a first start it cannot be there.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::{Catalog, CatalogError};
use delivery::{Table, TableBatch, TableError, Tables};
use host::{Clock, Disk, Shutdown};
use identity::Vault;
use model::{AccountId, ErrorKind};
use outbound::{BucketError, BucketSettings, Outbound};
use query::Source;
use query::tables::WAREHOUSE;
use store::Owned;
use tokio::sync::Mutex;
use tracing::warn;
use warehouse::{Batch, Row, TableName, Warehouse, WarehouseError, WarehouseMetrics};

use crate::config::{Config, TableLocation};
use crate::foundation::Foundation;

/// Between two rounds over the tables that were appended to.
const ROUND: Duration = Duration::from_secs(60);

/// To list an account's tables, which every statement waits for.
const LIST_PATIENCE: Duration = Duration::from_secs(2);

/// The node's tables. Cheap to clone.
#[derive(Clone)]
pub(crate) struct NodeWarehouse(Arc<Shared>);

struct Shared {
    location: TableLocation,
    /// The folder of tables in the data folder.
    folder: PathBuf,
    catalog: Catalog,
    vault: Vault,
    outbound: Outbound,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    metrics: WarehouseMetrics,
    opened: Mutex<Option<Opened>>,
}

struct Opened {
    /// The bucket's URL and settings it was opened with.
    bucket: Option<(String, BucketSettings)>,
    warehouse: Warehouse,
}

/// The location of tables cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocationError {
    /// The folder in the data folder could not be made.
    #[error("could not make the folder of tables {}", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The catalog could not be asked for the bucket.
    #[error("could not look up the bucket of tables")]
    Catalog(#[from] CatalogError),
    /// There is no such bucket.
    #[error("[warehouse] location names a bucket {name} that account {account} does not have")]
    NoBucket { account: AccountId, name: String },
    /// Its settings could not be unsealed or read.
    #[error("could not unseal the settings of the bucket of tables")]
    Sealed(#[source] Box<dyn Error + Send + Sync>),
    /// It cannot be used.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl LocationError {
    fn kind(&self) -> ErrorKind {
        match self {
            LocationError::Folder { .. } => ErrorKind::Unavailable,
            LocationError::Catalog(error) => error.kind(),
            LocationError::NoBucket { .. } => ErrorKind::NotFound,
            LocationError::Sealed(_) => ErrorKind::Corrupt,
            LocationError::Bucket(error) => error.kind(),
        }
    }
}

impl NodeWarehouse {
    /// Opens nothing yet.
    pub(crate) fn new(config: &Config, foundation: &Foundation, outbound: &Outbound) -> NodeWarehouse {
        NodeWarehouse(Arc::new(Shared {
            location: config.warehouse.location.clone(),
            folder: foundation.data.join("warehouse"),
            catalog: foundation.catalog.clone(),
            vault: foundation.vault.clone(),
            outbound: outbound.clone(),
            disk: foundation.disk.clone(),
            clock: foundation.clock.clone(),
            metrics: WarehouseMetrics::new(&foundation.metrics),
            opened: Mutex::default(),
        }))
    }

    /// Looks after the tables until `shutdown` begins.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        while tokio::time::timeout(ROUND, shutdown.begun()).await.is_err() {
            let opened = self.0.opened.lock().await.as_ref().map(|opened| opened.warehouse.clone());
            if let Some(warehouse) = opened {
                warehouse.round(&shutdown).await;
            }
        }
    }

    /// The account's tables for a statement, each called by its own name unless two projects have one of that name. When the
    /// location does not answer there are none: events and Logstores can still be asked.
    pub(crate) async fn in_sql(&self, account: AccountId) -> Vec<query::Table> {
        let names = match self.listed(account).await {
            Ok(names) => names,
            Err(reason) => {
                warn!(reason, "could not list the warehouse tables of an account");
                return Vec::new();
            }
        };
        let is_alone = |name: &TableName| names.iter().filter(|each| each.table() == name.table()).count() == 1;
        let table = |name: &TableName| {
            let shown =
                if is_alone(name) { name.table().to_owned() } else { format!("{}.{}", name.project(), name.table()) };
            let source = Source::Warehouse { project: name.project().to_owned(), location: name.to_string() };
            query::Table { name: format!("{WAREHOUSE}.{shown}"), source }
        };
        names.iter().map(table).collect()
    }

    async fn listed(&self, account: AccountId) -> Result<Vec<TableName>, String> {
        let listing = async {
            let warehouse = self.open().await.map_err(|error| error.to_string())?;
            warehouse.tables(account).await.map_err(|error| error.cause())
        };
        let listed = tokio::time::timeout(LIST_PATIENCE, listing).await;
        listed.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    async fn open(&self) -> Result<Warehouse, LocationError> {
        let shared = &self.0;
        let mut opened = shared.opened.lock().await;
        let bucket = self.bucket().await?;
        if let Some(there) = opened.as_ref().filter(|there| there.bucket == bucket) {
            return Ok(there.warehouse.clone());
        }
        let store = match (&shared.location, &bucket) {
            (_, Some((url, settings))) => shared.outbound.open_tables(url, settings)?,
            (TableLocation::Folder(url), None) => shared.outbound.open_tables(url, &BucketSettings::default())?,
            (_, None) => {
                self.make_folder().await?;
                shared.outbound.open_table_folder(shared.folder.clone())
            }
        };
        let warehouse = Warehouse::new(store, shared.clock.clone(), shared.metrics.clone());
        *opened = Some(Opened { bucket, warehouse: warehouse.clone() });
        Ok(warehouse)
    }

    /// The URL and settings of the location, if it is a bucket.
    async fn bucket(&self) -> Result<Option<(String, BucketSettings)>, LocationError> {
        let TableLocation::Bucket { account, name } = &self.0.location else { return Ok(None) };
        let row = self.0.catalog.bucket_find(*account, name).await?;
        let row = row.ok_or_else(|| LocationError::NoBucket { account: *account, name: name.clone() })?;
        let settings = self.0.vault.open(&row.sealed_settings).map_err(|error| LocationError::Sealed(error.into()))?;
        let settings = serde_json::from_slice(&settings).map_err(|error| LocationError::Sealed(error.into()))?;
        Ok(Some((row.url, settings)))
    }

    async fn make_folder(&self) -> Result<(), LocationError> {
        let (disk, folder) = (self.0.disk.clone(), self.0.folder.clone());
        let making = move || {
            disk.create_folder(&folder)?;
            disk.sync_folder(folder.parent().unwrap_or(Path::new("/")))
        };
        let made =
            tokio::task::spawn_blocking(making).await.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
        made.map_err(|source| LocationError::Folder { folder: self.0.folder.clone(), source })
    }
}

fn row(owned: Owned) -> Row {
    let Owned { account, found } = owned;
    Row { account, seq: found.seq, received: found.received, event: found.event }
}

#[cfg(feature = "sql")]
#[async_trait]
impl engine::warehouse::Location for NodeWarehouse {
    async fn warehouse(&self) -> Result<Warehouse, warehouse::Stop> {
        Ok(self.open().await?)
    }
}

#[async_trait]
impl Tables for NodeWarehouse {
    async fn append(&self, table: &Table, batch: TableBatch) -> Result<(), TableError> {
        let shown = format!("{}.{}", table.project, table.name);
        let failed = |kind, reason: String, cause: String| TableError {
            table: shown.clone(),
            reason,
            kind,
            source: Some(cause.into()),
        };
        let name = TableName::new(table.account, &table.project, &table.name).map_err(|error| {
            failed(ErrorKind::Invalid, "its name cannot be a folder's".to_owned(), error.to_string())
        })?;
        let warehouse = self.open().await.map_err(|error| {
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            failed(error.kind(), error.to_string(), cause)
        })?;
        let TableBatch { source, after, through, events } = batch;
        let rows = events.into_iter().map(row).collect();
        let batch = Batch { application: source, after, through, rows };
        let appended = warehouse.append(&name, batch).await;
        appended.map_err(|error: WarehouseError| failed(error.kind(), error.to_string(), error.cause()))?;
        Ok(())
    }
}
