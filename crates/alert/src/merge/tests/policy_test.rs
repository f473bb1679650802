//! Which sets an alert goes to.

use super::*;

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
