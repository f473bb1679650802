//! The stream of events: whose turn it is, at what time, a call or a sign-in.

use std::time::Duration;

use model::{AccountId, Timestamp};

use crate::call::Calls;
use crate::cast::Cast;
use crate::random::Random;
use crate::signin;
use crate::zipf::Skewed;
use crate::{Config, account_ids};

/// Sign-ins among what people do in the console, in a thousand.
const SIGNINS_PER_MILLE: usize = 32;
/// Events that come late, in a thousand, and how late they may be.
const LATE_PER_MILLE: usize = 100;
const LATE_SECONDS_MAX: u32 = 60;

/// Makes events one after the other. The same seed and configuration make the same events.
pub struct Generator {
    random: Random,
    casts: Vec<Cast>,
    busy: Skewed,
    calls: Calls,
    start: Timestamp,
    span_ms: u128,
    events: u64,
    made: u64,
}

impl Generator {
    /// A generator at its first event. No accounts in the configuration means one account of its own.
    pub fn new(seed: u64, config: &Config) -> Generator {
        let calls = Calls::new();
        let accounts = if config.accounts.is_empty() { account_ids(seed, 1) } else { config.accounts.clone() };
        let cast = |(position, account): (usize, &AccountId)| {
            Cast::new(seed, position, *account, config.users_per_account, calls.services())
        };
        let casts: Vec<Cast> = accounts.iter().enumerate().map(cast).collect();
        Generator {
            random: Random::new(seed),
            busy: Skewed::zipf(casts.len(), 0.8),
            casts,
            calls,
            start: config.start,
            span_ms: config.end.since(config.start).as_millis(),
            events: config.events.max(1),
            made: 0,
        }
    }

    /// The next event and the account it belongs to.
    pub fn next_event(&mut self) -> (AccountId, String) {
        let mut json = String::with_capacity(2048);
        let account = self.write_event(&mut json);
        (account, json)
    }

    /// Appends the next event's JSON, one line without its end, and says which account it belongs to.
    pub fn write_event(&mut self, out: &mut String) -> AccountId {
        let at = self.next_time();
        let cast = &self.casts[self.busy.choose(&mut self.random)];
        let person = cast.someone(&mut self.random);
        if person.in_console && self.random.per_mille(SIGNINS_PER_MILLE) {
            signin::write(out, cast, person, at, &mut self.random);
        } else {
            self.calls.write(out, cast, at, &mut self.random);
        }
        cast.account
    }

    /// Even steps from start to end; some events come late, as they do from many machines. Whole seconds.
    fn next_time(&mut self) -> Timestamp {
        let step = self.span_ms * u128::from(self.made) / u128::from(self.events);
        self.made += 1;
        let due = self.start.plus(Duration::from_millis(u64::try_from(step).unwrap_or(u64::MAX)));
        let late = if self.random.per_mille(LATE_PER_MILLE) { self.random.between(1, LATE_SECONDS_MAX) } else { 0 };
        let at = due.minus(Duration::from_secs(u64::from(late))).max(self.start);
        Timestamp(at.0.div_euclid(1000) * 1000)
    }
}

#[cfg(test)]
mod tests;
