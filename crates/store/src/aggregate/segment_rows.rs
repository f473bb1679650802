//! Counting a segment's rows: proposed by the index, told by the columns.

use std::collections::HashMap;
use std::ops::Range;

use model::event::Category;
use model::{AccountId, Attribute, Timestamp};

use super::flat_columns::FlatColumns;
use super::{Aggregation, Groups, Part};
use crate::StoreError;
use crate::lookup::Condition;
use crate::scope::{Asked, Bound, windows};
use crate::segment::{BLOCK_ROWS, ColumnValues, Segment, TextColumns, has_codes, has_column};

/// Rows whose columns are read at once: a few megabytes.
const CHUNK_ROWS: u32 = 32 * BLOCK_ROWS;
/// So few candidates in a chunk are read as events: a page each costs less than the chunk's columns.
const FEW_ROWS: usize = 16;

/// The rows of a segment that may belong.
struct Proposed<'s> {
    segment: &'s Segment,
    asked: &'s Asked,
    account: AccountId,
    /// All of them, and perhaps others of the account between them.
    rows: Range<u32>,
    bound: Bound<'s>,
}

impl Proposed<'_> {
    /// Those of a part of the rows, ascending.
    fn within(&self, window: Range<u32>) -> Vec<u32> {
        self.bound.bounds(self.segment, &window).perhaps.to_vec()
    }

    /// Adds those of the rows that belong, by reading them.
    fn add_events(&self, rows: Vec<u32>, groups: &mut Groups<'_>) -> Result<(), StoreError> {
        for row in rows {
            let found = self.segment.event(row)?;
            if self.asked.has(self.account, found.seq, &found.event) {
                groups.add_event(found.position(), &found.event);
            }
        }
        Ok(())
    }
}

/// Adds what the segment has.
pub(super) fn count(
    segment: &Segment,
    asked: &Asked,
    aggregation: &Aggregation,
    groups: &mut Groups<'_>,
) -> Result<(), StoreError> {
    let account = aggregation.account;
    let Some(bound) = asked.propose_on(segment) else { return Ok(()) };
    let rows = bound.reach(asked.rows_of(segment, account));
    let proposed = Proposed { segment, asked, account, rows: rows.clone(), bound };
    let needed = needed_columns(aggregation);
    if let Some(needed) = needed.as_deref().filter(|needed| needed.iter().all(|each| has_codes(*each))) {
        return count_flat(&proposed, aggregation, groups, needed);
    }
    let mut columns: Option<TextColumns> = None;
    for chunk in chunks(&rows, segment.entry.rows as u32) {
        let candidates = proposed.within(chunk.start.max(rows.start)..chunk.end.min(rows.end));
        match &needed {
            Some(needed) if candidates.len() > FEW_ROWS => {
                if columns.is_none() {
                    columns = Some(TextColumns::open(segment, needed)?);
                }
                let values = columns.as_mut().expect("opened above").read(chunk.clone())?;
                let chunk = Chunk { segment, needed, values: &values, start: chunk.start };
                chunk.count(aggregation, &candidates, groups);
            }
            _ => proposed.add_events(candidates, groups)?,
        }
    }
    Ok(())
}

/// The same of columns that have at most one value a row.
fn count_flat(
    proposed: &Proposed<'_>,
    aggregation: &Aggregation,
    groups: &mut Groups<'_>,
    needed: &[Attribute],
) -> Result<(), StoreError> {
    let mut columns: Option<FlatColumns<'_>> = None;
    for window in windows(proposed.rows.clone(), CHUNK_ROWS) {
        let candidates = proposed.within(window);
        if candidates.len() <= FEW_ROWS {
            proposed.add_events(candidates, groups)?;
            continue;
        }
        if columns.is_none() {
            columns = Some(FlatColumns::read(proposed.segment, needed, aggregation, proposed.rows.clone())?);
        }
        columns.as_mut().expect("read above").count(aggregation, candidates, groups);
    }
    if let Some(columns) = columns {
        columns.finish(aggregation, groups);
    }
    Ok(())
}

/// Whole blocks that cover the rows, so that the places of their rows are their own.
fn chunks(rows: &Range<u32>, all: u32) -> impl Iterator<Item = Range<u32>> + use<> {
    let first = rows.start / BLOCK_ROWS * BLOCK_ROWS;
    (first..rows.end).step_by(CHUNK_ROWS as usize).map(move |start| start..start.saturating_add(CHUNK_ROWS).min(all))
}

