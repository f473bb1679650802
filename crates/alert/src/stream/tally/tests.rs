//! Which rules are on the stream; tallies against evaluating the whole window each time.

use std::collections::BTreeMap;

use model::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::{QueryAnswer, evaluate};
use crate::{Found, Severity};

fn configuration() -> Value {
    json!({
        "version": "2.0", "type": "default", "dashboard": "internal-alert-analysis",
        "queryList": [{
            "storeType": "log", "region": "cn-hangzhou", "project": "audit", "store": "actiontrail_all",
            "query": "event.eventName: DeleteTrail", "timeSpanType": "Relative", "start": "-1m", "end": "now"
        }],
        "groupConfiguration": { "type": "custom", "fields": ["user"] },
        "severityConfigurations": [
            { "severity": 8, "evalCondition": { "condition": "size > 5", "countCondition": "__count__ >= 3" } },
            { "severity": 6, "evalCondition": { "condition": "", "countCondition": "__count__ > 3" } }
        ],
        "threshold": 1, "labels": [], "annotations": [],
        "policyConfiguration": { "alertPolicyId": "sls.builtin", "actionPolicyId": "", "repeatInterval": "4h" }
    })
}

fn rule(configuration: &Value) -> Rule {
    Rule::parse(configuration).unwrap_or_else(|error| panic!("{error}"))
}

fn with(change: impl Fn(&mut Value)) -> Rule {
    let mut configuration = configuration();
    change(&mut configuration);
    rule(&configuration)
}

fn counts(severities: &[(&str, &str)]) -> Value {
    let each = |(number, (condition, count)): (usize, &(&str, &str))| {
        let severity = [10, 8, 6][number];
        json!({ "severity": severity, "evalCondition": { "condition": condition, "countCondition": count } })
    };
    severities.iter().enumerate().map(each).collect()
}

#[test]
fn which_rules_are_on_the_stream() {
    let count = |text: &str| on_stream(&with(|rule| rule["severityConfigurations"] = counts(&[("", text)])));
    assert_eq!(count(""), Ok(OnStream::Each));
    assert_eq!(count("__count__ > 0"), Ok(OnStream::Each));
    assert!(matches!(count("__count__ > 5"), Ok(OnStream::Counted(_))));
    assert!(matches!(count("__count__ * 2 >= 10"), Ok(OnStream::Counted(_))));
    for text in ["__count__ == 5", "__count__ < 5", "__count__ >= 0", "__count__ % 2 == 1", "__count__ > 5000"] {
        assert_eq!(count(text), Err(OffStream::Count), "{text}");
    }
    let times = counts(&[("size >= __end_time__ - 30", "")]);
    assert_eq!(on_stream(&with(|rule| rule["severityConfigurations"] = times.clone())), Err(OffStream::Times));
    let query = |field: &str, value: &str| on_stream(&with(|rule| rule["queryList"][0][field] = value.into()));
    assert_eq!(query("query", "* | SELECT count(1) AS cnt"), Err(OffStream::NotASearch));
    assert_eq!(query("roleArn", "acs:ram::12:role/x"), Err(OffStream::NotASearch));
    assert_eq!(query("storeType", "meta"), Err(OffStream::NotASearch));
    assert_eq!(query("end", "-10s"), Err(OffStream::Range));
    assert_eq!(query("timeSpanType", "Truncated"), Err(OffStream::Range));
    let label = |text: &str| {
        on_stream(&with(|rule| {
            rule["labels"] = json!([{ "key": "who", "value": text }]);
            rule["severityConfigurations"] = counts(&[("", "")]);
        }))
    };
    assert_eq!(label("${user} ${alert_name}"), Ok(OnStream::Each));
    assert_eq!(label("${other}"), Err(OffStream::Labels));
    let auto = with(|rule| rule["groupConfiguration"] = json!({ "type": "labels_auto", "fields": [] }));
    assert_eq!(on_stream(&auto), Err(OffStream::Labels));
    assert_eq!(on_stream(&with(|rule| rule["threshold"] = 2.into())), Err(OffStream::Threshold));
}

