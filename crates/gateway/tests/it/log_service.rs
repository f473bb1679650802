//! Log Service's API where the official clients do not lead: addresses, forged requests, other accounts, records, SQL.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use client::acs3::encoded_query;
use gateway::Peer;
use http::Request;
use model::Timestamp;
use serde_json::{Value, json};
use sls::signature::{v1, v4};
use sls::{Credentials, Unsigned};

use crate::engine::Tally;
use crate::node::{Node, Reply, event};
use crate::signing::Key;

const HOST: &str = "audit.cn-hangzhou.log.example:8080";
pub(crate) const BARE: &str = "cn-hangzhou.log.example";
const LOGSTORE: &str = "/logstores/actiontrail_everything";

/// A request before it is signed.
pub(crate) struct Call<'a> {
    method: &'static str,
    host: &'a str,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: String,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'static str, path: &'a str) -> Call<'a> {
        Call { method, host: HOST, path, query: &[], body: String::new() }
    }

    pub(crate) fn at(mut self, host: &'a str) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn query(mut self, query: &'a [(&'a str, &'a str)]) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    pub(crate) fn text(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    fn unsigned(&self) -> Unsigned {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Unsigned {
            method: self.method,
            path: self.path.to_owned(),
            query: self.query.iter().map(owned).collect(),
            headers: vec![("host".into(), self.host.into()), ("content-type".into(), "application/json".into())],
            body: Bytes::from(self.body.clone()),
        }
    }

    /// Signed as version 1, then changed by `forge`.
    fn signed(&self, key: &Key, at: Timestamp, forge: impl FnOnce(&mut Unsigned)) -> Request<Body> {
        let mut request = self.unsigned();
        v1::sign(&mut request, &credentials(key), at);
        forge(&mut request);
        sendable(request)
    }
}

fn credentials(key: &Key) -> Credentials<'_> {
    Credentials { access_key_id: &key.id, access_key_secret: &key.secret, security_token: None }
}

fn sendable(unsigned: Unsigned) -> Request<Body> {
    let query = encoded_query(&unsigned.query);
    let uri = if query.is_empty() { unsigned.path } else { format!("{}?{query}", unsigned.path) };
    let mut request = Request::builder().method(unsigned.method).uri(uri);
    for (name, value) in &unsigned.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    let mut request = request.body(Body::from(unsigned.body)).expect("a request");
    request.extensions_mut().insert(Peer { address: ([203, 0, 113, 7], 40_000).into(), secure: false });
    request
}

impl Node {
    pub(crate) async fn logs(&self, key: &Key, call: Call<'_>) -> Reply {
        self.send(call.signed(key, self.now(), |_| ())).await
    }
}

/// The code of an error.
#[track_caller]
pub(crate) fn code(reply: &Reply) -> (u16, String) {
    assert!(reply.headers.contains_key("x-log-requestid"));
    (reply.status.as_u16(), reply.json()["errorCode"].as_str().expect("a code").to_owned())
}

/// A node with a Logstore that shows everything, and three events.
pub(crate) async fn scene() -> Node {
    scene_with(Node::with_engine(Some(Arc::new(Tally))).await).await
}

/// The same on a node that is there.
pub(crate) async fn scene_with(node: Node) -> Node {
    node.logs(&node.root, Call::new("POST", "/").json(&json!({ "projectName": "audit", "description": "d" })))
        .await
        .ok_empty();
    let arn = format!("acs:log:cn-hangzhou:{}:project/audit", node.root.account);
    let trail = [("Name", "everything"), ("SlsProjectArn", &*arn), ("EventRW", "All"), ("TrailRegion", "All")];
    node.call(&node.root, "CreateTrail", &trail).await.ok();
    node.call(&node.root, "StartLogging", &[("Name", "everything")]).await.ok();
    let more = r#""eventName":"Deed","eventRW":"Write""#;
    let events: Vec<String> = (0..3).map(|n| event(&format!("e{n}"), "2026-06-01T11:00:00Z", more)).collect();
    node.put(&node.root, None, format!("[{}]", events.join(","))).await.ok();
    node
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok_empty(&self) {
        assert_eq!((self.status.as_u16(), self.text()), (200, ""));
    }
}

const WINDOW: [(&str, &str); 3] = [("type", "log"), ("from", "1780000000"), ("to", "1790000000")];

