//! What a view shows of an account's rows in a segment: ranges of numbers from a packed column, selectors from the
//! columns that tell an event's kind.

use std::collections::HashMap;
use std::ops::Range;

use model::event::Category;
use model::logstore::Part;
use model::trail::Selector;
use model::{Attribute, Seq};
use query::Meter;

use super::columns::Columns;
use super::row_set::{Bounds, RowSet};
use crate::StoreError;
use crate::lookup::Position;
use crate::segment::Segment;

/// By numbers alone: what has a selector may be shown.
pub(crate) fn by_number(segment: &Segment, parts: &[Part], window: &Range<u32>) -> Bounds {
    let mut shown = Bounds::constant(window, false);
    let mut seqs = None;
    for part in parts {
        let rows = in_part(segment, part, window, &mut seqs);
        if part.selector.is_none() {
            shown.surely.or(&rows);
        }
        shown.perhaps.or(&rows);
    }
    shown
}

/// By numbers and kinds.
pub(crate) fn bounds(
    columns: &mut Columns,
    parts: &[Part],
    window: &Range<u32>,
    meter: &Meter,
) -> Result<Bounds, StoreError> {
    let mut shown = by_number(&columns.segment, parts, window);
    if shown.surely == shown.perhaps {
        return Ok(shown);
    }
    let mut kinds = Kinds::of(columns, meter)?;
    let mut seqs = None;
    shown.perhaps = shown.surely.clone();
    for part in parts {
        let Some(selector) = &part.selector else { continue };
        let rows = in_part(&columns.segment, part, window, &mut seqs);
        for row in rows.iter().filter(|row| !shown.surely.contains(*row)).collect::<Vec<u32>>() {
            match kinds.selects(selector, row) {
                Some(true) => {
                    shown.surely.insert(row);
                    shown.perhaps.insert(row);
                }
                None => shown.perhaps.insert(row),
                Some(false) => {}
            }
        }
        kinds.known.clear();
    }
    Ok(shown)
}

fn in_part(segment: &Segment, part: &Part, window: &Range<u32>, seqs: &mut Option<Vec<u64>>) -> RowSet {
    let mut rows = by_seq(segment, part, window, seqs);
    if !part.is_timeless() {
        // Rows of an account are in order of time.
        let at = |time| Position { time, seq: Seq::ZERO };
        let in_time = segment.rows_between(window.clone(), at(part.from), at(part.before));
        rows.and(&RowSet::of_range(window, in_time));
    }
    rows
}

fn by_seq(segment: &Segment, part: &Part, window: &Range<u32>, seqs: &mut Option<Vec<u64>>) -> RowSet {
    let (first, last) = (segment.entry.first, segment.entry.last);
    if part.holds(first) && part.holds(last) {
        return RowSet::all(window);
    }
    if last <= part.after || part.through.is_some_and(|through| first > through) {
        return RowSet::none(window);
    }
    let seqs = seqs.get_or_insert_with(|| segment.seqs_in(window.clone()));
    RowSet::of_entries(window, seqs, |seq| part.holds(Seq(seq)))
}

/// The kinds of a segment's events. These columns are facts, plain or not: selectors ask for facts.
struct Kinds {
    columns: [std::sync::Arc<super::RowCodes>; 3],
    /// What one selector says of each combination of codes.
    known: HashMap<[u32; 3], Option<bool>>,
}

impl Kinds {
    fn of(columns: &mut Columns, meter: &Meter) -> Result<Kinds, StoreError> {
        let mut get = |attribute| columns.get(attribute, meter);
        let read = [get(Attribute::EventCategory)?, get(Attribute::EventType)?, get(Attribute::EventRw)?];
        Ok(Kinds { columns: read, known: HashMap::new() })
    }

    fn selects(&mut self, selector: &Selector, row: u32) -> Option<bool> {
        let codes = [0, 1, 2].map(|column| {
            let column: &super::RowCodes = &self.columns[column];
            column.of_row.get(row as usize).copied().unwrap_or(0)
        });
        *self.known.entry(codes).or_insert_with(|| {
            let text = |at: usize| std::str::from_utf8(self.columns[at].values.get(codes[at])?).ok();
            selector.selects_kind(Category::of(text(0), text(1)), text(2) == Some("Read"))
        })
    }
}
