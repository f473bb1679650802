//! A table of events: exactly the columns a statement names, read when the plan asks for them.
//!
//! Conditions on `__time__` and `time` narrow the scope, and an equality with a text becomes a condition of the search, so
//! that the index finds the events; DataFusion checks both again. Readers run on blocking threads and hand over a batch at a
//! time; when nobody takes them any more they end.

mod pushdown;

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use model::Timestamp;
use query::{Column, Meter, Scope};

use crate::columns::{Columns, Content};
use crate::events::{Batches, Events, EventsError};

/// Readers of one table: the machines this runs on have few cores.
pub(crate) const PARTITIONS: usize = 2;
/// Batches that wait to be taken, of each reader.
const WAITING_BATCHES: usize = 2;

#[derive(Debug)]
pub(crate) struct EventsTable {
    events: Arc<dyn Events>,
    scope: Scope,
    contents: Vec<Content>,
    schema: SchemaRef,
    meter: Arc<Meter>,
}

impl EventsTable {
    pub(crate) fn new(events: Arc<dyn Events>, scope: Scope, columns: &Columns, meter: Arc<Meter>) -> EventsTable {
        EventsTable { events, scope, contents: columns.contents(), schema: Arc::new(columns.schema()), meter }
    }

    /// What the column of this name holds.
    pub(crate) fn content(&self, name: &str) -> Option<&Content> {
        self.schema.index_of(name).ok().map(|at| &self.contents[at])
    }

    /// The scope with what these conditions allow.
    pub(crate) fn narrowed(&self, filters: &[Expr]) -> Scope {
        pushdown::narrowed(&self.scope, filters, |name| self.content(name))
    }

    /// What a scan with this projection and these conditions reads.
    pub(crate) fn reading(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> Result<Reading> {
        let chosen: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.contents.len()).collect());
        let schema: SchemaRef = Arc::new(self.schema.project(&chosen)?);
        let contents: Vec<Content> = chosen.iter().map(|at| self.contents[*at].clone()).collect();
        let (events, meter) = (self.events.clone(), self.meter.clone());
        Ok(Reading { events, scope: self.narrowed(filters), contents, schema, meter })
    }

    pub(crate) fn events(&self) -> Arc<dyn Events> {
        self.events.clone()
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.meter.clone()
    }
}

#[async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let is_exact = |filter: &&Expr| pushdown::is_exact(filter, |name| self.content(name));
        let support = |filter| {
            if is_exact(filter) { TableProviderFilterPushDown::Exact } else { TableProviderFilterPushDown::Inexact }
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let reading = self.reading(projection, filters)?;
        let schema = reading.schema();
        Readers::plan(Arc::new(reading), schema)
    }
}

/// What a plan reads of a table.
#[derive(Debug)]
pub(crate) struct Reading {
    events: Arc<dyn Events>,
    scope: Scope,
    contents: Vec<Content>,
    schema: SchemaRef,
    meter: Arc<Meter>,
}

impl Reading {
    /// What the columns are.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The events of a part of the time, and the times of each batch's.
    pub(crate) fn between(
        self: &Arc<Self>,
        from: Timestamp,
        before: Timestamp,
    ) -> impl Iterator<Item = Result<(ArrayRef, RecordBatch)>> + use<> {
        let mut columns = Content::read(&self.contents);
        let time = columns.iter().position(|column| *column == Column::Time).unwrap_or(columns.len());
        if time == columns.len() {
            columns.push(Column::Time);
        }
        let (from, before) = (self.scope.from.max(from), self.scope.before.min(before));
        let scope = Scope { from, before, ..self.scope.clone() };
        let readers = self.events.scan(&scope, &columns, self.meter.clone(), PARTITIONS);
        let reading = self.clone();
        readers.into_iter().flatten().map(move |batch| {
            let batch = batch.map_err(external)?;
            let events = typed(&arranged(&batch, &reading.contents, &columns), &reading.schema)?;
            Ok((cast(batch.column(time), &DataType::Timestamp(TimeUnit::Millisecond, None))?, events))
        })
    }
}

