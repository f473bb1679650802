//! A table as the catalogs show it: its columns, and no way to read it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use query::Source;

use crate::columns::{Columns, EVENT_KEYS};

/// Columns without rows.
#[derive(Debug)]
pub(super) struct Shape(SchemaRef);

impl Shape {
    pub(super) fn of(source: &Source) -> Shape {
        let mut columns = Columns::default();
        match source {
            Source::Events(_) | Source::Warehouse { .. } => {
                for name in ["time"].into_iter().chain(EVENT_KEYS).chain(["event"]) {
                    columns.add(&name.to_lowercase());
                }
            }
        }
        Shape(Arc::new(columns.schema()))
    }
}

#[async_trait]
impl TableProvider for Shape {
    fn schema(&self) -> SchemaRef {
        self.0.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // An empty answer would be a wrong one.
        Err(DataFusionError::Plan("a statement about the catalogs cannot read events at the same time".to_owned()))
    }
}
