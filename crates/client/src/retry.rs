//! When a failed call is made again, and after which pause.

use std::time::Duration;

use crate::ClientError;

/// The longest pause between two attempts after a failure: a node restarts in seconds.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// What a throttled client waits when the server named no time.
const THROTTLED_PAUSE: Duration = Duration::from_secs(1);

/// How long a client keeps trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Attempts of a call that can be repeated, the first included.
    pub attempts: u32,
    /// The pause after the first failure; it doubles up to five seconds.
    pub first_pause: Duration,
    /// How long, in all, a call waits for a server that says it has too much to do.
    pub throttled: Duration,
}

impl Default for Patience {
    /// For a person who waits: a hiccup is bridged, a node that is not there is reported within two seconds.
    fn default() -> Self {
        Patience { attempts: 4, first_pause: Duration::from_millis(200), throttled: Duration::from_secs(20) }
    }
}

impl Patience {
    /// For a long job that a restart of the node should not end.
    pub fn of_a_long_job() -> Self {
        Patience { attempts: 12, first_pause: Duration::from_millis(200), throttled: Duration::from_secs(600) }
    }
}

/// The attempts of one call so far.
#[derive(Debug)]
pub(crate) struct Attempts {
    patience: Patience,
    /// Whether doing it twice is the same as doing it once.
    repeatable: bool,
    failures: u32,
    throttled_for: Duration,
}

impl Attempts {
    pub(crate) fn new(patience: Patience, repeatable: bool) -> Self {
        Attempts { patience, repeatable, failures: 0, throttled_for: Duration::ZERO }
    }

    /// How long to wait before the next attempt; `None` when this error is the answer.
    pub(crate) fn pause_after(&mut self, error: &ClientError) -> Option<Duration> {
        if let ClientError::Refused(refusal) = error
            && refusal.is_throttled()
        {
            let pause = refusal.retry_after.unwrap_or(THROTTLED_PAUSE).max(Duration::from_millis(10));
            self.throttled_for += pause;
            return (self.throttled_for <= self.patience.throttled).then_some(pause);
        }
        let is_passing = match error {
            // Nothing was sent, so any call may be tried again.
            ClientError::Unreachable { .. } => true,
            ClientError::TimedOut { .. } | ClientError::Broken { .. } => self.repeatable,
            ClientError::Refused(refusal) => self.repeatable && matches!(refusal.status, 500 | 502..=504),
            ClientError::NotCairn { status, .. } => self.repeatable && matches!(status, 502..=504),
            ClientError::InvalidEndpoint(_) | ClientError::SetUp(_) | ClientError::NoAccessKey => false,
        };
        self.failures += 1;
        if !is_passing || self.failures >= self.patience.attempts {
            return None;
        }
        let doubled = self.patience.first_pause.saturating_mul(1 << (self.failures - 1).min(16));
        Some(doubled.min(PAUSE_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    fn refused(status: u16, code: &str, retry_after: Option<u64>) -> ClientError {
        ClientError::Refused(Box::new(Refusal {
            status,
            code: code.into(),
            message: String::new(),
            request_id: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }))
    }

    #[test]
    fn only_repeatable_calls_are_repeated_and_not_for_ever() {
        let failure = refused(503, "ServiceUnavailable", None);
        let mut read = Attempts::new(Patience::default(), true);
        let pauses: Vec<_> = std::iter::from_fn(|| read.pause_after(&failure)).collect();
        assert_eq!(pauses, [200, 400, 800].map(Duration::from_millis));
        assert_eq!(Attempts::new(Patience::default(), false).pause_after(&failure), None);
        assert_eq!(Attempts::new(Patience::default(), true).pause_after(&refused(400, "InvalidParameter", None)), None);
    }

    #[test]
    fn a_throttled_call_did_nothing_and_comes_back_when_told() {
        let throttled = refused(429, "Throttling", Some(8));
        let mut change = Attempts::new(Patience::default(), false);
        assert_eq!(change.pause_after(&throttled), Some(Duration::from_secs(8)));
        assert_eq!(change.pause_after(&throttled), Some(Duration::from_secs(8)));
        assert_eq!(change.pause_after(&throttled), None, "24 s would be more than the patience");
    }
}
