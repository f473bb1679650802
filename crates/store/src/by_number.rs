//! Reading on by number, for those who take everything (trails, pulling clients), and where a moment of receipt lies among
//! the numbers.

use std::collections::HashMap;

use model::logstore::View;
use model::{AccountId, Seq, Timestamp};

use crate::lookup::Stretch;
use crate::many::{Owned, StretchOfMany};
use crate::segment::{OpenPage, Segment};
use crate::{Store, StoreError};

/// Pages kept open within one call: those of a block of rows and its neighbour.
const OPEN_PAGES_MAX: usize = 64;

impl Store {
    /// The account's events with numbers in `(after, through]`, in their order, cut at about `bytes_max` of JSON (at
    /// least one event, if there is any). Blocks.
    pub fn read_after(
        &self,
        account: AccountId,
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<Stretch, StoreError> {
        let stretch = self.read_view_after(&View::of_account(account), after, through, bytes_max)?;
        let events = stretch.events.into_iter().map(|owned| owned.found).collect();
        Ok(Stretch { events, through: stretch.through })
    }

    /// The same of several accounts, in one order of numbers. Blocks.
    pub fn read_accounts_after(
        &self,
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        self.read_view_after(&View::of_accounts(accounts), after, through, bytes_max)
    }

    /// The events a view shows with numbers in `(after, through]`, in their order, cut at about `bytes_max` of JSON (at
    /// least one event, if there is any). The view's `not_before` counts, the time of its retention. Blocks.
    pub fn read_view_after(
        &self,
        view: &View,
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        let state = self.shared.state.load_full();
        let mut events: Vec<Owned> = Vec::new();
        let mut left = Some(bytes_max.max(1));
        for segment in &state.segments {
            if segment.entry.last <= after || segment.entry.first > through {
                continue;
            }
            let Some(bytes) = left else { break };
            left = read_segment(segment, view, (after, through), bytes, &mut events)?;
        }
        for recent in state.sealing.iter().chain([&state.active]) {
            let Some(bytes) = left else { break };
            left = recent.read_view_after(view, after, through, bytes, &mut events);
        }
        let through = match (left, events.last()) {
            (None, Some(last)) => last.found.seq,
            _ => through,
        };
        Ok(StretchOfMany { events, through })
    }

    /// The number of the first event received at or after a moment; one more than the last number when there is none.
    pub fn seq_received_at(&self, time: Timestamp) -> Seq {
        let state = self.shared.state.load_full();
        let mut next = Seq(1);
        for segment in &state.segments {
            if segment.summary.received_max >= time.0 {
                let rows = 0..segment.entry.rows as u32;
                let later = rows.filter(|row| segment.received(*row) >= time).map(|row| segment.seq(row));
                return later.min().unwrap_or(segment.entry.last);
            }
            next = segment.entry.last.next();
        }
        for recent in state.sealing.iter().chain([&state.active]) {
            match recent.received_at(time) {
                Ok(seq) => return seq,
                Err(behind) => next = behind.unwrap_or(next),
            }
        }
        next
    }
}

fn read_segment(
    segment: &Segment,
    view: &View,
    (after, through): (Seq, Seq),
    mut bytes_max: usize,
    into: &mut Vec<Owned>,
) -> Result<Option<usize>, StoreError> {
    let mut wanted: Vec<(u64, u32, AccountId)> = Vec::new();
    for (account, parts) in view.accounts() {
        let rows = segment.rows_of(account);
        let seqs = segment.seqs_in(rows.clone());
        let is_wanted = |seq: Seq| seq > after && seq <= through && parts.iter().any(|part| part.holds(seq));
        let in_reach = seqs.into_iter().zip(rows).filter(|(seq, _)| is_wanted(Seq(*seq)));
        wanted.extend(in_reach.map(|(seq, row)| (seq, row, account)));
    }
    // Usually far more are wanted than fit: the first are enough, and are put in order a few at a time.
    let per_event = (segment.summary.raw_bytes / segment.summary.rows.max(1)).max(1) as usize;
    let step = bytes_max / per_event + 64;
    let mut pages: HashMap<u32, OpenPage> = HashMap::new();
    let mut rest = &mut wanted[..];
    while !rest.is_empty() {
        let some = step.min(rest.len());
        if some < rest.len() {
            rest.select_nth_unstable(some - 1);
        }
        let (first, behind) = rest.split_at_mut(some);
        first.sort_unstable();
        for (_, row, account) in first.iter() {
            if bytes_max == 0 {
                return Ok(None);
            }
            let place = segment.arrangement().place(*row);
            let page = segment.page_of_row(*row);
            if pages.len() >= OPEN_PAGES_MAX && !pages.contains_key(&page) {
                pages.clear();
            }
            let (raw, _) = pages.entry(page).or_default().raw(segment, place)?;
            let found = segment.found(*row, raw)?;
            if view.shows(*account, found.seq, &found.event) {
                bytes_max = bytes_max.saturating_sub(found.event.raw().len());
                into.push(Owned { account: *account, found });
            }
        }
        rest = behind;
    }
    Ok(Some(bytes_max))
}
