#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use alert::{Alert, Fingerprint, Found, Row, Severity, Status};
use model::Timestamp;

use super::slim::slim;

fn rows(count: usize, bytes: usize) -> Vec<Row> {
    (0..count)
        .map(|number| Row::from([("n".to_owned(), number.to_string()), ("text".to_owned(), "x".repeat(bytes))]))
        .collect()
}

#[test]
fn an_alert_keeps_the_rows_that_fit_those_that_fired_first() {
    let found = Found {
        store_type: "log".into(),
        region: String::new(),
        project: "audit".into(),
        store: "s".into(),
        query: "*".into(),
        start_time: 0,
        end_time: 60,
        rows: rows(100, 1000),
        row_count: 100,
        is_truncated: false,
    };
    let alert = Alert {
        account: "1000000000000001".parse().unwrap(),
        region: String::new(),
        project: "audit".into(),
        rule: "rule".into(),
        rule_title: "Rule".into(),
        fingerprint: Fingerprint("f".into()),
        status: Status::Firing,
        severity: Severity::High,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        alert_time: Timestamp(0),
        fire_time: Timestamp(0),
        resolve_time: None,
        next_eval_interval: 60,
        results: vec![found.clone(), found],
        fire_results: rows(20, 1000),
        fire_results_count: 20,
        condition: String::new(),
        raw_condition: String::new(),
        alert_policy: String::new(),
        action_policy: String::new(),
        repeat_interval: String::new(),
        dashboard: String::new(),
    };
    let slimmed = slim(alert.clone());
    assert_eq!((slimmed.fire_results.len(), slimmed.fire_results_count), (20, 20));
    let kept: Vec<(usize, bool, usize)> =
        slimmed.results.iter().map(|found| (found.rows.len(), found.is_truncated, found.row_count)).collect();
    assert_eq!(kept, [(12, true, 100), (0, true, 100)]);
    assert!(serde_json::to_string(&slimmed).unwrap().len() < 40_000);
    let small = Alert { results: Vec::new(), fire_results: rows(3, 10), ..alert };
    assert_eq!(slim(small.clone()), small);
}
