//! How many messages a robot takes a minute.
//!
//! DingTalk, Lark and WeCom take 20 a minute and then refuse for longer than that, so the 21st is held back here. The
//! counts live in memory: after a restart the robots' own refusals are read.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use model::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

const MESSAGES_MAX: usize = 20;
const WINDOW: Duration = Duration::from_secs(60);
/// Robots remembered at once; those that were not used for a minute are forgotten first, so it takes as many a minute.
const ROBOTS_MAX: usize = 10_000;

/// What was sent to each robot during the last minute. Addresses hold tokens, so only their hashes are kept.
#[derive(Default)]
pub(super) struct Pace(Mutex<HashMap<[u8; 32], VecDeque<Timestamp>>>);

impl Pace {
    /// Takes a place for a message now, or says when there is one.
    pub(super) fn wait(&self, url: &str, now: Timestamp) -> Option<Duration> {
        let start = now.minus(WINDOW);
        let mut robots = self.0.lock();
        if robots.len() >= ROBOTS_MAX {
            robots.retain(|_, sent| sent.back().is_some_and(|last| *last > start));
        }
        let key: [u8; 32] = Sha256::digest(url.as_bytes()).into();
        if robots.len() >= ROBOTS_MAX && !robots.contains_key(&key) {
            return Some(WINDOW);
        }
        let sent = robots.entry(key).or_default();
        while sent.front().is_some_and(|first| *first <= start) {
            sent.pop_front();
        }
        if sent.len() >= MESSAGES_MAX {
            return sent.front().map(|first| first.plus(WINDOW).since(now));
        }
        sent.push_back(now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_message_of_a_minute_waits_for_the_first_to_age() {
        let pace = Pace::default();
        let at = |seconds: i64| Timestamp(1_700_000_000_000 + seconds * 1000);
        for second in 0..20 {
            assert_eq!(pace.wait("https://robot/a", at(second)), None);
        }
        assert_eq!(pace.wait("https://robot/a", at(20)), Some(Duration::from_secs(40)));
        assert_eq!(pace.wait("https://robot/b", at(20)), None, "each robot has its own count");
        assert_eq!(pace.wait("https://robot/a", at(60)), None, "the first is a minute old");
        assert_eq!(pace.wait("https://robot/a", at(60)), Some(Duration::from_secs(1)));
    }
}
