//! What a view shows of an account's rows in a segment: ranges of numbers from a packed column, selectors from the
//! columns that tell an event's kind.

use std::ops::Range;

use model::Seq;
use model::logstore::Part;
use model::trail::Selector;
use query::Meter;

use super::columns::{Columns, kinds_there_are};
use crate::StoreError;
use crate::lookup::Position;
use crate::row_set::{Bounds, RowSet};
use crate::segment::{RowCodes, Segment};

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
    let kinds = columns.kinds(meter)?;
    let mut seqs = None;
    shown.perhaps = shown.surely.clone();
    for part in parts {
        let Some(selector) = &part.selector else { continue };
        let rows = in_part(&columns.segment, part, window, &mut seqs);
        let Bounds { mut surely, mut perhaps } = of_kinds(&kinds, selector, window);
        surely.and(&rows);
        perhaps.and(&rows);
        shown.surely.or(&surely);
        shown.perhaps.or(&perhaps);
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

/// What a selector says of the rows of a window. A row's kind is one of very few, so each is asked about once.
fn of_kinds(kinds: &RowCodes, selector: &Selector, window: &Range<u32>) -> Bounds {
    let verdicts: Vec<Option<bool>> =
        kinds_there_are().map(|(category, is_read)| selector.selects_kind(category, is_read)).collect();
    let verdict = |kind: u32| verdicts.get(kind as usize).copied().flatten();
    Bounds {
        surely: kinds.of_row.rows_with(window, |kind| verdict(kind) == Some(true)),
        perhaps: kinds.of_row.rows_with(window, |kind| verdict(kind) != Some(false)),
    }
}
