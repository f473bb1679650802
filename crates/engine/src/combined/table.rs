//! A table of combinations: the columns an aggregate uses, and how often each combination of them occurs.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use query::{Column, Meter, Scope};

use super::buckets::BUCKET;
use super::measures::{COUNT, FIRST, LAST};
use crate::columns::Content;
use crate::events::{Batches, Events};
use crate::table::{EventsTable, PARTITIONS, Readers, Start, arranged};

#[derive(Debug, Clone)]
pub(super) struct CombinationsTable {
    events: Arc<dyn Events>,
    scope: Scope,
    contents: Vec<Content>,
    bucket: Option<Duration>,
    schema: SchemaRef,
    meter: Arc<Meter>,
}

impl CombinationsTable {
    /// Of the columns of these names.
    pub(super) fn new(
        table: &EventsTable,
        scope: Scope,
        names: &[String],
        bucket: Option<Duration>,
    ) -> CombinationsTable {
        let read = |name: &String| table.content(name).map(|content| (name.clone(), content.clone()));
        let (names, contents): (Vec<String>, Vec<Content>) = names.iter().filter_map(read).unzip();
        let measures = bucket.map(|_| BUCKET).into_iter().chain([COUNT, FIRST, LAST]);
        let fields = names.iter().map(|name| Field::new(name, DataType::Utf8, true));
        let fields = fields.chain(measures.map(|name| Field::new(name, DataType::Int64, false)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        CombinationsTable { events: table.events(), scope, contents, bucket, schema, meter: table.meter() }
    }
}

#[async_trait]
impl TableProvider for CombinationsTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let chosen: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema: SchemaRef = Arc::new(self.schema.project(&chosen)?);
        let reading = Arc::new(Reading { table: self.clone(), chosen });
        Readers::plan(reading, schema)
    }
}

#[derive(Debug)]
struct Reading {
    table: CombinationsTable,
    chosen: Vec<usize>,
}

impl Start for Reading {
    fn start(&self) -> Vec<Batches> {
        let table = &self.table;
        let columns: Vec<Column> = Content::read(&table.contents);
        let readers = table.events.combinations(&table.scope, &columns, table.bucket, table.meter.clone(), PARTITIONS);
        let arrange = |reader: Batches| {
            let (contents, columns, chosen) = (table.contents.clone(), columns.clone(), self.chosen.clone());
            Box::new(reader.map(move |batch| batch.map(|batch| with_measures(&batch, &contents, &columns, &chosen))))
                as Batches
        };
        readers.into_iter().map(arrange).collect()
    }
}

/// The chosen columns; behind those of the events come the measures.
fn with_measures(batch: &RecordBatch, contents: &[Content], columns: &[Column], chosen: &[usize]) -> RecordBatch {
    let of_events: Vec<Content> = chosen.iter().filter_map(|at| contents.get(*at).cloned()).collect();
    let mut events = arranged(batch, &of_events, columns).columns().to_vec().into_iter();
    let arrays = chosen.iter().map(|at| {
        if *at < contents.len() {
            events.next().expect("one for each chosen")
        } else {
            batch.column(columns.len() + at - contents.len()).clone()
        }
    });
    crate::table::unnamed(arrays.collect(), batch.num_rows())
}
