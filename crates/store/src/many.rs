//! Reading the events of several accounts in one order, for the trails of organizations, and showing the newest events of
//! all accounts once, for whoever must find out whom they concern.

use model::{AccountId, Event, Seq};

use crate::lookup::Found;
use crate::segment::Segment;
use crate::{Store, StoreError};

/// An event and whose it is.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Its account.
    pub account: AccountId,
    /// The event.
    pub found: Found,
}

/// Several accounts' events in the order of their numbers.
#[derive(Debug, Clone)]
pub struct StretchOfMany {
    /// Ascending numbers.
    pub events: Vec<Owned>,
    /// `events` holds every event of the accounts after the number asked for, up to and including this one.
    pub through: Seq,
}

impl Store {
    /// The accounts' events with numbers in `(after, through]`, in their order, cut at about `bytes_max` of JSON (at
    /// least one event, if there is any).
    pub fn read_accounts_after(
        &self,
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        let state = self.shared.state.load();
        let mut events: Vec<Owned> = Vec::new();
        let mut left = Some(bytes_max.max(1));
        for segment in &state.segments {
            if segment.entry.last <= after || segment.entry.first > through {
                continue;
            }
            let Some(bytes) = left else { break };
            left = read_segment(segment, accounts, after, through, bytes, &mut events)?;
        }
        for recent in state.sealing.iter().chain([&state.active]) {
            let Some(bytes) = left else { break };
            left = recent.read_accounts_after(accounts, after, through, bytes, &mut events);
        }
        let through = match (left, events.last()) {
            (None, Some(last)) => last.found.seq,
            _ => through,
        };
        Ok(StretchOfMany { events, through })
    }

    /// Shows every event with a number in `(after, through]`, of any account, in order, if they are all in memory;
    /// otherwise shows none and says false. `through` must be durable already. `show` must be quick: appends wait for it.
    pub fn show_recent(&self, after: Seq, through: Seq, show: &mut dyn FnMut(AccountId, Seq, &Event)) -> bool {
        let state = self.shared.state.load();
        let parts: Vec<_> = state.sealing.iter().chain([&state.active]).collect();
        let first = parts.iter().find_map(|recent| recent.first());
        if after < through && first.is_none_or(|first| first > after.next()) {
            return false;
        }
        for recent in parts {
            recent.show_after(after, through, show);
        }
        true
    }
}

fn read_segment(
    segment: &Segment,
    accounts: &[AccountId],
    after: Seq,
    through: Seq,
    mut bytes_max: usize,
    into: &mut Vec<Owned>,
) -> Result<Option<usize>, StoreError> {
    let mut wanted: Vec<(Seq, u32, AccountId)> = Vec::new();
    for account in accounts {
        let rows = segment.rows_of(*account).map(|row| (segment.seq(row), row, *account));
        wanted.extend(rows.filter(|(seq, ..)| *seq > after && *seq <= through));
    }
    wanted.sort_unstable();
    wanted.dedup();
    for (_, row, account) in wanted {
        if bytes_max == 0 {
            return Ok(None);
        }
        let found = segment.event(row)?;
        bytes_max = bytes_max.saturating_sub(found.event.raw().len());
        into.push(Owned { account, found });
    }
    Ok(Some(bytes_max))
}
