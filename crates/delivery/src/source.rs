//! Where a trail's events are read.

use model::{AccountId, Seq};
use store::{Store, StoreError, Stretch};

/// Every durable event, by number. A trait so that tests can count, fail and delay reads.
pub trait Source: Send + Sync {
    /// The account's events with numbers in `(after, through]`, in order, cut at about `bytes_max` of JSON but with at
    /// least one event if there is any. Blocks.
    fn read_after(&self, account: AccountId, after: Seq, through: Seq, bytes_max: usize)
    -> Result<Stretch, StoreError>;
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
}