fn ids(reply: &Reply) -> Vec<String> {
    let rows = reply.ok();
    let events = rows.as_array().expect("rows").iter().map(|row| row["event"].as_str().expect("an event"));
    let events = events.map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    events.map(|event| event["eventId"].as_str().expect("an id").to_owned()).filter(|id| id.starts_with('e')).collect()
}

#[tokio::test]
async fn a_project_is_found_in_the_host_and_in_the_path_and_either_path_may_be_signed() {
    let node = scene().await;
    let project = node.logs(&node.root, Call::new("GET", "/")).await.ok();
    assert_eq!((&project["projectName"], &project["region"]), (&json!("audit"), &json!("cn-hangzhou")));
    assert_eq!(project["createTime"], json!("2026-06-01 12:00:00"));
    for host in [BARE, "127.0.0.1:8080"] {
        let listed = node.logs(&node.root, Call::new("GET", "/").at(host)).await.ok();
        assert_eq!((&listed["total"], &listed["projects"][0]["projectName"]), (&json!(1), &json!("audit")), "{host}");
    }
    let prefixed = node.logs(&node.root, Call::new("GET", "/sls/audit/logstores").at("127.0.0.1:8080")).await.ok();
    assert_eq!(prefixed["logstores"], json!(["actiontrail_everything"]));
    // A client that has the prefix in its base address signs what follows it.
    let base = Call::new("GET", "/logstores").at("127.0.0.1:8080");
    let sent = node.send(base.signed(&node.root, node.now(), |request| request.path.insert_str(0, "/sls/audit"))).await;
    assert_eq!(sent.ok()["count"], json!(1));
    // Where the host names a project, the path that names another must be signed whole.
    let named = Call::new("GET", "/logstores");
    let moved =
        node.send(named.signed(&node.root, node.now(), |request| request.path.insert_str(0, "/sls/audit"))).await;
    assert_eq!(code(&moved).1, "SignatureNotMatch");
    let mut v4_signed = Call::new("GET", "/sls/audit/logstores").at("127.0.0.1:8080").unsigned();
    v4::sign(&mut v4_signed, &credentials(&node.root), "cn-hangzhou", node.now());
    assert_eq!(node.send(sendable(v4_signed)).await.ok()["count"], json!(1));
}

#[tokio::test]
async fn a_request_that_was_changed_or_is_old_is_refused() {
    let node = scene().await;
    let call = || Call::new("PUT", "/").json(&json!({ "description": "new" }));
    let late = node.now().minus(Duration::from_secs(16 * 60));
    assert_eq!(code(&node.send(call().signed(&node.root, late, |_| ())).await), (400, "RequestTimeTooSkewed".into()));
    type Forgery = (&'static str, fn(&mut Unsigned));
    let forgeries: [Forgery; 5] = [
        ("InvalidContentMD5", |request| request.body = Bytes::from_static(b"{}")),
        ("SignatureNotMatch", |request| request.path = "/logstores".into()),
        ("SignatureNotMatch", |request| request.query.push(("a".into(), "b".into()))),
        ("SignatureNotMatch", |request| request.headers.push(("x-log-extra".into(), "1".into()))),
        ("InvalidContentMD5", |request| request.headers.retain(|(name, _)| name != "content-md5")),
    ];
    for (expected, forge) in forgeries {
        let reply = node.send(call().signed(&node.root, node.now(), forge)).await;
        assert_eq!(code(&reply).1, expected);
    }
    let nobody = Key { id: "LTAInobody".into(), ..node.root.clone() };
    assert_eq!(code(&node.logs(&nobody, call()).await), (401, "InvalidAccessKeyId".into()));
    let wrong = Key { secret: "wrong".into(), ..node.root.clone() };
    assert_eq!(code(&node.logs(&wrong, call()).await), (401, "SignatureNotMatch".into()));
    let unsigned = node.send(sendable(Call::new("GET", "/sls/audit/").unsigned())).await;
    assert_eq!(code(&unsigned), (401, "Unauthorized".into()));
    let project = node.logs(&node.root, Call::new("GET", "/")).await.ok();
    assert_eq!(project["description"], json!("d"), "nothing of it was done");
}

#[tokio::test]
async fn policies_decide_and_other_accounts_find_nothing() {
    let node = scene().await;
    let statement = |action: &str, resource: &str| {
        json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resource }] })
            .to_string()
    };
    let of = format!("acs:log:*:{}:project/audit{LOGSTORE}", node.root.account).replace("/logstores/", "/logstore/");
    let reader = node.user(&node.root, "reader", Some(&statement("log:GetLogStoreLogs", &of))).await;
    let stranger = node.account("other").await;
    assert_eq!(ids(&node.logs(&reader, Call::new("GET", LOGSTORE).query(&WINDOW)).await), ["e0", "e1", "e2"]);
    let shard = format!("{LOGSTORE}/shards/0");
    for (method, path) in [
        ("GET", "/"),
        ("PUT", "/"),
        ("DELETE", "/"),
        ("GET", "/logstores"),
        ("GET", LOGSTORE),
        ("DELETE", LOGSTORE),
        ("GET", "/logs"),
        ("GET", "/dashboards"),
        ("POST", "/savedsearches"),
        ("DELETE", &*shard),
    ] {
        let denied = node.logs(&reader, Call::new(method, path)).await;
        assert_eq!(code(&denied), (403, "Unauthorized".into()), "{method} {path}");
    }
    let pulled = Call::new("GET", &shard).query(&[("type", "log"), ("cursor", "MA==")]);
    assert_eq!(code(&node.logs(&reader, pulled).await).0, 403);
    for path in ["/", LOGSTORE, "/dashboards/x", "/logstores"] {
        assert_eq!(code(&node.logs(&stranger, Call::new("GET", path)).await), (404, "ProjectNotExist".into()));
    }
    assert_eq!(node.logs(&stranger, Call::new("GET", "/").at(BARE)).await.ok()["total"], json!(0));
}

