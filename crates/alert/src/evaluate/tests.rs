use proptest::prelude::*;
use serde_json::{Value, json};

use model::Timestamp;

use super::*;
use crate::rule::{JoinKind, Rule};
use crate::{Alert, Fingerprint, Status};

fn row(value: Value) -> Row {
    value.as_object().unwrap().iter().map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn rows(value: Value) -> Vec<Row> {
    value.as_array().unwrap().iter().cloned().map(row).collect()
}

fn found() -> Found {
    Found {
        store_type: "log".into(),
        region: "cn-hangzhou".into(),
        project: "audit".into(),
        store: "trail".into(),
        query: "*".into(),
        start_time: 0,
        end_time: 60,
        rows: Vec::new(),
        row_count: 0,
        is_truncated: false,
    }
}

fn rule_of(queries: usize, changes: Value) -> Rule {
    let query = json!({"store": "s", "query": "*", "start": "-1m"});
    let mut configuration = json!({"version": "2.0", "queryList": vec![query; queries]});
    for (key, value) in changes.as_object().unwrap() {
        configuration[key] = value.clone();
    }
    Rule::parse(&configuration).unwrap()
}

fn answers(rule: &Rule, all: Vec<Vec<Row>>) -> Vec<QueryAnswer> {
    all.into_iter().map(|rows| QueryAnswer::new(found(), rows, rule)).collect()
}

fn place(minute: i64) -> Place {
    Place {
        account: "1000000000000001".parse().unwrap(),
        region: "cn-hangzhou".into(),
        project: "audit".into(),
        rule: "many-errors".into(),
        rule_title: "Many errors".into(),
        now: Timestamp(1_700_000_040_000 + minute * 60_000),
        next_eval_interval: 60,
        is_caught_up: false,
    }
}

fn run(rule: &Rule, minute: i64, state: &RuleState, found: Value) -> Step {
    let answers = answers(rule, vec![rows(found)]);
    let outcome = evaluate(rule, &answers).unwrap();
    step(rule, &place(minute), Scope::Everything, state, &answers, Ok(&outcome))
}

fn titles(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| alert.annotations["title"].as_str()).collect()
}

fn by_name() -> Value {
    json!({
        "groupConfiguration": {"type": "custom", "fields": ["name"]},
        "severityConfigurations": [
            {"severity": 10, "evalCondition": {"condition": "cnt > 100"}},
            {"severity": 6, "evalCondition": {"condition": "cnt > 10", "countCondition": "__count__ >= 2"}},
        ],
        "labels": [{"key": "env", "value": "prod-${name}"}],
        "annotations": [{"key": "title", "value": "${name} ${cnt} ${nothing}|${__count__}/${__pass_count__}/${__0_count__}"}],
        "sendResolved": true,
    })
}

#[test]
fn groups_take_the_first_severity_that_fits() {
    let rule = rule_of(1, by_name());
    let found = json!([
        {"name": "a", "cnt": "11"}, {"name": "a", "cnt": "12"}, {"name": "a", "cnt": "1"},
        {"name": "b", "cnt": "20"}, {"name": "c", "cnt": "101"},
    ]);
    let answers = answers(&rule, vec![rows(found)]);
    let outcome = evaluate(&rule, &answers).unwrap();
    assert_eq!((outcome.group_count, outcome.fired_count, outcome.row_count), (3, 2, 5));
    let group = |index: usize| (&outcome.fired[index].labels["name"], outcome.fired[index].severity);
    assert_eq!(group(0), (&"c".to_owned(), Severity::Critical));
    assert_eq!(group(1), (&"a".to_owned(), Severity::Medium));
    assert_eq!((outcome.fired[1].pass_count, outcome.fired[1].row_count), (2, 3));
    assert_eq!(outcome.fired[1].condition, "Count:[2] >= 2;Condition:[11] > 10");
    assert_eq!(outcome.fired[1].raw_condition, "Count:__count__ >= 2;Condition:cnt > 10");
    // Why the third did not fire.
    assert_eq!(outcome.passed_over[0].conditions[1], "Count:[1] >= 2;Condition:[20] > 10");
}

