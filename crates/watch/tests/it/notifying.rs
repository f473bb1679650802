//! From an event to whoever is told, and the reasons why somebody is not.

use std::time::Duration;

use alert::Channel;
use catalog::{AlertSilence, IncidentStatus, NotificationOutcome};
use model::{ErrorKind, Timestamp};
use outbound::channel::Outcome;
use serde_json::json;
use watch::{Config, TestMessage};

use crate::scene::{
    AT, Folder, LOGSTORE, PROJECT, Scene, account, action_policy, escalating_policy, minutes, quick, receiver,
    search_rule, until,
};

fn seconds(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp(at.0 + seconds * 1000)
}

fn silence_of(name: &str) -> AlertSilence {
    AlertSilence {
        id: "s1".into(),
        account: account(),
        matchers: json!([{ "object": "labels.eventName", "operator": "==", "value": name }]).to_string(),
        starts: AT,
        ends: minutes(60),
        reason: "maintenance".into(),
        creator: "alice".into(),
        created: AT,
    }
}

#[tokio::test]
async fn an_event_becomes_an_incident_messages_and_history_and_its_end_is_told() {
    let folder = Folder::new();
    let config = Config { public_url: "https://cairn.example.com/".into(), ..quick() };
    let scene = Scene::start(&folder, AT, config).await;
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    scene.event("e1", "DeleteTrail", seconds(AT, 30)).await;
    scene.event("e2", "CreateUser", seconds(AT, 31)).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    until("the webhook has it", async || scene.arrived().len() == 1).await;

    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!((incidents[0].status, incidents[0].severity), (IncidentStatus::Firing, 8));
    assert_eq!((incidents[0].fired, incidents[0].told), (minutes(1), Some(minutes(1))));
    let message = &scene.arrived()[0];
    assert!(message.body.contains("DeleteTrail by alice"), "{}", message.body);
    until("the attempt is recorded", async || {
        scene.notifications().await.iter().all(|one| one.outcome == NotificationOutcome::Sent)
    })
    .await;
    let log = scene.notifications().await;
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(|one| one.code == "first" && one.incidents == [incidents[0].id.clone()]), "{log:?}");
    assert!(log.iter().any(|one| one.id == message.id && one.recipient == "ops-hook"));
    assert!(log.iter().all(|one| one.title.contains("trail-off")), "{log:?}");
    let (inbox, _) = scene.catalog.inbox_list(account(), true, 0, 10).await.unwrap();
    assert_eq!((inbox.len(), inbox[0].severity), (1, 8));

    // It fires no more: the end is told after the group interval, and once.
    scene.advance_to(minutes(2));
    scene.until_ran(rule, minutes(2)).await;
    until("the end is told", async || scene.arrived().len() == 2).await;
    assert_eq!(scene.incidents().await[0].status, IncidentStatus::Resolved);
    scene.advance_to(minutes(4));
    scene.until_ran(rule, minutes(4)).await;
    until("the history is written", async || scene.history().await.len() == 4).await;
    assert_eq!(scene.arrived().len(), 2);
    let history = scene.history().await;
    let fired: Vec<&serde_json::Value> = history.iter().map(|run| &run["Fired"]).collect();
    assert_eq!(fired, [&json!(true), &json!(false), &json!(false), &json!(false)]);
    assert_eq!(history[0]["eventCategory"], "Alert");
    assert_eq!(history[0]["AlertName"], "trail-off");
    assert_eq!(history[0]["eventTime"], minutes(1).to_string());
    let text = scene.metrics.encode();
    assert!(text.contains("cairn_alert_evaluations_total{outcome=\"succeeded\"} 4"), "{text}");
    scene.stop().await;
}

#[tokio::test]
async fn the_same_goes_on_without_a_new_incident_and_is_repeated_after_its_interval() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    for minute in 0..65 {
        scene.event(&format!("e{minute}"), "DeleteTrail", seconds(minutes(minute), 30)).await;
        scene.advance_to(minutes(minute + 1));
        scene.until_ran(rule, minutes(minute + 1)).await;
    }
    until("the repetition is told", async || scene.arrived().len() == 2).await;
    assert_eq!(scene.incidents().await.len(), 1);
    assert_eq!(scene.codes().await, ["first", "first", "repeat", "repeat"]);
    scene.stop().await;
}

