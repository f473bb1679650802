//! Counting rows by the codes of their columns.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use model::Timestamp;

use super::By;
use super::coded::Coded;
use crate::pairs::Pairs;
use crate::scan::BATCH_ROWS;

/// Rows that are alike. While they are counted, a row is known by a mark that grows with time.
#[derive(Clone, Copy)]
struct Tally {
    count: u64,
    first: i64,
    last: i64,
}

const EMPTY: Tally = Tally { count: 0, first: i64::MAX, last: i64::MIN };

/// See the module.
pub(super) struct Grouping {
    columns: usize,
    has_buckets: bool,
    /// One for each column but the first, and one for stretches of time: a combination with one code more.
    steps: Vec<Pairs>,
    buckets: Vec<i64>,
    bucket_codes: HashMap<i64, u32>,
    /// By combination; marks.
    tallies: Vec<Tally>,
    /// By combination; milliseconds.
    settled: Vec<Tally>,
}

impl Grouping {
    pub(super) fn new(by: &By) -> Grouping {
        let (columns, has_buckets) = (by.columns.len(), by.bucket_ms.is_some());
        let steps = columns.saturating_sub(1) + usize::from(has_buckets);
        Grouping {
            columns,
            has_buckets,
            steps: (0..steps).map(|_| Pairs::default()).collect(),
            buckets: Vec::new(),
            bucket_codes: HashMap::new(),
            tallies: Vec::new(),
            settled: Vec::new(),
        }
    }

    /// Counts rows: for each column their codes, where their stretches of time begin if these count, and their marks.
    pub(super) fn add(&mut self, codes: &[Vec<u32>], buckets: &[i64], marks: impl ExactSizeIterator<Item = i64>) {
        let mut combinations = codes.first().cloned().unwrap_or_else(|| vec![0; marks.len()]);
        for (column, step) in codes.iter().skip(1).zip(&mut self.steps) {
            step.number_all(&mut combinations, column);
        }
        if self.has_buckets {
            let codes = self.codes_of(buckets);
            let last = self.steps.last_mut().expect("stretches of time have a step");
            last.number_all(&mut combinations, &codes);
        }
        let highest = combinations.iter().copied().max().map_or(0, |highest| highest as usize + 1);
        if highest > self.tallies.len() {
            self.tallies.resize(highest, EMPTY);
        }
        for (combination, mark) in combinations.iter().zip(marks) {
            let tally = &mut self.tallies[*combination as usize];
            tally.count += 1;
            tally.first = tally.first.min(mark);
            tally.last = tally.last.max(mark);
        }
    }

    fn codes_of(&mut self, buckets: &[i64]) -> Vec<u32> {
        let mut codes = Vec::with_capacity(buckets.len());
        for run in buckets.chunk_by(|one, other| one == other) {
            let code = *self.bucket_codes.entry(run[0]).or_insert_with(|| {
                self.buckets.push(run[0]);
                self.buckets.len() as u32 - 1
            });
            codes.resize(codes.len() + run.len(), code);
        }
        codes
    }

    /// Turns marks into moments; to be called before marks mean something else.
    pub(super) fn settle(&mut self, time: impl Fn(i64) -> Timestamp) {
        self.settled.resize(self.tallies.len().max(self.settled.len()), EMPTY);
        for (tally, settled) in self.tallies.iter_mut().zip(&mut self.settled) {
            if tally.count > 0 {
                settled.count += tally.count;
                settled.first = settled.first.min(time(tally.first).0);
                settled.last = settled.last.max(time(tally.last).0);
                *tally = EMPTY;
            }
        }
    }

    /// What was counted and settled.
    pub(super) fn into_batches(self, coded: &Coded, schema: &SchemaRef) -> VecDeque<RecordBatch> {
        let found: Vec<u32> =
            (0..self.settled.len() as u32).filter(|at| self.settled[*at as usize].count > 0).collect();
        found.chunks(BATCH_ROWS).map(|some| self.batch(some, coded, schema)).collect()
    }

    fn batch(&self, combinations: &[u32], coded: &Coded, schema: &SchemaRef) -> RecordBatch {
        let mut left = combinations.to_vec();
        // From the last step to the first: each gives the codes of its column and leaves what was before it.
        let mut codes: Vec<Vec<u32>> = Vec::with_capacity(self.steps.len() + 1);
        for step in self.steps.iter().rev() {
            codes.push(left.iter().map(|number| step.get(*number).1).collect());
            left.iter_mut().for_each(|number| *number = step.get(*number).0);
        }
        codes.push(left);
        codes.reverse();
        // Without columns the first codes stand for nothing.
        let bucket = self.has_buckets.then(|| codes.pop()).flatten();
        let mut arrays: Vec<ArrayRef> = (0..self.columns).map(|column| coded.array(column, &codes[column])).collect();
        let seconds = |milliseconds: i64| milliseconds.div_euclid(1000);
        if let Some(bucket) = bucket {
            let starts = bucket.iter().map(|code| seconds(self.buckets[*code as usize]));
            arrays.push(Arc::new(Int64Array::from_iter_values(starts)));
        }
        let mut numbers = |number: &dyn Fn(&Tally) -> i64| {
            let of_each = combinations.iter().map(|at| number(&self.settled[*at as usize]));
            arrays.push(Arc::new(Int64Array::from_iter_values(of_each)));
        };
        numbers(&|tally| i64::try_from(tally.count).unwrap_or(i64::MAX));
        numbers(&|tally| seconds(tally.first));
        numbers(&|tally| seconds(tally.last));
        RecordBatch::try_new(schema.clone(), arrays).expect("the arrays were made for this schema")
    }
}