#[test]
fn an_alert_carries_its_words_and_its_identity() {
    let rule = rule_of(1, by_name());
    let first = run(&rule, 0, &RuleState::default(), json!([{"name": "c", "cnt": "101"}]));
    let alert = &first.firing[0];
    assert_eq!(alert.annotations["title"], "c 101 |1/1/1");
    assert_eq!(alert.labels, BTreeMap::from([("env".into(), "prod-c".into()), ("name".into(), "c".into())]));
    let place = place(0);
    assert_eq!(alert.fingerprint, Fingerprint::of(place.account, "audit", "many-errors", &alert.labels));
    assert_eq!((alert.fire_time, alert.alert_time, alert.resolve_time), (place.now, place.now, None));
    // Again, worse rows, the same instance since the same time.
    let second = run(&rule, 1, &first.state, json!([{"name": "c", "cnt": "900"}]));
    assert_eq!((&second.firing[0].fingerprint, second.firing[0].fire_time), (&alert.fingerprint, place.now));
    assert_eq!(second.firing[0].alert_time, place.now.plus(std::time::Duration::from_secs(60)));
    let third = run(&rule, 2, &second.state, json!([{"name": "c", "cnt": "9"}]));
    assert!(third.firing.is_empty() && third.state == RuleState::default());
    let resolved = &third.resolved[0];
    assert_eq!((resolved.status, resolved.severity), (Status::Resolved, Severity::Critical));
    assert_eq!(resolved.annotations["title"], "c 900 |1/1/1");
    assert_eq!(resolved.resolve_time, Some(resolved.alert_time));
    assert!(run(&rule, 3, &third.state, json!([])).resolved.is_empty());
}

#[test]
fn a_threshold_counts_in_a_row() {
    let mut changes = by_name();
    changes["threshold"] = json!(3);
    let rule = rule_of(1, changes);
    let bad = json!([{"name": "c", "cnt": "101"}]);
    let mut state = RuleState::default();
    let mut fired = Vec::new();
    for (minute, found) in [&bad, &bad, &json!([]), &bad, &bad, &bad, &bad].into_iter().enumerate() {
        let step = run(&rule, minute as i64, &state, found.clone());
        fired.push((step.firing.len(), step.evaluation.alert_status.as_str()));
        assert!(step.resolved.is_empty());
        state = step.state;
    }
    let pending = (0, "pending");
    assert_eq!(fired, [pending, pending, (0, "inactive"), pending, pending, (1, "firing"), (1, "firing")]);
}

#[test]
fn nothing_can_be_an_alert() {
    let rule =
        rule_of(1, json!({"noDataFire": true, "noDataSeverity": 8, "annotations": [{"key": "title", "value": "x"}]}));
    let nothing = run(&rule, 0, &RuleState::default(), json!([]));
    assert_eq!((nothing.firing.len(), nothing.firing[0].severity), (1, Severity::High));
    assert_eq!(nothing.firing[0].labels["__no_data__"], "true");
    let something = run(&rule, 1, &nothing.state, json!([{"a": "1"}]));
    assert_eq!((something.firing.len(), something.resolved.len()), (1, 1));
    assert_ne!(something.firing[0].fingerprint, something.resolved[0].fingerprint);
    // A count may ask for none, too, and only a rule without groups has one to ask.
    let none = json!([{"severity": 4, "evalCondition": {"countCondition": "__count__ < 1"}}]);
    let rule = rule_of(1, json!({"severityConfigurations": none}));
    let fired = run(&rule, 0, &RuleState::default(), json!([]));
    assert_eq!((fired.firing.len(), fired.firing[0].condition.as_str()), (1, "Count:[0] < 1"));
    let grouped =
        rule_of(1, json!({"severityConfigurations": none, "groupConfiguration": {"type": "custom", "fields": ["a"]}}));
    assert!(run(&grouped, 0, &RuleState::default(), json!([])).firing.is_empty());
}

