//! When a set speaks, and of what.

use std::collections::BTreeSet;

use super::*;

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