fn row(user: &str, size: i64) -> Row {
    Row::from([("user".to_owned(), user.to_owned()), ("size".to_owned(), size.to_string())])
}

#[test]
fn a_number_is_told_when_it_is_reached_and_again_after_it_was_not() {
    let Ok(OnStream::Counted(counting)) =
        on_stream(&with(|rule| rule["severityConfigurations"] = counts(&[("", "__count__ > 2")])))
    else {
        panic!("it counts")
    };
    let mut tally = Tally::default();
    let mut add = |user: &str, second: i64, now: i64| tally.add(&counting, &row(user, 1), second, now);
    assert!(!add("a", 100, 100) && !add("a", 130, 130) && !add("b", 131, 131));
    assert!(add("a", 159, 159), "three within a minute");
    assert!(!add("a", 159, 159), "it still is");
    assert!(!add("a", 300, 300), "now it is one");
    assert!(!add("a", 290, 300) && add("a", 250, 300), "late ones count by their own time");
    assert!(!add("a", 200, 300), "what is too old does not");
    assert_eq!(tally.groups(), 2);
}

/// The severity each group fires with, told by evaluating all rows.
fn evaluated(rule: &Rule, rows: &[(i64, Row)], after: i64, now: i64) -> BTreeMap<String, Severity> {
    let found = Found {
        store_type: "log".into(),
        region: String::new(),
        project: String::new(),
        store: String::new(),
        query: String::new(),
        start_time: after,
        end_time: now,
        rows: Vec::new(),
        row_count: 0,
        is_truncated: false,
    };
    let within = rows.iter().filter(|(second, _)| *second > after && *second <= now);
    let answer = QueryAnswer::new(found, within.map(|(_, row)| row.clone()).collect(), rule);
    let outcome = evaluate(rule, &[answer]).unwrap();
    outcome.fired.into_iter().map(|group| (group.labels["user"].clone(), group.severity)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whenever an event makes its group fire, or fire worse, the tally says so; and what it says is so.
    #[test]
    fn the_same_as_evaluating_everything(
        events in prop::collection::vec((0..3_usize, 0..10_i64, 0..25_i64, 0..20_i64), 1..60),
        severities in prop::collection::vec(
            (prop::sample::select(vec!["", "size > 5", "size % 2 == 0"]), 0..6_usize), 1..4),
        overall in (prop::sample::select(vec!["", "size != 3"]), 0..4_usize),
    ) {
        let counted = |count: usize| format!("__count__ > {count}");
        let texts: Vec<(&str, String)> = severities.iter().map(|(text, count)| (*text, counted(*count))).collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(text, count)| (*text, count.as_str())).collect();
        let rule = with(|rule| {
            rule["severityConfigurations"] = counts(&texts);
            rule["conditionConfiguration"] = json!({ "condition": overall.0, "countCondition": counted(overall.1) });
        });
        let Ok(OnStream::Counted(counting)) = on_stream(&rule) else { return Ok(()) };
        let mut tally = Tally::default();
        let mut rows: Vec<(i64, Row)> = Vec::new();
        let mut now = Timestamp(0).0 + 1000;
        for (user, size, step, late) in events {
            now += step;
            let (user, second) = (["a", "b", "c"][user], now - late);
            let before = evaluated(&rule, &rows, now - counting.range_seconds, now).get(user).copied();
            rows.push((second, row(user, size)));
            let after = evaluated(&rule, &rows, now - counting.range_seconds, now).get(user).copied();
            let is_news = tally.add(&counting, &row(user, size), second, now);
            assert!(!is_news || after.is_some(), "told, and it is not so");
            assert!(is_news || before == after || before > after, "{before:?} became {after:?} and nothing was told");
        }
    }
}
