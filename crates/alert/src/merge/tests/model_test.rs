//! Sets against a plain model of them: the same is told at the same time, and no alert is lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::Fingerprint;

/// What happens in a property test.
#[derive(Debug, Clone)]
enum Act {
    Add { user: u8, fires: bool, is_critical: bool },
    Leave { user: u8 },
    Silence { user: u8, is_on: bool },
    Wait { seconds: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let user = 0..4u8;
    prop::collection::vec(
        prop_oneof![
            4 => (user.clone(), prop::bool::weighted(0.8), any::<bool>()).prop_map(|(user, fires, is_critical)| Act::Add { user, fires, is_critical }),
            1 => user.clone().prop_map(|user| Act::Leave { user }),
            1 => (user, any::<bool>()).prop_map(|(user, is_on)| Act::Silence { user, is_on }),
            4 => prop_oneof![1..40i64, 40..400i64, 1000..5000i64].prop_map(|seconds| Act::Wait { seconds }),
        ],
        1..60,
    )
}

/// What a set should do, said as plainly as possible: rules run with an interval of 0, so nothing is told along.
#[derive(Default)]
struct Model {
    waiting_since: Option<i64>,
    told_at: Option<i64>,
    /// The evaluation of each user that is pending, and whether it left since.
    pending: BTreeMap<u8, (usize, Status, Severity, bool)>,
    /// How each user was last told, when, and when it was last told or suppressed.
    seen: BTreeMap<u8, (Option<(Status, Severity)>, i64)>,
}

const WAIT: i64 = 15;
const INTERVAL: i64 = 300;
const REPEAT: i64 = 3600;

impl Model {
    fn forget(&mut self, now: i64) {
        let pending = &self.pending;
        self.seen.retain(|user, (_, at)| pending.contains_key(user) || *at + REPEAT > now);
    }

    fn add(&mut self, user: u8, evaluation: (usize, Status, Severity), now: i64) {
        self.forget(now);
        let kept = self.seen.values().map(|(_, at)| at + REPEAT).chain(self.told_at.map(|at| at + INTERVAL)).max();
        if self.pending.is_empty() && kept.is_none_or(|kept| kept <= now) {
            self.told_at = None;
        }
        self.waiting_since.get_or_insert(now);
        self.pending.insert(user, (evaluation.0, evaluation.1, evaluation.2, false));
    }

    fn leave(&mut self, user: u8) {
        match self.pending.get_mut(&user) {
            // It stays, and everything about it is news.
            Some(pending) => {
                pending.3 = true;
                self.seen.retain(|one, (told, _)| *one != user || told.is_none());
            }
            None => drop(self.seen.remove(&user)),
        }
    }

    fn due(&self) -> Option<i64> {
        let since = self.waiting_since?;
        let is_same = |(user, (_, status, severity, _)): (&u8, &(usize, Status, Severity, bool))| {
            self.seen.get(user).is_some_and(|(told, _)| *told == Some((*status, *severity)))
        };
        Some(match self.told_at {
            None => since + WAIT,
            Some(at) => since.max(at + if self.pending.iter().all(is_same) { REPEAT } else { INTERVAL }),
        })
    }

    /// The evaluations that are told, and those that are not.
    fn take(&mut self, silenced: &BTreeSet<u8>, now: i64) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut told, mut quiet) = (BTreeSet::new(), BTreeSet::new());
        self.waiting_since = None;
        for (user, (id, status, severity, has_left)) in std::mem::take(&mut self.pending) {
            let seen = self.seen.get(&user).copied();
            let was_only_suppressed = seen.is_some_and(|(told, _)| told.is_none());
            let is_quiet = silenced.contains(&user) || (status == Status::Resolved && was_only_suppressed);
            if is_quiet {
                quiet.insert(id);
            } else {
                told.insert(id);
                self.told_at = Some(now);
            }
            let how = if is_quiet { seen.and_then(|(told, _)| told) } else { Some((status, severity)) };
            if status == Status::Resolved || has_left {
                self.seen.remove(&user);
            } else {
                self.seen.insert(user, (how, now));
            }
        }
        self.forget(now);
        (told, quiet)
    }
}

proptest! {
    #[test]
    fn sets_do_what_the_model_does_and_lose_no_alert(acts in acts()) {
        let mut desk = Desk::new(policy(BY_PROJECT, "", ""));
        let mut model = Model::default();
        let (mut now, mut silenced) = (0, BTreeSet::new());
        // Each evaluation has an id, kept in its annotations; where each ended.
        let mut ends: Vec<Option<&str>> = Vec::new();
        for act in acts {
            match act {
                Act::Add { user, fires, is_critical } => {
                    let mut one = alert(&[("user", &user.to_string())]);
                    if is_critical {
                        one.severity = Severity::Critical;
                    }
                    one.next_eval_interval = 0;
                    one.alert_time = later(now);
                    one.annotations.insert("id".into(), ends.len().to_string());
                    let one = if fires { one } else { resolved(one, later(now)) };
                    let replaced = model.pending.get(&user).map(|pending| pending.0);
                    model.add(user, (ends.len(), one.status, one.severity), now);
                    let added = desk.add(one, later(now));
                    prop_assert_eq!(added.suppressed.is_some(), replaced.is_some());
                    if let Some(id) = replaced {
                        ends[id] = Some("superseded");
                    }
                    ends.push(None);
                }
                Act::Leave { user } => {
                    let fingerprint: Fingerprint = alert(&[("user", &user.to_string())]).fingerprint;
                    for set in desk.sets.sets.values_mut() {
                        set.leave(&fingerprint);
                    }
                    model.leave(user);
                }
                Act::Silence { user, is_on } => {
                    if is_on { silenced.insert(user); } else { silenced.remove(&user); }
                    let silence = |user: &u8| Silence {
                        id: user.to_string(),
                        matchers: vec![Matcher { object: "labels.user".into(), operator: "==".into(), value: json!(user) }],
                        start: NOW, end: later(300 * 86_400), reason: String::new(), creator: String::new(),
                    };
                    desk.silences = Silences::of(silenced.iter().map(silence));
                }
                Act::Wait { seconds } => now += seconds,
            }
            prop_assert_eq!(desk.sets.next_due(), model.due().map(later));
            let is_due = model.due().is_some_and(|due| due <= now);
            let mut tellings = desk.due(later(now));
            prop_assert_eq!(tellings.len(), usize::from(is_due));
            if let Some(telling) = tellings.pop() {
                let id = |alert: &Alert| alert.annotations["id"].parse::<usize>().unwrap();
                let (told, quiet) = model.take(&silenced, now);
                prop_assert_eq!(telling.alerts.iter().map(id).collect::<BTreeSet<_>>(), told.clone());
                prop_assert_eq!(telling.suppressed.len(), quiet.len());
                for (ids, end) in [(told, "told"), (quiet, "suppressed")] {
                    for id in ids {
                        prop_assert_eq!(ends[id].replace(end), None, "{} ended twice", id);
                    }
                }
            }
            let pending: BTreeSet<usize> = desk.sets.sets().flat_map(MergeSet::pending).map(|alert| alert.annotations["id"].parse().unwrap()).collect();
            let open: BTreeSet<usize> = ends.iter().enumerate().filter(|(_, end)| end.is_none()).map(|(id, _)| id).collect();
            prop_assert_eq!(pending, open, "each alert is told, suppressed or pending");
        }
    }
}