#[test]
fn a_failed_evaluation_changes_nothing_and_says_why() {
    let rule = rule_of(1, by_name());
    let first = run(&rule, 0, &RuleState::default(), json!([{"name": "c", "cnt": "101"}]));
    let failed = step(&rule, &place(1), Scope::Everything, &first.state, &[], Err("the query took too long"));
    assert_eq!((&failed.state, failed.firing.len(), failed.resolved.len()), (&first.state, 0, 0));
    assert_eq!(
        (failed.evaluation.status.as_str(), failed.evaluation.reason.as_str()),
        ("Failed", "the query took too long")
    );
    let not_boolean =
        rule_of(1, json!({"severityConfigurations": [{"severity": 4, "evalCondition": {"condition": "cnt"}}]}));
    let answers = answers(&not_boolean, vec![rows(json!([{"cnt": "1"}]))]);
    assert_eq!(evaluate(&not_boolean, &answers).unwrap_err().to_string(), "result type is not bool");
}

#[test]
fn the_stream_adds_and_ends_nothing() {
    let rule = rule_of(1, by_name());
    let first = run(&rule, 0, &RuleState::default(), json!([{"name": "c", "cnt": "101"}]));
    let answers = answers(&rule, vec![rows(json!([{"name": "d", "cnt": "102"}]))]);
    let outcome = evaluate(&rule, &answers).unwrap();
    let added = step(&rule, &place(1), Scope::Additions, &first.state, &answers, Ok(&outcome));
    assert_eq!(titles(&added.firing), ["d 102 |1/1/1"]);
    assert!(added.resolved.is_empty());
    assert_eq!(added.state.instances.len(), 2);
    let swept = run(&rule, 2, &added.state, json!([{"name": "d", "cnt": "103"}]));
    assert_eq!((titles(&swept.firing), titles(&swept.resolved)), (vec!["d 103 |1/1/1"], vec!["c 101 |1/1/1"]));
}

#[test]
fn a_muted_rule_goes_on_counting() {
    let mut changes = by_name();
    changes["muteUntil"] = json!((place(1).now.0) / 1000);
    let rule = rule_of(1, changes);
    let bad = json!([{"name": "c", "cnt": "101"}]);
    let muted = run(&rule, 0, &RuleState::default(), bad.clone());
    assert!(muted.is_muted && muted.firing.len() == 1);
    assert_eq!(muted.evaluation.notify_status, NotifyStatus::NotNotified);
    assert!(muted.evaluation.reason.starts_with("muted until 20"));
    let heard = run(&rule, 1, &muted.state, bad);
    assert!(!heard.is_muted && heard.firing[0].fire_time == place(0).now);
}

#[test]
fn too_many_alerts_keep_those_that_fire_already() {
    let rule = rule_of(1, by_name());
    let many = |severe: usize| {
        let row =
            |number| json!({"name": format!("n{number:03}"), "cnt": if number >= 300 - severe { "101" } else { "0" }});
        json!((0..300).map(row).collect::<Vec<Value>>())
    };
    let first = run(&rule, 0, &RuleState::default(), many(10));
    assert_eq!(first.firing.len(), 10);
    let mut all = many(300);
    all.as_array_mut().unwrap().reverse();
    let second = run(&rule, 1, &first.state, all);
    assert_eq!((second.firing.len(), second.evaluation.fire_count), (ALERTS_MAX, 300));
    assert!(first.firing.iter().all(|old| second.firing.iter().any(|new| new.fingerprint == old.fingerprint)));
    assert_eq!(second.evaluation.reason, "100 of 300 alerts handed on");
    // Left out is not ended.
    assert!(run(&rule, 2, &second.state, many(300)).resolved.is_empty());
}

#[test]
fn a_rule_remembers_a_bounded_number() {
    let rule = rule_of(1, by_name());
    let mut state = RuleState::default();
    for batch in 0..4 {
        let found: Vec<Value> = (0..900).map(|n| json!({"name": format!("{batch}-{n}"), "cnt": "101"})).collect();
        let answers = answers(&rule, vec![rows(json!(found))]);
        let outcome = evaluate(&rule, &answers).unwrap();
        let step = step(&rule, &place(0), Scope::Additions, &state, &answers, Ok(&outcome));
        assert_eq!(step.evaluation.fire_count, 900);
        assert!(state.instances.keys().all(|id| step.state.instances.contains_key(id)));
        state = step.state;
    }
    assert_eq!(state.instances.len(), 2000);
    let swept = run(&rule, 1, &state, json!([]));
    assert_eq!((swept.state.instances.len(), swept.resolved.len()), (0, 2000));
}

