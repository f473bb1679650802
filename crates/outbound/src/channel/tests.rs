use std::collections::HashMap;

use host::{OsRandom, RealDisk};
use serde_json::{Value, json};

use super::*;
use crate::recording_server::{HANG, server};

pub(super) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Integrations from their records.
#[derive(Default)]
struct Records(HashMap<String, Value>);

#[async_trait::async_trait]
impl Integrations for Records {
    async fn open(&self, _account: AccountId, id: &str) -> Result<Option<Integration>, String> {
        if id == "sealed" {
            return Err("the master key is another one".to_owned());
        }
        self.0.get(id).map(|record| Integration::parse(record).map_err(|error| error.to_string())).transpose()
    }
}

pub(super) fn settings() -> Settings {
    Settings { allow_loopback: true, ..Settings::default() }
}

pub(super) fn channels(settings: &Settings, records: &[(&str, Value)]) -> Channels {
    let records = records.iter().map(|(id, record)| ((*id).to_owned(), record.clone())).collect();
    Channels::new(settings, &RealDisk, Arc::new(OsRandom), Arc::new(Records(records))).unwrap()
}

pub(super) fn envelope(target: Target) -> Envelope {
    Envelope {
        id: "n-1".to_owned(),
        account: "1000000000000001".parse().unwrap(),
        target,
        title: "Trail stopped".to_owned(),
        body: "details".to_owned(),
        plain: None,
    }
}

fn named(id: &str) -> Place {
    Place::Integration(id.to_owned())
}

fn delivered(answer: &str) -> Outcome {
    Outcome::Delivered { answer: answer.to_owned() }
}

#[tokio::test]
async fn a_webhook_gets_the_body_its_headers_and_the_id() {
    let (url, told) = server(vec![("200 OK", "thanks".into()), ("200 OK", String::new())]);
    let record = json!({"id": "hook", "type": "custom", "url": format!("{url}/alerts?x=1"), "method": "PUT",
        "headers": [{"key": "X-Token", "value": "t"}, {"key": "content-type", "value": "text/plain"}]});
    let channels = channels(&settings(), &[("hook", record)]);
    assert_eq!(channels.send(&envelope(Target::Webhook { to: named("hook") }), NOW).await, delivered("thanks"));
    let seen = told.recv().unwrap();
    assert_eq!(seen.line, "PUT /alerts?x=1 HTTP/1.1");
    assert_eq!((seen.text(), seen.header("x-token"), seen.header("content-type")), ("details", "t", "text/plain"));
    assert_eq!(seen.header("x-cairn-notification"), "n-1");
    let inline = Inline { url, method: String::new(), headers: Vec::new() };
    let outcome = channels.send(&envelope(Target::Webhook { to: Place::Inline(inline) }), NOW).await;
    assert_eq!(outcome, delivered("HTTP status 200 OK"));
    let seen = told.recv().unwrap();
    assert_eq!(seen.line, "POST / HTTP/1.1");
    assert_eq!(seen.header("content-type"), "application/json;charset=utf-8");
}

