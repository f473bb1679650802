//! Alert rules over Log Service's API: one object under two paths, given back as it was sent.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

use crate::log_service::{Call, code, scene};
use crate::node::Node;
use crate::signing::Key;

pub(crate) fn rule(name: &str) -> Value {
    json!({
        "name": name,
        "displayName": "Deeds",
        "description": "somebody did something",
        "type": "Alert",
        "schedule": { "type": "FixedRate", "interval": "1m" },
        "configuration": {
            "version": "2.0",
            "type": "default",
            "dashboard": "internal-alert-analysis",
            "queryList": [{
                "storeType": "log", "region": "cn-hangzhou", "project": "audit", "store": "actiontrail_everything",
                "query": "event.eventName: Deed", "timeSpanType": "Relative", "start": "-15m", "end": "now",
                "powerSqlMode": "auto",
            }],
            "groupConfiguration": { "type": "no_group", "fields": [] },
            "joinConfigurations": [],
            "severityConfigurations": [{ "severity": 8, "evalCondition": { "condition": "", "countCondition": "" } }],
            "threshold": 1, "noDataFire": false, "noDataSeverity": 6, "sendResolved": false, "autoAnnotation": false,
            "labels": [], "annotations": [{ "key": "title", "value": "${__count__} deeds" }], "muteUntil": 0,
            "policyConfiguration": {
                "alertPolicyId": "sls.builtin.dynamic", "actionPolicyId": "sls.app.actiontrail.builtin",
                "repeatInterval": "2h", "useDefault": false,
            },
            "a key of tomorrow": [1.50, 12345678901234567890u64],
        },
    })
}

async fn made(node: &Node, path: &'static str, name: &str) {
    node.logs(&node.root, Call::new("POST", path).json(&rule(name))).await.ok_empty();
}

