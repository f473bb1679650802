//! Where trails' events are read.

use model::{AccountId, Event, Seq};
use store::{Owned, Store, StoreError, Stretch, StretchOfMany};

/// Every durable event, by number. A trait so that tests can count, fail and delay reads.
pub trait Source: Send + Sync {
    /// The account's events with numbers in `(after, through]`, in order, cut at about `bytes_max` of JSON but with at
    /// least one event if there is any. Blocks.
    fn read_after(&self, account: AccountId, after: Seq, through: Seq, bytes_max: usize)
    -> Result<Stretch, StoreError>;

    /// The same of several accounts, in one order of numbers. Unless a source has a better way, each account is read and
    /// what goes beyond the shortest stretch is dropped.
    fn read_accounts_after(
        &self,
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        let mut all = StretchOfMany { events: Vec::new(), through };
        for account in accounts {
            let stretch = self.read_after(*account, after, all.through, bytes_max)?;
            all.through = all.through.min(stretch.through);
            all.events.extend(stretch.events.into_iter().map(|found| Owned { account: *account, found }));
        }
        all.events.retain(|owned| owned.found.seq <= all.through);
        all.events.sort_by_key(|owned| owned.found.seq);
        Ok(all)
    }

    /// Shows every event with a number in `(after, through]`, of any account, in order, if that is quick; otherwise shows
    /// none and says false. `show` must be quick.
    fn show_recent(&self, after: Seq, through: Seq, show: &mut dyn FnMut(AccountId, Seq, &Event)) -> bool {
        let _ = (after, through, show);
        false
    }
}

impl Source for Store {
    fn read_after(
        &self,
        account: AccountId,
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<Stretch, StoreError> {
        Store::read_after(self, account, after, through, bytes_max)
    }

    fn read_accounts_after(
        &self,
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        Store::read_accounts_after(self, accounts, after, through, bytes_max)
    }

    fn show_recent(&self, after: Seq, through: Seq, show: &mut dyn FnMut(AccountId, Seq, &Event)) -> bool {
        Store::show_recent(self, after, through, show)
    }
}
