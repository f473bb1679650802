//! Events of the store, read in the order of their numbers and checked one by one.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Builder, RecordBatch, RecordBatchOptions, StringBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use arrow::datatypes::{Field, Schema};
use model::{AccountId, Seq};
use query::extract::{Paths, Value};
use query::{Column, FieldPath, Matcher, Meter, Scope};
use store::{Owned, Store};

use super::{Batches, Events, EventsError};

/// The store's events.
#[derive(Clone)]
pub struct StoreEvents {
    store: Store,
}

impl StoreEvents {
    /// Of this store.
    pub fn new(store: Store) -> StoreEvents {
        StoreEvents { store }
    }
}

impl fmt::Debug for StoreEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreEvents")
    }
}

impl Events for StoreEvents {
    fn scan(&self, scope: &Scope, columns: &[Column], meter: Arc<Meter>, _partitions: usize) -> Vec<Batches> {
        let accounts: Vec<AccountId> = scope.view.accounts().map(|(account, _)| account).collect();
        let paths: Vec<FieldPath> = columns
            .iter()
            .filter_map(|column| match column {
                Column::Field(path) => Some(path.clone()),
                _ => None,
            })
            .collect();
        let walk = Walk {
            store: self.store.clone(),
            accounts,
            matcher: Matcher::new(&scope.search),
            scope: scope.clone(),
            paths: Paths::new(&paths),
            columns: columns.to_vec(),
            meter,
            after: Seq::ZERO,
            is_done: false,
        };
        vec![Box::new(walk)]
    }
}

/// JSON read at once.
const STRETCH_BYTES: usize = 4 << 20;

struct Walk {
    store: Store,
    accounts: Vec<AccountId>,
    scope: Scope,
    matcher: Matcher,
    paths: Paths,
    columns: Vec<Column>,
    meter: Arc<Meter>,
    after: Seq,
    is_done: bool,
}

impl Iterator for Walk {
    type Item = Result<RecordBatch, EventsError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_done {
            match self.step() {
                Ok(batch) if batch.num_rows() == 0 => {}
                other => {
                    self.is_done |= other.is_err();
                    return Some(other);
                }
            }
        }
        None
    }
}

impl Walk {
    fn step(&mut self) -> Result<RecordBatch, EventsError> {
        self.meter.check().map_err(EventsError::Cut)?;
        let last = Seq(u64::MAX);
        let stretch = self.store.read_accounts_after(&self.accounts, self.after, last, STRETCH_BYTES);
        let stretch = stretch.map_err(EventsError::Store)?;
        self.is_done = stretch.through == last;
        self.after = stretch.through;
        let bytes: usize = stretch.events.iter().map(|owned| owned.found.event.raw().len()).sum();
        self.meter.count(stretch.events.len() as u64, bytes as u64);
        let shown: Vec<&Owned> = stretch.events.iter().filter(|owned| self.shows(owned)).collect();
        Ok(batch(&shown, &self.columns, &self.paths))
    }

    fn shows(&self, owned: &Owned) -> bool {
        let event = &owned.found.event;
        event.time() >= self.scope.from
            && event.time() < self.scope.before
            && self.scope.view.shows(owned.account, owned.found.seq, event)
            && self.matcher.holds(event.raw())
    }
}

fn batch(events: &[&Owned], columns: &[Column], paths: &Paths) -> RecordBatch {
    let values: Vec<Vec<Option<Value<'_>>>> =
        events.iter().map(|owned| paths.values(owned.found.event.raw())).collect();
    let mut path = 0;
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for column in columns {
        arrays.push(match column {
            Column::Field(_) => {
                let mut texts = StringBuilder::new();
                values.iter().for_each(|row| texts.append_option(row[path].clone().and_then(Value::into_text)));
                path += 1;
                Arc::new(texts.finish())
            }
            other => plain_column(events, other),
        });
    }
    let fields: Vec<Field> = arrays
        .iter()
        .enumerate()
        .map(|(at, array)| Field::new(at.to_string(), array.data_type().clone(), true))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(events.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).expect("one length, these types")
}

fn plain_column(events: &[&Owned], column: &Column) -> ArrayRef {
    match column {
        Column::Seconds => {
            let mut seconds = Int64Builder::new();
            events.iter().for_each(|owned| seconds.append_value(owned.found.event.time().0.div_euclid(1000)));
            Arc::new(seconds.finish())
        }
        Column::Time | Column::Received => {
            let mut times = TimestampMillisecondBuilder::new();
            for owned in events {
                let time = if *column == Column::Time { owned.found.event.time() } else { owned.found.received };
                times.append_value(time.0);
            }
            Arc::new(times.finish())
        }
        Column::Seq => {
            let mut numbers = UInt64Builder::new();
            events.iter().for_each(|owned| numbers.append_value(owned.found.seq.0));
            Arc::new(numbers.finish())
        }
        Column::Account => {
            let mut texts = StringBuilder::new();
            events.iter().for_each(|owned| texts.append_value(owned.account.to_string()));
            Arc::new(texts.finish())
        }
        Column::Raw | Column::Field(_) => {
            let mut texts = StringBuilder::new();
            events.iter().for_each(|owned| texts.append_value(String::from_utf8_lossy(owned.found.event.raw())));
            Arc::new(texts.finish())
        }
    }
}
