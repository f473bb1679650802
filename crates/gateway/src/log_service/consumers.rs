//! Which consumers of a group are alive, and who has the shard.
//!
//! In memory only: after a restart every consumer knocks again within seconds. The shard stays with the consumer that has
//! it while it knocks in time; then it goes to the first by name.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use catalog::LogstoreName;
use model::Timestamp;
use parking_lot::Mutex;

/// Groups remembered; beyond it those nobody is alive in are forgotten.
const GROUPS_MAX: usize = 10_000;
/// Consumers of a group.
const CONSUMERS_MAX: usize = 1_000;

/// The living consumers of every group.
#[derive(Default)]
pub(crate) struct Consumers {
    groups: Mutex<HashMap<(LogstoreName, String), Group>>,
}

#[derive(Default)]
struct Group {
    /// When each consumer is taken for gone.
    alive_until: BTreeMap<String, Timestamp>,
    owner: Option<String>,
}

/// There are as many consumers in the group as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

impl Consumers {
    /// A consumer is alive; whether it has the shard now.
    pub(super) fn knock(
        &self,
        of: &LogstoreName,
        group: &str,
        consumer: &str,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<bool, TooMany> {
        let mut groups = self.groups.lock();
        if groups.len() >= GROUPS_MAX {
            groups.retain(|_, group| group.alive_until.values().any(|until| *until >= now));
        }
        let group = groups.entry((of.clone(), group.to_owned())).or_default();
        group.alive_until.retain(|_, until| *until >= now);
        if group.alive_until.len() >= CONSUMERS_MAX && !group.alive_until.contains_key(consumer) {
            return Err(TooMany);
        }
        group.alive_until.insert(consumer.to_owned(), now.plus(timeout));
        let is_owner_alive = group.owner.as_ref().is_some_and(|owner| group.alive_until.contains_key(owner));
        if !is_owner_alive {
            group.owner = group.alive_until.keys().next().cloned();
        }
        Ok(group.owner.as_deref() == Some(consumer))
    }

    /// Whether this consumer has the shard.
    pub(super) fn has_shard(&self, of: &LogstoreName, group: &str, consumer: &str) -> bool {
        let groups = self.groups.lock();
        let group = groups.get(&(of.clone(), group.to_owned()));
        group.is_some_and(|group| group.owner.as_deref() == Some(consumer))
    }

    /// The group is gone.
    pub(super) fn forget(&self, of: &LogstoreName, group: &str) {
        self.groups.lock().remove(&(of.clone(), group.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shard_stays_with_its_consumer_while_that_one_lives() {
        let consumers = Consumers::default();
        let of = LogstoreName { account: "1".parse().unwrap(), project: "p".into(), logstore: "l".into() };
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let knock =
            |name: &str, seconds| consumers.knock(&of, "g", name, Duration::from_secs(10), at(seconds)).unwrap();
        assert!(knock("second", 0));
        assert!(!knock("first", 1), "the one that has it keeps it, whatever the names");
        assert!(knock("second", 9) && consumers.has_shard(&of, "g", "second"));
        assert!(!knock("first", 10) && knock("second", 19));
        assert!(!knock("first", 29));
        assert!(knock("first", 30), "the other is silent for longer than the timeout");
        assert!(!consumers.has_shard(&of, "g", "second") && consumers.has_shard(&of, "g", "first"));
        consumers.forget(&of, "g");
        assert!(!consumers.has_shard(&of, "g", "first"));
        for number in 0..CONSUMERS_MAX {
            knock(&number.to_string(), 31);
        }
        assert_eq!(consumers.knock(&of, "g", "more", Duration::from_secs(10), at(31)), Err(TooMany));
    }
}
