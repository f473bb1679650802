use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::specimen::{NOW, alert, later};
use crate::{Fingerprint, Reason, Severity, Status};

fn policy(group: &str, inhibit: &str, silence: &str) -> AlertPolicy {
    AlertPolicy::parse(&json!({
        "policy_id": "policy", "policy_name": "A policy", "parent_id": "", "is_default": false,
        "group_script": group, "inhibit_script": inhibit, "silence_script": silence,
    }))
    .unwrap()
}

const BY_PROJECT: &str = "fire(action_policy=\"team\", group={\"p\": alert.project}, group_wait=\"15s\", group_interval=\"5m\", repeat_interval=\"1h\")";

fn builtin_policy(id: &str) -> AlertPolicy {
    let record = builtin::records().into_iter().find(|record| record["policy_id"] == id).unwrap();
    AlertPolicy::parse(&record).unwrap()
}

fn resolved(mut alert: Alert, at: Timestamp) -> Alert {
    alert.status = Status::Resolved;
    alert.alert_time = at;
    alert.resolve_time = Some(at);
    alert
}

fn users(telling: &Telling) -> Vec<&str> {
    telling.alerts.iter().map(|alert| alert.labels["user"].as_str()).collect()
}

/// A set of one policy whose clock is turned by hand.
struct Desk {
    policy: AlertPolicy,
    silences: Silences,
    sets: MergeSets,
}

impl Desk {
    fn new(policy: AlertPolicy) -> Desk {
        Desk { policy, silences: Silences::default(), sets: MergeSets::default() }
    }

    fn add(&mut self, alert: Alert, at: Timestamp) -> Added {
        let route = self.policy.routes(None, &alert).unwrap().remove(0);
        self.sets.add(&route, alert, at)
    }

    fn due(&mut self, at: Timestamp) -> Vec<Telling> {
        let quiet = |_: &str| Quiet { policy: Some(&self.policy), parent: None, silences: &self.silences };
        self.sets.due(at, &quiet)
    }
}

#[test]
fn alerts_of_one_key_are_one_set() {
    let policy = policy(BY_PROJECT, "", "");
    let route = |alert: &Alert| policy.routes(None, alert).unwrap().remove(0);
    let (alice, bob) = (alert(&[("user", "alice")]), alert(&[("user", "bob")]));
    assert_eq!(route(&alice), route(&bob));
    let mut elsewhere = alice.clone();
    elsewhere.project = "other".into();
    assert_ne!(route(&alice).key, route(&elsewhere).key);
    let all_labels = builtin_policy("sls.builtin");
    let route = |alert: &Alert| all_labels.routes(None, alert).unwrap().remove(0);
    assert_ne!(route(&alice).key, route(&bob).key);
    assert_eq!(route(&alice).group["alert.labels.user"], "alice");
}

#[test]
fn a_route_may_depend_on_the_alert_or_take_several_ways() {
    let policy = policy(
        "fire(action_policy=\"log\", group={\"all\": \"__a__\"})\nif alert.severity >= 8:\n    fire(action_policy=\"team\", group={\"who\": alert.entity.actor}, group_wait=\"0s\")\n    stop()\nfire(action_policy=\"rest\")\n",
        "",
        "",
    );
    let ids = |severity: Severity| {
        let mut alert = alert(&[("ram_user_id", "u-1")]);
        alert.severity = severity;
        let routes = policy.routes(None, &alert).unwrap();
        routes.into_iter().map(|route| (route.action_policy, route.group_wait.as_secs())).collect::<Vec<_>>()
    };
    assert_eq!(ids(Severity::High), [("log".to_owned(), 15), ("team".to_owned(), 0)]);
    assert_eq!(ids(Severity::Low), [("log".to_owned(), 15), ("rest".to_owned(), 15)]);
}

#[test]
fn built_in_policies_take_what_the_rule_says() {
    let of_rule = builtin_policy("sls.builtin.dynamic");
    let route = of_rule.routes(None, &alert(&[])).unwrap().remove(0);
    assert_eq!((route.action_policy.as_str(), route.repeat_interval.as_secs()), ("team-policy", 7200));
    let mut without = alert(&[]);
    without.action_policy.clear();
    without.repeat_interval = "nonsense".into();
    assert_eq!(of_rule.routes(None, &without).unwrap_err().code, "no_action_policy");
    let actiontrail = builtin_policy("sls.app.actiontrail.builtin");
    assert_eq!(actiontrail.routes(None, &without).unwrap()[0].action_policy, "sls.app.actiontrail.builtin");
    assert_eq!(actiontrail.routes(None, &alert(&[])).unwrap()[0].action_policy, "team-policy");
    // A policy without a way of its own takes its parent's.
    let root = builtin_policy("sls.root");
    assert_eq!(root.routes(None, &alert(&[])).unwrap_err().code, "no_route");
    assert_eq!(policy("", "", "").routes(Some(&of_rule), &alert(&[])).unwrap()[0].action_policy, "team-policy");
}