#[test]
fn more_groups_than_are_looked_at_have_not_ended() {
    let rule = rule_of(2, {
        let mut changes = by_name();
        changes["joinConfigurations"] = json!([{"type": "cross_join"}]);
        changes["groupConfiguration"]["fields"] = json!(["name", "other"]);
        changes
    });
    let left: Vec<Value> = (0..40).map(|n| json!({"name": format!("n{n:02}"), "cnt": "101"})).collect();
    let right: Vec<Value> = (0..40).map(|n| json!({"other": format!("o{n:02}")})).collect();
    let step_of = |left: &[Value], right: &[Value], state: &RuleState| {
        let answers = answers(&rule, vec![rows(json!(left)), rows(json!(right))]);
        let outcome = evaluate(&rule, &answers).unwrap();
        (step(&rule, &place(0), Scope::Everything, state, &answers, Ok(&outcome)), outcome)
    };
    let (first, _) = step_of(&left[39..], &right, &RuleState::default());
    assert_eq!(first.firing.len(), 40);
    let (second, outcome) = step_of(&left, &right, &first.state);
    assert_eq!((outcome.fired.len(), outcome.fired_count), (GROUPS_MAX, 1600));
    assert!(
        second.resolved.is_empty() && first.state.instances.keys().all(|id| second.state.instances.contains_key(id))
    );
}

#[test]
fn only_so_many_groups_are_asked() {
    let rule = rule_of(2, {
        let mut changes = by_name();
        changes["joinConfigurations"] = json!([{"type": "cross_join"}]);
        changes["groupConfiguration"]["fields"] = json!(["name", "other"]);
        changes
    });
    let side =
        |field: &str| -> Vec<Row> { (0..110).map(|n| row(json!({field: n.to_string(), "cnt": "101"}))).collect() };
    let answers = answers(&rule, vec![side("name"), side("other")]);
    let outcome = evaluate(&rule, &answers).unwrap();
    assert_eq!((outcome.row_count, outcome.group_count, outcome.fired_count), (12_100, 10_000, 10_000));
    assert!(outcome.is_truncated && outcome.fired.len() == GROUPS_MAX);
}

#[test]
fn the_record_has_the_names_of_the_history() {
    let rule = rule_of(1, by_name());
    let step = run(&rule, 0, &RuleState::default(), json!([{"name": "c", "cnt": "101"}]));
    let record = step.evaluation.to_json();
    let names: Vec<&str> = record.keys().map(String::as_str).collect();
    let mut expected = [
        "AlertID",
        "AlertName",
        "AlertDisplayName",
        "AlertStatus",
        "Status",
        "Fired",
        "FireCount",
        "NotifyStatus",
        "Reason",
        "Condition",
        "Severity",
        "Labels",
        "Dashboard",
        "Results",
        "CaughtUp",
    ];
    expected.sort_unstable();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(
        (&record["Fired"], &record["Severity"], &record["AlertStatus"]),
        (&json!(true), &json!(10), &json!("firing"))
    );
    assert_eq!(record["Results"][0]["RawResults"], json!([{"name": "c", "cnt": "101"}]));
    assert_eq!(record["Results"][0]["FireResult"]["name"], "c");
    let again = run(&rule, 0, &RuleState::default(), json!([]));
    assert_eq!(again.evaluation.alert_id, step.evaluation.alert_id);
    assert_ne!(run(&rule, 1, &RuleState::default(), json!([])).evaluation.alert_id, step.evaluation.alert_id);
    // Long rows do not make a long record.
    let long = json!((0..100).map(|_| json!({"name": "x".repeat(1000)})).collect::<Vec<Value>>());
    let record = run(&rule, 0, &RuleState::default(), long).evaluation;
    assert!(record.results[0].truncated && record.results[0].raw_results.len() == 8);
}

