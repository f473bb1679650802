use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Channel;

fn second() -> Value {
    json!({
        "version": "2.0", "type": "default", "dashboard": "internal-alert-analysis",
        "queryList": [
            {"storeType": "log", "region": "cn-hangzhou", "project": "audit", "store": "actiontrail_all",
             "query": "event.errorCode: * | select count(*) as cnt", "timeSpanType": "Relative", "start": "-15m", "end": "now",
             "powerSqlMode": "auto"},
            {"storeType": "meta", "store": "user.allowed", "query": "*"},
        ],
        "joinConfigurations": [{"type": "left_join", "condition": "$0.name == $1.name"}],
        "groupConfiguration": {"type": "custom", "fields": ["name"]},
        "severityConfigurations": [
            {"severity": 10, "evalCondition": {"condition": "cnt > 100", "countCondition": ""}},
            {"severity": 6, "evalCondition": {"condition": "", "countCondition": "__count__ > 2"}},
        ],
        "conditionConfiguration": {"condition": "", "countCondition": ""},
        "threshold": 2, "noDataFire": true, "noDataSeverity": 8, "sendResolved": true, "autoAnnotation": true,
        "labels": [{"key": "env", "value": "prod"}],
        "annotations": [{"key": "title", "value": "${name}"}],
        "muteUntil": 1700000000,
        "policyConfiguration": {"alertPolicyId": "sls.builtin.dynamic", "actionPolicyId": "ops.team", "repeatInterval": "1h"},
    })
}

#[test]
fn reads_every_field_it_acts_on() {
    let rule = Rule::parse(&second()).unwrap();
    assert_eq!(rule.queries.len(), 2);
    assert_eq!(rule.queries[0].range.at(Timestamp(1_000_000_000_000)), (999_999_100, 1_000_000_000));
    assert!(rule.queries[0].statement.as_ref().unwrap().sql.is_some());
    assert_eq!((rule.queries[1].store, &rule.queries[1].statement), (StoreType::Meta, &None));
    assert_eq!(rule.joins[0].kind, JoinKind::Left);
    assert_eq!(rule.grouping, Grouping::Custom(vec!["name".into()]));
    assert_eq!(rule.severities[1].severity, Severity::Medium);
    assert_eq!((rule.threshold, rule.no_data), (2, Some(Severity::High)));
    assert!(rule.sends_resolved && rule.has_auto_annotation);
    assert!(rule.is_muted(Timestamp(1_699_999_999_999)) && !rule.is_muted(Timestamp(1_700_000_000_000)));
    assert_eq!(rule.policy.action_policy, "ops.team");
    assert_eq!(rule.rows_max(), 1000);
}

#[test]
fn reads_what_clients_leave_out_or_write_as_text() {
    let rule = Rule::parse(&json!({
        "version": "2.0", "queryList": [{"store": "s", "query": "*", "start": "-86400s", "end": "absolute"}],
        "joinConfigurations": [{"type": "no_join", "condition": ""}],
        "severityConfigurations": [{"severity": "8"}], "threshold": "3", "noDataFire": "false", "muteUntil": null,
    }))
    .unwrap();
    assert_eq!((rule.joins.len(), rule.threshold, rule.no_data, rule.mute_until), (0, 3, None, None));
    assert_eq!(rule.severities[0], SeverityCheck { severity: Severity::High, check: Check::default() });
    assert_eq!((rule.policy.alert_policy.as_str(), rule.grouping), ("sls.builtin.dynamic", Grouping::NoGroup));
}

/// The field that is refused when one value of the good rule is replaced.
fn refused(pointer: &str, value: Value) -> String {
    let mut configuration = second();
    *configuration.pointer_mut(pointer).unwrap() = value;
    Rule::parse(&configuration).unwrap_err().field
}

