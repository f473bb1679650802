//! Calls: what goes over the wire, what is repeated, and what an error keeps.

use std::sync::Arc;
use std::time::Duration;

use api::OperationId;
use bytes::Bytes;
use client::acs3::{Signable, sha256_hex};
use client::{Client, ClientError, Credentials, Encoding, EventsQuery, MediaType, Patience, SecretText, Settings};
use model::{ErrorKind, Timestamp};

use crate::scripted::{Scripted, header};

fn client(endpoint: &str, credentials: Option<Credentials>) -> Client {
    let patience = Patience { attempts: 3, first_pause: Duration::from_millis(1), throttled: Duration::from_secs(5) };
    Client::new(Settings {
        endpoint: endpoint.parse().expect("an endpoint"),
        credentials,
        region: Some("cn-beijing".into()),
        extra_root_pem: None,
        patience,
        now: Arc::new(|| Timestamp(1_768_465_800_000)),
    })
    .expect("plain settings")
}

fn key() -> Option<Credentials> {
    Some(Credentials::AccessKey { id: "LTAI5tKEY".into(), secret: SecretText::new("hush"), security_token: None })
}

#[tokio::test]
async fn a_call_is_signed_over_what_is_sent() {
    let server = Scripted::answering(&[("200 OK", "", r#"{"RequestId":"R"}"#)]).await;
    let endpoint = server.endpoint.clone();
    let params = [("Name".to_owned(), "trail 中".to_owned())];
    client(&endpoint, key()).rpc(OperationId::StartLogging, &params).await.expect("answered");
    let request = &server.finished().await[0];
    let (head, body) = request.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, "Name=trail%20%E4%B8%AD&RegionId=cn-beijing");
    assert_eq!(header(head, "x-acs-action"), Some("StartLogging"));
    assert_eq!(header(head, "x-acs-version"), Some("2020-07-06"));
    assert_eq!(header(head, "x-acs-date"), Some("2026-01-15T08:30:00Z"));
    assert!(!request.contains("hush"));

    let authorization = header(head, "authorization").expect("signed");
    let signed = authorization.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).expect("named");
    let headers: Vec<(String, String)> = signed
        .split(';')
        .map(|name| (name.to_owned(), header(head, name).expect("each signed header is sent").to_owned()))
        .collect();
    let body_sha256 = sha256_hex(body.as_bytes());
    let signable = Signable { method: "POST", path: "/", query: &[], headers: &headers, body_sha256: &body_sha256 };
    assert_eq!(signable.authorization("LTAI5tKEY", "hush"), authorization);
}

#[tokio::test]
async fn an_error_keeps_code_message_request_id_and_status() {
    let body =
        r#"{"RequestId":"R-1","HostId":"h","Code":"TrailNotFoundException","Message":"no trail x","Recommend":""}"#;
    let server = Scripted::answering(&[("404 Not Found", "", body)]).await;
    let client = client(&server.endpoint, key());
    let error = client.rpc(OperationId::DeleteTrail, &[]).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "TrailNotFoundException: no trail x");
    let ClientError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!((refusal.status, refusal.request_id.as_str()), (404, "R-1"));
    assert_eq!(server.finished().await.len(), 1, "a no is not asked twice");
}

const BUSY: &str = r#"{"RequestId":"R","Code":"Throttling","Message":"busy"}"#;
const DOWN: &str = r#"{"RequestId":"R","Code":"ServiceUnavailable","Message":"stopping"}"#;

#[tokio::test]
async fn a_throttled_change_is_repeated_with_a_new_nonce() {
    let server = Scripted::answering(&[
        ("429 Too Many Requests", "retry-after: 0\r\n", BUSY),
        ("200 OK", "", r#"{"RequestId":"R"}"#),
    ])
    .await;
    client(&server.endpoint, key()).rpc(OperationId::CreateTrail, &[]).await.expect("answered in the end");
    let requests = server.finished().await;
    let nonces: Vec<_> = requests.iter().map(|request| header(request, "x-acs-signature-nonce")).collect();
    assert_eq!(nonces.len(), 2);
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn only_what_may_happen_twice_is_repeated_after_a_failure() {
    let server = Scripted::answering(&[("503 Service Unavailable", "", DOWN)]).await;
    let error = client(&server.endpoint, key()).rpc(OperationId::CreateUser, &[]).await.expect_err("not repeated");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.finished().await.len(), 1);

    let events =
        r#"{"RequestId":"R","Accepted":1,"Duplicates":2,"Refused":[{"Index":3,"Code":"TooDeep","Message":"m"}]}"#;
    let server =
        Scripted::answering(&[("503 Service Unavailable", "", DOWN), ("", "", ""), ("200 OK", "", events)]).await;
    let token = Some(Credentials::IngestToken(SecretText::new("cairn_it_x")));
    let client = client(&server.endpoint, token);
    let body = Bytes::from_static(b"{}\n");
    let reply = client.put_events(Some("from-event"), body, MediaType::NdJson, Encoding::Identity).await;
    let reply = reply.expect("the third attempt");
    assert_eq!((reply.accepted, reply.duplicates, reply.refused[0].index), (1, 2, 3));
    let requests = server.finished().await;
    assert_eq!(requests.len(), 3);
    assert!(requests[2].starts_with("POST /v1/events?account=from-event HTTP/1.1"));
    assert_eq!(header(&requests[2], "authorization"), Some("Bearer cairn_it_x"));
    assert_eq!(header(&requests[2], "content-type"), Some("application/x-ndjson"));
}

#[tokio::test]
async fn events_come_out_as_they_went_in() {
    let page = r#"{"RequestId":"R","Events":[{"Seq":7,"ReceivedTime":"2026-01-15T08:30:00Z","Event":{"n": 12345678901234567890123, "n":2}}],"After":7}"#;
    let server = Scripted::answering(&[("200 OK", "", page)]).await;
    let query = EventsQuery::default().with("after", 6).with("User", "Alice *");
    let page = client(&server.endpoint, key()).events(&query).await.expect("a page");
    assert_eq!(page.events[0].event.get(), r#"{"n": 12345678901234567890123, "n":2}"#);
    assert_eq!((page.after, page.next_token), (Some(7), None));
    assert!(server.finished().await[0].starts_with("GET /v1/events?User=Alice%20%2A&after=6 HTTP/1.1"));
}

#[tokio::test]
async fn nobody_there_and_somebody_else_there_are_told_apart() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", free.local_addr().expect("bound"));
    drop(free);
    let error = client(&endpoint, key()).rpc(OperationId::DescribeTrails, &[]).await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Unreachable { refused: true, .. }), "{error:?}");

    let server = Scripted::answering(&[("404 Not Found", "", "<html>nginx</html>")]).await;
    let error = client(&server.endpoint, key()).rpc(OperationId::DescribeTrails, &[]).await.expect_err("not Cairn");
    assert!(error.to_string().contains("<html>nginx</html>"), "{error}");

    let error = client(&server.endpoint, None).rpc(OperationId::DescribeTrails, &[]).await.expect_err("nobody calls");
    assert!(matches!(error, ClientError::NoAccessKey));
}
