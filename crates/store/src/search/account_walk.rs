//! Walking the rows of one account in one segment that a search may hold for, window by window from the end it starts at.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use model::AccountId;
use model::logstore::Part;
use query::{Meter, Order};

use super::Step;
use crate::StoreError;
use crate::lookup::Position;
use crate::many::Owned;
use crate::scope::{Asked, Bound, Work, by_number};
use crate::segment::Segment;

/// With more candidates in a window than this the columns are read: they cost as much as reading some tens of pages.
const CANDIDATES_WITHOUT_COLUMNS: u64 = 64;
/// The same for columns that are in memory: they cost less than reading a page.
const CANDIDATES_WITHOUT_MEMORY: u64 = 4;
/// Rows of the first window; each further one is four times as large, so a rare word does not take many steps and a
/// frequent one does not look at a whole segment for one page.
const FIRST_WINDOW_ROWS: u32 = 1024;

pub(super) struct AccountWalk<'a> {
    segment: &'a Arc<Segment>,
    asked: &'a Asked,
    account: AccountId,
    parts: &'a [Part],
    bound: Rc<Bound<'a>>,
    work: Rc<RefCell<Work>>,
    order: Order,
    /// Rows not looked at yet.
    rest: Range<u32>,
    window: u32,
    /// Candidate rows of the present window and whether each surely belongs, next one last.
    rows: Vec<(u32, bool)>,
}

impl<'a> AccountWalk<'a> {
    pub(super) fn new(
        segment: &'a Arc<Segment>,
        asked: &'a Asked,
        (account, parts): (AccountId, &'a [Part]),
        (bound, work): (Rc<Bound<'a>>, Rc<RefCell<Work>>),
        order: Order,
        rest: Range<u32>,
    ) -> AccountWalk<'a> {
        let window = if bound.is_rare() { u32::MAX } else { FIRST_WINDOW_ROWS };
        AccountWalk { segment, asked, account, parts, bound, work, order, rest, window, rows: Vec::new() }
    }

    /// The position of the next candidate.
    pub(super) fn peek(&mut self, meter: &Meter) -> Result<Option<Position>, StoreError> {
        while self.rows.is_empty() && !self.rest.is_empty() {
            meter.check()?;
            self.next_window(meter)?;
        }
        Ok(self.rows.last().map(|(row, _)| self.segment.position(*row)))
    }

    /// Takes the candidate that was peeked; [`Step::End`] when it turns out not to belong.
    pub(super) fn take(&mut self, is_wanted: bool, meter: &Meter) -> Result<Step, StoreError> {
        let Some((row, surely)) = self.rows.pop() else { return Ok(Step::End) };
        if surely && !is_wanted {
            return Ok(Step::Passed);
        }
        meter.check()?;
        let raw = self.segment.raw(row)?;
        meter.count(0, raw.len() as u64);
        if !surely && !self.asked.conditions.hold_in(&raw) {
            return Ok(Step::End);
        }
        let found = self.segment.found(row, raw)?;
        if !surely && !self.asked.shows(self.account, found.seq, &found.event) {
            return Ok(Step::End);
        }
        Ok(if is_wanted { Step::Event(Owned { account: self.account, found }) } else { Step::Passed })
    }

    /// How many candidates of a window are read rather than asked the columns about.
    fn candidates_max(&self, window: &Range<u32>) -> u64 {
        if !self.asked.asks_columns {
            u64::MAX
        } else if self.work.borrow().has_columns_at_hand(self.asked) {
            CANDIDATES_WITHOUT_MEMORY
        } else if window.len() <= FIRST_WINDOW_ROWS as usize {
            u64::MAX
        } else {
            CANDIDATES_WITHOUT_COLUMNS
        }
    }

    fn next_window(&mut self, meter: &Meter) -> Result<(), StoreError> {
        let len = self.window.min(self.rest.end - self.rest.start);
        self.window = self.window.saturating_mul(4);
        let window = if self.order == Order::NewestFirst {
            let window = self.rest.end - len..self.rest.end;
            self.rest.end = window.start;
            window
        } else {
            let window = self.rest.start..self.rest.start + len;
            self.rest.start = window.end;
            window
        };
        meter.count(u64::from(len), 0);
        let shown = by_number(self.segment, self.parts, &window);
        let mut bounds = shown.and(self.bound.bounds(self.segment, &window));
        let undecided = bounds.perhaps.count() - bounds.surely.count();
        if undecided > self.candidates_max(&window) {
            let told = self.work.borrow_mut().bounds(self.asked, self.parts, window, meter)?;
            bounds = bounds.and(told.clone());
            bounds.surely.or(&told.surely);
        }
        self.rows = bounds.perhaps.iter().map(|row| (row, bounds.surely.contains(row))).collect();
        if self.order == Order::OldestFirst {
            self.rows.reverse();
        }
        Ok(())
    }
}
