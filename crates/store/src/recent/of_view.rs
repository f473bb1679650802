//! Showing the recent events a question is about. The lock is let go every few hundred rows: a search reads JSON, and the
//! journal's thread must not wait for that.

use std::collections::BinaryHeap;

use query::{Meter, Order};

use super::{Recent, Rows};
use crate::StoreError;
use crate::lookup::Position;
use crate::scope::Asked;
use crate::segment::Row;

/// Rows searched while the lock is held: well below a millisecond.
const ROWS_AT_ONCE: usize = 256;

impl Recent {
    /// Shows every row the question is about, account by account in the order of numbers. What is added meanwhile is not shown.
    pub(crate) fn for_each_asked(
        &self,
        asked: &Asked,
        meter: &Meter,
        mut take: impl FnMut(&Row),
    ) -> Result<(), StoreError> {
        let end = self.len() as u32;
        for (account, _) in asked.scope.view.accounts() {
            let mut at = 0;
            loop {
                let rows = self.rows.read();
                let places = rows.by_account.get(&account).map_or(&[][..], Vec::as_slice);
                let some = &places[at.min(places.len())..(at + ROWS_AT_ONCE).min(places.len())];
                if some.first().is_none_or(|place| *place >= end) {
                    break;
                }
                at += some.len();
                rows.show(some.iter().take_while(|place| **place < end), asked, meter, &mut |_, row| take(row));
                drop(rows);
                meter.check()?;
            }
        }
        Ok(())
    }

    /// The first `wanted` positions behind `after` that the question is about, in the order asked for, and where their
    /// rows are. Also says whether it was cut short.
    pub(crate) fn positions(
        &self,
        asked: &Asked,
        order: Order,
        after: Option<Position>,
        wanted: usize,
        meter: &Meter,
    ) -> (Vec<(Position, u32)>, Option<query::Cut>) {
        let mut first = First { order, wanted, found: BinaryHeap::new() };
        let mut cut = None;
        let (start, end) = (0, self.len());
        'accounts: for (account, _) in asked.scope.view.accounts() {
            let mut rest = start..end;
            loop {
                let rows = self.rows.read();
                let places = rows.by_account.get(&account).map_or(&[][..], Vec::as_slice);
                rest.end = rest.end.min(places.len());
                if rest.is_empty() {
                    break;
                }
                // From the newest: older rows need not be looked at once none of them can be among the first.
                let some = rest.end.saturating_sub(ROWS_AT_ONCE).max(rest.start)..rest.end;
                let newest = rows.newest_up_to[places[some.end - 1] as usize];
                if first.is_settled(newest) {
                    break;
                }
                rest.end = some.start;
                let in_reach = places[some].iter().filter(|place| (**place as usize) < end);
                rows.show(in_reach, asked, meter, &mut |place, row| {
                    first.see(Position { time: row.event.time(), seq: row.seq }, after, place);
                });
                drop(rows);
                if let Err(reached) = meter.check() {
                    cut = Some(reached);
                    break 'accounts;
                }
            }
        }
        (first.into_sorted(), cut)
    }

    /// The row at a place that was given before.
    pub(crate) fn row(&self, place: u32) -> Row {
        self.rows.read().rows[place as usize].clone()
    }
}

impl Rows {
    fn show<'p>(
        &self,
        places: impl Iterator<Item = &'p u32>,
        asked: &Asked,
        meter: &Meter,
        show: &mut dyn FnMut(u32, &Row),
    ) {
        let (mut count, mut bytes) = (0, 0);
        for place in places {
            let row = &self.rows[*place as usize];
            count += 1;
            bytes += row.event.raw().len() as u64;
            if asked.has(row.account, row.seq, &row.event) {
                show(*place, row);
            }
        }
        meter.count(count, bytes);
    }
}

/// The first so many of an order. The heap's greatest is the last of them.
struct First {
    order: Order,
    wanted: usize,
    found: BinaryHeap<(i128, u32)>,
}

impl First {
    /// A number that grows in the order asked for.
    fn rank(&self, position: Position) -> i128 {
        let ascending = i128::from(position.time.0) << 64 | i128::from(position.seq.0);
        if self.order == Order::OldestFirst { ascending } else { -ascending }
    }

    fn is_settled(&self, newest: model::Timestamp) -> bool {
        let bound = Position { time: newest, seq: model::Seq(u64::MAX) };
        let last = self.found.peek().filter(|_| self.found.len() >= self.wanted);
        self.order == Order::NewestFirst && last.is_some_and(|(last, _)| self.rank(bound) > *last)
    }

    fn see(&mut self, position: Position, after: Option<Position>, place: u32) {
        let rank = self.rank(position);
        if after.is_some_and(|after| rank <= self.rank(after)) {
            return;
        }
        self.found.push((rank, place));
        if self.found.len() > self.wanted {
            self.found.pop();
        }
    }

    fn into_sorted(self) -> Vec<(Position, u32)> {
        let order = self.order;
        let position = |rank: i128| {
            let ascending = if order == Order::OldestFirst { rank } else { -rank };
            Position { time: model::Timestamp((ascending >> 64) as i64), seq: model::Seq(ascending as u64) }
        };
        self.found.into_sorted_vec().into_iter().map(|(rank, place)| (position(rank), place)).collect()
    }
}
