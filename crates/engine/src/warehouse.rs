//! Warehouse tables as tables of a statement. Only in a build with the feature `warehouse`.
//!
//! The table is opened anew for each statement, so it is the newest version, and every byte read of its files counts for the
//! statement's meter. Conditions on `day` and on the stated columns leave out whole files.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use model::ErrorKind;
use query::{Cut, Meter, QueryError};
use warehouse::{Count, Stop, TableName, Warehouse};

/// Says where the tables lie now.
#[async_trait]
pub trait Location: Send + Sync {
    /// The warehouse.
    async fn warehouse(&self) -> Result<Warehouse, Stop>;
}

#[async_trait]
impl Location for Warehouse {
    async fn warehouse(&self) -> Result<Warehouse, Stop> {
        Ok(self.clone())
    }
}

/// A statement's meter says that enough was read.
#[derive(Debug)]
struct Enough(Cut);

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Enough {}

/// The table at a [`query::Source::Warehouse`]'s location.
pub async fn provider(
    at: &dyn Location,
    location: &str,
    meter: Arc<Meter>,
) -> Result<Arc<dyn TableProvider>, QueryError> {
    let name: TableName = location
        .parse()
        .map_err(|error: warehouse::InvalidTableName| QueryError::Invalid { message: error.to_string() })?;
    let failed = |kind, source| QueryError::Failed { kind, source };
    let warehouse = at.warehouse().await.map_err(|source| failed(ErrorKind::Unavailable, source))?;
    let count: Count = Arc::new(move |bytes| {
        meter.count(0, bytes);
        meter.check().map_err(|cut| Stop::from(Enough(cut)))
    });
    let opened = warehouse.open_counted(&name, count).await;
    let table = opened.map_err(|error| failed(error.kind(), Box::new(error)))?;
    let Some(table) = table else {
        return Err(QueryError::Invalid { message: format!("table {} has no events yet", name.table()) });
    };
    let provider = table.table_provider().build().await;
    Ok(Arc::new(provider.map_err(|error| failed(ErrorKind::Unavailable, Box::new(error)))?))
}

#[cfg(test)]
mod tests;