#[tokio::test]
async fn every_change_leaves_an_event_and_reading_leaves_none() {
    let node = scene().await;
    let group = format!("{LOGSTORE}/consumergroups");
    let named = format!("{group}/g");
    let index = format!("{LOGSTORE}/index");
    let board = json!({ "dashboardName": "b", "charts": ["x".repeat(5000)] });
    let calls = [
        ("UpdateProject", Call::new("PUT", "/").json(&json!({ "description": "d" }))),
        ("CreateLogStore", Call::new("POST", "/logstores").json(&json!({ "logstoreName": "mine" }))),
        ("UpdateLogStore", Call::new("PUT", LOGSTORE).json(&json!({ "logstoreName": "x", "ttl": 30 }))),
        ("DeleteLogStore", Call::new("DELETE", LOGSTORE)),
        ("CreateIndex", Call::new("POST", &index).json(&json!({}))),
        ("UpdateIndex", Call::new("PUT", &index).json(&json!({}))),
        ("DeleteIndex", Call::new("DELETE", &index)),
        ("CreateConsumerGroup", Call::new("POST", &group).json(&json!({ "consumerGroup": "g", "timeout": 5 }))),
        ("UpdateConsumerGroup", Call::new("PUT", &named).json(&json!({ "order": true }))),
        ("DeleteConsumerGroup", Call::new("DELETE", &named)),
        ("CreateDashboard", Call::new("POST", "/dashboards").json(&board)),
        ("DeleteDashboard", Call::new("DELETE", "/dashboards/b")),
        ("DeleteSavedSearch", Call::new("DELETE", "/savedsearches/none")),
        ("DeleteProject", Call::new("DELETE", "/")),
    ];
    for (name, call) in calls {
        let reply = node.logs(&node.root, call).await;
        let recorded = node.audited(&node.root.account, name, 1).await;
        assert_eq!(recorded[0]["serviceName"], json!("Sls"), "{name}");
        assert_eq!(recorded[0]["requestParameters"]["project"], json!("audit"), "{name}");
        let refused = if reply.status == 200 { Value::Null } else { reply.json()["errorCode"].clone() };
        assert_eq!(recorded[0]["errorCode"], refused, "{name}");
    }
    let charts = &node.audited(&node.root.account, "CreateDashboard", 1).await[0]["requestParameters"]["charts"];
    assert_eq!(charts, &json!("5004 bytes were not recorded"));
    let head = node.writer.head();
    node.logs(&node.root, Call::new("GET", LOGSTORE).query(&WINDOW)).await.ok();
    node.logs(&node.root, Call::new("GET", "/")).await.ok();
    assert_eq!(node.writer.head(), head);
}