async fn shown(node: &Node, path: &str) -> Value {
    node.logs(&node.root, Call::new("GET", path)).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_paths_show_one_rule_as_it_was_sent() {
    let node = scene().await;
    let mut empty = rule("deeds-rule");
    empty["configuration"]["queryList"] = json!([]);
    let refused = node.logs(&node.root, Call::new("POST", "/jobs").json(&empty)).await;
    assert_eq!(code(&refused), (400, "ParameterInvalid".into()), "a rule without queries");
    // Blanks, the order of keys and the digits of numbers stay.
    let odd = r#""threshold" : 1, "odd" : 1.50, "an older key": null"#;
    let text = rule("verbatim-rule").to_string().replace(r#""threshold":1"#, odd);
    node.logs(&node.root, Call::new("POST", "/alerts").text(text)).await.ok_empty();
    let verbatim = node.logs(&node.root, Call::new("GET", "/jobs/verbatim-rule")).await;
    assert!(verbatim.text().contains(odd), "{}", verbatim.text());

    made(&node, "/jobs", "deeds-rule").await;
    let again = node.logs(&node.root, Call::new("POST", "/alerts").json(&rule("deeds-rule"))).await;
    assert_eq!(code(&again), (400, "JobAlreadyExist".into()));
    let job = shown(&node, "/jobs/deeds-rule").await;
    assert_eq!(shown(&node, "/alerts/deeds-rule").await, job);
    assert_eq!(job["configuration"], rule("deeds-rule")["configuration"]);
    assert_eq!(job["schedule"], rule("deeds-rule")["schedule"]);
    assert_eq!((&job["state"], &job["status"], &job["type"]), (&json!("Enabled"), &json!("ENABLED"), &json!("Alert")));
    assert_eq!(job["createTime"], node.now().0 / 1000);

    let mut changed = rule("deeds-rule");
    changed["state"] = json!("Disabled");
    changed["configuration"]["muteUntil"] = json!(1_780_000_000);
    node.logs(&node.root, Call::new("PUT", "/alerts/deeds-rule").json(&changed)).await.ok_empty();
    let job = shown(&node, "/jobs/deeds-rule").await;
    assert_eq!((&job["state"], &job["configuration"]["muteUntil"]), (&json!("Disabled"), &json!(1_780_000_000)));
    let kept = node.catalog.alert_rule_find(node.root.account.parse().unwrap(), "audit", "deeds-rule").await.unwrap();
    let kept = kept.unwrap();
    assert_eq!((kept.muted_until.unwrap().0, kept.version), (1_780_000_000_000, 2));

    node.logs(&node.root, Call::new("DELETE", "/jobs/deeds-rule")).await.ok_empty();
    for path in ["/jobs/deeds-rule", "/alerts/deeds-rule"] {
        let gone = node.logs(&node.root, Call::new("GET", path)).await;
        assert_eq!(code(&gone), (404, "JobNotExist".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_switched_once_and_a_list_is_filtered() {
    let node = scene().await;
    for name in ["rule-b", "rule-a", "other-rule"] {
        made(&node, "/alerts", name).await;
    }
    let switch = |action: &'static str| {
        Call::new("PUT", "/alerts/rule-a").query(match action {
            "enable" => &[("action", "enable")],
            _ => &[("action", "disable")],
        })
    };
    node.logs(&node.root, switch("disable")).await.ok_empty();
    assert_eq!(shown(&node, "/jobs/rule-a").await["status"], "DISABLED");
    let again = node.logs(&node.root, switch("disable")).await;
    assert_eq!(again.json()["errorMessage"], "The job to disable has already disabled");
    node.logs(&node.root, switch("enable")).await.ok_empty();
    assert_eq!(shown(&node, "/alerts/rule-a").await["state"], "Enabled");

    let names = async |query: &[(&str, &str)]| {
        let listed = node.logs(&node.root, Call::new("GET", "/jobs").query(query)).await.ok();
        let names: Vec<String> =
            listed["results"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().into()).collect();
        assert_eq!(listed["count"], names.len());
        (listed["total"].as_u64().unwrap(), names.join(" "))
    };
    assert_eq!(names(&[("jobType", "Alert")]).await, (3, "other-rule rule-a rule-b".into()));
    assert_eq!(names(&[("jobName", "rule-"), ("offset", "1"), ("size", "5")]).await, (2, "rule-b".into()));
    assert_eq!(names(&[("logstore", "another")]).await, (0, String::new()));
    assert_eq!(names(&[("logstore", "actiontrail_everything"), ("size", "1")]).await, (3, "other-rule".into()));
    assert_eq!(names(&[("jobType", "Ingestion")]).await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_rule_is_refused() {
    let node = scene().await;
    let wrong: &[(&str, Value)] = &[
        ("/type", json!("Ingestion")),
        ("/state", json!("Sleeping")),
        ("/name", json!("Up")),
        ("/schedule", json!({ "type": "FixedRate", "interval": "1s" })),
        ("/configuration", Value::Null),
        ("/configuration/threshold", json!(0)),
        ("/configuration/severityConfigurations/0/severity", json!(7)),
        ("/configuration/severityConfigurations/0/evalCondition/condition", json!("cnt >")),
        ("/configuration/queryList/0/query", json!("event.eventName: (")),
    ];
    for (pointer, value) in wrong {
        let mut sent = rule("deeds-rule");
        sent["state"] = json!("Enabled");
        *sent.pointer_mut(pointer).unwrap() = value.clone();
        let refused = node.logs(&node.root, Call::new("POST", "/jobs").json(&sent)).await;
        assert_eq!(code(&refused), (400, "ParameterInvalid".into()), "{pointer}: {}", refused.text());
    }
    made(&node, "/jobs", "deeds-rule").await;
    let renamed = node.logs(&node.root, Call::new("PUT", "/jobs/deeds-rule").json(&rule("another"))).await;
    assert_eq!(code(&renamed), (400, "ParameterInvalid".into()));
    let elsewhere = Call::new("GET", "/jobs/deeds-rule").at("nowhere.cn-hangzhou.log.example");
    assert_eq!(code(&node.logs(&node.root, elsewhere).await), (404, "ProjectNotExist".into()));
    let unknown = Call::new("PUT", "/jobs/deeds-rule").query(&[("action", "explode")]);
    assert_eq!(code(&node.logs(&node.root, unknown).await), (405, "MethodNotSupported".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_a_hundred_rules_and_they_go_with_it() {
    let node = scene().await;
    let account = node.root.account.parse().unwrap();
    for number in 0..100 {
        made(&node, "/jobs", &format!("rule-{number:03}")).await;
    }
    let full = node.logs(&node.root, Call::new("POST", "/jobs").json(&rule("one-too-many"))).await;
    assert_eq!(code(&full), (400, "ExceedQuota".into()));
    assert_eq!(node.catalog.alert_rules_of_account(account).await.unwrap().len(), 100);
}

/// Each path has the permissions that are documented for it, and other accounts see nothing.
#[tokio::test(flavor = "multi_thread")]
async fn permissions_follow_the_path() {
    let node = scene().await;
    made(&node, "/jobs", "deeds-rule").await;
    let may = |action: &str, resource: &str| {
        format!(r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#)
    };
    let by_job = node.user(&node.root, "jobs", Some(&may("log:GetJob", "acs:log:*:*:project/audit/job/*"))).await;
    let by_alert =
        node.user(&node.root, "alerts", Some(&may("log:*Alert*", "acs:log:*:*:project/audit/alert/*"))).await;
    let met = async |key: &Key, method, path| node.logs(key, Call::new(method, path)).await.status.as_u16();
    assert_eq!(met(&by_job, "GET", "/jobs/deeds-rule").await, 200);
    assert_eq!(met(&by_job, "GET", "/alerts/deeds-rule").await, 403);
    assert_eq!(met(&by_job, "DELETE", "/jobs/deeds-rule").await, 403);
    assert_eq!(met(&by_alert, "GET", "/jobs/deeds-rule").await, 403);
    let disable = Call::new("PUT", "/alerts/deeds-rule").query(&[("action", "disable")]);
    node.logs(&by_alert, disable).await.ok_empty();
    let stranger = node.account("tenant").await;
    let theirs = node.logs(&stranger, Call::new("GET", "/alerts/deeds-rule")).await;
    assert_eq!(code(&theirs), (404, "ProjectNotExist".into()));
    let recorded = node.audited(&node.root.account, "DisableAlert", 1).await;
    assert_eq!(recorded[0]["userIdentity"]["userName"], "alerts");
    assert_eq!(recorded[0]["requestParameters"]["name"], "deeds-rule");
    assert_eq!(recorded[0]["serviceName"], "Sls");
    assert_eq!(node.audited(&node.root.account, "CreateJob", 1).await[0]["requestParameters"]["name"], "deeds-rule");
}
