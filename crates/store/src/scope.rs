//! A question over a view, made ready: which rows of a source it is about, surely or perhaps.
//!
//! Everybody who answers such questions (pages, counts, scans, combinations) goes the same way: for a window of an
//! account's rows, what the view shows and what the search asks for each give two sets of rows, those that surely belong
//! and those that may. Only the difference between them is read as events.

mod columns;
mod conditions;
mod facts;
mod leaf;
mod shown;
mod value_test;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use model::logstore::{Part, View};
use model::{AccountId, Event, Seq, Timestamp};
use query::{Meter, Order, Scope};

use crate::StoreError;
use crate::lookup::{Condition, Position};
use crate::row_set::{Bounds, RowSet};
use crate::segment::{Kept, OpenPage, Segment};
pub(crate) use columns::{Columns, attribute_at};
pub(crate) use conditions::{Bound, Conditions};
pub(crate) use shown::by_number;

/// Rows looked at between two questions to the meter.
pub(crate) const WINDOW_ROWS: u32 = 1 << 16;
/// So few rows are read as events: a page each costs less than the segment's columns.
const FEW_ROWS: usize = 16;

/// See the module.
pub(crate) struct Asked {
    pub(crate) view: Arc<View>,
    /// First position wanted.
    pub(crate) from: Position,
    /// First position behind those wanted.
    pub(crate) before: Position,
    pub(crate) conditions: Conditions,
    /// Whether columns tell more than [`Asked::propose_on`] does.
    pub(crate) asks_columns: bool,
}

impl Asked {
    pub(crate) fn new(scope: &Scope) -> Asked {
        let times = (scope.from.max(scope.view.not_before), scope.before);
        Asked::about(scope.view.clone(), times, Conditions::new(&scope.search))
    }

    /// The events of an account, up to and including those of the moment `through`, that fulfil all conditions.
    pub(crate) fn of_account(
        account: AccountId,
        (from, through): (Timestamp, Timestamp),
        conditions: &[Condition],
    ) -> Asked {
        let before = Timestamp(through.0.saturating_add(1));
        Asked::about(Arc::new(View::of_account(account)), (from, before), Conditions::of_lookup(conditions))
    }

    fn about(view: Arc<View>, (from, before): (Timestamp, Timestamp), conditions: Conditions) -> Asked {
        let at = |time| Position { time, seq: Seq::ZERO };
        let has_selectors = view.parts().iter().any(|part| part.selector.is_some());
        let asks_columns = has_selectors || conditions.columns().next().is_some();
        Asked { view, from: at(from), before: at(before), conditions, asks_columns }
    }

    /// Only what comes behind a position, in the order the answer is read in.
    pub(crate) fn behind(mut self, order: Order, after: Option<Position>) -> Asked {
        match (after, order) {
            (None, _) => {}
            (Some(after), Order::NewestFirst) => self.before = self.before.min(after),
            (Some(after), Order::OldestFirst) => self.from = self.from.max(after.next()),
        }
        self
    }

    pub(crate) fn wants(&self, position: Position) -> bool {
        self.from <= position && position < self.before
    }

    /// Whether an event of the segment's time and number range can belong.
    pub(crate) fn may_touch(&self, segment: &Segment) -> bool {
        let (entry, (begin, end)) = (&segment.entry, segment.span());
        let is_shown = |part: &Part| entry.last > part.after && part.through.is_none_or(|last| entry.first <= last);
        end >= self.from && begin < self.before && self.view.parts().iter().any(is_shown)
    }

    /// Whether the event belongs, position and all.
    pub(crate) fn has(&self, account: AccountId, seq: Seq, event: &Event) -> bool {
        self.wants(Position { time: event.time(), seq })
            && self.shows(account, seq, event)
            && self.conditions.hold_in(event.raw())
    }

    /// Whether the event belongs as far as its facts tell.
    pub(crate) fn shows(&self, account: AccountId, seq: Seq, event: &Event) -> bool {
        self.conditions.hold_for(event) && self.view.shows(account, seq, event)
    }

    /// What the index of a segment proposes; `None` when no row can belong. Asked before the window of time is: two searches
    /// among an account's rows cost more.
    pub(crate) fn propose_on<'s>(&self, segment: &'s Segment) -> Option<Bound<'s>> {
        let has_rows = self.view.accounts().any(|(account, _)| !segment.rows_of(account).is_empty());
        has_rows.then(|| self.conditions.propose_on(segment, &self.view)).filter(|bound| !bound.is_nowhere())
    }

    /// The rows of an account that are in the window of time.
    pub(crate) fn rows_of(&self, segment: &Segment, account: AccountId) -> Range<u32> {
        segment.rows_between(segment.rows_of(account), self.from, self.before)
    }
}

