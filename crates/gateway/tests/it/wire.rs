//! What every request and reply has, whatever it asks for.

use gateway::Config;
use serde_json::json;

use crate::node::Node;
use crate::signing::{Key, Unsigned};

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_published_fields_in_both_formats() {
    let node = Node::start().await;
    let ask = [("Name", "trail-none")];
    let reply = node.call(&node.root, "DeleteTrail", &ask).await;
    let body = reply.json();
    assert_eq!((&body["Code"], &body["HostId"]), (&json!("TrailNotFoundException"), &json!("127.0.0.1:8080")));
    assert_eq!(body["Recommend"], "http://127.0.0.1:8080/docs/operations#deletetrail");
    assert_eq!(reply.headers["x-acs-request-id"].to_str().ok(), body["RequestId"].as_str());

    let xml = node.call(&node.root, "DeleteTrail", &[ask[0], ("Format", "XML")]).await;
    assert_eq!(
        (xml.status.as_u16(), &xml.headers["content-type"]),
        (404, &"text/xml;charset=utf-8".parse().expect("a value"))
    );
    assert!(xml.text().contains("<Error><Code>TrailNotFoundException</Code><HostId>127.0.0.1:8080</HostId>"));

    let regions = node.call(&node.root, "DescribeRegions", &[("Format", "XML"), ("AcceptLanguage", "zh-CN")]).await;
    let text = regions.text();
    assert!(text.starts_with("<?xml version='1.0' encoding='UTF-8'?><DescribeRegionsResponse><RequestId>"), "{text}");
    assert!(text.contains("<Regions><Region><LocalName>华东1（杭州）</LocalName>"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_operation_is_refused() {
    let node = Node::start().await;
    let ask = async |method, action, version| {
        node.send(Unsigned::new(method, "/").acs3(&node.root, action, version, node.now())).await.error()
    };
    assert_eq!(ask("POST", "MakeCoffee", "2020-07-06").await, (404, "InvalidAction.NotFound".into()));
    assert_eq!(ask("POST", "CreateUser", "2020-07-06").await, (404, "InvalidAction.NotFound".into()));
    assert_eq!(ask("POST", "DescribeTrails", "1999-01-01").await, (400, "NoSuchVersion".into()));
    assert_eq!(ask("PUT", "DescribeTrails", "2020-07-06").await, (403, "UnsupportedHTTPMethod".into()));
    let put = Unsigned::new("PUT", "/v1/events").acs3(&node.root, "PutEvents", "2026-11-21", node.now());
    assert_eq!(node.send(put).await.error(), (403, "UnsupportedHTTPMethod".into()));
    let elsewhere = node.send(Unsigned::new("GET", "/favicon.ico").plain()).await;
    assert_eq!(elsewhere.error(), (404, "InvalidPath.NotFound".into()));
    let nothing = Unsigned::new("POST", "/").legacy(&node.root, "", "", node.now());
    assert_eq!(node.send(nothing).await.error(), (400, "MissingParameter".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_cannot_be_told_are_refused_and_counted() {
    let node = Node::start().await;
    let wrong_secret = Key { secret: "wrong".into(), ..node.root.clone() };
    let reply = node.call(&wrong_secret, "DescribeTrails", &[]).await;
    assert_eq!(reply.error(), (400, "SignatureDoesNotMatch".into()));
    let unknown = Key { id: "LTAI5tUNKNOWNUNKNOWNUNKN".into(), ..node.root.clone() };
    assert_eq!(node.call(&unknown, "DescribeTrails", &[]).await.error().1, "InvalidAccessKeyId.NotFound");
    for path in ["/", "/v1/events"] {
        assert_ne!(node.send(Unsigned::new("GET", path).plain()).await.status, 200);
    }
    let late = Unsigned::new("POST", "/");
    let earlier = node.now().minus(std::time::Duration::from_secs(16 * 60));
    let reply = node.send(late.acs3(&node.root, "DescribeTrails", "2020-07-06", earlier)).await;
    assert!(reply.status.is_client_error(), "{}", reply.text());
    let metrics = node.send(Unsigned::new("GET", "/metrics").plain()).await;
    assert!(metrics.text().contains("cairn_identity_authentications_total{outcome=\"SignatureDoesNotMatch\"} 1"));
}

/// The core SDK tells a wrong secret from a wrong request by the text after the first colon.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_legacy_signature_names_the_string_to_sign() {
    let node = Node::start().await;
    let wrong = Key { secret: "wrong".into(), ..node.root.clone() };
    let request = Unsigned::new("GET", "/").legacy(&wrong, "DescribeTrails", "2020-07-06", node.now());
    let reply = node.send(request).await;
    assert_eq!(reply.error(), (400, "SignatureDoesNotMatch".into()));
    let message = reply.json()["Message"].as_str().expect("a message").to_owned();
    let (before, string) = message.split_once(':').expect("a colon");
    assert!(before.ends_with("string to sign is") && string.starts_with("GET&%2F&AccessKeyId%3D"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_request_is_refused() {
    let node = Node::start().await;
    let request = Unsigned::new("POST", "/").acs3(&node.root, "DescribeTrails", "2020-07-06", node.now());
    let (head, _) = request.into_parts();
    let again = || http::Request::from_parts(head.clone(), axum::body::Body::empty());
    node.send(again()).await.ok();
    assert_eq!(node.send(again()).await.error().1, "SignatureNonceUsed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_and_a_long_body_are_answered() {
    let node = Node::with(Config { requests_max: 0, ..Config::default() }).await;
    let reply = node.send(Unsigned::new("GET", "/").plain()).await;
    assert_eq!(reply.error(), (503, "ServiceUnavailable".into()));
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(node.send(Unsigned::new("GET", "/healthz").plain()).await.status, 200, "probes still pass");

    let node = Node::start().await;
    let long = Unsigned::new("POST", "/").body(vec![b'x'; 300 * 1024]);
    let reply = node.send(long.acs3(&node.root, "DescribeTrails", "2020-07-06", node.now())).await;
    assert_eq!(reply.error(), (413, "RequestTooLarge".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_metrics_and_the_reference_need_no_signature() {
    let node = Node::start().await;
    let get = async |path| node.send(Unsigned::new("GET", path).plain()).await;
    assert_eq!(get("/healthz").await.text(), "ok\n");
    assert_eq!(get("/readyz").await.text(), "ready\n");
    node.call(&node.root, "DescribeTrails", &[]).await.ok();
    let metrics = get("/metrics").await;
    assert!(metrics.text().contains("cairn_gateway_requests_total{operation=\"DescribeTrails\",status=\"200\"} 1"));
    assert!(get("/docs/operations").await.text().contains("### LookupEvents"));
    node.shutdown.begin();
    let stopping = get("/readyz").await;
    assert_eq!((stopping.status.as_u16(), stopping.text()), (503, "the node is stopping\n"));
}