#[tokio::test]
async fn a_statement_is_answered_by_the_engine_over_what_the_search_left() {
    let node = scene().await;
    let mut query = WINDOW.to_vec();
    query.push(("query", "event.eventName: Deed | select count(*) as n"));
    let first = node.logs(&node.root, Call::new("GET", LOGSTORE).query(&query)).await;
    assert_eq!(first.ok(), json!([{ "n": "1", "sql": "select count(*) as n", "nothing": "null" }]));
    assert_eq!(first.headers["x-log-has-sql"], "true");
    assert_eq!(first.headers["x-log-agg-query"], "select count(*) as n");
    let path = format!("{LOGSTORE}/logs");
    let body = json!({ "from": 1_780_000_000, "to": "1790000000", "query": "event.eventName: Deed | select 'ü'", "reverse": "True" });
    let second = node.logs(&node.root, Call::new("POST", &path).json(&body)).await.ok();
    assert_eq!(second["data"][0]["n"], json!("1"));
    assert_eq!((&second["meta"]["keys"], &second["meta"]["hasSQL"]), (&json!(["n", "sql", "nothing"]), &json!(true)));
    assert_eq!(second["meta"]["columnTypes"], json!(["bigint", "varchar", "varchar"]));
    query.pop();
    for (asked, expected, said) in [
        ("* | syntax", "ParameterInvalid", "at position 6"),
        ("* | delete from log", "ParameterInvalid", "read-only"),
        ("* | slow", "ExceedQuota", "took longer than"),
    ] {
        let mut query = query.clone();
        query.push(("query", asked));
        let refused = node.logs(&node.root, Call::new("GET", LOGSTORE).query(&query)).await;
        assert_eq!(code(&refused).1, expected, "{asked}");
        assert!(refused.text().contains(said), "{asked}: {}", refused.text());
    }
    let of_project = |text: &'static str| Call::new("GET", "/logs").query(Box::leak(Box::new([("query", text)])));
    let text = "select count(*) from actiontrail_everything where __time__ > 1 and __time__ < 2000000000";
    let found = node.logs(&node.root, of_project(text)).await.ok();
    assert_eq!((&found[0]["n"], &found[0]["sql"]), (&json!("1"), &json!(text)));
    for refused in ["select 1", "* | select __time__"] {
        assert_eq!(
            code(&node.logs(&node.root, of_project(refused)).await),
            (400, "ParameterInvalid".into()),
            "{refused}"
        );
    }
    let without = Node::start().await;
    without.logs(&without.root, Call::new("POST", "/").json(&json!({ "projectName": "audit" }))).await.ok_empty();
    let refused = without.logs(&without.root, of_project(text)).await;
    assert_eq!(code(&refused), (404, "LogStoreNotExist".into()));
}

#[tokio::test]
async fn retention_and_deletion_are_the_owners() {
    let node = scene().await;
    let ttl =
        |days: i64| Call::new("PUT", LOGSTORE).json(&json!({ "logstoreName": "actiontrail_everything", "ttl": days }));
    for days in [0, -1, 3651] {
        assert_eq!(code(&node.logs(&node.root, ttl(days)).await), (400, "LogstoreInfoInvalid".into()), "{days}");
    }
    node.logs(&node.root, ttl(1)).await.ok_empty();
    node.clock.advance(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(ids(&node.logs(&node.root, Call::new("GET", LOGSTORE).query(&WINDOW)).await), [""; 0]);
    node.logs(&node.root, ttl(3650)).await.ok_empty();
    assert_eq!(ids(&node.logs(&node.root, Call::new("GET", LOGSTORE).query(&WINDOW)).await).len(), 3);
    assert_eq!(code(&node.logs(&node.root, Call::new("DELETE", "/")).await), (400, "ProjectNotEmpty".into()));
    node.call(&node.root, "DeleteTrail", &[("Name", "everything")]).await.ok();
    node.logs(&node.root, Call::new("DELETE", LOGSTORE)).await.ok_empty();
    node.logs(&node.root, Call::new("DELETE", "/")).await.ok_empty();
    assert_eq!(code(&node.logs(&node.root, Call::new("GET", "/")).await), (404, "ProjectNotExist".into()));
}