#[test]
fn refuses_by_name() {
    for (pointer, value, field) in [
        ("/type", json!("other"), "type"),
        ("/queryList", json!([]), "queryList"),
        ("/queryList/0/storeType", json!("blob"), "queryList[0].storeType"),
        ("/queryList/0/store", json!(""), "queryList[0].store"),
        ("/queryList/0/query", json!("a and"), "queryList[0].query"),
        ("/queryList/0/timeSpanType", json!("Never"), "queryList[0].timeSpanType"),
        ("/queryList/0/start", json!("-91d"), "queryList[0].start"),
        ("/queryList/0/start", json!("now"), "queryList[0].start"),
        ("/queryList/0/start", json!("yesterday"), "queryList[0].start"),
        ("/queryList/0/start", json!("1700000000"), "queryList[0].start"),
        ("/queryList/0/end", json!("-16m"), "queryList[0].start"),
        ("/queryList/0/powerSqlMode", json!("on"), "queryList[0].powerSqlMode"),
        ("/joinConfigurations", json!([]), "joinConfigurations"),
        ("/joinConfigurations/0/type", json!("outer"), "joinConfigurations[0].type"),
        ("/joinConfigurations/0/condition", json!(""), "joinConfigurations[0].condition"),
        ("/groupConfiguration/type", json!("all"), "groupConfiguration.type"),
        ("/groupConfiguration/fields", json!([""]), "groupConfiguration.fields"),
        ("/severityConfigurations/0/severity", json!(9), "severityConfigurations[0].severity"),
        (
            "/severityConfigurations/0/evalCondition/condition",
            json!("cnt >"),
            "severityConfigurations[0].evalCondition.condition",
        ),
        (
            "/severityConfigurations/1/evalCondition/countCondition",
            json!("cnt > 2"),
            "severityConfigurations[1].evalCondition.countCondition",
        ),
        ("/threshold", json!(0), "threshold"),
        ("/threshold", json!("many"), "threshold"),
        ("/sendResolved", json!("maybe"), "sendResolved"),
        ("/noDataSeverity", json!(3), "noDataSeverity"),
        ("/labels", json!({"a": "b"}), "labels"),
        ("/labels/0", json!("a"), "labels[0]"),
        ("/policyConfiguration/repeatInterval", json!("often"), "policyConfiguration.repeatInterval"),
    ] {
        assert_eq!(refused(pointer, value.clone()), format!("configuration.{field}"), "{pointer} {value}");
    }
    let mut three = second();
    three["queryList"].as_array_mut().unwrap().push(second()["queryList"][0].clone());
    let error = Rule::parse(&three).unwrap_err();
    assert_eq!(error.message, "join configurations and query count should be equal");
    assert!(Rule::parse(&json!("text")).is_err());
}

#[test]
fn three_joined_queries_look_at_fewer_rows() {
    let mut three = second();
    three["queryList"].as_array_mut().unwrap().push(second()["queryList"][0].clone());
    three["joinConfigurations"] = json!([{"type": "cross_join"}, {"type": "concat"}]);
    assert_eq!(Rule::parse(&three).unwrap().rows_max(), 100);
    three["joinConfigurations"][1]["type"] = json!("no_join");
    assert_eq!(Rule::parse(&three).unwrap().rows_max(), 1000);
}

#[test]
fn a_rule_of_version_1_runs_as_one_group() {
    let rule = Rule::parse(&json!({
        "condition": "$0.cnt > 3 && $1.total > 10", "dashboard": "d", "notifyThreshold": 2, "throttling": "5m", "muteUntil": 0,
        "queryList": [
            {"chartTitle": "c", "logStore": "s", "query": "* | select 1 as cnt", "start": "-60s", "end": "now", "timeSpanType": "Custom"},
            {"chartTitle": "c", "logStore": "s", "query": "* | select 1 as total", "start": "-60s", "end": "now", "timeSpanType": "Custom"},
        ],
        "notificationList": [
            {"type": "DingTalk", "serviceUri": "http://localhost", "content": "a", "atMobiles": ["1"]},
            {"type": "Email", "emailList": ["a@example.com"], "subject": "s", "content": "b"},
            {"type": "Webhook", "serviceUri": "http://localhost", "method": "PUT", "headers": {"A": "b"}, "content": "c"},
            {"type": "MessageCenter", "content": "d"},
            {"type": "SMS", "mobileList": ["2"], "content": "e"},
        ],
    }))
    .unwrap();
    assert_eq!((rule.threshold, rule.joins[0].kind, &rule.grouping), (2, JoinKind::Cross, &Grouping::NoGroup));
    let legacy = rule.legacy.unwrap();
    let channels: Vec<Channel> = legacy.notifications.iter().map(|each| each.channel).collect();
    let expected = [Channel::Dingtalk, Channel::Email, Channel::Webhook, Channel::MessageCenter, Channel::Sms];
    assert_eq!((legacy.throttling_seconds, channels.as_slice()), (300, expected.as_slice()));
    assert_eq!(legacy.notifications[2].headers, [("A".to_owned(), "b".to_owned())]);
    let no_address =
        json!({"queryList": [{"logStore": "s", "start": "-60s"}], "notificationList": [{"type": "Email"}]});
    let error = Rule::parse(&no_address).unwrap_err();
    assert_eq!(error.field, "configuration.notificationList[0].emailList");
}

