//! Showing the recent events a question is about. The lock is let go every few hundred rows: a search reads JSON, and the
//! journal's thread must not wait for that.

use std::ops::Range;

use model::{AccountId, Timestamp};
use query::{Meter, Order};

use super::{Places, Recent, Rows};
use crate::StoreError;
use crate::lookup::Position;
use crate::scope::Asked;
use crate::segment::Row;

/// Rows searched while the lock is held: well below a millisecond.
const ROWS_AT_ONCE: usize = 256;

/// A list of places that every row of an account a question is about is in. Lists only grow at their ends.
#[derive(Clone, Copy)]
enum Lead {
    Account,
    Value(u64),
}

impl Recent {
    /// Shows every row the question is about, account by account in the order of numbers. What is added meanwhile is not shown.
    pub(crate) fn for_each_asked(
        &self,
        asked: &Asked,
        meter: &Meter,
        mut take: impl FnMut(&Row),
    ) -> Result<(), StoreError> {
        let end = self.len() as u32;
        for (account, _) in asked.view.accounts() {
            let lead = self.rows.read().lead(asked, account);
            let mut at = 0;
            loop {
                let rows = self.rows.read();
                let places = rows.led_to(lead, account);
                let some = &places[at.min(places.len())..(at + ROWS_AT_ONCE).min(places.len())];
                if some.first().is_none_or(|place| *place >= end) {
                    break;
                }
                at += some.len();
                let mut look = Look { rows: &rows, asked, account, rows_seen: 0, bytes_seen: 0 };
                some.iter().take_while(|place| **place < end).filter_map(|place| look.at(*place)).for_each(&mut take);
                look.count(meter);
                drop(rows);
                meter.check()?;
            }
        }
        Ok(())
    }

    /// The first `wanted` positions that the question is about, in the order asked for, and where their rows are. Also says
    /// whether it was cut short.
    pub(crate) fn positions(
        &self,
        asked: &Asked,
        order: Order,
        wanted: usize,
        meter: &Meter,
    ) -> (Vec<(Position, u32)>, Option<query::Cut>) {
        let mut best = Best { order, wanted, places: Vec::new(), worst: None };
        let end = self.len();
        for (account, _) in asked.view.accounts() {
            let lead = self.rows.read().lead(asked, account);
            let mut left = 0..self.rows.read().led_to(lead, account).len();
            let mut is_settled = false;
            while !left.is_empty() && !is_settled {
                let rows = self.rows.read();
                let places = &rows.led_to(lead, account)[take_some(&mut left, order)];
                let mut look = Look { rows: &rows, asked, account, rows_seen: 0, bytes_seen: 0 };
                let mut see = |place: &u32| {
                    // From the newest on: older rows need not be looked at once none of them can be among the best.
                    is_settled = best.is_settled(rows.newest_up_to[*place as usize]);
                    if !is_settled && let Some(row) = look.at(*place).filter(|_| (*place as usize) < end) {
                        best.push(Position { time: row.event.time(), seq: row.seq }, *place);
                    }
                    !is_settled
                };
                match order {
                    Order::NewestFirst => places.iter().rev().all(&mut see),
                    Order::OldestFirst => places.iter().all(&mut see),
                };
                look.count(meter);
                drop(rows);
                if let Err(cut) = meter.check() {
                    return (best.into_sorted(), Some(cut));
                }
            }
        }
        (best.into_sorted(), None)
    }

    /// The row at a place that was given before.
    pub(crate) fn row(&self, place: u32) -> Row {
        self.rows.read().rows[place as usize].clone()
    }
}

impl Rows {
    /// The shortest list that leads to all rows. To be chosen once: which one it is changes while rows are added.
    fn lead(&self, asked: &Asked, account: AccountId) -> Lead {
        let values = asked.conditions.hashes().map(Lead::Value);
        let leads = std::iter::once(Lead::Account).chain(values);
        leads.min_by_key(|lead| self.led_to(*lead, account).len()).expect("there is one at least")
    }

    fn led_to(&self, lead: Lead, account: AccountId) -> &[u32] {
        match lead {
            Lead::Account => self.by_account.get(&account).map_or(&[], Vec::as_slice),
            Lead::Value(hash) => self.by_term.get(&hash).map_or(&[], Places::as_slice),
        }
    }
}

/// Cuts the next few places off the end that an order begins at.
fn take_some(left: &mut Range<usize>, order: Order) -> Range<usize> {
    if order == Order::NewestFirst {
        let some = left.end.saturating_sub(ROWS_AT_ONCE).max(left.start)..left.end;
        left.end = some.start;
        some
    } else {
        let some = left.start..(left.start + ROWS_AT_ONCE).min(left.end);
        left.start = some.end;
        some
    }
}

/// Looking at rows of an account, and what that costs.
struct Look<'r> {
    rows: &'r Rows,
    asked: &'r Asked,
    account: AccountId,
    rows_seen: u64,
    bytes_seen: u64,
}

impl<'r> Look<'r> {
    /// The row, if the question is about it.
    fn at(&mut self, place: u32) -> Option<&'r Row> {
        let row = &self.rows.rows[place as usize];
        self.rows_seen += 1;
        self.bytes_seen += row.event.raw().len() as u64;
        (row.account == self.account && self.asked.has(row.account, row.seq, &row.event)).then_some(row)
    }

    fn count(self, meter: &Meter) {
        meter.count(self.rows_seen, self.bytes_seen);
    }
}

/// The best places found so far: a few more than wanted are kept and cut back now and then.
struct Best {
    order: Order,
    wanted: usize,
    places: Vec<(Position, u32)>,
    /// Once `wanted` are known: nothing behind this position is needed.
    worst: Option<Position>,
}

impl Best {
    /// Whether rows with event times up to `newest` cannot be among the best any more.
    fn is_settled(&self, newest: Timestamp) -> bool {
        self.order == Order::NewestFirst && self.worst.is_some_and(|worst| newest < worst.time)
    }

    fn push(&mut self, position: Position, place: u32) {
        let is_behind = |worst: Position| match self.order {
            Order::NewestFirst => position < worst,
            Order::OldestFirst => position > worst,
        };
        if self.worst.is_some_and(is_behind) {
            return;
        }
        self.places.push((position, place));
        let is_first_full = self.worst.is_none() && self.places.len() == self.wanted;
        if is_first_full || self.places.len() >= self.wanted.saturating_mul(2) {
            self.cut_back();
        }
    }

    fn cut_back(&mut self) {
        self.places.sort_unstable();
        if self.order == Order::NewestFirst {
            self.places.reverse();
        }
        self.places.truncate(self.wanted);
        if self.places.len() == self.wanted {
            self.worst = self.places.last().map(|(position, _)| *position);
        }
    }

    fn into_sorted(mut self) -> Vec<(Position, u32)> {
        self.cut_back();
        self.places
    }
}
