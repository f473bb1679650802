//! Events of several accounts in one order of numbers, and showing the newest of all accounts once, for whoever must find
//! out whom they concern.

use model::{AccountId, Event, Seq};

use crate::Store;
use crate::lookup::Found;

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
