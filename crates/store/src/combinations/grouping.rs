//! Combinations while they are counted, and as batches.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use model::Timestamp;

use crate::scan::{BATCH_ROWS, dictionary};
use crate::segment::Values;

/// A combination of codes, and where its stretch of time begins.
pub(super) type Key = (Vec<u32>, i64);

/// Events that are alike.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// See the module.
pub(super) struct Groups {
    values: Vec<Values>,
    codes: Vec<HashMap<Vec<u8>, u32>>,
    groups: HashMap<Key, Group>,
}

impl Groups {
    pub(super) fn new(columns: usize) -> Groups {
        Groups {
            values: vec![Values::default(); columns],
            codes: vec![HashMap::new(); columns],
            groups: HashMap::new(),
        }
    }

    /// The code of a text in a column.
    pub(super) fn code_of(&mut self, column: usize, text: &[u8]) -> u32 {
        if let Some(code) = self.codes[column].get(text) {
            return *code;
        }
        let code = self.values[column].push(text);
        self.codes[column].insert(text.to_owned(), code);
        code
    }

    pub(super) fn add(&mut self, codes: &[u32], bucket: i64, time: Timestamp) {
        let group = self.groups.entry((codes.to_vec(), bucket));
        let group = group.or_insert(Group { count: 0, first: time, last: time });
        group.count += 1;
        group.first = group.first.min(time);
        group.last = group.last.max(time);
    }

    /// What was counted.
    pub(super) fn into_batches(self, schema: &SchemaRef, has_buckets: bool) -> VecDeque<RecordBatch> {
        let groups: Vec<(&Key, &Group)> = self.groups.iter().collect();
        groups.chunks(BATCH_ROWS).map(|some| self.batch(some, schema, has_buckets)).collect()
    }

    fn batch(&self, groups: &[(&Key, &Group)], schema: &SchemaRef, has_buckets: bool) -> RecordBatch {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
        for (column, values) in self.values.iter().enumerate() {
            let text = |(codes, _): &Key| values.get(codes[column]).map(String::from_utf8_lossy);
            let texts: Vec<_> = groups.iter().map(|(key, _)| text(key)).collect();
            arrays.push(dictionary(texts.iter().map(|text| text.as_deref())));
        }
        let mut numbers = |number: &dyn Fn(&(&Key, &Group)) -> i64| {
            arrays.push(Arc::new(Int64Array::from_iter_values(groups.iter().map(number))));
        };
        if has_buckets {
            numbers(&|(key, _)| key.1.div_euclid(1000));
        }
        numbers(&|(_, group)| i64::try_from(group.count).unwrap_or(i64::MAX));
        numbers(&|(_, group)| group.first.0.div_euclid(1000));
        numbers(&|(_, group)| group.last.0.div_euclid(1000));
        RecordBatch::try_new(schema.clone(), arrays).expect("the arrays were made for this schema")
    }
}
