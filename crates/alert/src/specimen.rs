//! Alerts for tests.

use std::collections::BTreeMap;

use model::Timestamp;

use crate::{Alert, Fingerprint, Severity, Status};

/// 2026-01-15T08:30:00Z, a Thursday; 16:30 in UTC+8.
pub(crate) const NOW: Timestamp = Timestamp(1_768_465_800_000);

pub(crate) fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1000)
}

/// A firing alert of rule `rule` with these labels.
pub(crate) fn alert(labels: &[(&str, &str)]) -> Alert {
    let account = "1000000000000001".parse().unwrap();
    let labels: BTreeMap<String, String> = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Alert {
        account,
        region: "cn-hangzhou".into(),
        project: "audit".into(),
        rule: "rule".into(),
        rule_title: "A rule".into(),
        fingerprint: Fingerprint::of(account, "audit", "rule", &labels),
        status: Status::Firing,
        severity: Severity::High,
        labels,
        annotations: BTreeMap::from([("title".into(), "Something happened".into())]),
        alert_time: NOW,
        fire_time: NOW,
        resolve_time: None,
        next_eval_interval: 900,
        results: Vec::new(),
        fire_results: Vec::new(),
        fire_results_count: 1,
        condition: "Count:[1] > 0".into(),
        raw_condition: "Count:__count__ > 0".into(),
        alert_policy: "sls.builtin.dynamic".into(),
        action_policy: "team-policy".into(),
        repeat_interval: "2h".into(),
        dashboard: String::new(),
    }
}
