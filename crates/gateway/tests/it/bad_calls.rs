//! Calls that are wrong, odd or hostile: the reply names what is wrong and what would be right, and nothing happens.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use model::Timestamp;
use serde_json::{Value, json};

use crate::node::{Node, Reply, event};
use crate::signing::{Key, Unsigned};

const VERSION: &str = "2020-07-06";
const TRAIL: (&str, &str) = ("Name", "trail-test");

async fn node_with_trail() -> Node {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    node.call(&node.root, "CreateTrail", &[TRAIL, ("OssBucketName", "audit-logs")]).await.ok();
    node
}

/// The reply is this error, and its message says all of this.
#[track_caller]
fn assert_refused(what: &str, reply: &Reply, status: u16, code: &str, says: &[&str]) {
    assert_eq!(reply.error(), (status, code.to_owned()), "{what}: {}", reply.text());
    let body = reply.json();
    let message = body["Message"].as_str().expect("a sentence");
    for each in says {
        assert!(message.contains(each), "{what}: {each:?} is not in {message:?}");
    }
    assert!(message.len() < 1500, "{what}: values are shortened: {message}");
    assert!(body["RequestId"].is_string() && body["HostId"].is_string() && body["Recommend"].is_string(), "{what}");
}

fn describe(key: &Key, at: Timestamp) -> Request<axum::body::Body> {
    Unsigned::new("POST", "/").acs3(key, "DescribeTrails", VERSION, at)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_recognised_is_told_why_in_both_signatures() {
    let node = Node::start().await;
    let minutes = |count: u64| Duration::from_secs(count * 60);
    let (now, early, late) = (node.now(), node.now().minus(minutes(16)), node.now().plus(minutes(16)));
    let wrong = Key { secret: "wrong".into(), ..node.root.clone() };
    let unknown = Key { id: format!("LTAI{}", "9".repeat(500)), ..node.root.clone() };
    let owner = [("UserName", "alice")];
    let (disabled, deleted) = (node.user(&node.root, "alice", None).await, node.user(&node.root, "bob", None).await);
    let of_alice = [owner[0], ("UserAccessKeyId", disabled.id.as_str()), ("Status", "Inactive")];
    node.call(&node.root, "UpdateAccessKey", &of_alice).await.ok();
    let of_bob = [("UserName", "bob"), ("UserAccessKeyId", deleted.id.as_str())];
    node.call(&node.root, "DeleteAccessKey", &of_bob).await.ok();
    let head = node.writer.head();
    type Case<'a> = (&'a str, &'a Key, Timestamp, u16, &'a str, &'a [&'a str]);
    let table: &[Case<'_>] = &[
        ("a wrong secret", &wrong, now, 400, "SignatureDoesNotMatch", &["string to sign is:"]),
        ("an unknown key", &unknown, now, 404, "InvalidAccessKeyId.NotFound", &["LTAI999", "Check"]),
        ("a deleted key", &deleted, now, 404, "InvalidAccessKeyId.NotFound", &[&deleted.id, "Check"]),
        ("a disabled key", &disabled, now, 400, "InvalidAccessKeyId.Inactive", &[&disabled.id, "Enable it"]),
        (
            "an old request",
            &node.root,
            early,
            400,
            "InvalidTimeStamp.Expired",
            &["11:44:00Z", "15 minutes", "12:00:00Z", "clock"],
        ),
        ("a request from the future", &node.root, late, 400, "InvalidTimeStamp.Expired", &["12:16:00Z", "clock"]),
    ];
    for (what, key, at, status, code, says) in table {
        let reply = node.send(describe(key, *at)).await;
        assert_refused(what, &reply, *status, code, says);
        let legacy = Unsigned::new("GET", "/").legacy(key, "DescribeTrails", VERSION, *at);
        assert_refused(what, &node.send(legacy).await, *status, code, says);
        let rest = Unsigned::new("GET", "/v1/events").acs3(key, "LookupEvents", VERSION, *at);
        assert_refused(what, &node.send(rest).await, *status, code, says);
    }
    assert_eq!(node.writer.head(), head, "who cannot be told leaves no record in anybody's account");
    let edge = node.now().minus(minutes(15));
    node.send(describe(&node.root, edge)).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_signature_is_named() {
    let node = Node::start().await;
    let long = "x".repeat(5000);
    let acs3 = |value: &str| Unsigned::new("POST", "/").header("authorization", value);
    let query = |pairs: &[(&str, &str)]| Unsigned::new("GET", "/").query(pairs);
    let key = ("AccessKeyId", "LTAI");
    let (signature, nonce) = (("Signature", "x"), ("SignatureNonce", "n"));
    let time = ("Timestamp", "2026-06-01T12:00:00Z");
    let method = ("SignatureMethod", "HMAC-SHA1");
    #[rustfmt::skip]
    let table: Vec<(&str, Unsigned, u16, &str, &str)> = vec![
        ("nothing", query(&[]), 400, "IncompleteSignature", "not signed"),
        ("an empty header", acs3(""), 400, "UnsupportedSignatureMethod", "ACS3-HMAC-SHA256"),
        ("basic", acs3("Basic YTpi"), 400, "UnsupportedSignatureMethod", "Basic"),
        ("a long word", acs3(&long), 400, "UnsupportedSignatureMethod", "ACS3-HMAC-SHA256"),
        ("another hash", acs3("ACS3-HMAC-SM3 Credential=a"), 400, "UnsupportedSignatureMethod", "ACS3-HMAC-SM3"),
        ("no credential", acs3("ACS3-HMAC-SHA256 SignedHeaders=host,Signature=00"), 400, "IncompleteSignature", "no Credential"),
        ("no signature", acs3("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host"), 400, "IncompleteSignature", "no Signature"),
        ("host not signed", acs3("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=accept,Signature=00"), 400, "IncompleteSignature", "host"),
        ("a signed header that is absent", acs3("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;x-acs-date,Signature=00"), 400, "MissingParameter", "x-acs-date"),
        ("no key", query(&[signature]), 400, "MissingParameter", "AccessKeyId"),
        ("no legacy signature", query(&[key]), 400, "MissingParameter", "Signature"),
        ("no nonce", query(&[key, signature]), 400, "MissingParameter", "SignatureNonce"),
        ("no time", query(&[key, signature, nonce]), 400, "MissingParameter", "Timestamp"),
        ("no method", query(&[key, signature, nonce, time]), 400, "MissingParameter", "SignatureMethod"),
        ("another method", query(&[key, signature, nonce, time, ("SignatureMethod", "HMAC-MD5")]), 400, "UnsupportedSignatureMethod", "HMAC-MD5"),
        ("another version", query(&[key, signature, nonce, time, method, ("SignatureVersion", "9")]), 400, "IncompleteSignature", "SignatureVersion"),
        ("a wrong time", query(&[key, signature, nonce, ("Timestamp", "noon"), method, ("SignatureVersion", "1.0")]), 400, "IllegalTimestamp", "noon"),
        ("year 0", query(&[key, signature, nonce, ("Timestamp", "0000-01-01T00:00:00Z"), method, ("SignatureVersion", "1.0")]), 400, "IllegalTimestamp", "0000-01-01"),
        ("a security token", query(&[key, signature, nonce, time, method, ("SignatureVersion", "1.0"), ("SecurityToken", "t")]), 400, "InvalidSecurityToken.Malformed", "of this node"),
    ];
    for (what, request, status, code, says) in table {
        assert_refused(what, &node.send(request.plain()).await, status, code, &[says]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_good_once_and_what_was_changed_is_noticed() {
    let node = Node::start().await;
    let body = event("put-once", "2026-06-01T11:00:00Z", "");
    let put = Unsigned::new("POST", "/v1/events").body(body.clone());
    let (head, _) = put.acs3(&node.root, "PutEvents", "2026-11-21", node.now()).into_parts();
    let with = |body: String| Request::from_parts(head.clone(), axum::body::Body::from(body));
    let other = body.replace("once", "more");
    assert_refused("another body", &node.send(with(other)).await, 400, "IncompleteSignature", &["hash of the body"]);
    node.send(with(body.clone())).await.ok();
    let again = node.send(with(body)).await;
    assert_refused("again", &again, 400, "SignatureNonceUsed", &["Use a new one"]);
    node.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(node.send(with(event("late", "2026-06-01T11:00:00Z", ""))).await.status, 400);

    let (mut head, body) = describe(&node.root, node.now()).into_parts();
    head.headers.insert("x-acs-action", "StopLogging".parse().expect("a value"));
    let changed = node.send(Request::from_parts(head, body)).await;
    assert_refused("another action", &changed, 400, "SignatureDoesNotMatch", &["string to sign"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_trail_is_no_trail() {
    let node = node_with_trail().await;
    node.call(&node.root, "StartLogging", &[TRAIL]).await.ok();
    let other = node.account("other").await;
    let arn = format!("acs:actiontrail:cn-hangzhou:{}:trail/trail-test", node.root.account);
    let operations = ["GetTrailStatus", "UpdateTrail", "StartLogging", "StopLogging", "DeleteTrail"];
    for operation in operations {
        let missing = node.call(&other, operation, &[("Name", "trail-none")]).await;
        let shown = missing.json()["Message"].as_str().expect("a sentence").replace("trail-none", "NAME");
        for name in ["trail-test", arn.as_str()] {
            let reply = node.call(&other, operation, &[("Name", name)]).await;
            assert_refused(operation, &reply, 404, "TrailNotFoundException", &[&name[..name.len().min(60)]]);
        }
        let theirs = node.call(&other, operation, &[TRAIL]).await.json();
        let theirs = theirs["Message"].as_str().expect("a sentence").replace("trail-test", "NAME");
        assert_eq!(theirs, shown, "{operation}: a trail of others cannot be told from none");
    }
    assert_eq!(node.call(&other, "DescribeTrails", &[("NameList", "trail-test")]).await.ok()["TrailList"], json!([]));
    node.call(&other, "DescribeTrails", &[("NameList", &arn)]).await.error();
    let status = node.call(&node.root, "GetTrailStatus", &[TRAIL]).await.ok();
    assert_eq!(status["IsLogging"], true, "nothing was changed");

    // A user of the account without permission is told the truth of what it lacks, whether the trail exists or not.
    let nobody = node.user(&node.root, "nobody", None).await;
    for name in ["trail-test", "trail-none"] {
        let reply = node.call(&nobody, "StopLogging", &[("Name", name)]).await;
        assert_refused(name, &reply, 403, "NoPermission", &["actiontrail:StopLogging", "no policy allows it"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_is_wrong_is_named_with_value_and_rule() {
    let node = node_with_trail().await;
    let (long, longer) = ("x".repeat(3000), "y".repeat(70_000));
    let many: Vec<(String, String)> = (1..=21)
        .flat_map(|n| {
            let name = |field: &str| format!("LookupAttribute.{n}.{field}");
            [(name("Key"), "EventName".to_owned()), (name("Value"), "x".to_owned())]
        })
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let bucket = ("OssBucketName", "audit-logs");
    let key = |value: &'static str| ("LookupAttribute.1.Key", value);
    let value = ("LookupAttribute.1.Value", "x");
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, u16, &'a str, Vec<&'a str>);
    #[rustfmt::skip]
    let table: Vec<Case<'_>> = vec![
        ("CreateTrail", vec![bucket], 400, "MissingParameter", vec!["Name is required"]),
        ("CreateTrail", vec![("Name", ""), bucket], 400, "MissingParameter", vec!["Name"]),
        ("CreateTrail", vec![("Name", &long), bucket], 400, "InvalidTrailNameException", vec!["\"xxxxx", "6 to 36 characters"]),
        ("CreateTrail", vec![("Name", "trail\u{0}nul"), bucket], 400, "InvalidTrailNameException", vec!["\\0", "lower-case"]),
        ("CreateTrail", vec![("Name", "../../etc/passwd"), bucket], 400, "InvalidTrailNameException", vec!["../../etc"]),
        ("CreateTrail", vec![("Name", "trail-two"), bucket, ("EventRW", "Rite")], 400, "InvalidQueryParameter", vec!["\"Rite\"", "EventRW", "one of Write, Read, All"]),
        ("CreateTrail", vec![("Name", "trail-two"), bucket, ("TrailRegion", "Mars")], 400, "InvalidQueryParameter", vec!["\"Mars\"", "TrailRegion"]),
        ("CreateTrail", vec![("Name", "trail-two"), ("OssBucketName", "A_B")], 400, "InvalidQueryParameter", vec!["\"A_B\"", "3 to 63 characters"]),
        ("CreateTrail", vec![("Name", "trail-two"), bucket, ("OssKeyPrefix", "a//b/..")], 400, "InvalidPrefixException", vec!["a//b/..", "6 to 32"]),
        ("CreateTrail", vec![("Name", "trail-two"), bucket, ("OssWriteRoleArn", "root")], 400, "InvalidQueryParameter", vec!["acs:ram::"]),
        ("CreateTrail", vec![("Name", "trail-two"), bucket, ("IsOrganizationTrail", "1")], 400, "InvalidQueryParameter", vec!["true or false"]),
        ("LookupEvents", vec![("MaxResults", "0")], 400, "InvalidQueryParameter", vec!["\"0\"", "from 1 to 50"]),
        ("LookupEvents", vec![("MaxResults", "51")], 400, "InvalidQueryParameter", vec!["MaxResults"]),
        ("LookupEvents", vec![("MaxResults", "ten")], 400, "InvalidQueryParameter", vec!["\"ten\"", "whole number"]),
        ("LookupEvents", vec![("MaxResults", "99999999999999999999")], 400, "InvalidQueryParameter", vec!["from 1 to 50"]),
        ("LookupEvents", vec![("MaxResults", "1e1")], 400, "InvalidQueryParameter", vec!["1e1"]),
        ("LookupEvents", vec![("Direction", "SIDEWAYS")], 400, "InvalidQueryParameter", vec!["FORWARD, BACKWARD"]),
        ("LookupEvents", vec![("StartTime", "noon")], 400, "InvalidParameterStartTime", vec!["\"noon\"", "YYYY-MM-DDThh:mm:ssZ"]),
        ("LookupEvents", vec![("StartTime", "0000-01-01T00:00:00Z"), ("EndTime", "2026-06-01T00:00:00Z")], 400, "InvalidParameterStartTime", vec!["0000-01-01"]),
        ("LookupEvents", vec![("EndTime", "10000-01-01T00:00:00Z")], 400, "InvalidParameterEndTime", vec!["10000-01-01"]),
        ("LookupEvents", vec![("StartTime", "2026-06-01T00:00:00Z")], 400, "InvalidParameterCombination", vec!["go together"]),
        ("LookupEvents", vec![("StartTime", "2026-06-01T00:00:00Z"), ("EndTime", "2026-05-01T00:00:00Z")], 400, "InvalidParameterCombination", vec!["is not after"]),
        ("LookupEvents", vec![("StartTime", "2020-06-01T00:00:00Z"), ("EndTime", "2026-05-01T00:00:00Z")], 400, "InvalidParameterStartTime", vec!["before the history"]),
        ("LookupEvents", vec![key("Colour"), value], 400, "InvalidQueryParameter", vec!["\"Colour\"", "LookupAttribute.1.Key", "ServiceName"]),
        ("LookupEvents", vec![key("EventName")], 400, "MissingParameter", vec!["LookupAttribute.1.Value"]),
        ("LookupEvents", vec![value], 400, "MissingParameter", vec!["LookupAttribute.1.Key"]),
        ("LookupEvents", vec![key("EventName"), ("LookupAttribute.1.Value", &long)], 400, "InvalidQueryParameter", vec!["\"xxx", "2,048 bytes"]),
        ("LookupEvents", vec![key("PrincipalId"), value], 400, "InvalidQueryParameter", vec!["PrincipalId", "Allowed pairs"]),
        ("LookupEvents", vec![key("EventId"), value, ("LookupAttribute.2.Key", "User"), ("LookupAttribute.2.Value", "y")], 400, "InvalidQueryParameter", vec!["EventId and User", "Allowed pairs"]),
        ("LookupEvents", many, 400, "InvalidQueryParameter", vec!["more than 20"]),
        ("LookupEvents", vec![("NextToken", &longer)], 400, "InvalidQueryParameter", vec!["64 KiB"]),
        ("DescribeTrails", vec![("NameList", "trail-test,,")], 400, "InvalidTrailNameException", vec!["joined by commas"]),
        ("DescribeRegions", vec![("AcceptLanguage", "tlh")], 400, "InvalidQueryParameter", vec!["\"tlh\"", "zh-CN, en-US"]),
        ("CreateUser", vec![("UserName", "a b")], 400, "InvalidParameter.UserName.Format", vec!["UserName", "a b"]),
        ("CreatePolicy", vec![("PolicyName", "p"), ("PolicyDocument", "{")], 400, "MalformedPolicyDocument", vec!["policy document is not valid"]),
        ("ListUsers", vec![("MaxItems", "0")], 400, "InvalidParameter", vec!["MaxItems"]),
        ("CreateBucket", vec![("Name", "other-logs"), ("Url", "ftp://a")], 400, "InvalidParameter", vec!["ftp://a", "s3://"]),
        ("CreateAccount", vec![("Name", "\u{7}")], 400, "InvalidParameter", vec!["Name", "control character"]),
    ];
    for (operation, arguments, status, code, says) in table {
        // An address has an end of its own, well below a form's.
        if arguments.iter().all(|(_, value)| value.len() < 60_000) {
            let reply = node.call(&node.root, operation, &arguments).await;
            assert_refused(&format!("{operation} {says:?}"), &reply, status, code, &says);
        }
        let mut body =
            arguments.iter().fold(form_urlencoded::Serializer::new(String::new()), |mut form, (name, value)| {
                form.append_pair(name, value);
                form
            });
        let row = api::Operation::find(operation, None).expect("an operation");
        let form = Unsigned::new("POST", "/").header("content-type", "application/x-www-form-urlencoded");
        let request = form.body(body.finish()).acs3(&node.root, operation, row.service.version(), node.now());
        assert_refused(&format!("{operation} {says:?}"), &node.send(request).await, status, code, &says);
    }
    let list = node.call(&node.root, "DescribeTrails", &[]).await.ok();
    assert_eq!(list["TrailList"].as_array().map(Vec::len), Some(1), "what was refused left nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_nothing_is_named() {
    let node = node_with_trail().await;
    let long = "Z".repeat(4000);
    let ask = async |action: &str, version: &str| {
        node.send(Unsigned::new("POST", "/").acs3(&node.root, action, version, node.now())).await
    };
    assert_refused(
        "an action",
        &ask("MakeCoffee", VERSION).await,
        404,
        "InvalidAction.NotFound",
        &["\"MakeCoffee\"", "/docs/operations"],
    );
    assert_refused("a long action", &ask(&long, VERSION).await, 404, "InvalidAction.NotFound", &["ZZZ"]);
    assert_refused(
        "the wrong case",
        &ask("describetrails", VERSION).await,
        404,
        "InvalidAction.NotFound",
        &["\"describetrails\""],
    );
    assert_refused("a version", &ask("DescribeTrails", "2099-01-01").await, 400, "NoSuchVersion", &["2099-01-01"]);
    assert_refused("a long version", &ask("DescribeTrails", &long).await, 400, "NoSuchVersion", &["ZZZ"]);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let reply = node.send(Unsigned::new(method, "/").plain()).await;
        assert_refused(method, &reply, 403, "UnsupportedHTTPMethod", &[method, "GET or POST"]);
        let reply = node.send(Unsigned::new(method, "/v1/events").plain()).await;
        assert_refused(method, &reply, 403, "UnsupportedHTTPMethod", &[method, "/docs/operations"]);
    }
    for path in ["/v1", "/v1/events/", "//", "/../etc/passwd", "/%2e%2e/", "/v2/events"] {
        let reply = node.send(Unsigned::new("GET", path).plain()).await;
        assert_refused(path, &reply, 404, "InvalidPath.NotFound", &["/docs/operations"]);
    }
}

/// ActionTrail has one endpoint per region; a node is one place that plays them all. A trail is known in every region of
/// its account, and a region that does not exist is nothing a request can be for.
#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_region_finds_the_trail_and_an_impossible_one_changes_nothing() {
    let node = node_with_trail().await;
    for region in ["cn-beijing", "no-such-region", "CN-HANGZHOU", "a/b", "", "x"] {
        let status = node.call(&node.root, "GetTrailStatus", &[TRAIL, ("RegionId", region)]).await;
        assert_eq!(status.status, 200, "{region}: {}", status.text());
    }
    let list = node.call(&node.root, "DescribeTrails", &[("RegionId", "cn-beijing")]).await.ok();
    assert_eq!(list["TrailList"], json!([]), "its home is elsewhere");
    let mut elsewhere = Unsigned::new("POST", "/").query(&[TRAIL, ("OssBucketName", "audit-logs")]);
    elsewhere.host = "actiontrail.cn-nowhere.example.com".into();
    let reply = node.send(elsewhere.acs3(&node.root, "CreateTrail", VERSION, node.now())).await;
    assert_refused("an account's trail names are its own", &reply, 400, "TrailAlreadyExistsException", &["trail-test"]);
}

/// A signature covers the values of a parameter, but not their order: which one counts must not depend on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_with_two_values_is_refused() {
    let node = node_with_trail().await;
    let once = [TRAIL, TRAIL, ("Unknown", "a"), ("Unknown", "b")];
    node.call(&node.root, "GetTrailStatus", &once).await.ok();
    for twice in [("Name", "trail-none"), ("Name", "")] {
        let ask = [TRAIL, twice];
        let reply = node.call(&node.root, "GetTrailStatus", &ask).await;
        assert_refused("query", &reply, 400, "InvalidQueryParameter", &["Name is given twice", "once"]);
        let legacy = Unsigned::new("POST", "/").query(&ask).legacy(&node.root, "GetTrailStatus", VERSION, node.now());
        assert_refused("legacy", &node.send(legacy).await, 400, "InvalidQueryParameter", &["Name is given twice"]);
        let form =
            Unsigned::new("POST", "/").query(&[TRAIL]).header("content-type", "application/x-www-form-urlencoded");
        let form = form.body(format!("Name={}", twice.1));
        let reply = node.send(form.acs3(&node.root, "GetTrailStatus", VERSION, node.now())).await;
        assert_refused("query and form", &reply, 400, "InvalidQueryParameter", &["Name is given twice"]);
    }
    let actions = Unsigned::new("GET", "/").query(&[("Action", "DeleteTrail"), TRAIL]);
    let reply = node.send(actions.legacy(&node.root, "DescribeTrails", VERSION, node.now())).await;
    assert_refused("two actions", &reply, 400, "InvalidParameter", &["Action is given twice"]);
    let limits = node.get(&node.root, &[("limit", "1"), ("limit", "2")]).await;
    assert_refused("REST", &limits, 400, "InvalidParameter", &["limit is given twice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paging_token_is_good_for_its_own_lookup_only() {
    let node = Node::start().await;
    let events: Vec<String> =
        (0..5).map(|n| event(&format!("e{n}"), "2026-05-31T10:00:00Z", "\"eventName\":\"Do\"")).collect();
    let other = node.account("other").await;
    for key in [&node.root, &other] {
        node.put(key, None, format!("[{}]", events.join(","))).await.ok();
    }
    let ask = [("LookupAttribute.1.Key", "EventName"), ("LookupAttribute.1.Value", "Do"), ("MaxResults", "2")];
    let with = |token: &str| {
        ask.iter().copied().chain([("NextToken", token)]).map(|(n, v)| (n.to_owned(), v.to_owned())).collect::<Vec<_>>()
    };
    let call = async |key: &Key, arguments: &[(String, String)]| {
        let arguments: Vec<_> = arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        node.call(key, "LookupEvents", &arguments).await
    };
    let first = node.call(&node.root, "LookupEvents", &ask).await.ok();
    let token = first["NextToken"].as_str().expect("more").to_owned();
    call(&node.root, &with(&token)).await.ok();
    let refused = async |what: &str, token: &str, key: &Key, says: &str| {
        assert_refused(what, &call(key, &with(token)).await, 400, "InvalidQueryParameter", &[says]);
    };
    refused("another account's", &token, &other, "another account").await;
    refused("cut", &token[..token.len() - 8], &node.root, "take it from the page before").await;
    refused("no base64", "***", &node.root, "leave it out").await;
    refused("no token", "e30=", &node.root, "not one of ours").await;
    let mut another = with(&token);
    another[1].1 = "Other".to_owned();
    assert_refused(
        "another query",
        &call(&node.root, &another).await,
        400,
        "InvalidQueryParameter",
        &["other parameters"],
    );

    // A forged one reaches no further than its own account, whatever it says, and harms nothing.
    let json: Value = serde_json::from_slice(&STANDARD.decode(&token).expect("base64")).expect("JSON");
    for (field, value) in [
        ("time", json!(i64::MIN)),
        ("time", json!(i64::MAX)),
        ("seq", json!(u64::MAX)),
        ("from", json!(i64::MIN)),
        ("through", json!(i64::MAX)),
        ("from", json!(i64::MAX)),
        ("time", json!(1.5)),
        ("seq", json!(-1)),
        ("account", json!(other.account)),
    ] {
        let mut forged = json.clone();
        forged[field] = value.clone();
        let reply = call(&node.root, &with(&STANDARD.encode(forged.to_string()))).await;
        assert!([200, 400].contains(&reply.status.as_u16()), "{field} {value}: {}", reply.text());
        if field == "account" {
            assert_eq!(reply.status, 400);
        }
    }
}