#[test]
fn a_set_waits_then_tells_changes_and_repeats() {
    let mut desk = Desk::new(policy(BY_PROJECT, "", ""));
    let (mut alice, bob) = (alert(&[("user", "alice")]), alert(&[("user", "bob")]));
    alice.next_eval_interval = 600;
    assert_eq!(desk.add(alice.clone(), NOW).effect, Effect::Changed);
    assert_eq!(desk.sets.next_due(), Some(later(15)));
    assert!(desk.due(later(14)).is_empty());
    let first = desk.due(later(15)).remove(0);
    assert_eq!((first.why, users(&first)), (Why::First, vec!["alice"]));
    assert_eq!(desk.sets.next_due(), None);
    // Bob is a change and waits for the group interval. Alice is told along: her rule has not been asked again yet.
    desk.add(bob.clone(), later(100));
    assert_eq!(desk.sets.next_due(), Some(later(15 + 300)));
    let changed = desk.due(later(315)).remove(0);
    assert_eq!((changed.why, users(&changed)), (Why::Changed, vec!["alice", "bob"]));
    assert_eq!((first.unchanged.len(), &changed.unchanged), (0, &BTreeSet::from([alice.fingerprint.clone()])));
    // The same again is told after the repeat interval only.
    alice.alert_time = later(600);
    assert_eq!(desk.add(alice.clone(), later(600)).effect, Effect::Same);
    assert_eq!(desk.sets.next_due(), Some(later(315 + 3600)));
    alice.alert_time = later(1200);
    let superseded = desk.add(alice.clone(), later(1200)).suppressed.unwrap();
    assert_eq!((superseded.alert_time, superseded.reason.code.as_ref()), (later(600), "superseded"));
    let again = desk.due(later(4000)).remove(0);
    assert_eq!((again.why, users(&again), again.unchanged.len()), (Why::Repeat, vec!["alice"], 1));
    // Worse than told is a change, resolved is one, too, and then the alert is gone.
    alice.severity = Severity::Critical;
    assert_eq!(desk.add(alice.clone(), later(4100)).effect, Effect::Changed);
    let worse = desk.due(later(4300)).remove(0);
    assert_eq!((worse.why, worse.unchanged.len()), (Why::Changed, 0));
    desk.add(resolved(alice.clone(), later(4400)), later(4400));
    let over = desk.due(later(4600)).remove(0);
    assert_eq!((over.alerts.len(), over.alerts[0].status), (1, Status::Resolved));
    desk.due(later(20_000));
    assert_eq!(desk.sets.sets().count(), 0);
}

#[test]
fn an_alert_that_resolves_before_it_is_told_is_told_once_as_it_ended() {
    let mut desk = Desk::new(policy(BY_PROJECT, "", ""));
    let alice = alert(&[("user", "alice")]);
    desk.add(alice.clone(), NOW);
    desk.add(resolved(alice, later(10)), later(10));
    let told = desk.due(later(15)).remove(0);
    assert_eq!((told.alerts[0].status, told.alerts[0].fire_time), (Status::Resolved, NOW));
}

#[test]
fn what_leaves_quietly_is_news_when_it_comes_back() {
    let mut desk = Desk::new(policy(BY_PROJECT, "", ""));
    let alice = alert(&[("user", "alice")]);
    let route = desk.policy.routes(None, &alice).unwrap().remove(0);
    let mut set = MergeSet::new(&route);
    set.add(&route, alice.clone(), NOW);
    // Not told yet: it stays until it was.
    set.leave(&alice.fingerprint);
    let silences = std::mem::take(&mut desk.silences);
    let quiet = Quiet { policy: Some(&desk.policy), parent: None, silences: &silences };
    assert_eq!(set.take(later(15), &quiet).unwrap().alerts.len(), 1);
    set.leave(&alice.fingerprint);
    assert_eq!(set.add(&route, alice.clone(), later(100)).effect, Effect::Changed);
    // What comes and goes waits for the group interval nevertheless.
    assert_eq!(set.due_at(), Some(later(315)));
    // Told, then suppressed, then over: that it is over is told, though it left.
    let everything = Silence {
        id: "s-1".into(),
        matchers: vec![Matcher { object: "project".into(), operator: "!=".into(), value: json!("") }],
        start: NOW,
        end: later(1000),
        reason: String::new(),
        creator: String::new(),
    };
    let silenced = Silences::of([everything]);
    let (told, quiet_now) = (quiet, Quiet { silences: &silenced, ..quiet });
    set.take(later(315), &told).unwrap();
    let mut worse = alice.clone();
    worse.severity = Severity::Critical;
    set.add(&route, worse, later(400));
    assert_eq!(set.take(later(615), &quiet_now).unwrap().suppressed.len(), 1);
    set.add(&route, resolved(alice.clone(), later(700)), later(700));
    assert!(set.leave(&alice.fingerprint));
    assert_eq!(set.take(later(915), &told).unwrap().alerts.len(), 1);
    assert!(!set.leave(&alice.fingerprint));
    let stored: MergeSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
    assert_eq!(stored, set);
}

