//! Reading what is in memory across accounts.

use model::logstore::View;
use model::{AccountId, Event, Seq, Timestamp};

use super::{Recent, Rows, found};
use crate::many::Owned;

/// Rows shown while the lock is held; the journal's thread waits for it, so this is well below a millisecond.
const ROWS_AT_ONCE: usize = 256;

impl Recent {
    /// The first number here.
    pub(crate) fn first(&self) -> Option<Seq> {
        self.rows.read().rows.first().map(|row| row.seq)
    }

    /// Shows every event with a number in `(after, through]`, in order.
    pub(crate) fn show_after(&self, after: Seq, through: Seq, show: &mut dyn FnMut(AccountId, Seq, &Event)) {
        let mut after = after;
        loop {
            let rows = self.rows.read();
            let start = rows.rows.partition_point(|row| row.seq <= after);
            let some = rows.rows[start..].iter().take_while(|row| row.seq <= through).take(ROWS_AT_ONCE);
            let mut last = after;
            for row in some {
                show(row.account, row.seq, &row.event);
                last = row.seq;
            }
            if last == after {
                return;
            }
            after = last;
        }
    }

    /// Appends what a view shows of the events with numbers in `(after, through]` until `bytes_max` is used up. Gives the
    /// bytes left, or `None` when it was cut short.
    pub(crate) fn read_view_after(
        &self,
        view: &View,
        after: Seq,
        through: Seq,
        mut bytes_max: usize,
        into: &mut Vec<Owned>,
    ) -> Option<usize> {
        let accounts: Vec<AccountId> = view.accounts().map(|(account, _)| account).collect();
        let rows = self.rows.read();
        for place in rows.places_of(&accounts, after, through) {
            let row = &rows.rows[place as usize];
            if bytes_max == 0 {
                return None;
            }
            if view.shows(row.account, row.seq, &row.event) {
                bytes_max = bytes_max.saturating_sub(row.event.raw().len());
                into.push(Owned { account: row.account, found: found(row) });
            }
        }
        Some(bytes_max)
    }

    /// The number of the first event received at or after a moment; otherwise one more than the last number, if there
    /// is any.
    pub(crate) fn received_at(&self, time: Timestamp) -> Result<Seq, Option<Seq>> {
        let rows = self.rows.read();
        let later = rows.rows.iter().find(|row| row.received >= time);
        later.map(|row| row.seq).ok_or_else(|| rows.rows.last().map(|row| row.seq.next()))
    }
}

impl Rows {
    /// Places are in the order of numbers.
    fn places_of(&self, accounts: &[AccountId], after: Seq, through: Seq) -> Vec<u32> {
        let mut places = Vec::new();
        for account in accounts {
            let of_account = self.by_account.get(account).map_or(&[][..], Vec::as_slice);
            let seq = |place: &u32| self.rows[*place as usize].seq;
            let start = of_account.partition_point(|place| seq(place) <= after);
            let end = of_account.partition_point(|place| seq(place) <= through);
            places.extend_from_slice(&of_account[start..end.max(start)]);
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}