#[test]
fn reads_what_typed_clients_send_for_what_is_not_set() {
    // As a client sends it whose fields are never left out.
    let blank = json!({
        "version": "", "type": "", "dashboard": "d", "muteUntil": 0, "condition": "count > 0", "throttling": "0s",
        "queryList": [{"chartTitle": "c", "query": "* | select count(1) as count", "start": "-120s", "end": "now",
            "timeSpanType": "Custom", "logStore": "s", "storeType": "", "store": "", "project": "", "region": "",
            "roleArn": "", "dashboardId": "", "powerSqlMode": ""}],
        "joinConfigurations": [], "severityConfigurations": [], "labels": [], "annotations": null, "threshold": 0,
        "groupConfiguration": {"type": "", "fields": null}, "noDataFire": false, "noDataSeverity": 0,
        "policyConfiguration": {"alertPolicyId": "", "actionPolicyId": "", "repeatInterval": ""},
        "notificationList": [{"type": "Webhook", "method": "OPTIONS", "content": "x", "serviceUri": "https://localhost/",
            "headers": {"name": "a"}, "emailList": null, "mobileList": null}],
        "notifyThreshold": 1,
    });
    let rule = Rule::parse(&blank).unwrap();
    assert_eq!((rule.threshold, rule.mute_until, rule.queries[0].store_name.as_str()), (1, None, "s"));
    assert_eq!(rule.legacy.unwrap().notifications[0].method, "OPTIONS");
    let mut second = second();
    second["severityConfigurations"][1]["evalCondition"] = Value::Null;
    second["sinkAlerthub"] = json!({"enabled": true});
    second["noDataFire"] = json!(false);
    second["noDataSeverity"] = json!(0);
    assert_eq!(Rule::parse(&second).unwrap().severities[1].check, Check::default());
}

#[test]
fn ranges_count_from_the_run() {
    let at = |query: Value| {
        let mut configuration = second();
        for (key, value) in query.as_object().unwrap() {
            configuration["queryList"][0][key] = value.clone();
        }
        // 2023-11-14T22:13:20Z, 06:13:20 the next day at +0800.
        Rule::parse(&configuration).unwrap().queries[0].range.at(Timestamp(1_700_000_000_000))
    };
    assert_eq!(at(json!({"start": "-70s", "end": "-10s"})), (1_699_999_930, 1_699_999_990));
    let truncated = |start: &str| at(json!({"start": start, "end": "now", "timeSpanType": "Truncated"}));
    assert_eq!(truncated("-5m"), (1_699_999_980 - 300, 1_699_999_980));
    assert_eq!(truncated("-1h"), (1_699_999_200 - 3600, 1_699_999_200));
    assert_eq!(truncated("-1d"), (1_699_977_600 - 86_400, 1_699_977_600));
    let custom = json!({"start": "1690000000", "end": "1690000060", "timeSpanType": "Custom"});
    assert_eq!(at(custom), (1_690_000_000, 1_690_000_060));
}