#[test]
fn what_is_over_goes_where_it_was_told() {
    let script =
        "fire(action_policy=\"team\", group={\"address\": alert.entity.address, \"severity\": alert.severity})";
    let mut desk = Desk::new(policy(script, "", ""));
    let mut scan = alert(&[("user", "alice")]);
    scan.fire_results = vec![[("source_ip".to_owned(), "203.0.113.9".to_owned())].into()];
    desk.add(scan.clone(), NOW);
    assert_eq!(desk.due(later(15))[0].group["address"], "203.0.113.9");
    // The rows are gone when it resolves, and with them the address.
    scan.fire_results.clear();
    let over = resolved(scan, later(60));
    let [route] = &desk.sets.routes(&desk.policy, None, &over).unwrap()[..] else { panic!("one route") };
    assert_eq!(route.group["address"], "203.0.113.9");
    let route = route.clone();
    desk.sets.add(&route, over.clone(), later(60));
    assert_eq!(desk.due(later(400))[0].alerts[0].status, Status::Resolved);
    // Nobody holds it any longer: it goes where the policy says.
    assert_eq!(desk.sets.routes(&desk.policy, None, &over).unwrap()[0].group["address"], "");
}

#[test]
fn a_set_that_was_over_begins_anew() {
    let policy = policy(BY_PROJECT, "", "");
    let alice = alert(&[("user", "alice")]);
    let route = policy.routes(None, &alice).unwrap().remove(0);
    let silences = Silences::default();
    let quiet = Quiet { policy: Some(&policy), parent: None, silences: &silences };
    let mut set = MergeSet::new(&route);
    set.add(&route, resolved(alice.clone(), NOW), NOW);
    assert_eq!(set.take(later(15), &quiet).unwrap().alerts.len(), 1);
    // Its row may still lie there when the next alert comes: that makes no difference.
    assert_eq!((set.is_over(later(314)), set.is_over(later(315))), (false, true));
    let mut early = set.clone();
    early.add(&route, alice.clone(), later(314));
    assert_eq!(early.due_at(), Some(later(315)));
    set.add(&route, alice, later(1000));
    assert_eq!(set.due_at(), Some(later(1015)));
}

#[test]
fn silences_are_asked_right_before_telling() {
    let mut desk = Desk::new(policy(BY_PROJECT, "", ""));
    let silence = Silence {
        id: "s-1".into(),
        matchers: vec![Matcher { object: "entity.address".into(), operator: "==".into(), value: json!("203.0.113.9") }],
        start: NOW,
        end: later(60),
        reason: "a scanner of ours".into(),
        creator: "alice".into(),
    };
    desk.silences = Silences::of([silence.clone()]);
    let scanner = alert(&[("user", "scanner"), ("source_ip", "203.0.113.9")]);
    desk.add(scanner.clone(), NOW);
    desk.add(alert(&[("user", "bob"), ("source_ip", "198.51.100.1")]), NOW);
    let told = desk.due(later(15)).remove(0);
    assert_eq!(users(&told), ["bob"]);
    let [quiet] = &told.suppressed[..] else { panic!("{:?}", told.suppressed) };
    let why = "silence s-1 of alice until 2026-01-15T08:31:00Z: a scanner of ours";
    assert_eq!(quiet.reason, Reason::new("silenced", why));
    // Nobody heard of it, so its end is no news; but when it goes on after the silence, it is.
    desk.add(resolved(scanner.clone(), later(20)), later(20));
    let told = desk.due(later(400)).remove(0);
    assert_eq!((told.alerts.len(), told.suppressed[0].reason.code.as_ref()), (0, "never_told"));
    desk.add(scanner, later(500));
    assert!(users(&desk.due(later(700))[0]).contains(&"scanner"));

    let refused = |change: fn(&mut Silence)| {
        let mut silence = silence.clone();
        change(&mut silence);
        silence.check().unwrap_err().to_string()
    };
    assert_eq!(refused(|silence| silence.end = silence.start), "end: a silence ends after it starts");
    assert_eq!(refused(|silence| silence.matchers.clear()), "matchers: a silence has 1 to 16 matchers");
    assert!(refused(|silence| silence.matchers[0].object = "labls.x".into()).contains("alerts have no field"));
    assert!(refused(|silence| silence.matchers[0].operator = "~".into()).contains("none of the operators"));
    assert!(refused(|silence| silence.end = later(400 * 86_400)).contains("at most 366 days"));
}

