#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::time::Duration;

use alert::merge::{Quiet, Silences};
use alert::{Alert, Severity, Status};
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1000)
}

/// The same user's alert has the same fingerprint, whatever sets it is in.
fn alert(user: u8, fires: bool, is_critical: bool, now: Timestamp) -> Alert {
    let labels = BTreeMap::from([("user".to_owned(), user.to_string())]);
    Alert {
        status: if fires { Status::Firing } else { Status::Resolved },
        severity: if is_critical { Severity::Critical } else { Severity::Low },
        alert_time: now,
        fire_time: at(0),
        ..crate::ground::alert(crate::ground::account(), labels)
    }
}

fn route(set: u8) -> Route {
    Route {
        key: SetKey(format!("set-{set}")),
        policy: "policy".into(),
        action_policy: "team".into(),
        group: BTreeMap::new(),
        group_wait: Duration::from_secs(u64::from(set) * 10),
        group_interval: Duration::from_secs(60),
        repeat_interval: Duration::from_secs(600),
    }
}

#[derive(Debug, Clone)]
enum Act {
    Add { set: u8, user: u8, fires: bool, is_critical: bool },
    Leave { user: u8 },
    Tell,
    Save,
    Restart,
    Wait { seconds: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (set, user) = (0..4u8, 0..5u8);
    let add = (set, user.clone(), any::<bool>(), any::<bool>());
    prop::collection::vec(
        prop_oneof![
            4 => add.prop_map(|(set, user, fires, is_critical)| Act::Add { set, user, fires, is_critical }),
            1 => user.prop_map(|user| Act::Leave { user }),
            3 => Just(Act::Tell),
            2 => Just(Act::Save),
            1 => Just(Act::Restart),
            3 => prop_oneof![1..70i64, 500..2000i64].prop_map(|seconds| Act::Wait { seconds }),
        ],
        1..60,
    )
}

/// The same sets, each of which is looked at whenever something is asked.
#[derive(Default)]
struct Plain {
    sets: BTreeMap<SetKey, MergeSet>,
    changed: BTreeSet<SetKey>,
}

impl Plain {
    fn keys_of(&self, is_meant: impl Fn(&MergeSet) -> bool) -> BTreeSet<SetKey> {
        self.sets.iter().filter(|(_, set)| is_meant(set)).map(|(key, _)| key.clone()).collect()
    }

    fn take_changed(&mut self, now: Timestamp) -> BTreeMap<SetKey, Option<String>> {
        let over = self.keys_of(|set| set.is_over(now));
        let mut changed: BTreeMap<SetKey, Option<String>> = BTreeMap::new();
        for key in std::mem::take(&mut self.changed) {
            changed.insert(key.clone(), self.sets.get(&key).map(|set| serde_json::to_string(set).unwrap()));
        }
        for key in over {
            self.sets.remove(&key);
            changed.insert(key, None);
        }
        changed
    }
}

proptest! {
    #[test]
    fn indexes_say_what_a_look_at_every_set_says(acts in acts()) {
        let (mut open, mut plain, mut now) = (OpenSets::default(), Plain::default(), at(1000));
        let silences = Silences::default();
        let quiet = Quiet { policy: None, parent: None, silences: &silences };
        for act in acts {
            match act {
                Act::Add { set, user, fires, is_critical } => {
                    let (route, alert) = (route(set), alert(user, fires, is_critical, now));
                    let same = plain.sets.entry(route.key.clone()).or_insert_with(|| MergeSet::new(&route));
                    let added = same.add(&route, alert.clone(), now);
                    plain.changed.insert(route.key.clone());
                    prop_assert_eq!(open.change_or_open(&route, |set| set.add(&route, alert, now)), added);
                }
                Act::Leave { user } => {
                    let fingerprint = alert(user, true, false, now).fingerprint;
                    let holding: Vec<SetKey> = open.holding(&fingerprint).map(|set| set.key().clone()).collect();
                    for key in holding {
                        prop_assert_eq!(open.change(&key, |set| set.leave(&fingerprint)), Some(true));
                    }
                    for (key, set) in &mut plain.sets {
                        if set.leave(&fingerprint) {
                            plain.changed.insert(key.clone());
                        }
                    }
                }
                Act::Tell => {
                    for key in open.due(now) {
                        let told = open.change(&key, |set| set.take(now, &quiet)).unwrap();
                        prop_assert_eq!(plain.sets.get_mut(&key).unwrap().take(now, &quiet), told);
                        plain.changed.insert(key);
                    }
                }
                Act::Save => {
                    let changed = open.take_changed(now).into_iter().map(|(key, _, state)| (key, state));
                    prop_assert_eq!(changed.collect::<BTreeMap<_, _>>(), plain.take_changed(now));
                }
                // What was not saved is not lost here: that is the catalog's matter.
                Act::Restart => {
                    let changed = std::mem::take(&mut open.changed);
                    open = OpenSets::saved(plain.sets.values().cloned());
                    open.changed = changed;
                }
                Act::Wait { seconds } => now = now.plus(Duration::from_secs(seconds as u64)),
            }
            prop_assert_eq!(&open.sets, &plain.sets);
            prop_assert_eq!(open.next_due(), plain.sets.values().filter_map(MergeSet::due_at).min());
            prop_assert_eq!(open.due(now), plain.keys_of(|set| set.due_at().is_some_and(|due| due <= now)));
            let is_any_over = open.next_end().is_some_and(|end| end <= now);
            prop_assert_eq!(is_any_over, plain.sets.values().any(|set| set.is_over(now)));
            for user in 0..5 {
                let fingerprint = alert(user, true, false, now).fingerprint;
                let holding: BTreeSet<SetKey> = open.holding(&fingerprint).map(|set| set.key().clone()).collect();
                prop_assert_eq!(holding, plain.keys_of(|set| set.holds(&fingerprint)));
            }
            let held: usize = plain.sets.values().map(|set| set.fingerprints().count()).sum();
            prop_assert_eq!(open.holding.values().map(BTreeSet::len).sum::<usize>(), held, "nothing is left behind");
            prop_assert_eq!(open.held.len(), plain.sets.len());
        }
    }
}