#[tokio::test]
async fn whatever_is_not_told_has_a_reason() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let mut muted = search_rule("eventName: Muted");
    muted["muteUntil"] = json!(minutes(30).0 / 1000);
    scene.rule("muted-rule", muted).await;
    let mut lost = search_rule("eventName: Lost");
    lost["policyConfiguration"]["alertPolicyId"] = json!("nobodys.policy");
    scene.rule("lost-rule", lost).await;
    let mut unread = search_rule("eventName: Unread");
    unread["policyConfiguration"]["actionPolicyId"] = json!("mail.policy");
    scene.rule("unread-rule", unread).await;
    let script = "fire(type=\"email\", users=[\"nobody\"], groups=[\"no_group\"])";
    scene.record("sls.alert.action_policy", "mail.policy", action_policy("mail.policy", script)).await;
    let rule = scene.rule("silenced-rule", search_rule("eventName: Silenced")).await;
    scene.catalog.silence_create(&silence_of("Silenced"), 10).await.unwrap();
    for (number, name) in ["Muted", "Lost", "Unread", "Silenced"].into_iter().enumerate() {
        scene.event(&format!("e{number}"), name, seconds(AT, 30)).await;
    }
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    until("all is decided", async || scene.notifications().await.len() >= 6).await;
    let log = scene.notifications().await;
    let why = |rule: &str| {
        let mut codes: Vec<_> = log.iter().filter(|one| one.rule == rule).map(|one| one.code.as_str()).collect();
        codes.sort_unstable();
        codes
    };
    assert_eq!(why("muted-rule"), ["muted"]);
    assert_eq!(why("lost-rule"), ["no_policy"]);
    assert_eq!(why("unread-rule"), ["no_recipients", "unknown", "unknown"], "{log:?}");
    assert_eq!(why("silenced-rule"), ["silenced"]);
    let silenced = log.iter().find(|one| one.rule == "silenced-rule").unwrap();
    assert!(silenced.reason.contains("maintenance"), "{}", silenced.reason);
    assert!(log.iter().all(|one| one.outcome == NotificationOutcome::Suppressed && !one.reason.is_empty()));
    assert!(scene.arrived().is_empty());
    assert_eq!(scene.incidents().await.len(), 4, "what is not told is seen all the same");
    scene.stop().await;
}

#[tokio::test]
async fn an_ignored_incident_is_quiet_and_one_that_nobody_confirms_is_escalated() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    scene.record("sls.alert.action_policy", "ops.policy", escalating_policy()).await;
    let rule = scene.rule("trail-off", search_rule("eventRW: Write")).await;
    scene.event("e1", "DeleteTrail", seconds(AT, 30)).await;
    scene.event("e2", "StopLogging", seconds(AT, 30)).await;
    scene.event("e3", "CreateUser", seconds(AT, 30)).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    until("all are told", async || scene.arrived().len() == 3).await;
    let silence = AlertSilence { starts: minutes(2), ..silence_of("CreateUser") };
    scene.catalog.silence_create(&silence, 10).await.unwrap();
    let incidents = scene.incidents().await;
    let ignored = incidents.iter().find(|one| one.alert.contains(r#""labels":{"eventName":"StopLogging"}"#)).unwrap();
    let ignore =
        scene.catalog.incident_handle(account(), &ignored.id, IncidentStatus::Ignored, "bob", "known", minutes(2));
    ignore.await.unwrap();
    for minute in 1..12 {
        for name in ["DeleteTrail", "StopLogging", "CreateUser"] {
            scene.event(&format!("{name}{minute}"), name, seconds(minutes(minute), 30)).await;
        }
        scene.advance_to(minutes(minute + 1));
        scene.until_ran(rule, minutes(minute + 1)).await;
    }
    until("the boss is told", async || scene.arrived().len() == 4).await;
    let last = scene.notifications().await.into_iter().find(|one| one.code == "escalation").unwrap();
    assert_eq!(last.recipient, "boss-hook");
    assert!(!last.incidents.contains(&ignored.id));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(scene.arrived().len(), 4, "each clock rings once, and not for what is silenced or ignored");
    let silenced = scene.notifications().await.into_iter().filter(|one| one.code == "silenced").count();
    assert_eq!(silenced, 1);
    scene.stop().await;
}

#[tokio::test]
async fn whom_to_tell_may_be_asked_of_somebody_and_quotas_end() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let user = json!({
        "user_id": "alice", "user_name": "Alice", "email": ["alice@example.net"], "country_code": "86",
        "phone": "13800000000", "enabled": true, "sms_enabled": true, "voice_enabled": true, "quota": { "email": 1 },
    });
    scene.record("sls.common.user", "alice", user).await;
    scene.receivers.named.lock().push("alice".into());
    let script = "fire(type=\"email\", receiver_type=\"dynamic\", external_url=\"https://who.example.net\")";
    scene.record("sls.alert.action_policy", "ops.policy", action_policy("ops.policy", script)).await;
    let rule = scene.rule("any-write", search_rule("eventRW: Write")).await;
    scene.event("e1", "DeleteTrail", seconds(AT, 30)).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    until("alice is told", async || scene.arrived().len() == 1).await;
    scene.event("e2", "StopLogging", seconds(minutes(1), 30)).await;
    scene.advance_to(minutes(2));
    scene.until_ran(rule, minutes(2)).await;
    until("the quota is used", async || scene.codes().await.iter().any(|code| code == "quota_used")).await;
    assert_eq!(scene.arrived().len(), 1);
    scene.stop().await;
}

