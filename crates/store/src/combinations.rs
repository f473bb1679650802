//! How often each combination of values occurs: what questions that group by a few columns need of the events.
//!
//! A segment's rows are counted by the codes of its columns; texts are only looked up for the combinations that were found.
//! Each segment gives its own combinations, so the same may come several times and is to be added up.

mod grouping;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use model::{AccountId, Timestamp};
use query::extract::{Paths, Value};
use query::{Column, FieldPath, Meter, Scope};

use crate::scan::Scan;
use crate::scope::{WINDOW_ROWS, Work, bucket_of, windows};
use crate::segment::Segment;
use crate::units::{Unit, Units};
use crate::{Store, StoreError};
use grouping::Groups;

/// What is asked for.
pub(crate) struct Asked {
    columns: Vec<Column>,
    fields: Vec<FieldPath>,
    bucket_ms: Option<i64>,
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
        let fields = columns.iter().filter_map(|column| match column {
            Column::Field(path) => Some(path.clone()),
            Column::Account => None,
            other => panic!("{other:?} is not grouped by"),
        });
        let asked = Arc::new(Asked {
            fields: fields.collect(),
            columns: columns.to_vec(),
            bucket_ms: bucket.map(|bucket| i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX).max(1)),
            schema: combinations_schema(columns, bucket.is_some()),
        });
        let reader = |_| Scan::new(Reader { units: units.clone(), asked: asked.clone(), ready: VecDeque::new() });
        (0..partitions.max(1)).map(reader).collect()
    }
}

struct Reader {
    units: Arc<Units>,
    asked: Arc<Asked>,
    ready: VecDeque<RecordBatch>,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            let groups = match self.units.take()? {
                Unit::Recent(recent) => {
                    let mut texts = OfTexts::new(&self.asked);
                    let shown = recent.for_each_asked(&self.units.asked, &self.units.meter, |row| {
                        texts.add(row.account, row.event.time(), row.event.raw());
                    });
                    shown.map(|()| texts.groups)
                }
                Unit::Segment(segment) => in_segment(&self.asked, &self.units, segment),
            };
            match groups {
                Ok(groups) => self.ready = groups.into_batches(&self.asked.schema, self.asked.bucket_ms.is_some()),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Counting rows one by one, by their texts.
struct OfTexts<'a> {
    asked: &'a Asked,
    paths: Paths,
    groups: Groups,
}

impl OfTexts<'_> {
    fn new(asked: &Asked) -> OfTexts<'_> {
        OfTexts { asked, paths: Paths::new(&asked.fields), groups: Groups::new(asked.columns.len()) }
    }

    fn add(&mut self, account: AccountId, time: Timestamp, raw: &[u8]) {
        let mut texts = self.paths.values(raw).into_iter();
        let mut codes = Vec::with_capacity(self.asked.columns.len());
        for (at, column) in self.asked.columns.iter().enumerate() {
            codes.push(match column {
                Column::Field(_) => match texts.next().flatten().and_then(Value::into_text) {
                    Some(text) => self.groups.code_of(at, text.as_bytes()),
                    None => 0,
                },
                _ => self.groups.code_of(at, account.as_bytes()),
            });
        }
        let bucket = self.asked.bucket_of(time);
        self.groups.add(&codes, bucket, time);
    }
}

impl Asked {
    fn bucket_of(&self, time: Timestamp) -> i64 {
        self.bucket_ms.map_or(0, |length| bucket_of(time, Timestamp(0), length).0)
    }
}

fn in_segment(asked: &Asked, units: &Units, segment: Arc<Segment>) -> Result<Groups, StoreError> {
    let mut work = Work::on(segment.clone());
    let mut texts = OfTexts::new(asked);
    for (account, parts) in units.asked.scope.view.accounts() {
        for window in windows(units.asked.rows_of(&segment, account), WINDOW_ROWS) {
            let rows = work.decide(&units.asked, account, parts, window, &units.meter)?;
            let mut rows: Vec<u32> = rows.iter().collect();
            work.sort_by_place(&mut rows);
            for row in rows {
                let raw = work.raw(row, &units.meter)?;
                texts.add(account, segment.position(row).time, &raw);
            }
        }
    }
    Ok(texts.groups)
}
