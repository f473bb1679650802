//! Which tails are running, so that one leaves an event when it starts and not with every poll.
//!
//! A tail asks again as soon as it has an answer. Were each poll recorded, each would find the record of the one before
//! and a quiet account would fill itself. So a tail is one reading that goes on: the same caller asking for the same
//! from the same address is recorded once per [`RECORDED_EVERY`].

use std::collections::HashMap;
use std::time::Duration;

use model::Timestamp;
use parking_lot::Mutex;

/// How often a running tail is recorded again.
const RECORDED_EVERY: Duration = Duration::from_secs(600);
/// Tails remembered; one that is forgotten is only recorded once more.
const REMEMBERED_MAX: usize = 10_000;

/// When each running tail was last recorded.
#[derive(Default)]
pub(crate) struct TailMemory {
    recorded: Mutex<HashMap<String, Timestamp>>,
}

impl TailMemory {
    /// Whether this poll is to be recorded; remembers that it was.
    pub(crate) fn is_due(&self, tail: &str, now: Timestamp) -> bool {
        let mut recorded = self.recorded.lock();
        let fresh = |at: Timestamp| now.since(at) < RECORDED_EVERY;
        if recorded.get(tail).is_some_and(|at| fresh(*at)) {
            return false;
        }
        if recorded.len() >= REMEMBERED_MAX {
            recorded.retain(|_, at| fresh(*at));
        }
        if recorded.len() >= REMEMBERED_MAX {
            recorded.clear();
        }
        recorded.insert(tail.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_due_when_it_starts_and_every_ten_minutes() {
        let memory = TailMemory::default();
        let at = |minutes: u64| Timestamp(0).plus(Duration::from_secs(minutes * 60));
        assert!(memory.is_due("alice", at(0)));
        assert!(!memory.is_due("alice", at(9)));
        assert!(memory.is_due("bob", at(9)));
        assert!(memory.is_due("alice", at(10)));
        assert!(!memory.is_due("alice", at(11)));
    }
}
