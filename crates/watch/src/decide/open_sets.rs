//! The merge sets of an account that are open, with indexes: which are due, which are over, which hold an alert.
//!
//! A set changes only through [`OpenSets::change`], which brings the indexes up to date. When a set is due and when it is over
//! depend on what is in it and not on the time they are asked at, so sets that nobody touches stay where they are. There may be
//! tens of thousands of them: nothing here looks at all of them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use alert::Fingerprint;
use alert::merge::{MergeSet, Route, SetKey};
use model::Timestamp;

use crate::agenda::Agenda;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenSets {
    sets: BTreeMap<SetKey, MergeSet>,
    /// By when they speak.
    due: Agenda<SetKey>,
    /// By when nothing is left of them.
    ends: Agenda<SetKey>,
    /// The sets that hold an alert.
    holding: HashMap<Fingerprint, BTreeSet<SetKey>>,
    /// What the index above says each set holds.
    held: HashMap<SetKey, BTreeSet<Fingerprint>>,
    /// Sets that are not as they were saved.
    changed: BTreeSet<SetKey>,
}

impl OpenSets {
    /// As they were saved.
    pub(super) fn saved(sets: impl IntoIterator<Item = MergeSet>) -> OpenSets {
        let mut open = OpenSets::default();
        for set in sets {
            let key = set.key().clone();
            open.sets.insert(key.clone(), set);
            open.index(&key);
        }
        open
    }

    /// A set.
    pub(super) fn get(&self, key: &SetKey) -> Option<&MergeSet> {
        self.sets.get(key)
    }

    /// The sets that hold an alert, by key.
    pub(super) fn holding<'s>(&'s self, fingerprint: &Fingerprint) -> impl Iterator<Item = &'s MergeSet> + use<'s> {
        self.holding.get(fingerprint).into_iter().flatten().filter_map(|key| self.sets.get(key))
    }

    /// Changes the set of a route, which is made when it is not there.
    pub(super) fn change_or_open<R>(&mut self, route: &Route, change: impl FnOnce(&mut MergeSet) -> R) -> R {
        if let Entry::Vacant(place) = self.sets.entry(route.key.clone()) {
            place.insert(MergeSet::new(route));
        }
        self.change(&route.key, change).expect("it was put there above")
    }

    /// Changes a set, if it is there.
    pub(super) fn change<R>(&mut self, key: &SetKey, change: impl FnOnce(&mut MergeSet) -> R) -> Option<R> {
        let result = change(self.sets.get_mut(key)?);
        self.changed.insert(key.clone());
        self.index(key);
        Some(result)
    }

    /// When the next set is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.next()
    }

    /// When the next set is over.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.next()
    }

    /// The sets that are due, by key.
    pub(super) fn due(&self, now: Timestamp) -> BTreeSet<SetKey> {
        self.due.due(now).cloned().collect()
    }

    /// The sets that changed since this was asked last, as texts, and those that are over, without one. The latter are gone then.
    pub(super) fn take_changed(&mut self, now: Timestamp) -> Vec<(SetKey, String, Option<String>)> {
        let over: BTreeSet<SetKey> = self.ends.due(now).cloned().collect();
        let mut changed = Vec::new();
        for key in over {
            if let Some(set) = self.sets.remove(&key) {
                self.index(&key);
                self.changed.remove(&key);
                changed.push((key, set.policy().to_owned(), None));
            }
        }
        for key in std::mem::take(&mut self.changed) {
            if let Some(set) = self.sets.get(&key) {
                let state = serde_json::to_string(set).expect("a set has string keys and no failing parts");
                changed.push((key, set.policy().to_owned(), Some(state)));
            }
        }
        changed
    }

    /// Brings the indexes up to date about one set.
    fn index(&mut self, key: &SetKey) {
        let Some(set) = self.sets.get(key) else {
            self.due.set(key, None);
            self.ends.set(key, None);
            for fingerprint in self.held.remove(key).unwrap_or_default() {
                no_longer_holds(&mut self.holding, key, &fingerprint);
            }
            return;
        };
        self.due.set(key, set.due_at());
        // One that nothing is left of is over at any time; one whose alerts wait never is by itself.
        let end = set.ends_at().unwrap_or(Timestamp::MIN);
        self.ends.set(key, Some(end).filter(|end| *end < Timestamp::MAX));
        let held = self.held.entry(key.clone()).or_default();
        if held.iter().eq(set.fingerprints()) {
            return;
        }
        let gone: Vec<Fingerprint> = held.iter().filter(|one| !set.holds(one)).cloned().collect();
        for fingerprint in gone {
            held.remove(&fingerprint);
            no_longer_holds(&mut self.holding, key, &fingerprint);
        }
        for fingerprint in set.fingerprints() {
            if !held.contains(fingerprint) {
                held.insert(fingerprint.clone());
                self.holding.entry(fingerprint.clone()).or_default().insert(key.clone());
            }
        }
    }
}

fn no_longer_holds(holding: &mut HashMap<Fingerprint, BTreeSet<SetKey>>, key: &SetKey, fingerprint: &Fingerprint) {
    let Some(keys) = holding.get_mut(fingerprint) else { return };
    keys.remove(key);
    if keys.is_empty() {
        holding.remove(fingerprint);
    }
}

#[cfg(test)]
mod tests;