#[test]
fn texts_take_what_there_is() {
    let text = "${none|$0.a}/${B}/${[c d]}/${none|nothing}/${$1.a}/${aliuid} ${open";
    let rule = rule_of(1, json!({"annotations": [{"key": "title", "value": text}]}));
    let step = run(&rule, 0, &RuleState::default(), json!([{"a": "1", "b": "2", "c d": "3", "none": ""}]));
    assert_eq!(titles(&step.firing), ["1/2/3//1/1000000000000001 ${open"]);
}

#[test]
fn conditions_know_when_the_query_ends() {
    let rule = rule_of(
        1,
        json!({"severityConfigurations": [
            {"severity": 4, "evalCondition": {"condition": "first_seen >= __end_time__ - 30 && __start_time__ == 0"}},
        ]}),
    );
    let step = run(&rule, 0, &RuleState::default(), json!([{"first_seen": "29"}, {"first_seen": "30"}]));
    assert_eq!(step.firing[0].fire_results, rows(json!([{"first_seen": "30"}])));
    assert_eq!(step.firing[0].condition, "Count:[1] > 0;Condition:[30] >= [60] - 30 && [0] == 0");
}

#[test]
fn labels_auto_groups_by_what_is_no_number() {
    let rule = rule_of(1, json!({"groupConfiguration": {"type": "labels_auto"}}));
    let found = rows(
        json!([{"who": "a", "cnt": "1", "time": "now"}, {"who": "a", "cnt": "2", "time": "then"}, {"who": "b", "cnt": "3"}]),
    );
    let outcome = evaluate(&rule, &answers(&rule, vec![found])).unwrap();
    let labels: Vec<_> = outcome.fired.iter().map(|group| group.labels.clone()).collect();
    assert_eq!(labels, [BTreeMap::from([("who".into(), "a".into())]), BTreeMap::from([("who".into(), "b".into())])]);
    let series = rows(json!([{"__labels__": "host#$#h1|job#$#j", "__value__": "1"}]));
    let outcome = evaluate(&rule, &answers(&rule, vec![series])).unwrap();
    assert_eq!(outcome.fired[0].labels["job"], "j");
}

#[test]
fn more_rows_than_a_rule_looks_at_are_told() {
    let rule = rule_of(1, json!({}));
    let answers = answers(&rule, vec![vec![row(json!({"a": "1"})); 1001]]);
    let outcome = evaluate(&rule, &answers).unwrap();
    assert!(outcome.is_truncated);
    assert_eq!((outcome.row_count, outcome.fired[0].pass_count, outcome.fired[0].rows.len()), (1000, 1000, 100));
    assert_eq!(outcome.query_rows, [1001]);
}

fn joined(kind: &str, condition: &str, left: Value, right: Value) -> Vec<String> {
    let rule = rule_of(2, json!({"joinConfigurations": [{"type": kind, "condition": condition}]}));
    let (left, right) = (rows(left), rows(right));
    let joined = join::join(&rule.joins, &[&left, &right]).unwrap();
    (0..joined.count()).map(|index| format!("{:?}", joined.row(index).to_row())).collect()
}