#[test]
fn the_whole_object_has_names_within_limits() {
    let body = || {
        json!({"name": "root-login", "displayName": "Root login", "type": "Alert", "state": "Disabled",
            "schedule": {"type": "FixedRate", "interval": "1m"}, "configuration": second()})
    };
    assert!(!Definition::parse(&body()).unwrap().is_enabled);
    for (field, value) in [
        ("name", json!("abc")),
        ("name", json!("-abc")),
        ("name", json!("Abcd")),
        ("name", json!("a".repeat(65))),
        ("displayName", json!("abc")),
        ("displayName", json!("a".repeat(101))),
        ("description", json!("a".repeat(257))),
        ("type", json!("Report")),
        ("state", json!("on")),
        ("schedule", Value::Null),
        ("configuration", Value::Null),
    ] {
        let mut changed = body();
        changed[field] = value;
        assert_eq!(Definition::parse(&changed).unwrap_err().field, field, "{changed}");
    }
    let mut chinese = body();
    chinese["displayName"] = json!("登录");
    assert!(Definition::parse(&chinese).is_ok());
}

#[test]
fn long_values_are_cut_for_rules() {
    let row = cut(Row::from([("a".to_owned(), "中".repeat(2000)), ("b".to_owned(), "x".to_owned())]));
    assert_eq!((row["a"].chars().count(), row["b"].as_str()), (1024, "x"));
}

#[test]
fn the_examples_of_the_page_are_rules() {
    let page = include_str!("../../../../docs/book/alert-rules.md");
    let examples: Vec<Value> = page
        .split("```json")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    assert_eq!(examples.len(), 2);
    Definition::parse(&examples[0]).unwrap();
    let condition = Rule::parse(&examples[1]).unwrap().severities.remove(0).check.condition.unwrap();
    assert_eq!(condition.text(), "failures >= 3");
    // The conditions in the table, without Markdown's escapes.
    let table = page.split("## Conditions").nth(1).unwrap().split("At most").next().unwrap().replace("\\|", "|");
    for cell in table.lines().filter_map(|line| line.strip_prefix("| `")) {
        let condition = cell.split('`').next().unwrap();
        Condition::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![Just(1e300), Just(-0.5), Just(60.0)].prop_map(|number: f64| json!(number)),
        "[-+a-z0-9$._{}<>=! ]{0,8}".prop_map(Value::from),
        "-[0-9]{1,12}[smhd]".prop_map(Value::from),
        prop_oneof![
            Just("tpl"),
            Just("custom"),
            Just("labels_auto"),
            Just("Truncated"),
            Just("absolute"),
            Just("cross_join")
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// The places of all values in a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| pointers(inner, &format!("{at}/{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| pointers(inner, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

proptest! {
    /// Whatever a client sends is a rule or refused by name, and what is a rule can be evaluated at any time.
    #[test]
    fn any_configuration_ends(changes in proptest::collection::vec((any::<usize>(), any_json()), 1..4), now in any::<i64>()) {
        use crate::evaluate::{QueryAnswer, evaluate};
        let mut configuration = second();
        for (number, value) in changes {
            let mut places = Vec::new();
            pointers(&configuration, "", &mut places);
            let place = &places[number % places.len()];
            *configuration.pointer_mut(place).unwrap() = value;
        }
        match Rule::parse(&configuration) {
            Err(error) => prop_assert!(error.field.starts_with("configuration") && error.value.chars().count() <= 64),
            Ok(rule) => {
                let now = Timestamp(now % Timestamp::MAX.0);
                prop_assert_eq!(rule.joins.len() + 1, rule.queries.len());
                for query in &rule.queries {
                    let (start, end) = query.range.at(now);
                    prop_assert!(start < end && end - start <= 90 * 86_400);
                }
                let row = Row::from([("name".to_owned(), "a".to_owned()), ("cnt".to_owned(), "101".to_owned())]);
                let found = crate::Found {
                    store_type: "log".into(), region: String::new(), project: String::new(), store: String::new(),
                    query: String::new(), start_time: 0, end_time: 1, rows: vec![], row_count: 1, is_truncated: false,
                };
                let answers: Vec<QueryAnswer> =
                    rule.queries.iter().map(|_| QueryAnswer::new(found.clone(), vec![row.clone()], &rule)).collect();
                let _ = evaluate(&rule, &answers);
            }
        }
    }
}