impl Start for Reading {
    fn start(&self) -> Vec<Batches> {
        let columns = Content::read(&self.contents);
        let readers = self.events.scan(&self.scope, &columns, self.meter.clone(), PARTITIONS);
        let arrange = |reader: Batches| {
            let contents = self.contents.clone();
            let columns = columns.clone();
            Box::new(reader.map(move |batch| batch.map(|batch| arranged(&batch, &contents, &columns)))) as Batches
        };
        readers.into_iter().map(arrange).collect()
    }
}

/// The columns as the plan wants them: constants put in, a column that has two names twice.
pub(crate) fn arranged(batch: &RecordBatch, contents: &[Content], columns: &[Column]) -> RecordBatch {
    let rows = batch.num_rows();
    let array = |content: &Content| -> ArrayRef {
        match content {
            Content::Read(column) => {
                let at = columns.iter().position(|each| each == column).expect("every column was asked for");
                batch.column(at).clone()
            }
            Content::Constant(text) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows))),
        }
    };
    unnamed(contents.iter().map(array).collect(), rows)
}

/// A batch whose columns are told by their place.
pub(crate) fn unnamed(arrays: Vec<ArrayRef>, rows: usize) -> RecordBatch {
    let field = |(at, array): (usize, &ArrayRef)| Field::new(at.to_string(), array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(arrays.iter().enumerate().map(field).collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options).expect("as many rows in each column")
}

/// What starts readers that share one reading.
pub(crate) trait Start: std::fmt::Debug + Send + Sync {
    /// Starts them; always as many.
    fn start(&self) -> Vec<Batches>;
}

/// The readers of one scan of a plan. A plan may run a part of itself again: each time a partition is executed it takes its
/// reader of the next generation, because the readers of one generation share the work.
#[derive(Debug)]
pub(crate) struct Readers {
    start: Arc<dyn Start>,
    generations: Mutex<Vec<Generation>>,
}

struct Generation(Vec<Option<Batches>>);

impl std::fmt::Debug for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Generation")
    }
}

impl Readers {
    /// A plan whose partitions together read everything once.
    pub(crate) fn plan(start: Arc<dyn Start>, schema: SchemaRef) -> Result<Arc<dyn ExecutionPlan>> {
        let readers = Arc::new(Readers { start, generations: Mutex::default() });
        let partitions = (0..PARTITIONS).map(|at| {
            Arc::new(Partition { readers: readers.clone(), at, schema: schema.clone() }) as Arc<dyn PartitionStream>
        });
        let partitions = partitions.collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, partitions, None, [], false, None)?))
    }

    fn take(&self, at: usize) -> Batches {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        for generation in generations.iter_mut() {
            if let Some(batches) = generation.0.get_mut(at).and_then(Option::take) {
                return batches;
            }
        }
        let mut started: Vec<Option<Batches>> = self.start.start().into_iter().map(Some).collect();
        started.resize_with(PARTITIONS, || Some(Box::new(std::iter::empty())));
        let batches = started[at].take().expect("just started");
        generations.push(Generation(started));
        batches
    }
}

struct Partition {
    readers: Arc<Readers>,
    at: usize,
    schema: SchemaRef,
}

impl std::fmt::Debug for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partition").field("at", &self.at).finish_non_exhaustive()
    }
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.readers.take(self.at);
        let mut builder = RecordBatchReceiverStream::builder(self.schema.clone(), WAITING_BATCHES);
        let (sender, schema) = (builder.tx(), self.schema.clone());
        builder.spawn_blocking(move || {
            for batch in batches {
                let batch = batch.map_err(external).and_then(|batch| typed(&batch, &schema));
                let is_last = batch.is_err();
                if sender.blocking_send(batch).is_err() || is_last {
                    break;
                }
            }
            Ok(())
        });
        builder.build()
    }
}

fn external(error: EventsError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The batch in the types the plan was made for.
fn typed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (array, field) in batch.columns().iter().zip(schema.fields()) {
        let is_so = array.data_type() == field.data_type();
        arrays.push(if is_so { array.clone() } else { cast(array, field.data_type())? });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?)
}
