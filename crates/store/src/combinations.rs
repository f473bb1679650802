//! How often each combination of values occurs: what questions that group by a few columns need of the events.
//!
//! Rows are counted by the codes of their values; texts are only looked up for the combinations that were found. Each
//! segment gives its own combinations, so the same may come several times and is to be added up.

mod coded;
mod grouping;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use model::Timestamp;
use query::extract::Paths;
use query::{Column, FieldPath, Meter, Scope};

use crate::recent::Recent;
use crate::scan::Scan;
use crate::scope::{WINDOW_ROWS, Work, bucket_of, windows};
use crate::segment::{Row, Segment};
use crate::units::{Unit, Units};
use crate::{Store, StoreError};
use coded::Coded;
use grouping::Grouping;

/// What is grouped by.
pub(crate) struct By {
    pub(crate) columns: Vec<Column>,
    pub(crate) bucket_ms: Option<i64>,
    paths: Paths,
    schema: SchemaRef,
}

/// The columns of combinations: `c0`, `c1` and so on as in [`crate::scan_schema`], then `__bucket__` if there are
/// stretches of time, `__count__`, `__first__` and `__last__`.
pub fn combinations_schema(columns: &[Column], has_buckets: bool) -> SchemaRef {
    let mut fields: Vec<Field> =
        crate::scan_schema(columns).fields().iter().map(|field| field.as_ref().clone()).collect();
    let names = has_buckets.then_some("__bucket__").into_iter().chain(["__count__", "__first__", "__last__"]);
    fields.extend(names.map(|name| Field::new(name, DataType::Int64, false)));
    Arc::new(Schema::new(fields))
}

impl By {
    fn new(columns: &[Column], bucket: Option<Duration>) -> By {
        let path = |column: &Column| match column {
            Column::Field(path) => Some(path.clone()),
            Column::Account => None,
            other => panic!("{other:?} is not grouped by"),
        };
        let fields: Vec<FieldPath> = columns.iter().filter_map(path).collect();
        By {
            columns: columns.to_vec(),
            bucket_ms: bucket.map(|bucket| i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX).max(1)),
            paths: Paths::new(&fields),
            schema: combinations_schema(columns, bucket.is_some()),
        }
    }

    /// Where the stretch of time begins that a moment lies in.
    fn bucket(&self, time: Timestamp) -> i64 {
        self.bucket_ms.map_or(0, |length| bucket_of(time, Timestamp(0), length).0)
    }
}

impl Store {
    /// Each distinct combination of the columns' values among the events of a scope, and with `bucket` of the stretch
    /// of time they are in (counted from 1970): how many events, the seconds of the first and of the last. The
    /// columns are texts at paths and accounts. Combinations of different parts of the store come separately.
    pub fn combinations(
        &self,
        scope: &Scope,
        columns: &[Column],
        bucket: Option<Duration>,
        meter: Arc<Meter>,
        partitions: usize,
    ) -> Vec<Scan> {
        let units = Units::of(scope, &self.shared.state.load_full(), meter);
        let by = Arc::new(By::new(columns, bucket));
        let reader = |_| Scan::new(Reader { units: units.clone(), by: by.clone(), ready: VecDeque::new() });
        (0..partitions.max(1)).map(reader).collect()
    }
}

struct Reader {
    units: Arc<Units>,
    by: Arc<By>,
    ready: VecDeque<RecordBatch>,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            let counted = match self.units.take()? {
                Unit::Recent(recent) => in_memory(&self.by, &self.units, &recent),
                Unit::Segment(segment) => in_segment(&self.by, &self.units, segment),
            };
            match counted {
                Ok(batches) => self.ready = batches,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn in_memory(by: &By, units: &Units, recent: &Recent) -> Result<VecDeque<RecordBatch>, StoreError> {
    let mut coded = Coded::of_texts(by);
    let mut times = Vec::new();
    recent.for_each_asked(&units.asked, &units.meter, |row: &Row| {
        coded.push_event(by, row.account, &row.event);
        times.push(row.event.time());
    })?;
    let mut grouping = Grouping::new(by);
    let buckets: Vec<i64> = times.iter().map(|time| by.bucket(*time)).collect();
    grouping.add(coded.codes(), &buckets, times.iter().map(|time| time.0));
    grouping.settle(Timestamp);
    Ok(grouping.into_batches(&coded, &by.schema))
}

fn in_segment(by: &By, units: &Units, segment: Arc<Segment>) -> Result<VecDeque<RecordBatch>, StoreError> {
    let mut work = Work::on(segment.clone());
    let mut coded = Coded::in_segment(by, &mut work, &units.meter)?;
    let mut grouping = Grouping::new(by);
    for (account, parts) in units.asked.view.accounts() {
        for window in windows(units.asked.rows_of(&segment, account), WINDOW_ROWS) {
            let rows = work.decide(&units.asked, account, parts, window, &units.meter)?;
            let rows = rows.to_vec();
            if rows.is_empty() {
                continue;
            }
            coded.set_rows(by, &mut work, account, &rows, &units.meter)?;
            let buckets = buckets_of(by, &segment, &rows);
            grouping.add(coded.codes(), &buckets, rows.iter().map(|row| i64::from(*row)));
        }
        // Rows of an account are in order of time: the first and last row of a group tell its first and last moment.
        grouping.settle(|row| segment.position(row as u32).time);
    }
    Ok(grouping.into_batches(&coded, &by.schema))
}

/// Where the stretch of time of each row begins; the rows are ascending and of one account.
fn buckets_of(by: &By, segment: &Segment, rows: &[u32]) -> Vec<i64> {
    let Some(length) = by.bucket_ms else { return Vec::new() };
    let mut buckets = Vec::with_capacity(rows.len());
    while let Some(row) = rows.get(buckets.len()) {
        let start = by.bucket(segment.position(*row).time);
        let end = start.saturating_add(length);
        let rest = &rows[buckets.len()..];
        let count = rest.partition_point(|row| segment.position(*row).time.0 < end).max(1);
        buckets.resize(buckets.len() + count, start);
    }
    buckets
}
