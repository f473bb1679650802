//! Cairn's own operations of alerting, told as a story over rows of the catalog, and the page behind a link. Who runs
//! rules and sends stands in: it answers what it was asked.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::time::Duration;

use alert::{Channel, Fingerprint};
use api::{OPERATIONS, Operation};
use axum::body::Body;
use catalog::{
    AlertChange, AlertRuleState, Ended, EvaluatedRule, InboxMessage, Incident, IncidentChange, IncidentStatus,
    NewAlertRule, Notification, NotificationOutcome, OutboxKind, OutboxRow,
};
use gateway::{Alerting, AlertingError, Answer, TestMessage};
use http::Request;
use identity::{AlertLink, MasterKeySource, Vault};
use model::{AccountId, ErrorKind, Timestamp};
use serde_json::{Value, json};

use crate::alert_rules::rule;
use crate::coverage::{has, is_alerting};
use crate::log_service::{Call, scene};
use crate::node::{Node, RefusedCall, Reply};

/// Runs nothing and sends nothing.
pub(crate) struct Rehearsal;

impl Alerting for Rehearsal {
    fn dry_run<'a>(&'a self, rule: &'a NewAlertRule, from: Timestamp, to: Timestamp) -> Answer<'a> {
        Box::pin(async move {
            if rule.display_name == "impossible" {
                let message = "queryList[0].query: cannot be asked.".to_owned();
                return Err(AlertingError { kind: ErrorKind::Invalid, message });
            }
            Ok(json!({ "Rule": rule.name, "From": from.to_string(), "To": to.to_string() }))
        })
    }

    fn explain<'a>(&'a self, _: AccountId, project: &'a str, rule: &'a str, at: Timestamp) -> Answer<'a> {
        Box::pin(async move { Ok(json!({ "Project": project, "Rule": rule, "At": at.to_string() })) })
    }

    fn send_test<'a>(&'a self, _: AccountId, message: &'a TestMessage) -> Answer<'a> {
        Box::pin(async move {
            if message.channel == Channel::Sms {
                return Err(AlertingError { kind: ErrorKind::Unavailable, message: "a secret of ours".into() });
            }
            Ok(json!({ "Outcome": "sent", "Target": message.target }))
        })
    }
}

const ID: &str = "incident-1";

fn account(node: &Node) -> AccountId {
    node.root.account.parse().unwrap()
}

fn incident(node: &Node, id: &str, fired: Timestamp) -> Incident {
    let alert = json!({
        "labels": { "user": "<script>alert(1)</script>" },
        "annotations": { "title": "3 deeds" },
        "condition": "Count:[3] > 1",
        "fire_results": [{ "event.eventName": "Deed", "event.sourceIpAddress": "10.0.0.1" }],
    });
    Incident {
        id: id.into(),
        account: account(node),
        project: "audit".into(),
        rule: "deeds-rule".into(),
        rule_id: catalog::AlertRuleId(1),
        title: "Deeds & more".into(),
        fingerprint: Fingerprint(format!("print of {id}")).0,
        status: IncidentStatus::Firing,
        severity: 8,
        fired,
        last_seen: fired,
        ended: None,
        handled_by: None,
        handled: None,
        note: String::new(),
        action_policy: String::new(),
        told: None,
        escalated: 0,
        alert: alert.to_string(),
    }
}

