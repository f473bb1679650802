//! How many queries of an account run at once, whoever asks: GetLogs, PostgreSQL clients, the command line.
//!
//! A query holds its [`Ticket`] until its last row is out. One more than may run waits its turn for a moment and is then
//! refused. Only accounts with a query in work are remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{AccountId, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts the queries in work. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    per_account: usize,
    in_work: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
}

/// A query's place. Dropping it lets the next one in.
#[derive(Debug)]
pub struct Ticket {
    account: AccountId,
    /// `None` only while it is dropped.
    permit: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
}

/// The account has as many queries in work as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{limit} queries of this account are in work already; try again when one has ended")]
pub struct TooManyQueries {
    /// How many may be.
    pub limit: usize,
}

impl TooManyQueries {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Throttled
    }
}

impl Admission {
    /// Lets this many queries of an account run at once; at least one.
    pub fn new(per_account: usize) -> Admission {
        let per_account = per_account.clamp(1, Semaphore::MAX_PERMITS);
        Admission(Arc::new(Shared { per_account, in_work: Mutex::default() }))
    }

    /// A place, waiting at most `patience` for one.
    pub async fn admit(&self, account: AccountId, patience: Duration) -> Result<Ticket, TooManyQueries> {
        let places = {
            let mut in_work = self.0.in_work.lock().unwrap_or_else(PoisonError::into_inner);
            in_work.entry(account).or_insert_with(|| Arc::new(Semaphore::new(self.0.per_account))).clone()
        };
        let limit = self.0.per_account;
        match tokio::time::timeout(patience, places.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Ticket { account, permit: Some(permit), shared: self.0.clone() }),
            Ok(Err(_)) | Err(_) => Err(TooManyQueries { limit }),
        }
    }

    /// Accounts with a query in work.
    pub fn accounts(&self) -> usize {
        self.0.in_work.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.permit = None;
        let mut in_work = self.shared.in_work.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody who waits holds the semaphore too; a new one would then count apart.
        if let Some(places) = in_work.get(&self.account)
            && Arc::strong_count(places) == 1
        {
            in_work.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_account_has_its_own_places_and_none_is_remembered_without_a_query() {
        let admission = Admission::new(2);
        let account: AccountId = "1000000000000001".parse().unwrap();
        let other: AccountId = "1000000000000002".parse().unwrap();
        let first = admission.admit(account, Duration::ZERO).await.unwrap();
        let second = admission.clone().admit(account, Duration::ZERO).await.unwrap();
        let refused = admission.admit(account, Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(refused, TooManyQueries { limit: 2 });
        let third = admission.admit(other, Duration::ZERO).await.unwrap();
        let waiting = tokio::spawn({
            let admission = admission.clone();
            async move { admission.admit(account, Duration::from_secs(60)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(waiting.await.unwrap(), "a place that became free goes to who waits");
        drop((second, third));
        assert_eq!(admission.accounts(), 0);
    }
}
