//! `POST /v1/events` through the wire.

use std::io::Write;

use gateway::Config;
use serde_json::{Value, json};

use crate::node::{Node, event};
use crate::signing::{Key, Unsigned};

const TIME: &str = "2026-06-01T11:00:00Z";

fn counts(reply: &Value) -> (u64, u64, usize) {
    let count = |name: &str| reply[name].as_u64().expect("a count");
    (count("Accepted"), count("Duplicates"), reply["Refused"].as_array().expect("a list").len())
}

async fn found(node: &Node, key: &Key, id: &str) -> usize {
    node.get(key, &[("EventId", id)]).await.ok()["Events"].as_array().expect("a list").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_stands_for_itself_and_is_found_at_once() {
    let node = Node::start().await;
    let late = event("late", "2026-06-03T00:00:00Z", "");
    let body = format!(
        "[{}, {}, {{\"eventId\":\"no-time\"}}, 7, {late}, {}]",
        event("a", TIME, ""),
        event("b", TIME, ""),
        event("a", TIME, "\"again\":true")
    );
    let reply = node.put(&node.root, None, body).await.ok();
    assert_eq!(counts(&reply), (2, 1, 3));
    let refused: Vec<_> =
        reply["Refused"].as_array().expect("a list").iter().map(|each| (&each["Index"], &each["Code"])).collect();
    let expected = [(2, "MissingEventTime"), (3, "NotAnObject"), (4, "EventTimeInFuture")];
    assert_eq!(
        refused,
        expected.map(|(index, code)| (json!(index), json!(code))).iter().map(|(i, c)| (i, c)).collect::<Vec<_>>()
    );
    assert_eq!(reply["Refused"][2]["EventId"], "late");
    assert!(reply["RequestId"].is_string());
    assert_eq!((found(&node, &node.root, "a").await, found(&node, &node.root, "b").await), (1, 1));
    let again = node.put(&node.root, None, event("a", TIME, "")).await.ok();
    assert_eq!(counts(&again), (0, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_compression_are_taken() {
    let node = Node::start().await;
    let lines = format!("{}\n\n{}\nbroken\n", event("l1", TIME, ""), event("l2", TIME, ""));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(lines.as_bytes()).expect("memory");
    let bodies = [
        ("identity", lines.clone().into_bytes()),
        ("gzip", gzip.finish().expect("memory")),
        ("zstd", zstd::encode_all(lines.as_bytes(), 3).expect("memory")),
    ];
    for (place, (encoding, body)) in bodies.into_iter().enumerate() {
        let request = Unsigned::new("POST", "/v1/events")
            .header("content-type", "application/x-ndjson")
            .header("content-encoding", encoding)
            .body(body);
        let reply = node.send(request.acs3(&node.root, "PutEvents", "2026-11-21", node.now())).await.ok();
        let expected = if place == 0 { (2, 0, 1) } else { (0, 2, 1) };
        assert_eq!(counts(&reply), expected, "{encoding}");
        assert_eq!((&reply["Refused"][0]["Index"], &reply["Refused"][0]["Code"]), (&json!(2), &json!("MalformedJson")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_stores_nothing() {
    let node = Node::start().await;
    let good = event("g", TIME, "");
    let broken = format!("[{good}, {{\"eventId\":]");
    let reply = node.put(&node.root, None, broken).await;
    assert_eq!(reply.error(), (400, "MalformedBody".into()));
    assert!(reply.text().contains("line 1 column"), "{}", reply.text());
    assert_eq!(found(&node, &node.root, "g").await, 0);
    assert_eq!(node.put(&node.root, None, "").await.error(), (400, "MalformedBody".into()));
    assert_eq!(counts(&node.put(&node.root, None, "[]").await.ok()), (0, 0, 0));

    let send = async |name: &'static str, value: &'static str, body: Vec<u8>| {
        let request = Unsigned::new("POST", "/v1/events").header(name, value).body(body);
        node.send(request.acs3(&node.root, "PutEvents", "2026-11-21", node.now())).await.error()
    };
    let unsupported = (415, "UnsupportedMediaType".to_owned());
    assert_eq!(send("content-type", "text/csv", good.clone().into_bytes()).await, unsupported);
    assert_eq!(send("content-encoding", "br", good.clone().into_bytes()).await, unsupported);
    assert_eq!(send("content-encoding", "gzip", b"nonsense".to_vec()).await, (400, "MalformedBody".into()));
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(&vec![b' '; 64 << 20]).expect("memory");
    let bomb = bomb.finish().expect("memory");
    assert_eq!(send("content-encoding", "gzip", bomb).await, (413, "RequestTooLarge".into()));
    assert_eq!(send("content-type", "application/json", vec![b' '; 11 << 20]).await, (413, "RequestTooLarge".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_put_events_for_an_account() {
    let node = Node::start().await;
    let (one, two) = (node.account("one").await, node.account("two").await);
    let reader = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:*","Resource":"*"}]}"#;
    let reader = node.user(&one, "reader", Some(reader)).await;
    let body = || event("x", TIME, "");
    assert_eq!(node.put(&reader, None, body()).await.error(), (403, "NoPermission".into()));
    assert_eq!(node.put(&one, Some(&two.account), body()).await.error(), (403, "NoPermission".into()));
    assert_eq!(node.put(&one, Some("4711"), body()).await.error(), (403, "NoPermission".into()), "not told apart");
    assert_eq!(counts(&node.put(&one, None, body()).await.ok()), (1, 0, 0));
    assert_eq!(counts(&node.put(&node.root, Some(&two.account), body()).await.ok()), (1, 0, 0));
    assert_eq!((found(&node, &one, "x").await, found(&node, &two, "x").await), (1, 1));
    assert_eq!(found(&node, &node.root, "x").await, 0);
    assert_eq!(node.put(&node.root, Some("4711"), body()).await.error(), (404, "AccountNotFound".into()));
    assert_eq!(node.put(&node.root, Some("nobody"), body()).await.error(), (400, "InvalidParameter".into()));
    let legacy = Unsigned::new("POST", "/v1/events").body(body()).legacy(&one, "PutEvents", "2026-11-21", node.now());
    assert_eq!(node.send(legacy).await.error(), (400, "IncompleteSignature".into()), "it does not sign the body");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_sorted_by_what_they_say() {
    let node = Node::start().await;
    let (one, two) = (node.account("one").await, node.account("two").await);
    let body = format!(
        "[{},{},{},{}]",
        event("r", TIME, &format!("\"recipientAccountId\":\"{}\"", one.account)),
        event("i", TIME, &format!("\"userIdentity\":{{\"accountId\":\"{}\"}}", two.account)),
        event("n", TIME, ""),
        event("u", TIME, "\"recipientAccountId\":\"4711\"")
    );
    let reply = node.put(&node.root, Some("from-event"), body.clone()).await.ok();
    assert_eq!(counts(&reply), (2, 0, 2));
    assert_eq!(
        (&reply["Refused"][0]["Code"], &reply["Refused"][1]["Code"]),
        (&json!("NoAccount"), &json!("UnknownAccount"))
    );
    assert_eq!((found(&node, &one, "r").await, found(&node, &two, "i").await), (1, 1));

    let reply = node.put(&one, Some("from-event"), body.clone()).await.ok();
    assert_eq!(counts(&reply), (0, 1, 3), "its own, stored before, and three it may not put");
    let codes: Vec<_> = reply["Refused"].as_array().expect("a list").iter().map(|each| &each["Code"]).collect();
    assert_eq!(codes, ["AccountNotAllowed", "NoAccount", "AccountNotAllowed"]);

    let node = Node::with(Config { create_accounts: true, ..Config::default() }).await;
    assert_eq!(counts(&node.put(&node.root, Some("from-event"), body).await.ok()), (3, 0, 1));
    let accounts = node.call(&node.root, "ListAccounts", &[]).await.ok();
    assert!(accounts.to_string().contains("\"4711\""), "{accounts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_token_puts_events_and_does_nothing_else() {
    let node = Node::start().await;
    let one = node.account("one").await;
    let created = node.call(&one, "CreateIngestToken", &[("Name", "producer")]).await.ok();
    let token = format!("Bearer {}", created["Token"].as_str().expect("a token"));
    let put = async |query: &[(&str, &str)]| {
        let body = event("t", TIME, &format!("\"recipientAccountId\":\"{}\"", one.account));
        let request = Unsigned::new("POST", "/v1/events").query(query).header("authorization", &token).body(body);
        node.send(request.plain()).await
    };
    assert_eq!(counts(&put(&[]).await.ok()), (1, 0, 0));
    assert_eq!(put(&[("account", &node.root.account)]).await.error(), (403, "NoPermission".into()));
    let get = Unsigned::new("GET", "/v1/events").header("authorization", &token).plain();
    assert_ne!(node.send(get).await.status, 200);
    let rpc = Unsigned::new("POST", "/").query(&[("Action", "ListUsers")]).header("authorization", &token).plain();
    assert_ne!(node.send(rpc).await.status, 200);
    let wrong = Unsigned::new("POST", "/v1/events").header("authorization", "Bearer cairn_it_wrong").plain();
    assert!(node.send(wrong).await.status.is_client_error());

    let listed = node.call(&one, "ListIngestTokens", &[]).await;
    let id = listed.ok()["IngestTokens"][0]["IngestTokenId"].as_str().expect("an id").to_owned();
    assert!(!listed.text().contains("cairn_it_"), "the token is shown once");
    node.call(&one, "DeleteIngestToken", &[("IngestTokenId", &id)]).await.ok();
    assert!(put(&[]).await.status.is_client_error());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_management_account_sorts_for_all() {
    let node = Node::start().await;
    let one = node.account("one").await;
    let refused = node.call(&one, "CreateIngestToken", &[("Name", "all"), ("FromEvent", "true")]).await;
    assert_eq!(refused.error(), (403, "NoPermission".into()));
    let created = node.call(&node.root, "CreateIngestToken", &[("Name", "all"), ("FromEvent", "true")]).await.ok();
    let token = format!("Bearer {}", created["Token"].as_str().expect("a token"));
    let body = event("f", TIME, &format!("\"recipientAccountId\":\"{}\"", one.account));
    let request = Unsigned::new("POST", "/v1/events").query(&[("account", "from-event")]);
    let reply = node.send(request.header("authorization", &token).body(body).plain()).await;
    assert_eq!(counts(&reply.ok()), (1, 0, 0));
    assert_eq!(found(&node, &one, "f").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_room_says_when_to_come_back() {
    let node = Node::with(Config { ingest_bytes_max: 0, ..Config::default() }).await;
    node.put(&node.root, None, event("x", TIME, "")).await.ok();
    let node = Node::with(Config { requests_max: 0, ..Config::default() }).await;
    let reply = node.put(&node.root, None, event("x", TIME, "")).await;
    assert_eq!((reply.error().0, reply.headers["retry-after"].to_str().ok()), (503, Some("1")));
}