/// The columns that answer the question; `None` when they cannot.
fn needed_columns(aggregation: &Aggregation) -> Option<Vec<Attribute>> {
    let mut needed = Vec::new();
    let mut need = |attribute: Attribute| {
        if !needed.contains(&attribute) {
            needed.push(attribute);
        }
        has_column(attribute)
    };
    let mut all = aggregation.by.iter().all(|attribute| need(*attribute));
    for condition in &aggregation.conditions {
        all &= match condition {
            Condition::Is(attribute, _) => need(*attribute),
            Condition::AnyOf(pairs) => pairs.iter().all(|(attribute, _)| need(*attribute)),
            Condition::Category(_) => need(Attribute::EventCategory) & need(Attribute::EventType),
            Condition::Text(_) => false,
        };
    }
    all.then_some(needed)
}

/// The columns of some blocks.
struct Chunk<'c> {
    segment: &'c Segment,
    needed: &'c [Attribute],
    /// One each of `needed`.
    values: &'c [ColumnValues],
    start: u32,
}

/// A condition in terms of this chunk's codes.
enum Test<'c> {
    /// The column has one of these codes; none when the value does not occur.
    AnyOf(Vec<(&'c ColumnValues, u32)>),
    Category {
        category: &'c ColumnValues,
        kind: &'c ColumnValues,
        wanted: Category,
    },
}

/// Rows of a group within the chunk; rows are in order of time.
struct Rows {
    count: u64,
    first: u32,
    last: u32,
}

impl<'c> Chunk<'c> {
    fn count(&self, aggregation: &Aggregation, candidates: &[u32], groups: &mut Groups<'_>) {
        let tests: Vec<Test<'_>> = aggregation.conditions.iter().map(|condition| self.test(condition)).collect();
        let by: Vec<&ColumnValues> = aggregation.by.iter().map(|attribute| self.column(*attribute)).collect();
        let has_buckets = aggregation.bucket.is_some();
        let arrangement = self.segment.arrangement();
        let mut counted: HashMap<(u32, u32, i64), Rows> = HashMap::new();
        for row in candidates {
            let place = arrangement.place(*row).saturating_sub(self.start);
            if !tests.iter().all(|test| test.holds(place)) {
                continue;
            }
            groups.events += 1;
            let bucket = if has_buckets { groups.bucket(self.time(*row)) } else { 0 };
            for first in codes(by.first(), place) {
                for second in codes(by.get(1), place) {
                    let rows = counted.entry((*first, *second, bucket));
                    let rows = rows.or_insert(Rows { count: 0, first: *row, last: *row });
                    rows.count += 1;
                    rows.last = *row;
                }
            }
        }
        for ((first, second, bucket), rows) in counted {
            let codes = [first, second];
            let values = by.iter().zip(codes).map(|(column, code)| column.value(code).map(str::to_owned)).collect();
            let (oldest, newest) = (self.segment.position(rows.first), self.segment.position(rows.last));
            groups.add(values, bucket, Part { count: rows.count, oldest, newest });
        }
    }

    fn time(&self, row: u32) -> Timestamp {
        self.segment.position(row).time
    }

    fn column(&self, attribute: Attribute) -> &'c ColumnValues {
        let at = self.needed.iter().position(|each| *each == attribute);
        &self.values[at.expect("every column of the question was read")]
    }

    fn test(&self, condition: &Condition) -> Test<'c> {
        let pair = |attribute: &Attribute, value: &str| {
            let column = self.column(*attribute);
            column.code_of(value).map(|code| (column, code))
        };
        match condition {
            Condition::Is(attribute, value) => Test::AnyOf(pair(attribute, value).into_iter().collect()),
            Condition::AnyOf(pairs) => {
                Test::AnyOf(pairs.iter().filter_map(|(attribute, value)| pair(attribute, value)).collect())
            }
            Condition::Category(wanted) => Test::Category {
                category: self.column(Attribute::EventCategory),
                kind: self.column(Attribute::EventType),
                wanted: *wanted,
            },
            Condition::Text(_) => unreachable!("such a question is answered from the events"),
        }
    }
}

impl Test<'_> {
    fn holds(&self, place: u32) -> bool {
        match self {
            Test::AnyOf(pairs) => pairs.iter().any(|(column, code)| column.codes(place).contains(code)),
            Test::Category { category, kind, wanted } => {
                Category::of(category.first(place), kind.first(place)) == *wanted
            }
        }
    }
}

/// The codes of a place: that of "no value" when it has none, or when nothing is grouped by.
fn codes<'v>(column: Option<&&'v ColumnValues>, place: u32) -> &'v [u32] {
    const NOTHING: &[u32] = &[0];
    match column.map(|column| column.codes(place)) {
        None | Some([]) => NOTHING,
        Some(codes) => codes,
    }
}