/// A rule that has run, its incident, and what was told of it.
async fn alerted() -> Node {
    let node = scene().await;
    let mut muted = rule("deeds-rule");
    muted["configuration"]["muteUntil"] = json!(node.now().0 / 1000 + 3600);
    node.logs(&node.root, Call::new("POST", "/jobs").json(&muted)).await.ok_empty();
    let kept = node.catalog.alert_rule_find(account(&node), "audit", "deeds-rule").await.unwrap().unwrap();
    let now = node.now();
    let notification = Notification {
        id: "told-1".into(),
        account: account(&node),
        project: "audit".into(),
        rule: "deeds-rule".into(),
        action_policy: "sls.app.actiontrail.builtin".into(),
        channel: "email".into(),
        recipient: "test01".into(),
        outcome: NotificationOutcome::Waiting,
        code: "first".into(),
        reason: "it fired".into(),
        incidents: vec![ID.into()],
        title: "Deeds".into(),
        attempts: 0,
        created: now,
        finished: None,
    };
    let state = AlertRuleState {
        rule: kept.id,
        version: kept.version,
        state: "{}".into(),
        evaluated_through: now,
        status: "firing".into(),
        reason: "it fired".into(),
    };
    let row = OutboxRow {
        id: "told-1".into(),
        kind: OutboxKind::Notification,
        account: account(&node),
        channel: "email".into(),
        due: now,
        attempts: 0,
        body: "{}".into(),
        created: now,
    };
    let message = InboxMessage {
        id: "message-1".into(),
        account: account(&node),
        severity: 8,
        title: "Deeds".into(),
        content: "3 deeds".into(),
        created: now,
        read: None,
    };
    let evaluated = EvaluatedRule { account: account(&node), project: "audit".into(), state, history: Vec::new() };
    let change = AlertChange {
        rules: vec![evaluated],
        incidents: vec![IncidentChange::Fires(Box::new(incident(&node, ID, now)))],
        notifications: vec![notification],
        outbox: vec![row],
        inbox: vec![message],
        ..AlertChange::default()
    };
    node.catalog.alert_apply(&change, now).await.unwrap();
    node.catalog.notification_attempted("told-1", Ended::Failed, "550 no such mailbox", now).await.unwrap();
    node
}

