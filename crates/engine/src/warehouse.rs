//! Warehouse tables as tables of a statement. Only in a build with the feature `warehouse`.
//!
//! The table is opened anew for each statement, so it is the newest version, and every byte read of its files counts for the
//! statement's meter. Conditions on `day` and on the stated columns leave out whole files.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::{Statement, visit_relations};
use model::ErrorKind;
use query::{Meter, QueryError, Question, Source};
use warehouse::{Count, Stop, TableName, Warehouse};

use crate::events::EventsError;

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

/// Makes the warehouse tables that a statement names known to its context; the others are not opened.
pub(crate) async fn register(
    at: &dyn Location,
    context: &SessionContext,
    statement: &Statement,
    question: &Question,
) -> Result<(), QueryError> {
    let mut named = HashSet::new();
    let _ = visit_relations(statement, |relation| {
        // What names a table was given its one spelling, quoted.
        named.extend(relation.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.clone()));
        ControlFlow::<()>::Continue(())
    });
    for table in question.tables.iter().filter(|table| named.contains(&table.name)) {
        let Source::Warehouse { location, .. } = &table.source else { continue };
        let provider = provider(at, location, question.meter.clone()).await;
        // A meter that ran out while the table was opened is the reason, whatever the library makes of it.
        let provider = provider.map_err(|error| question.meter.check().map_or_else(QueryError::Cut, |()| error))?;
        let registered = context.register_table(TableReference::bare(table.name.clone()), provider);
        registered.map_err(|error| QueryError::Failed { kind: ErrorKind::Bug, source: Box::new(error) })?;
    }
    Ok(())
}

/// The table at a [`query::Source::Warehouse`]'s location.
async fn provider(at: &dyn Location, location: &str, meter: Arc<Meter>) -> Result<Arc<dyn TableProvider>, QueryError> {
    let name: TableName = location
        .parse()
        .map_err(|error: warehouse::InvalidTableName| QueryError::Invalid { message: error.to_string() })?;
    let failed = |kind, source| QueryError::Failed { kind, source };
    let warehouse = at.warehouse().await.map_err(|source| failed(ErrorKind::Unavailable, source))?;
    let count: Count = Arc::new(move |bytes| {
        meter.count(0, bytes);
        meter.check().map_err(|cut| Stop::from(EventsError::Cut(cut)))
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