#[tokio::test]
async fn only_200_is_success_and_failures_may_pass_but_not_redirects() {
    let answers = vec![
        ("204 No Content", String::new()),
        ("503 Busy\r\nretry-after: 7", "come back".into()),
        ("404 Not Found", "gone".into()),
        ("302 Found\r\nlocation: http://169.254.169.254/", String::new()),
    ];
    let (url, _told) = server(answers);
    let channels = channels(&settings(), &[("hook", json!({"type": "custom", "url": url}))]);
    let target = || envelope(Target::Webhook { to: named("hook") });
    let retry =
        |why: &str, after: Option<u64>| Outcome::Retry { why: why.into(), after: after.map(Duration::from_secs) };
    assert_eq!(channels.send(&target(), NOW).await, retry("HTTP status 204 No Content", None));
    assert_eq!(channels.send(&target(), NOW).await, retry("HTTP status 503 Service Unavailable: come back", Some(7)));
    assert_eq!(channels.send(&target(), NOW).await, retry("HTTP status 404 Not Found: gone", None));
    let outcome = channels.send(&target(), NOW).await;
    assert!(matches!(&outcome, Outcome::Rejected { why } if why.contains("redirect")), "{outcome:?}");
    let outcome = channels.send(&target(), NOW).await;
    assert!(matches!(&outcome, Outcome::Retry { why, .. } if !why.contains("http")), "nobody listens: {outcome:?}");
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_after_five_seconds() {
    let (url, _told) = server(vec![(HANG, String::new())]);
    let channels = channels(&settings(), &[("hook", json!({"type": "custom", "url": url}))]);
    let outcome = channels.send(&envelope(Target::Webhook { to: named("hook") }), NOW).await;
    assert_eq!(outcome, Outcome::Retry { why: "no answer within 5 seconds".into(), after: None });
}

#[tokio::test]
async fn what_tenants_name_goes_through_the_egress_rules() {
    let open = channels(&settings(), &[]);
    let closed = channels(&Settings::default(), &[]);
    let sent = async |channels: &Channels, url: &str| {
        let to = Place::Inline(Inline { url: url.to_owned(), method: String::new(), headers: Vec::new() });
        channels.send(&envelope(Target::Webhook { to }), NOW).await
    };
    for url in
        ["http://169.254.169.254/latest", "http://0xa9fea9fe/", "http://[fd00:ec2::254]/", "ftp://host/", "nothing"]
    {
        let outcome = sent(&open, url).await;
        assert!(matches!(outcome, Outcome::Rejected { .. }), "{url}: {outcome:?}");
    }
    for url in ["http://127.0.0.1:1/", "http://localhost:1/"] {
        let outcome = sent(&closed, url).await;
        let told = matches!(&outcome, Outcome::Rejected { why } if why.contains("alerting.allow_loopback"));
        assert!(told, "{url}: {outcome:?}");
        assert!(matches!(sent(&open, url).await, Outcome::Retry { .. }), "{url}");
    }
}

#[tokio::test]
async fn an_integration_that_cannot_be_used_says_why() {
    let records = [("robot", json!({"type": "dingtalk", "url": "http://127.0.0.1:1/"}))];
    let channels = channels(&settings(), &records);
    let why = async |id: &str| match channels.send(&envelope(Target::Webhook { to: named(id) }), NOW).await {
        Outcome::Rejected { why } => format!("rejected: {why}"),
        Outcome::Retry { why, .. } => format!("retry: {why}"),
        other => format!("{other:?}"),
    };
    assert_eq!(why("robot").await, "rejected: webhook integration robot is of type dingtalk, not custom");
    assert_eq!(why("none").await, "rejected: webhook integration none does not exist");
    assert_eq!(why("sealed").await, "retry: webhook integration sealed: the master key is another one");
    for target in [
        Target::Email { address: "a@example.com".into(), name: String::new() },
        Target::Sms { phone: PhoneNumber { country_code: "86".into(), number: "13800000000".into() } },
        Target::Voice { phone: PhoneNumber { country_code: "86".into(), number: "13800000000".into() } },
    ] {
        let outcome = channels.send(&envelope(target), NOW).await;
        assert!(matches!(&outcome, Outcome::Rejected { why } if why.contains("[alerting.")), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_robot_waits_when_its_minute_is_full() {
    let answers = (0..20).map(|_| ("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#.to_owned())).collect();
    let (url, _told) = server(answers);
    let channels = channels(&settings(), &[("robot", json!({"type": "wechat", "url": url}))]);
    let target = || envelope(Target::Wechat { to: named("robot"), mention: Mention::default() });
    for _ in 0..20 {
        assert!(matches!(channels.send(&target(), NOW).await, Outcome::Delivered { .. }));
    }
    assert_eq!(channels.send(&target(), NOW).await, Outcome::Wait { after: Duration::from_secs(60) });
}

#[tokio::test]
async fn events_go_to_a_bus_as_cloud_events_signed_with_the_accounts_key() {
    let failed = r#"{"FailedEntryCount":1,"EntryList":[{"ErrorCode":"EventBusNotExist","ErrorMessage":"no bus"}]}"#;
    let (url, told) = server(vec![("200 OK", r#"{"FailedEntryCount":0}"#.into()), ("200 OK", failed.into())]);
    let record = json!({"type": "event_bridge", "url": url, "access_key_id": "LTAI5tExample", "secret": "hush"});
    let channels = channels(&settings(), &[("bus-key", record)]);
    let target =
        Target::EventBridge { integration: "bus-key".into(), bus: "security".into(), is_resolved: true, time: NOW };
    let mut envelope = envelope(target);
    envelope.body = r#"{"alert_id": "trail_off"}"#.to_owned();
    assert!(matches!(channels.send(&envelope, NOW).await, Outcome::Delivered { .. }));
    let seen = told.recv().unwrap();
    assert_eq!(seen.line, "POST /openapi/putEvents HTTP/1.1");
    assert_eq!(seen.header("content-type"), "application/cloudevents-batch+json; charset=utf-8");
    assert_eq!(seen.header("date"), "Tue, 14 Nov 2023 22:13:20 GMT");
    // Computed in Python as the official SDK's signing function does.
    assert_eq!(seen.header("authorization"), "acs:LTAI5tExample:YQfmg9dyg55NGLIbDHTz2BMyJIU=");
    let expected = json!([{"id": "n-1", "source": "acs.sls.alert", "specversion": "1.0", "type": "sls:AlertEvent:Resolved",
        "datacontenttype": "application/json", "subject": "Trail stopped", "time": "2023-11-14T22:13:20Z",
        "aliyuneventbusname": "security", "data": {"alert_id": "trail_off"}}]);
    assert_eq!(seen.json(), expected);
    let outcome = channels.send(&envelope, NOW).await;
    assert_eq!(outcome, Outcome::Retry { why: "the event was not taken: EventBusNotExist no bus".into(), after: None });
}

#[tokio::test]
async fn functions_are_invoked_with_the_content_as_their_event() {
    let (url, told) = server(vec![("202 Accepted", String::new()), ("403 Forbidden", "no".into())]);
    let record = json!({"type": "fc", "url": format!("{url}/"), "access_key_id": "LTAI5tExample", "secret": "hush"});
    let channels = channels(&settings(), &[("default.fc", record)]);
    let target = |function: &str| Target::Fc {
        integration: "default.fc".into(),
        service: "ops".into(),
        version: String::new(),
        function: function.into(),
    };
    assert_eq!(channels.send(&envelope(target("sls-ops-page")), NOW).await, delivered("HTTP status 202 Accepted"));
    let seen = told.recv().unwrap();
    assert_eq!(seen.line, "POST /2016-08-15/services/ops.LATEST/functions/sls-ops-page/invocations HTTP/1.1");
    assert_eq!((seen.text(), seen.header("x-fc-invocation-type")), ("details", "Async"));
    // Computed in Python as the official SDK's signing function does.
    assert_eq!(seen.header("authorization"), "FC LTAI5tExample:Zm/MBy2KH7gHJet8Aap7AA7vUf9/6hOOMnFtZpXofXk=");
    let outcome = channels.send(&envelope(target("sls-ops-page")), NOW).await;
    assert_eq!(outcome, Outcome::Rejected { why: "HTTP status 403 Forbidden: no".into() });
    let outcome = channels.send(&envelope(target("delete-everything")), NOW).await;
    assert!(matches!(&outcome, Outcome::Rejected { why } if why.contains("sls-ops-")), "{outcome:?}");
}

#[tokio::test]
async fn a_service_that_names_recipients_is_asked_within_its_limits() {
    let answers = vec![("200 OK", "{\"users\":[]}".into()), ("200 OK", "x".repeat(3000)), ("201 Created", "{}".into())];
    let (url, told) = server(answers);
    let channels = channels(&settings(), &[]);
    let headers = [("x-token".to_owned(), "t".to_owned())];
    assert_eq!(channels.ask(&url, &headers, "{}".into()).await, Ok("{\"users\":[]}".to_owned()));
    assert_eq!(told.recv().unwrap().header("x-token"), "t");
    assert!(matches!(channels.ask(&url, &[], "{}".into()).await, Err(Outcome::Rejected { .. })));
    assert!(matches!(channels.ask(&url, &[], "{}".into()).await, Err(Outcome::Retry { .. })));
}

#[test]
fn envelopes_survive_the_outbox_and_hold_no_secret() {
    let phone = PhoneNumber { country_code: "86".into(), number: "138".into() };
    let mention = Mention { everybody: true, phones: vec!["138".into()] };
    let inline = Inline {
        url: "https://oapi.dingtalk.com/robot/send?access_token=hush".into(),
        method: String::new(),
        headers: Vec::new(),
    };
    for target in [
        Target::Sms { phone: phone.clone() },
        Target::Voice { phone },
        Target::Email { address: "a@example.com".into(), name: "A".into() },
        Target::Dingtalk { to: Place::Inline(inline), mention: mention.clone() },
        Target::Wechat { to: named("a"), mention: mention.clone() },
        Target::Lark { to: named("a"), mention },
        Target::Slack { to: named("a") },
        Target::Webhook { to: named("a") },
        Target::EventBridge { integration: "a".into(), bus: "b".into(), is_resolved: false, time: NOW },
        Target::Fc { integration: "a".into(), service: "s".into(), version: "1".into(), function: "f".into() },
    ] {
        let envelope = envelope(target);
        let json = serde_json::to_value(&envelope).unwrap();
        assert_eq!(json["target"]["channel"], envelope.target.channel());
        assert_eq!(serde_json::from_value::<Envelope>(json).unwrap(), envelope);
        assert!(!format!("{envelope:?}").contains("hush"));
    }
}

#[test]
fn records_are_read_as_clients_write_them() {
    let parse = |record: Value| Integration::parse(&record).map_err(|error| error.field);
    let read = parse(
        json!({"id": "a", "name": "A", "type": "lark", "url": " https://open.feishu.cn/hook/x ", "method": "post",
        "headers": {"X-A": "1"}, "secret": "hush"}),
    )
    .unwrap();
    assert_eq!(
        (read.kind, read.url.as_str(), read.method.as_str()),
        (IntegrationKind::Lark, "https://open.feishu.cn/hook/x", "POST")
    );
    assert_eq!(read.headers, [("X-A".to_owned(), "1".to_owned())]);
    assert!(!format!("{read:?}").contains("hush"));
    for (record, field) in [
        (json!({"type": "pager", "url": "https://a"}), "type"),
        (json!({"type": "slack", "url": "a.example.com"}), "url"),
        (json!({"type": "custom", "url": "https://a", "method": "PATCH"}), "method"),
        (json!({"type": "custom", "url": "https://a", "headers": [{"key": "a b", "value": ""}]}), "headers"),
        (json!({"type": "custom", "url": "https://a", "headers": [{"key": "a", "value": "x\r\ny: z"}]}), "headers"),
        (json!({"type": "fc", "url": "https://a"}), "access_key_id"),
        (json!({"type": "event_bridge", "url": "https://a", "access_key_id": "k"}), "secret"),
    ] {
        assert_eq!(parse(record), Err(field));
    }
}
