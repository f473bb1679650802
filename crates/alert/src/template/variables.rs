//! What a template can name: the alert's facts under Log Service's names, as `alert.x` and as bare `x`, and `alerts`.

use minijinja::Value;
use minijinja::value::Serde;
use model::Timestamp;
use serde_json::{Map, json};

use crate::{Alert, Fingerprint, Found, Row, Severity, Status};

/// Bytes of one text; Log Service cuts variables there.
const TEXT_BYTES_MAX: usize = 2048;
/// Rows of one result.
const ROWS_MAX: usize = 100;

/// What one rendering sees: an alert, and all of them. The values are shared, not copied.
pub(super) fn context(one: &Value, all: &Value) -> Value {
    let bare = one.try_iter().into_iter().flatten().map(|name| {
        let value = one.get_item(&name).unwrap_or_default();
        (name, value)
    });
    let whole = [(Value::from("alert"), one.clone()), (Value::from("alerts"), all.clone())];
    Value::from_pairs(bare.chain(whole))
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn rows(all: &[Row]) -> serde_json::Value {
    all.iter().take(ROWS_MAX).map(pairs).collect()
}

fn pairs<'a>(all: impl IntoIterator<Item = (&'a String, &'a String)>) -> serde_json::Value {
    let cut = |(name, value): (&String, &String)| (cut(name).to_owned(), cut(value).into());
    serde_json::Value::Object(all.into_iter().map(cut).collect::<Map<_, _>>())
}

/// `[user:alice,count:5],[...]`, as older templates show rows.
fn as_pairs(all: &[Row]) -> String {
    let row = |row: &Row| {
        let pairs: Vec<String> = row.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        format!("[{}]", pairs.join(","))
    };
    let text = all.iter().take(ROWS_MAX).map(row).collect::<Vec<String>>().join(",");
    cut(&text).to_owned()
}

fn result(found: &Found, alert: &Alert, detail: &str) -> serde_json::Value {
    json!({
        "store_type": found.store_type,
        "region": found.region,
        "project": found.project,
        "store": found.store,
        "logstore": found.store,
        "query": cut(&found.query),
        "start_time": found.start_time,
        "end_time": found.end_time,
        "raw_results": rows(&found.rows),
        "raw_result_count": found.row_count,
        "raw_results_count": found.row_count,
        "raw_results_as_kv": as_pairs(&found.rows),
        "fire_result": alert.fire_results.first().map(pairs).unwrap_or_else(|| json!({})),
        "truncated": found.is_truncated,
        "query_url": detail,
        "dashboard_url": detail,
        "dashboard_id": alert.dashboard,
        "role_arn": "",
    })
}

/// The variables of an alert. `detail` is the page that shows it without logging in, or empty.
pub(super) fn fact(alert: &Alert, detail: &str, base_url: &str) -> Value {
    let seconds = |at: Timestamp| at.0.div_euclid(1000);
    let results: Vec<serde_json::Value> = alert.results.iter().map(|found| result(found, alert, detail)).collect();
    let query = alert.results.first().map_or("", |found| cut(&found.query));
    Value::from(Serde(json!({
        "aliuid": alert.account.as_str(),
        "alert_instance_id": format!("{}-{}", alert.fingerprint.0, seconds(alert.alert_time)),
        "alert_id": alert.rule,
        "alert_name": cut(&alert.rule_title),
        "alert_type": "sls_alert",
        "region": alert.region,
        "project": alert.project,
        "next_eval_interval": alert.next_eval_interval,
        "alert_time": seconds(alert.alert_time),
        "fire_time": seconds(alert.fire_time),
        "resolve_time": alert.resolve_time.map_or(0, seconds),
        "status": alert.status.to_string(),
        "severity": alert.severity.number(),
        "labels": pairs(&alert.labels),
        "annotations": pairs(&alert.annotations),
        "results": results,
        "fire_results": rows(&alert.fire_results),
        "fire_results_count": alert.fire_results_count,
        "fire_results_as_kv": as_pairs(&alert.fire_results),
        "condition": cut(&alert.condition),
        "raw_condition": cut(&alert.raw_condition),
        "policy": {
            "alert_policy_id": alert.alert_policy,
            "action_policy_id": alert.action_policy,
            "repeat_interval": alert.repeat_interval,
        },
        "dashboard": alert.dashboard,
        "alert_url": detail,
        "query_url": detail,
        "dashboard_url": detail,
        "alert_history_dashboard_url": detail,
        "signin_url": base_url,
        "fingerprint": alert.fingerprint.0,
        "drill_down_query": query,
    })))
}

/// Two alerts for previews and tests: somebody tried to turn trails off and was refused, and an hour before that as well.
pub fn sample() -> Vec<Alert> {
    let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let row: Row = text(&[
        ("event_name", "StopLogging"),
        ("ram_user_id", "28815334868278"),
        ("source_ip", "203.0.113.9"),
        ("cnt", "3"),
    ]);
    let found = Found {
        store_type: "log".to_owned(),
        region: "cn-hangzhou".to_owned(),
        project: "security".to_owned(),
        store: "actiontrail_audit".to_owned(),
        query: "event.eventName: StopLogging | SELECT count(*) AS cnt".to_owned(),
        start_time: 1_795_284_000,
        end_time: 1_795_285_800,
        rows: vec![row.clone()],
        row_count: 1,
        is_truncated: false,
    };
    let account = "1000000000000001".parse().expect("sixteen digits");
    let labels = text(&[("account_id", "1000000000000001"), ("event_name", "StopLogging")]);
    let rule = "trail_off";
    let firing = Alert {
        account,
        region: "cn-hangzhou".to_owned(),
        project: "security".to_owned(),
        rule: rule.to_owned(),
        rule_title: "Attempt to turn off a trail".to_owned(),
        fingerprint: Fingerprint::of(account, "security", rule, &labels),
        status: Status::Firing,
        severity: Severity::High,
        labels,
        annotations: text(&[
            ("title", "Attempt to turn off a trail"),
            ("desc", "User 28815334868278 called StopLogging 3 times from 203.0.113.9"),
        ]),
        alert_time: Timestamp(1_795_285_800_000),
        fire_time: Timestamp(1_795_284_900_000),
        resolve_time: None,
        next_eval_interval: 900,
        results: vec![found],
        fire_results: vec![row],
        fire_results_count: 1,
        condition: "Count:[1] > 0;Condition:[3] > 0".to_owned(),
        raw_condition: "Count:__count__ > 0;Condition:cnt > 0".to_owned(),
        alert_policy: "sls.app.actiontrail.builtin".to_owned(),
        action_policy: "sls.app.actiontrail.builtin".to_owned(),
        repeat_interval: "2h".to_owned(),
        dashboard: "internal-alert-analysis".to_owned(),
    };
    let labels = text(&[("account_id", "1000000000000001"), ("event_name", "DeleteTrail")]);
    let resolved = Alert {
        fingerprint: Fingerprint::of(account, "security", rule, &labels),
        status: Status::Resolved,
        labels,
        fire_time: Timestamp(1_795_281_300_000),
        resolve_time: Some(Timestamp(1_795_285_800_000)),
        ..firing.clone()
    };
    vec![firing, resolved]
}