/// A segment while it is counted or scanned.
pub(crate) struct Work {
    pub(crate) segment: Arc<Segment>,
    pub(crate) columns: Columns,
    bound: Option<Bound<'static>>,
    page: OpenPage,
}

impl Work {
    pub(crate) fn on(segment: Arc<Segment>) -> Work {
        Work { columns: Columns::of(segment.clone()), segment, bound: None, page: OpenPage::default() }
    }

    /// The rows of a window of an account's rows that belong.
    pub(crate) fn decide(
        &mut self,
        asked: &Asked,
        account: AccountId,
        parts: &[Part],
        window: Range<u32>,
        meter: &Meter,
    ) -> Result<RowSet, StoreError> {
        let Bounds { surely: mut rows, perhaps } = self.bounds(asked, parts, window, meter)?;
        let mut undecided: Vec<u32> = perhaps.iter().filter(|row| !rows.contains(*row)).collect();
        self.sort_by_place(&mut undecided);
        for row in undecided {
            if self.event_belongs(asked, account, row, meter)?.is_some() {
                rows.insert(row);
            }
        }
        Ok(rows)
    }

    /// The rows of a window that surely belong, and those that may.
    pub(crate) fn bounds(
        &mut self,
        asked: &Asked,
        parts: &[Part],
        window: Range<u32>,
        meter: &Meter,
    ) -> Result<Bounds, StoreError> {
        meter.check()?;
        meter.count(window.len() as u64, 0);
        if window.len() <= FEW_ROWS {
            let shown = shown::by_number(&self.segment, parts, &window);
            return Ok(Bounds { surely: RowSet::none(&window), perhaps: shown.perhaps });
        }
        let shown = shown::bounds(&mut self.columns, parts, &window, meter)?;
        if self.bound.is_none() {
            self.bound = Some(asked.conditions.decide_on(&mut self.columns, meter)?);
        }
        let found = self.bound.as_ref().expect("bound above").bounds(&self.segment, &window);
        Ok(shown.and(found))
    }

    /// Whether [`Work::bounds`] needs no file.
    pub(crate) fn has_columns_at_hand(&self, asked: &Asked) -> bool {
        let has_selectors = asked.view.parts().iter().any(|part| part.selector.is_some());
        (!has_selectors || self.columns.is_at_hand(Kept::Kinds))
            && asked.conditions.columns().all(|attribute| self.columns.is_at_hand(Kept::Values(attribute)))
    }

    /// Rows whose places follow each other lie on the same pages.
    pub(crate) fn sort_by_place(&self, rows: &mut [u32]) {
        let arrangement = self.segment.arrangement();
        rows.sort_by_cached_key(|row| arrangement.place(*row));
    }

    /// The JSON of a row. Rows are best read in the order of their places.
    pub(crate) fn raw(&mut self, row: u32, meter: &Meter) -> Result<Bytes, StoreError> {
        let place = self.segment.arrangement().place(row);
        let (raw, decompressed) = self.page.raw(&self.segment, place)?;
        if decompressed > 0 {
            meter.count(0, decompressed);
            meter.check()?;
        }
        Ok(raw)
    }

    /// The JSON of a row that belongs.
    pub(crate) fn event_belongs(
        &mut self,
        asked: &Asked,
        account: AccountId,
        row: u32,
        meter: &Meter,
    ) -> Result<Option<Bytes>, StoreError> {
        let raw = self.raw(row, meter)?;
        if !asked.conditions.hold_in(&raw) {
            return Ok(None);
        }
        let found = self.segment.found(row, raw)?;
        let belongs = asked.shows(account, found.seq, &found.event);
        Ok(belongs.then(|| found.event.raw().clone()))
    }
}

/// The windows of some rows, of at most so many rows.
pub(crate) fn windows(rows: Range<u32>, most: u32) -> impl Iterator<Item = Range<u32>> {
    let end = rows.end;
    rows.step_by(most as usize).map(move |start| start..start.saturating_add(most).min(end))
}

/// The start of the stretch of time of this length, counted from `origin`, that a moment lies in.
pub(crate) fn bucket_of(time: Timestamp, origin: Timestamp, length_ms: i64) -> Timestamp {
    let since = time.0.saturating_sub(origin.0).div_euclid(length_ms);
    Timestamp(origin.0.saturating_add(since.saturating_mul(length_ms)))
}

#[cfg(test)]
mod tests;