fn old_rule(event: &str, mail: &str) -> serde_json::Value {
    json!({
        "condition": format!("eventName == '{event}'"), "dashboard": "board",
        "queryList": [{ "logStore": LOGSTORE, "query": "*", "start": "-60s", "end": "now", "timeSpanType": "Custom",
                        "chartTitle": "chart" }],
        "notificationList": [
            { "type": "Email", "subject": "trail", "content": "${aliuid} lost a trail", "emailList": [mail] },
            { "type": "Webhook", "serviceUri": "https://hook.example.net", "method": "POST", "content": "{}" },
        ],
        "throttling": "5m",
    })
}

#[tokio::test]
async fn a_rule_of_version_1_tells_whom_it_names_itself() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let rule = scene.rule("old-rule", old_rule("DeleteTrail", "ops@example.net")).await;
    for minute in 0..3 {
        scene.event(&format!("e{minute}"), "DeleteTrail", seconds(minutes(minute), 30)).await;
        scene.advance_to(minutes(minute + 1));
        scene.until_ran(rule, minutes(minute + 1)).await;
    }
    until("both are told", async || scene.arrived().len() == 2).await;
    let bodies: Vec<String> = scene.arrived().into_iter().map(|one| one.body).collect();
    assert!(bodies.iter().any(|body| body.contains(&format!("{} lost a trail", account()))), "{bodies:?}");
    // One that comes later, while everything runs.
    let later = scene.rule("later-rule", old_rule("StopLogging", "later@example.net")).await;
    scene.event("s1", "StopLogging", seconds(minutes(3), 30)).await;
    scene.advance_to(minutes(4));
    scene.until_ran(later, minutes(4)).await;
    until("the later one tells too", async || {
        scene.arrived().iter().any(|one| receiver(&one.target) == "later@example.net")
    })
    .await;
    assert!(scene.codes().await.iter().all(|code| code != "no_policy"));
    scene.stop().await;
}

#[tokio::test]
async fn a_query_that_fails_ends_nothing_and_is_in_the_history() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let mut missing = search_rule("*");
    missing["queryList"][0]["store"] = json!("no-such-store");
    let rule = scene.rule("broken-rule", missing).await;
    let mut foreign = search_rule("*");
    foreign["queryList"][0]["roleArn"] = json!("acs:ram::1000000000000009:role/reader");
    let other = scene.rule("foreign-rule", foreign).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    scene.until_ran(other, minutes(1)).await;
    until("the history is written", async || scene.history().await.len() == 2).await;
    let history = scene.history().await;
    assert!(history.iter().all(|run| run["Status"] == "Failed" && run["AlertStatus"] == "error"), "{history:?}");
    let reasons = history.iter().map(|run| run["Reason"].as_str().unwrap()).collect::<Vec<_>>().join("\n");
    assert!(reasons.contains(&format!("project {PROJECT} has no Logstore no-such-store")), "{reasons}");
    assert!(reasons.contains("is of another account"), "{reasons}");
    assert_eq!(scene.catalog.alert_rule_state(rule).await.unwrap().unwrap().status, "error");
    scene.stop().await;
}

#[tokio::test]
async fn a_webhook_that_is_down_is_tried_again_under_the_same_id() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let down = Outcome::Retry { why: "connection refused".into(), after: None };
    scene.receivers.answers.lock().insert("ops-hook".into(), vec![down]);
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    scene.event("e1", "DeleteTrail", seconds(AT, 30)).await;
    scene.advance_to(minutes(1));
    scene.until_ran(rule, minutes(1)).await;
    until("it was tried", async || scene.arrived().len() == 1).await;
    until("it is recorded", async || scene.notifications().await.iter().any(|one| one.attempts == 1)).await;
    scene.clock.advance(Duration::from_secs(5));
    until("it was tried again", async || scene.arrived().len() == 2).await;
    let arrived = scene.arrived();
    assert_eq!(arrived[0], arrived[1]);
    scene.stop().await;
}

#[tokio::test]
async fn a_test_message_goes_out_at_once_and_leaves_nothing() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let test = |channel, target: &str, template: &str| TestMessage {
        channel,
        target: target.into(),
        template: template.into(),
        locale: None,
    };
    let sent = scene.watch.send_test(account(), &test(Channel::Webhook, "https://hook.example.net", "")).await.unwrap();
    assert!(matches!(sent[..], [Outcome::Delivered { .. }, ..]), "{sent:?}");
    assert!(scene.arrived().iter().all(|one| one.id.starts_with("test-")));
    for (channel, target, template) in [
        (Channel::Email, "nobody", ""),
        (Channel::Sms, "13800000000", ""),
        (Channel::Fc, "fc", ""),
        (Channel::Webhook, "hook", "no.template"),
    ] {
        let wrong = scene.watch.send_test(account(), &test(channel, target, template)).await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Invalid, "{wrong}");
    }
    assert!(scene.notifications().await.is_empty());
    scene.stop().await;
}
