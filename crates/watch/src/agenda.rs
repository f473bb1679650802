//! Things and the time each of them is for: what comes next is found without a look at the others.
//!
//! The desk keeps one of open merge sets by when they speak, one by when nothing is left of them, and the same of accounts.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use model::Timestamp;

/// At most one time for each thing.
#[derive(Debug, Clone)]
pub(crate) struct Agenda<T> {
    times: HashMap<T, Timestamp>,
    ordered: BTreeSet<(Timestamp, T)>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda { times: HashMap::new(), ordered: BTreeSet::new() }
    }
}

impl<T: Clone + Ord + Hash> Agenda<T> {
    /// From now on this is its time; with `None` it has none.
    pub(crate) fn set(&mut self, thing: &T, at: Option<Timestamp>) {
        let before = self.times.get(thing).copied();
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.ordered.remove(&(before, thing.clone()));
        }
        match at {
            Some(at) => {
                self.times.insert(thing.clone(), at);
                self.ordered.insert((at, thing.clone()));
            }
            None => drop(self.times.remove(thing)),
        }
    }

    /// The earliest time.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.ordered.first().map(|(at, _)| *at)
    }

    /// The things whose time has come, the earliest first.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = &T> {
        self.ordered.iter().take_while(move |(at, _)| *at <= now).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_one_time() {
        let mut agenda = Agenda::default();
        let at = |time: i64| Some(Timestamp(time));
        for (thing, time) in [("a", at(5)), ("b", at(3)), ("c", at(3)), ("a", at(1)), ("c", None), ("d", None)] {
            agenda.set(&thing, time);
        }
        assert_eq!(agenda.next(), at(1));
        assert_eq!(agenda.due(Timestamp(2)).collect::<Vec<_>>(), [&"a"]);
        assert_eq!(agenda.due(Timestamp(3)).collect::<Vec<_>>(), [&"a", &"b"]);
        agenda.set(&"a", None);
        agenda.set(&"b", None);
        assert_eq!((agenda.next(), agenda.times.len(), agenda.ordered.len()), (None, 0, 0));
    }
}
