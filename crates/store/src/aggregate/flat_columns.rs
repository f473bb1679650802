//! Counting rows by columns of at most one value a row: codes, and numbers for pairs of them.

use std::ops::Range;

use model::Attribute;
use model::event::Category;

use super::{Aggregation, Groups, Part};
use crate::StoreError;
use crate::lookup::Condition;
use crate::pairs::Pairs;
use crate::segment::{Codes, Segment};

/// The columns of a segment that answer a question.
pub(super) struct FlatColumns<'s> {
    segment: &'s Segment,
    /// In the order in which they are needed.
    columns: Vec<(Attribute, Codes)>,
    /// The rows asked for, and where each lies.
    rows: Range<u32>,
    places: Vec<u32>,
    tests: Vec<Test>,
    groups: Vec<RowsAlike>,
    seconds: Pairs,
    buckets: Pairs,
    starts: Vec<i64>,
}

/// A condition: of these columns one has one of its codes that are marked.
enum Test {
    AnyOf(Vec<(usize, Vec<bool>)>),
    Category { category: usize, kind: usize, wanted: Category },
}

/// Rows are in order of time.
#[derive(Clone, Copy)]
struct RowsAlike {
    count: u64,
    first: u32,
    last: u32,
}

impl<'s> FlatColumns<'s> {
    /// Reads the columns `needed` for rows of one account. Blocks.
    pub(super) fn read(
        segment: &'s Segment,
        needed: &[Attribute],
        aggregation: &Aggregation,
        rows: Range<u32>,
    ) -> Result<FlatColumns<'s>, StoreError> {
        let read = |attribute: &Attribute| Codes::read(segment, *attribute).map(|codes| (*attribute, codes));
        let mut columns = FlatColumns {
            segment,
            columns: needed.iter().map(read).collect::<Result<_, _>>()?,
            places: segment.places_in(rows.clone()),
            rows,
            tests: Vec::new(),
            groups: Vec::new(),
            seconds: Pairs::default(),
            buckets: Pairs::default(),
            starts: Vec::new(),
        };
        columns.tests = aggregation.conditions.iter().map(|condition| columns.test(condition)).collect();
        Ok(columns)
    }

    fn column(&self, attribute: Attribute) -> usize {
        let at = self.columns.iter().position(|(each, _)| *each == attribute);
        at.expect("every column of the question was read")
    }

    fn test(&self, condition: &Condition) -> Test {
        let one = |attribute: &Attribute, value: &str| {
            let column = self.column(*attribute);
            let values = &self.columns[column].1.values;
            let is_value = |code| values.get(code) == Some(value.as_bytes());
            (column, (0..values.codes() as u32).map(is_value).collect())
        };
        match condition {
            Condition::Is(attribute, value) => Test::AnyOf(vec![one(attribute, value)]),
            Condition::AnyOf(pairs) => {
                Test::AnyOf(pairs.iter().map(|(attribute, value)| one(attribute, value)).collect())
            }
            Condition::Category(wanted) => Test::Category {
                category: self.column(Attribute::EventCategory),
                kind: self.column(Attribute::EventType),
                wanted: *wanted,
            },
            Condition::Text(_) => unreachable!("such a question is answered from the events"),
        }
    }

    fn code(&self, column: usize, row: u32) -> u32 {
        let place = self.places[(row - self.rows.start) as usize];
        self.columns[column].1.at_place.get(place as usize).copied().unwrap_or(0)
    }

    fn holds(&self, test: &Test, row: u32) -> bool {
        match test {
            Test::AnyOf(columns) => columns
                .iter()
                .any(|(column, is_in)| is_in.get(self.code(*column, row) as usize).copied().unwrap_or(false)),
            Test::Category { category, kind, wanted } => {
                let text = |column: usize| {
                    std::str::from_utf8(self.columns[column].1.values.get(self.code(column, row))?).ok()
                };
                Category::of(text(*category), text(*kind)) == *wanted
            }
        }
    }

    /// Counts the rows that answer the question; `rows` are ascending.
    pub(super) fn count(&mut self, aggregation: &Aggregation, rows: Vec<u32>, groups: &mut Groups<'_>) {
        let mut rows = rows;
        if !self.tests.is_empty() {
            rows.retain(|row| self.tests.iter().all(|test| self.holds(test, *row)));
        }
        groups.events += rows.len() as u64;
        let codes = |columns: &Self, by: usize| -> Option<Vec<u32>> {
            let column = columns.column(*aggregation.by.get(by)?);
            Some(rows.iter().map(|row| columns.code(column, *row)).collect())
        };
        let mut alike = codes(self, 0).unwrap_or_else(|| vec![0; rows.len()]);
        if let Some(seconds) = codes(self, 1) {
            self.seconds.number_all(&mut alike, &seconds);
        }
        if aggregation.bucket.is_some() {
            let starts = self.buckets_of(&rows, groups);
            self.buckets.number_all(&mut alike, &starts);
        }
        let highest = alike.iter().copied().max().map_or(0, |highest| highest as usize + 1);
        if highest > self.groups.len() {
            self.groups.resize(highest, RowsAlike { count: 0, first: u32::MAX, last: 0 });
        }
        for (alike, row) in alike.into_iter().zip(&rows) {
            let group = &mut self.groups[alike as usize];
            group.count += 1;
            group.first = group.first.min(*row);
            group.last = group.last.max(*row);
        }
    }

    /// For each row the place of its stretch of time among `starts`.
    fn buckets_of(&mut self, rows: &[u32], groups: &Groups<'_>) -> Vec<u32> {
        let start_of = |row: u32| groups.bucket(self.segment.position(row).time);
        let mut places = Vec::with_capacity(rows.len());
        while let Some(row) = rows.get(places.len()) {
            let start = start_of(*row);
            let alike = rows[places.len()..].partition_point(|row| start_of(*row) <= start).max(1);
            let known = self.starts.iter().rposition(|each| *each == start);
            let place = known.unwrap_or_else(|| {
                self.starts.push(start);
                self.starts.len() - 1
            });
            places.resize(places.len() + alike, place as u32);
        }
        places
    }

    /// Adds what was counted.
    pub(super) fn finish(self, aggregation: &Aggregation, groups: &mut Groups<'_>) {
        let by: Vec<usize> = aggregation.by.iter().map(|attribute| self.column(*attribute)).collect();
        for (alike, rows) in self.groups.iter().enumerate().filter(|(_, rows)| rows.count > 0) {
            let mut left = alike as u32;
            let mut bucket = 0;
            if aggregation.bucket.is_some() {
                let (rest, start) = self.buckets.get(left);
                (left, bucket) = (rest, self.starts[start as usize]);
            }
            let codes = if by.len() > 1 { self.seconds.get(left) } else { (left, 0) };
            let text = |(column, code): (&usize, u32)| {
                let value = self.columns[*column].1.values.get(code)?;
                Some(String::from_utf8_lossy(value).into_owned())
            };
            let values = by.iter().zip([codes.0, codes.1]).map(text).collect();
            let (oldest, newest) = (self.segment.position(rows.first), self.segment.position(rows.last));
            groups.add(values, bucket, Part { count: rows.count, oldest, newest });
        }
    }
}
