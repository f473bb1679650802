//! How much the gateway takes on at once, and how often one account may look things up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use host::metrics::Metrics;
use model::AccountId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;

/// Accounts the rate limit remembers; beyond it those that have their full allowance again are forgotten.
const REMEMBERED_ACCOUNTS_MAX: usize = 10_000;

/// The gateway's limits.
pub(crate) struct Limits {
    requests: Arc<Semaphore>,
    requests_max: u32,
    lookups: Arc<Semaphore>,
    lookups_max: usize,
    ingest_bytes: Arc<Semaphore>,
    ingest_bytes_max: u32,
    lookup_rate: Option<RateLimit>,
}

impl Limits {
    pub(crate) fn new(config: &Config) -> Self {
        let requests_max = u32::try_from(config.requests_max).unwrap_or(u32::MAX);
        let ingest_bytes_max = u32::try_from(config.ingest_bytes_max.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Limits {
            requests: Arc::new(Semaphore::new(requests_max as usize)),
            requests_max,
            lookups: Arc::new(Semaphore::new(config.lookups_at_once)),
            lookups_max: config.lookups_at_once,
            ingest_bytes: Arc::new(Semaphore::new(ingest_bytes_max as usize)),
            ingest_bytes_max,
            lookup_rate: (config.lookups_per_second > 0).then(|| RateLimit::new(config.lookups_per_second)),
        }
    }

    /// Shows how much of each limit is taken whenever the metrics are read.
    pub(crate) fn show(&self, metrics: &Metrics) {
        let limits = [
            ("requests", &self.requests, self.requests_max as usize),
            ("lookups", &self.lookups, self.lookups_max),
            ("request_body_bytes", &self.ingest_bytes, self.ingest_bytes_max as usize),
        ];
        for (name, semaphore, max) in limits {
            let (queue, semaphore) = (metrics.queue(name, max), semaphore.clone());
            metrics.before_reading(move || queue.used(max - semaphore.available_permits().min(max)));
        }
    }

    /// A place among the requests in work; `None` when all are taken.
    pub(crate) fn admit_request(&self) -> Option<OwnedSemaphorePermit> {
        self.requests.clone().try_acquire_owned().ok()
    }

    /// Resolves when no request is in work. None is admitted any more meanwhile: for stopping.
    pub(crate) fn idle(&self) -> impl Future<Output = ()> + use<> {
        let (requests, all) = (self.requests.clone(), self.requests_max);
        async move {
            let idle = requests.acquire_many_owned(all).await.expect("the semaphore is never closed");
            drop(idle);
        }
    }

    /// A turn to read; waits for one.
    pub(crate) async fn lookup_turn(&self) -> OwnedSemaphorePermit {
        self.lookups.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Room for a body; `None` when there is none. One body is always taken, whatever the limit says.
    pub(crate) fn admit_bytes(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.ingest_bytes_max);
        self.ingest_bytes.clone().try_acquire_many_owned(bytes).ok()
    }

    /// How long the account has to wait before it may look something up; zero means it may, and that this counted.
    pub(crate) fn lookup_wait(&self, account: AccountId) -> Duration {
        self.lookup_rate.as_ref().map_or(Duration::ZERO, |rate| rate.wait(account, Instant::now()))
    }
}

/// A bucket of calls for each account that fills at the rate and holds one second's worth.
struct RateLimit {
    per_second: f64,
    accounts: Mutex<HashMap<AccountId, (f64, Instant)>>,
}

impl RateLimit {
    fn new(per_second: u32) -> Self {
        RateLimit { per_second: f64::from(per_second), accounts: Mutex::new(HashMap::new()) }
    }

    fn wait(&self, account: AccountId, now: Instant) -> Duration {
        let refilled = |(left, at): (f64, Instant)| {
            (left + now.saturating_duration_since(at).as_secs_f64() * self.per_second).min(self.per_second)
        };
        let mut accounts = self.accounts.lock();
        if accounts.len() >= REMEMBERED_ACCOUNTS_MAX {
            accounts.retain(|_, state| refilled(*state) < self.per_second);
        }
        let state = accounts.entry(account).or_insert((self.per_second, now));
        let left = refilled(*state);
        if left < 1.0 {
            return Duration::from_secs_f64((1.0 - left) / self.per_second);
        }
        *state = (left - 1.0, now);
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_its_rate_and_no_other_account_pays_for_it() {
        let rate = RateLimit::new(2);
        let (one, other): (AccountId, AccountId) = ("1".parse().expect("an id"), "2".parse().expect("an id"));
        let start = Instant::now();
        assert_eq!(rate.wait(one, start), Duration::ZERO);
        assert_eq!(rate.wait(one, start), Duration::ZERO);
        assert_eq!(rate.wait(one, start), Duration::from_millis(500));
        assert_eq!(rate.wait(other, start), Duration::ZERO);
        assert_eq!(rate.wait(one, start + Duration::from_millis(500)), Duration::ZERO);
        assert!(rate.wait(one, start + Duration::from_millis(500)) > Duration::ZERO);
    }

    #[test]
    fn bytes_and_requests_have_an_end_and_come_back() {
        let limits = Limits::new(&Config { requests_max: 1, ingest_bytes_max: 100, ..Config::default() });
        let request = limits.admit_request();
        assert!(request.is_some() && limits.admit_request().is_none());
        drop(request);
        assert!(limits.admit_request().is_some());
        let body = limits.admit_bytes(60);
        assert!(body.is_some() && limits.admit_bytes(60).is_none() && limits.admit_bytes(40).is_some());
        drop(body);
        assert!(limits.admit_bytes(1_000_000).is_some(), "a limit below one body still lets one through");
    }
}
