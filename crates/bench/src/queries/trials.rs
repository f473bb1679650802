//! Dry runs of rules with SQL over all thirty days, as `cairn alert test` asks for them.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use api::OperationId;
use client::Client;
use serde::Serialize;
use serde_json::{Value, json};

use super::setting::{LOGSTORE, PROJECT};
use crate::options::Options;

/// A dry run.
#[derive(Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) rule: String,
    /// Runs of the rule in the range.
    pub(crate) runs: u64,
    /// Runs that found something else than the run before.
    pub(crate) evaluated: u64,
    /// Runs with an alert.
    pub(crate) fired: u64,
    pub(crate) seconds: f64,
}

/// A rule: what it is, its statement, its window, how often it runs, and what it fires on.
const RULES: [(&str, &str, &str, &str, &str); 4] = [
    (
        "each minute, failed calls by user in the last 15 minutes",
        r#"errorCode: * | select "event.userIdentity.userName" as who, count(1) as cnt group by who"#,
        "-15m",
        "1m",
        "cnt > 20",
    ),
    (
        "each minute, writes by key and name in the last 5 minutes",
        r#"eventRW: Write | select "event.userIdentity.accessKeyId" as who, eventName as name, count(1) as cnt group by who, name having count(1) > 10"#,
        "-5m",
        "1m",
        "cnt > 20",
    ),
    (
        "each quarter of an hour, addresses of each key in the last day",
        r#"* | select "event.userIdentity.accessKeyId" as who, count(distinct sourceIpAddress) as cnt group by who order by cnt desc limit 100"#,
        "-24h",
        "15m",
        "cnt > 1000",
    ),
    (
        "each minute, sign-ins of root by address in the last 2 minutes",
        r#"eventName: ConsoleSignin and userIdentity.type: root-account | select sourceIpAddress as who, count(1) as cnt group by who"#,
        "-2m",
        "1m",
        "cnt > 0",
    ),
];

/// Tries every rule.
pub(super) async fn all(client: &Client, options: &Options) -> Result<Vec<Tried>> {
    let (start, end) = options.span();
    let mut tried = Vec::new();
    for (name, query, window, interval, condition) in RULES {
        let rule = rule(query, window, interval, condition).to_string();
        let params = [
            ("Project".to_owned(), PROJECT.to_owned()),
            ("Rule".to_owned(), rule),
            ("StartTime".to_owned(), start.to_string()),
            ("EndTime".to_owned(), end.to_string()),
        ];
        let started = Instant::now();
        let reply = client.rpc(OperationId::TestAlertRule, &params).await.context(name)?;
        let seconds = started.elapsed().as_secs_f64();
        let report = &reply.parse::<Value>()?["Report"];
        let number = |value: &Value| value.as_u64().with_context(|| format!("no number in {report}"));
        ensure!(report["Notes"] == json!([]), "{name} did not come to its end: {}", report["Notes"]);
        ensure!(report["Evaluations"]["Failed"] == 0, "{name} failed: {}", report["Failures"]);
        tried.push(Tried {
            rule: name.to_owned(),
            runs: number(&report["Runs"])?,
            evaluated: number(&report["Asked"])?,
            fired: number(&report["Evaluations"]["Firing"])?,
            seconds,
        });
    }
    Ok(tried)
}

fn rule(query: &str, window: &str, interval: &str, condition: &str) -> Value {
    json!({
        "name": "bench-trial", "displayName": "trial",
        "schedule": { "type": "FixedRate", "interval": interval },
        "configuration": {
            "version": "2.0", "type": "default", "dashboard": "bench",
            "queryList": [{
                "storeType": "log", "region": "", "project": PROJECT, "store": LOGSTORE, "query": query,
                "timeSpanType": "Relative", "start": window, "end": "now",
            }],
            "groupConfiguration": { "type": "custom", "fields": ["who"] },
            "severityConfigurations": [{ "severity": 8, "evalCondition": { "condition": condition, "countCondition": "" } }],
            "threshold": 1, "sendResolved": false, "labels": [], "annotations": [],
            "policyConfiguration": { "alertPolicyId": "sls.builtin.dynamic", "actionPolicyId": "", "repeatInterval": "1h" },
        },
    })
}
