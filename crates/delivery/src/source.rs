//! Where trails' events are read.

use model::{AccountId, Event, Seq, Timestamp};
use store::{Found, Lookup, Store, StoreError, StretchOfMany};

/// Events a page has while counting: few enough to be held together, whatever their size.
const COUNTED_AT_ONCE: usize = 256;

/// Every durable event, by number. A trait so that tests can count, fail and delay reads.
pub trait Source: Send + Sync {
    /// The events of some accounts with numbers in `(after, through]`, in order, cut at about `bytes_max` of JSON but with
    /// at least one event if there is any. Blocks.
    fn read_after(
        &self,
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError>;

    /// How many of the account's events of these times are `wanted`, found by time and not by number: the other way to
    /// the same events. Blocks.
    fn count(
        &self,
        account: AccountId,
        from: Timestamp,
        through: Timestamp,
        wanted: &dyn Fn(&Found) -> bool,
    ) -> Result<u64, StoreError>;

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
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        bytes_max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        self.read_accounts_after(accounts, after, through, bytes_max)
    }

    fn count(
        &self,
        account: AccountId,
        from: Timestamp,
        through: Timestamp,
        wanted: &dyn Fn(&Found) -> bool,
    ) -> Result<u64, StoreError> {
        let (mut counted, mut after) = (0, None);
        loop {
            let lookup = Lookup {
                account,
                from,
                through,
                conditions: Vec::new(),
                newest_first: true,
                after,
                limit: COUNTED_AT_ONCE,
            };
            let page = self.lookup(&lookup)?;
            counted += page.events.iter().filter(|found| wanted(found)).count() as u64;
            match page.events.last() {
                Some(last) if page.more => after = Some(last.position()),
                _ => return Ok(counted),
            }
        }
    }

    fn show_recent(&self, after: Seq, through: Seq, show: &mut dyn FnMut(AccountId, Seq, &Event)) -> bool {
        Store::show_recent(self, after, through, show)
    }
}