async fn ask(node: &Node, name: &str, arguments: &[(&str, &str)]) -> Value {
    node.call(&node.root, name, arguments).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_alerting_succeeds_and_leaves_its_event() {
    let node = alerted().await;
    const RULE: [(&str, &str); 2] = [("Project", "audit"), ("RuleName", "deeds-rule")];
    let story: &[(&str, &[(&str, &str)])] = &[
        ("ListAlertRules", &[("Project", "audit")]),
        ("GetAlertRule", &RULE),
        ("DisableAlertRule", &RULE),
        ("EnableAlertRule", &RULE),
        ("TestAlertRule", &[RULE[0], RULE[1], ("StartTime", "2026-06-01T00:00:00Z")]),
        ("ExplainAlertRule", &RULE),
        ("DrawAlertActionPolicy", &[("Script", "fire(type=\"email\", users=[\"test01\"])")]),
        ("ListAlertIncidents", &[RULE[0], RULE[1], ("Status", "firing")]),
        ("GetAlertIncident", &[("IncidentId", ID)]),
        ("UpdateAlertIncident", &[("IncidentId", ID), ("IncidentStatus", "confirmed"), ("Note", "mine")]),
        (
            "CreateAlertSilence",
            &[
                ("Matcher.1.Object", "labels.user"),
                ("Matcher.1.Value", "alice"),
                ("EndTime", "2026-06-01T14:00:00Z"),
                ("Reason", "she is on a mission"),
            ],
        ),
        ("ListAlertSilences", &[]),
        ("DeleteAlertSilence", &[("SilenceId", "$silence")]),
        ("ListAlertNotifications", &[("Outcome", "failed"), ("IncidentId", ID)]),
        ("GetAlertNotificationAttempts", &[("NotificationId", "told-1")]),
        ("ListAlertMessages", &[("UnreadOnly", "true")]),
        ("MarkAlertMessagesRead", &[("MessageIds", "message-1, none")]),
        ("PreviewAlertTemplate", &[("TemplateId", "sls.builtin.en"), ("Channel", "email"), ("Locale", "zh-CN")]),
        ("SendAlertTestMessage", &[("Channel", "email"), ("Target", "test01")]),
        ("ImportAlertUsers", &[("Users", "test01,Kumer,true,86-13811111111,true,true,a@example.net")]),
        ("ExportAlertUsers", &[]),
    ];
    let told: BTreeSet<_> = story.iter().map(|(name, _)| *name).collect();
    assert_eq!(told, OPERATIONS.iter().filter(|row| is_alerting(row)).map(|row| row.name).collect());
    let mut silence = String::new();
    for (name, arguments) in story {
        let row = Operation::find(name, None).unwrap();
        let filled: Vec<(&str, &str)> = arguments
            .iter()
            .map(|(name, value)| (*name, if *value == "$silence" { &silence } else { *value }))
            .collect();
        let reply = ask(&node, name, &filled).await;
        for path in row.returns.iter().filter(|path| **path != "Marker") {
            assert!(has(&reply, path), "{name} does not return {path}: {reply}");
        }
        if *name == "CreateAlertSilence" {
            silence = reply["Silence"]["SilenceId"].as_str().unwrap().to_owned();
        }
        let events = node.audited(&node.root.account, name, 1).await;
        assert_eq!(events.last().unwrap()["requestId"], reply["RequestId"], "{name}");
        assert_eq!(events.last().unwrap()["eventRW"], row.access.as_str(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_of_a_page_is_shown_with_its_own_state() {
    let node = alerted().await;
    let mut change = AlertChange::default();
    for (name, status) in [("b-rule", "error"), ("c-rule", "pending"), ("d-rule", "")] {
        node.logs(&node.root, Call::new("POST", "/jobs").json(&rule(name))).await.ok_empty();
        let kept = node.catalog.alert_rule_find(account(&node), "audit", name).await.unwrap().unwrap();
        let state = AlertRuleState {
            rule: kept.id,
            version: kept.version,
            state: "{}".into(),
            evaluated_through: node.now(),
            status: status.into(),
            reason: format!("of {name}"),
        };
        if !status.is_empty() {
            let evaluated =
                EvaluatedRule { account: kept.account, project: kept.project.clone(), state, history: Vec::new() };
            change.rules.insert(0, evaluated);
        }
    }
    node.catalog.alert_apply(&change, node.now()).await.unwrap();
    let mut shown = Vec::new();
    let mut marker: Option<String> = None;
    for page in 0..2 {
        let mut arguments = vec![("MaxItems", "2")];
        arguments.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let listed = ask(&node, "ListAlertRules", &arguments).await;
        assert_eq!(listed["IsTruncated"], page == 0);
        for rule in listed["Rules"].as_array().unwrap() {
            let text = |field: &str| rule[field].as_str().unwrap_or("-").to_owned();
            shown.push([text("RuleName"), text("Status"), text("Reason"), text("LastRunTime")].join(" "));
            assert_eq!(rule["MutedUntil"].is_string(), rule["RuleName"] == "deeds-rule");
        }
        marker = listed["Marker"].as_str().map(str::to_owned);
    }
    let now = node.now();
    assert_eq!(
        shown,
        [
            format!("b-rule error of b-rule {now}"),
            format!("c-rule pending of c-rule {now}"),
            "d-rule   -".to_owned(),
            format!("deeds-rule firing it fired {now}"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_about_an_incident_is_kept_until_it_is_over() {
    let node = alerted().await;
    let handle = async |status: &str| {
        node.call(&node.root, "UpdateAlertIncident", &[("IncidentId", ID), ("IncidentStatus", status)]).await
    };
    assert_eq!(ask(&node, "ListAlertIncidents", &[]).await["Open"], 1);
    let confirmed = handle("confirmed").await.ok();
    assert_eq!(confirmed["Incident"]["Status"], "confirmed");
    assert_eq!(confirmed["Incident"]["HandledBy"], "root");
    handle("ignored").await.ok();
    assert_eq!(ask(&node, "ListAlertIncidents", &[]).await["Open"], 0, "ignored is not open");
    assert_eq!(ask(&node, "ListAlertIncidents", &[("Status", "confirmed")]).await["Total"], 0);
    handle("resolved").await.ok();
    assert_eq!(handle("confirmed").await.error(), (404, "AlertIncidentNotFound".into()));
    let stranger = node.account("tenant").await;
    let theirs = node.call(&stranger, "GetAlertIncident", &[("IncidentId", ID)]).await;
    assert_eq!(theirs.error(), (404, "AlertIncidentNotFound".into()));
    assert_eq!(node.call(&stranger, "ListAlertIncidents", &[]).await.ok()["Total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_count_as_alerts_on_the_day_they_began() {
    let node = alerted().await;
    let earlier = node.now().minus(Duration::from_secs(2 * 86_400));
    let fires = |id: &str| IncidentChange::Fires(Box::new(incident(&node, id, earlier)));
    let change = AlertChange { incidents: vec![fires("two"), fires("three")], ..AlertChange::default() };
    node.catalog.alert_apply(&change, node.now()).await.unwrap();
    let days = [("StartDate", "2026-05-29"), ("EndDate", "2026-06-01")];
    assert_eq!(ask(&node, "DescribeUserAlertCount", &days).await["Data"]["Counts"], json!([0, 2, 0, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tried_before_it_exists_and_bad_ones_are_named() {
    let node = alerted().await;
    let mut idea = rule("no-such-rule");
    idea.as_object_mut().unwrap().remove("name");
    let text = idea.to_string();
    let from = ("StartTime", "2026-06-01T00:00:00Z");
    let report = ask(&node, "TestAlertRule", &[("Project", "audit"), ("Rule", &text), from]).await["Report"].clone();
    assert_eq!(
        report,
        json!({ "Rule": "a-rule-to-test", "From": "2026-06-01T00:00:00Z", "To": "2026-06-01T12:00:00Z" })
    );
    let mut wrong = idea.clone();
    wrong["configuration"]["threshold"] = json!(-1);
    let mut impossible = idea.clone();
    impossible["displayName"] = json!("impossible");
    let refusals: &[RefusedCall<'_>] = &[
        ("TestAlertRule", &[("Project", "audit"), from], 400, "InvalidParameterCombination"),
        ("TestAlertRule", &[("Project", "audit"), ("RuleName", "none"), from], 404, "AlertRuleNotFound"),
        ("TestAlertRule", &[("Project", "audit"), ("Rule", "{"), from], 400, "InvalidAlertRule"),
        ("TestAlertRule", &[("Project", "audit"), ("Rule", &wrong.to_string()), from], 400, "InvalidAlertRule"),
        ("TestAlertRule", &[("Project", "audit"), ("Rule", &impossible.to_string()), from], 400, "InvalidAlertRule"),
        (
            "TestAlertRule",
            &[("Project", "audit"), ("Rule", &text), ("StartTime", "2026-07-01T00:00:00Z")],
            400,
            "InvalidParameterCombination",
        ),
    ];
    for (name, arguments, status, code) in refusals {
        let refused = node.call(&node.root, name, arguments).await;
        assert_eq!(refused.error(), (*status, (*code).into()), "{}", refused.text());
    }
    let unsent = node.call(&node.root, "SendAlertTestMessage", &[("Channel", "sms")]).await;
    assert_eq!(unsent.error(), (503, "ServiceUnavailable".into()));
    assert!(!unsent.text().contains("secret"), "a failure of ours is not told: {}", unsent.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_refused() {
    let node = alerted().await;
    let silence = |object: &'static str, end: &'static str| {
        [("Matcher.1.Object", object), ("Matcher.1.Value", "a"), ("EndTime", end), ("Reason", "because")]
    };
    for arguments in [
        silence("labels.user", "2026-06-01T11:00:00Z"),
        silence("labels.user", "2036-06-01T11:00:00Z"),
        silence("no such field", "2026-06-02T11:00:00Z"),
    ] {
        let refused = node.call(&node.root, "CreateAlertSilence", &arguments).await;
        assert_eq!(refused.error(), (400, "InvalidAlertSilence".into()), "{}", refused.text());
    }
    // A pattern may look like a number, and a list is one only where it is meant.
    for (operator, value) in [("=~", "403"), ("in", r#"["a","b"]"#), ("==", "[]"), (">=", "8")] {
        let mut arguments = silence("labels.code", "2026-06-02T11:00:00Z").to_vec();
        arguments[1].1 = value;
        arguments.push(("Matcher.1.Operator", operator));
        node.call(&node.root, "CreateAlertSilence", &arguments).await.ok();
    }
    let empty = node.call(&node.root, "CreateAlertSilence", &silence("x", "2026-06-02T11:00:00Z")[2..]).await;
    assert_eq!(empty.error(), (400, "InvalidAlertSilence".into()));
    let missing = node.call(&node.root, "DeleteAlertSilence", &[("SilenceId", "none")]).await;
    assert_eq!(missing.error(), (404, "AlertSilenceNotFound".into()));
    let previews: &[RefusedCall<'_>] = &[
        ("PreviewAlertTemplate", &[("Channel", "email")], 400, "InvalidParameterCombination"),
        ("PreviewAlertTemplate", &[("Channel", "email"), ("TemplateId", "none")], 404, "AlertTemplateNotFound"),
        ("PreviewAlertTemplate", &[("Channel", "email"), ("Template", "[]")], 400, "InvalidAlertTemplate"),
    ];
    for (name, arguments, status, code) in previews {
        let refused = node.call(&node.root, name, arguments).await;
        assert_eq!(refused.error(), (*status, (*code).into()), "{}", refused.text());
    }
    let lines = "test01,Kumer,true,86-13811111111,true,true,a@example.net\nx,Alice,true,86-1,true,true,";
    let refused = node.call(&node.root, "ImportAlertUsers", &[("Users", lines)]).await;
    assert_eq!(refused.error(), (400, "InvalidAlertUsers".into()));
    assert!(refused.text().contains("line 2"), "{}", refused.text());
    assert_eq!(ask(&node, "ExportAlertUsers", &[]).await["Count"], 0, "all or none");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_come_back_as_the_lines_they_went_in_as() {
    let node = alerted().await;
    let lines = "test01,Kumer,true,86-13811111111,true,true,a@example.net\n\
                 test02,\"Al,ice\",false,1-5551234,true,false,b@example.net;c@example.net\n";
    assert_eq!(ask(&node, "ImportAlertUsers", &[("Users", lines)]).await["Count"], 2);
    let recorded = node.audited(&node.root.account, "ImportAlertUsers", 1).await;
    assert!(!recorded[0].to_string().contains("13811111111"), "telephone numbers are not recorded");
    let exported = ask(&node, "ExportAlertUsers", &[]).await;
    let users: Vec<&str> = exported["Users"].as_str().unwrap().lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(users, lines.lines().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_drawn_and_written_without_loss() {
    let node = alerted().await;
    let script = "if alert.severity >= 8:\n    fire(type=\"sms\", users=[\"test01\"])\n    stop()\nfire(type=\"email\", users=[\"test01\"])\n";
    let drawn = ask(&node, "DrawAlertActionPolicy", &[("Script", script)]).await;
    assert!(drawn["Graph"]["nodes"].as_array().unwrap().len() >= 3, "{drawn}");
    let graph = drawn["Graph"].to_string();
    let written = ask(&node, "DrawAlertActionPolicy", &[("Graph", &graph)]).await;
    assert_eq!((&written["Script"], &written["Graph"]), (&drawn["Script"], &drawn["Graph"]));
    let wrong: &[RefusedCall<'_>] = &[
        ("DrawAlertActionPolicy", &[], 400, "InvalidParameterCombination"),
        ("DrawAlertActionPolicy", &[("Script", "fire(")], 400, "InvalidAlertPolicy"),
        ("DrawAlertActionPolicy", &[("Graph", "{\"start\":\"a\",\"nodes\":[]}")], 400, "InvalidAlertPolicy"),
    ];
    for (name, arguments, status, code) in wrong {
        let refused = node.call(&node.root, name, arguments).await;
        assert_eq!(refused.error(), (*status, (*code).into()), "{}", refused.text());
    }
}

/// An evaluation is an event of its own category; clients of Log Service read its fields, not the event.
#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_flat_and_a_projects_own() {
    let node = alerted().await;
    let evaluation = |id: &str, project: &str| {
        json!({
            "eventId": id, "eventTime": "2026-06-01T12:00:00Z", "eventCategory": "Alert", "eventType": "AlertEvaluation",
            "eventName": "EvaluateAlertRule", "serviceName": "Sls", "resourceType": "project;rule",
            "resourceName": format!("{project};deeds-rule"), "acsRegion": "cn-hangzhou", "eventRW": "Read",
            "AlertID": id, "AlertName": "deeds-rule", "Fired": true, "FireCount": 3, "Labels": { "user": "alice" },
        })
    };
    let body = json!([evaluation("run-1", "audit"), evaluation("run-2", "another")]).to_string();
    node.put(&node.root, None, body).await.ok();
    let path = "/logstores/internal-alert-history";
    let ask = async |query: &str| {
        let window = [("type", "log"), ("from", "1780000000"), ("to", "1790000000"), ("query", query)];
        node.logs(&node.root, Call::new("GET", path).query(&window)).await.ok()
    };
    let rows = ask("AlertName: deeds-rule and Fired: true").await;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    let row = &rows[0];
    assert_eq!((&row["AlertID"], &row["FireCount"], &row["Fired"]), (&json!("run-1"), &json!("3"), &json!("true")));
    assert_eq!((&row["Labels"], &row["__time__"]), (&json!(r#"{"user":"alice"}"#), &json!("1780315200")));
    assert_eq!((row.get("event"), row.get("eventId")), (None, None));
    assert_eq!(ask("AlertName: another").await, json!([]));
}

async fn visit(node: &Node, token: &str) -> Reply {
    let uri = format!("/alerts/detail?token={token}");
    node.send(Request::builder().uri(uri).body(Body::empty()).unwrap()).await
}

/// The page needs no key, escapes what others wrote, and is gone with the link's end.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_its_incident_and_nothing_else() {
    let node = alerted().await;
    let data = node.folder.path().join("data");
    let (vault, _) = Vault::load(MasterKeySource { env: None, file: None, data_folder: &data }).unwrap();
    let link = |account: AccountId, incident: &str, expires: Timestamp| {
        vault.alert_link(&AlertLink { account, incident: incident.into(), expires })
    };
    let hour = node.now().plus(Duration::from_secs(3600));
    let token = link(account(&node), ID, hour);
    let page = visit(&node, &token).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("Deeds &amp; more") && text.contains("3 deeds") && text.contains("10.0.0.1"), "{text}");
    assert!(text.contains("&lt;script&gt;") && !text.contains("<script"), "{text}");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");

    let stranger: AccountId = node.account("tenant").await.account.parse().unwrap();
    // In its middle, where every character counts, and surely to another one.
    let (head, tail) = token.split_at(token.len() / 2);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    let changed = format!("{head}{other}{}", &tail[1..]);
    let none = visit(&node, "").await;
    assert_eq!(none.status, 404);
    for token in [changed, link(stranger, ID, hour), link(account(&node), "another", hour), "ä?&".into()] {
        let refused = visit(
            &node,
            &percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC).to_string(),
        )
        .await;
        assert_eq!((refused.status, refused.text()), (none.status, none.text()));
    }
    node.clock.advance(Duration::from_secs(3600));
    assert_eq!(visit(&node, &token).await.text(), none.text(), "it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_may_have_no_links() {
    let node = Node::with(gateway::Config { detail_links: false, ..gateway::Config::default() }).await;
    let change = AlertChange {
        incidents: vec![IncidentChange::Fires(Box::new(incident(&node, ID, node.now())))],
        ..AlertChange::default()
    };
    node.catalog.alert_apply(&change, node.now()).await.unwrap();
    let data = node.folder.path().join("data");
    let (vault, _) = Vault::load(MasterKeySource { env: None, file: None, data_folder: &data }).unwrap();
    let expires = node.now().plus(Duration::from_secs(3600));
    let token = vault.alert_link(&AlertLink { account: account(&node), incident: ID.into(), expires });
    assert_eq!(visit(&node, &token).await.status, 404);
}
