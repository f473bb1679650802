//! What the audit events of calls hold.

use serde_json::{Value, json};

use crate::node::{NOW, Node};
use crate::signing::{Key, Unsigned};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_recorded_whole_before_it_is_answered() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let head = node.writer.head();
    let mut request = Unsigned::new("POST", "/")
        .query(&[("Name", "trail-test"), ("OssBucketName", "audit-logs"), ("charset", "UTF-8")])
        .header("user-agent", "AlibabaCloud (Linux; x86_64) Python/3.11.7");
    request.host = "actiontrail.cn-beijing.example.com".into();
    let reply = node.send(request.acs3(&node.root, "CreateTrail", "2020-07-06", node.now())).await.ok();
    assert_eq!(node.writer.head(), head.next(), "durable before the answer");

    let event = node.audited(&node.root.account, "CreateTrail", 1).await.remove(0);
    let expected = json!({
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": "ApiCall",
        "eventRW": "Write",
        "eventName": "CreateTrail",
        "serviceName": "Actiontrail",
        "apiVersion": "2020-07-06",
        "eventSource": "actiontrail.cn-beijing.example.com",
        "eventTime": NOW,
        "acsRegion": "cn-beijing",
        "isGlobal": false,
        "requestId": reply["RequestId"],
        "sourceIpAddress": "203.0.113.7",
        "userAgent": "AlibabaCloud (Linux; x86_64) Python/3.11.7",
        "recipientAccountId": node.root.account,
        "resourceType": "ACS::ActionTrail::Trail",
        "resourceName": "trail-test",
        "referencedResources": { "ACS::ActionTrail::Trail": ["trail-test"] },
        "requestParameters": { "Name": "trail-test", "OssBucketName": "audit-logs", "charset": "UTF-8" },
        "responseElements": reply,
    });
    for (name, value) in expected.as_object().expect("fields") {
        assert_eq!(&event[name], value, "{name}");
    }
    assert_eq!(event["userIdentity"]["type"], "root-account");
    assert_eq!(event["userIdentity"]["accessKeyId"], node.root.id);
    assert_eq!(event["errorCode"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_is_recorded_with_what_was_tried() {
    let node = Node::start().await;
    let alice = node.user(&node.root, "alice", None).await;
    node.call(&alice, "StopLogging", &[("Name", "trail-test")]).await.error();
    node.call(&alice, "StopLogging", &[("Name", "Not A Name")]).await.error();
    let events = node.audited(&node.root.account, "StopLogging", 2).await;
    assert_eq!(events[0]["errorCode"], "NoPermission");
    assert_eq!(events[0]["userIdentity"]["type"], "ram-user");
    assert_eq!(events[0]["userIdentity"]["userName"], "alice");
    assert_eq!(events[0]["eventAttributes"], json!({ "SensitiveAction": "true" }));
    assert_eq!(events[1]["errorCode"], "TrailNotFoundException");
    assert_eq!(events[1]["requestParameters"], json!({ "Name": "Not A Name" }));
    assert!(events[1]["errorMessage"].as_str().expect("a sentence").contains("Not A Name"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_recorded_too() {
    let node = Node::start().await;
    let arguments = [("LookupAttribute.1.Key", "EventName"), ("LookupAttribute.1.Value", "x"), ("NextToken", "bad")];
    node.call(&node.root, "LookupEvents", &arguments).await.error();
    node.get(&node.root, &[("EventName", "y")]).await.ok();
    let events = node.audited(&node.root.account, "LookupEvents", 2).await;
    assert_eq!(events[0]["requestParameters"]["LookupAttribute.1.Value"], "x");
    assert_eq!((&events[0]["eventRW"], &events[0]["errorCode"]), (&json!("Read"), &json!("InvalidQueryParameter")));
    assert_eq!(events[1]["requestParameters"], json!({ "EventName": "y" }));
    assert_eq!(events[1]["responseElements"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_signature_is_recorded() {
    let node = Node::start().await;
    node.call(
        &node.root,
        "CreateBucket",
        &[
            ("Name", "remote-logs"),
            ("Url", "s3://remote-logs"),
            ("BucketAccessKeyId", "LTAIbucket"),
            ("BucketAccessKeySecret", "hush-hush"),
            ("BucketSecurityToken", "hush-token"),
        ],
    )
    .await
    .ok();
    let created = node.call(&node.root, "CreateAccessKey", &[]).await.ok();
    let secret = created["AccessKey"]["AccessKeySecret"].as_str().expect("a secret");
    let token = node.call(&node.root, "CreateIngestToken", &[("Name", "producer")]).await.ok();
    let token = token["Token"].as_str().expect("a token");
    let legacy = Unsigned::new("GET", "/").query(&[("Password", "hush-word")]);
    let legacy = legacy.legacy(&node.root, "ListUsers", "2015-05-01", node.now());
    let signature =
        legacy.uri().query().and_then(|query| query.split("Signature=").nth(1)).expect("a signature").to_owned();
    node.send(legacy).await.ok();

    let mut all = String::new();
    for name in ["CreateBucket", "CreateAccessKey", "CreateIngestToken", "ListUsers"] {
        all.push_str(&Value::from(node.audited(&node.root.account, name, 1).await).to_string());
    }
    for hidden in ["hush", secret, token, &signature] {
        assert!(!all.contains(hidden), "{hidden} was recorded: {all}");
    }
    for shown in [
        "LTAIbucket",
        "\"BucketAccessKeySecret\":\"***\"",
        created["AccessKey"]["AccessKeyId"].as_str().expect("an id"),
    ] {
        assert!(all.contains(shown), "{shown} was not recorded: {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_values_are_cut_and_the_call_is_still_recorded() {
    let node = Node::start().await;
    let long = "\u{1}".repeat(40_000);
    let names: Vec<String> = (0..300).map(|n| format!("Extra{n}")).collect();
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("Name", "trail-none").append_pair("Long", &long);
    for name in &names {
        body.append_pair(name, &"x".repeat(300));
    }
    let request = Unsigned::new("POST", "/")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("user-agent", &"agent".repeat(1000))
        .body(body.finish());
    let reply = node.send(request.acs3(&node.root, "DeleteTrail", "2020-07-06", node.now())).await;
    assert_eq!(reply.error(), (404, "TrailNotFoundException".into()));
    let event = node.audited(&node.root.account, "DeleteTrail", 1).await.remove(0);
    let text = event.to_string();
    assert!(text.len() < 128 * 1024, "{} bytes", text.len());
    assert_eq!(event["requestParameters"]["Name"], "trail-none");
    assert!(event["requestParameters"]["..."].as_str().expect("a note").contains("more parameters"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_another_account_is_recorded_in_the_callers() {
    let node = Node::start().await;
    let other = node.account("other").await;
    let arguments = [("UserName", "bob"), ("AccountId", other.account.as_str())];
    node.call(&node.root, "CreateUser", &arguments).await.ok();
    let event = node.audited(&node.root.account, "CreateUser", 1).await.remove(0);
    assert_eq!(event["requestParameters"]["AccountId"], other.account);
    assert_eq!(event["isGlobal"], true);
    node.call(&other, "GetUser", &[("UserName", "bob")]).await.ok();
}

/// A wrong secret proves nothing about who calls, so the account it claims hears nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_unproved_caller_leaves_no_event() {
    let node = Node::start().await;
    let head = node.writer.head();
    let wrong = Key { secret: "wrong".into(), ..node.root.clone() };
    node.call(&wrong, "DeleteTrail", &[("Name", "trail-test")]).await.error();
    assert_eq!(node.writer.head(), head);
}