#[test]
fn each_join_does_what_its_name_says() {
    let left = || json!([{"id": "1", "l": "a"}, {"id": "2", "l": "b"}]);
    let right = || json!([{"id": "2.0", "r": "x"}, {"id": "3", "r": "y"}]);
    let of = |kind: &str| joined(kind, "$0.id == $1.id", left(), right());
    let pair = r#"{"$1.id": "2.0", "id": "2", "l": "b", "r": "x"}"#;
    let (a, b) = (r#"{"id": "1", "l": "a"}"#, r#"{"id": "2", "l": "b"}"#);
    let (x, y) = (r#"{"id": "2.0", "r": "x"}"#, r#"{"id": "3", "r": "y"}"#);
    assert_eq!(of("inner_join"), [pair]);
    assert_eq!(of("left_join"), [a, pair]);
    assert_eq!(of("right_join"), [pair, y]);
    assert_eq!(of("full_join"), [a, pair, y]);
    assert_eq!(of("left_exclude"), [a]);
    assert_eq!(of("right_exclude"), [y]);
    assert_eq!(of("concat"), [a, b, x, y]);
    assert_eq!(of("no_join"), [a, b]);
    assert_eq!(of("cross_join").len(), 4);
}

#[test]
fn three_queries_join_from_the_left() {
    let rule = rule_of(
        3,
        json!({"joinConfigurations": [
            {"type": "inner_join", "condition": "$0.id == $1.id"},
            {"type": "left_exclude", "condition": "$1.who == $2.who"},
        ]}),
    );
    let all = [
        rows(json!([{"id": "1"}, {"id": "2"}])),
        rows(json!([{"id": "1", "who": "a"}, {"id": "2", "who": "b"}])),
        rows(json!([{"who": "a"}])),
    ];
    let all: Vec<&[Row]> = all.iter().map(Vec::as_slice).collect();
    let joined = join::join(&rule.joins, &all).unwrap();
    assert_eq!(joined.count(), 1);
    assert_eq!(joined.row(0).to_row(), row(json!({"id": "2", "$1.id": "2", "who": "b"})));
}

fn table() -> impl Strategy<Value = Vec<Row>> {
    let value = prop_oneof![Just("1"), Just("1.0"), Just("-0"), Just("0"), Just("a"), Just("A"), Just(""), Just("nan")];
    let row = (value.clone(), value, any::<bool>()).prop_map(|(id, other, has_id)| {
        let mut row = Row::from([("other".to_owned(), other.to_owned())]);
        if has_id {
            row.insert("id".to_owned(), id.to_owned());
        }
        row
    });
    proptest::collection::vec(row, 0..8)
}

proptest! {
    /// A join by index finds what trying every pair finds.
    #[test]
    fn a_hash_join_is_a_join(left in table(), right in table(), kind in 1..7_usize, has_more in any::<bool>()) {
        let (kind, name) = JoinKind::ALL[kind];
        let more = if has_more { " && $0.other != $1.other" } else { "" };
        // The second form has no equality that must hold, so no index is made.
        let conditions = [format!("$0.id == $1.id{more}"), format!("!($0.id != $1.id){more}")];
        let found = conditions.map(|condition| {
            let rule = rule_of(2, json!({"joinConfigurations": [{"type": name, "condition": condition}]}));
            let joined = join::join(&rule.joins, &[&left, &right]).unwrap();
            (0..joined.count()).map(|index| joined.row(index).to_row()).collect::<Vec<Row>>()
        });
        prop_assert!(kind.has_condition());
        prop_assert_eq!(&found[0], &found[1]);
    }

    /// Over any run of evaluations each instance fires and ends in turn, and only those that were met in a row fire.
    #[test]
    fn steps_agree_with_counting(threshold in 1..4_u32, runs in proptest::collection::vec(0..8_u8, 1..12)) {
        let mut changes = by_name();
        changes["threshold"] = json!(threshold);
        let rule = rule_of(1, changes);
        let mut state = RuleState::default();
        let mut in_a_row = [0_u32; 3];
        for (minute, run_bits) in runs.into_iter().enumerate() {
            let is_met = |name: usize| run_bits & (1 << name) != 0;
            let found: Vec<Value> = (0..3).filter(|name| is_met(*name)).map(|name| json!({"name": name.to_string(), "cnt": "101"})).collect();
            let step = run(&rule, minute as i64, &state, json!(found));
            let names = |alerts: &[Alert]| alerts.iter().map(|alert| alert.labels["name"].clone()).collect::<Vec<String>>();
            let mut fires = Vec::new();
            let mut ends = Vec::new();
            for (name, count) in in_a_row.iter_mut().enumerate() {
                let was_firing = *count >= threshold;
                *count = if is_met(name) { *count + 1 } else { 0 };
                if *count >= threshold {
                    fires.push(name.to_string());
                } else if was_firing {
                    ends.push(name.to_string());
                }
            }
            let (mut firing, mut resolved) = (names(&step.firing), names(&step.resolved));
            firing.sort();
            resolved.sort();
            prop_assert_eq!((firing, resolved), (fires, ends));
            let stored: RuleState = serde_json::from_str(&serde_json::to_string(&step.state).unwrap()).unwrap();
            prop_assert_eq!(&stored, &step.state);
            state = stored;
        }
    }
}