#[test]
fn silence_scripts_have_hours_and_days() {
    // NOW is a Thursday, 16:30 in UTC+8.
    let silenced = |script: &str, at: Timestamp| {
        let policy = policy(BY_PROJECT, "", script);
        silence::by_policy(std::iter::once(&policy), &alert(&[("user", "alice")]), at)
    };
    assert_eq!(
        silenced("if alert.labels.user == \"alice\":\n    silence(reason=\"on leave\")", NOW).unwrap().why,
        "line 2 of the silence script of policy: on leave"
    );
    assert_eq!(silenced("if alert.labels.user == \"bob\":\n    silence()", NOW), None);
    for (script, holds) in [
        ("silence(from=\"16:00\", to=\"17:00\")", true),
        ("silence(from=\"17:00\", to=\"16:00\")", false),
        ("silence(from=\"16:00\", to=\"17:00\", days=[4])", true),
        ("silence(from=\"16:00\", to=\"17:00\", days=[5])", false),
        // In Berlin it is 09:30.
        ("silence(from=\"09:00\", to=\"10:00\", time_zone=\"Europe/Berlin\")", true),
        // Wednesday's night is not over at 08:30 in UTC.
        ("silence(from=\"22:00\", to=\"09:00\", days=[3], time_zone=\"UTC\")", true),
        ("silence(from=\"22:00\", to=\"09:00\", days=[4], time_zone=\"UTC\")", false),
        ("silence(start=\"2026-01-15T08:00:00Z\", end=\"2026-01-15T09:00:00Z\")", true),
        ("silence(end=\"2026-01-15T08:30:00Z\")", false),
        ("stop()\nsilence()", false),
    ] {
        assert_eq!(silenced(script, NOW).is_some(), holds, "{script}");
    }
    let wrong = |script: &str| {
        let record = json!({"policy_id": "policy", "policy_name": "p", "silence_script": script});
        AlertPolicy::parse(&record).unwrap_err().to_string()
    };
    assert_eq!(wrong("silence(from=\"22:00\")"), "silence_script: line 1, column 1: from and to belong together");
    assert!(wrong("silence(until=\"x\")").contains("silence() knows no until"));
    assert!(wrong("silence(days=[7])").contains("0 (Sunday) to 6"));
}

#[test]
fn an_alert_that_explains_others_keeps_them_quiet() {
    let script =
        "inhibit(source=\"alert.severity >= 8\", target=\"alert.severity <= 4\", equal=[\"alert.labels.host\"])";
    let mut desk = Desk::new(policy(BY_PROJECT, script, ""));
    let mut minor = |user: &str, host: &str| {
        let mut alert = alert(&[("user", user), ("host", host)]);
        alert.severity = Severity::Low;
        desk.add(alert, NOW);
    };
    minor("alice", "one");
    minor("bob", "two");
    desk.add(alert(&[("user", "carol"), ("host", "one")]), NOW);
    let told = desk.due(later(15)).remove(0);
    assert_eq!(users(&told).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["bob", "carol"]));
    assert_eq!(told.suppressed[0].reason.code, "inhibited");
    // Who could be told to be quiet does not quiet others, or two of a kind would silence each other.
    let each_other = "inhibit(source=\"alert.severity >= 1\", target=\"alert.severity >= 8\")";
    let mut desk = Desk::new(policy(BY_PROJECT, each_other, ""));
    desk.add(alert(&[("user", "alice")]), NOW);
    desk.add(alert(&[("user", "bob")]), NOW);
    assert_eq!(users(&desk.due(later(15))[0]).len(), 2);
    let record = json!({"policy_id": "policy", "policy_name": "p", "inhibit_script": "inhibit(source=\"alert.x == 1\", target=\"true\")"});
    assert!(
        AlertPolicy::parse(&record).unwrap_err().message.contains("source: line 1, column 1: alerts have no field")
    );
}

#[test]
fn a_full_set_says_so() {
    let policy = policy(BY_PROJECT, "", "");
    let route = policy.routes(None, &alert(&[])).unwrap().remove(0);
    let mut set = MergeSet::new(&route);
    for number in 0..ALERTS_MAX {
        set.add(&route, alert(&[("user", &number.to_string())]), NOW);
    }
    let added = set.add(&route, alert(&[("user", "one more")]), NOW);
    assert_eq!((added.effect, added.suppressed.unwrap().reason.code.as_ref()), (Effect::Full, "set_full"));
    // One that is there already still finds its place.
    assert_eq!(set.add(&route, alert(&[("user", "7")]), NOW).effect, Effect::Changed);
}

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
