//! What keeps alerts quiet: silences, silence scripts, other alerts.

use std::collections::BTreeSet;

use super::*;
use crate::Reason;

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
