//! Trails through the wire.

use serde_json::json;

use crate::node::{NOW, Node, RefusedCall};
use crate::signing::Unsigned;

const TRAIL: (&str, &str) = ("Name", "trail-test");

async fn node_with_trail() -> Node {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    node.call(&node.root, "CreateTrail", &[TRAIL, ("OssBucketName", "audit-logs")]).await.ok();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_lives_from_fresh_to_deleted() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let arguments = [
        TRAIL,
        ("OssBucketName", "audit-logs"),
        ("OssKeyPrefix", "from-cairn"),
        ("TrailRegion", "cn-hangzhou,cn-beijing"),
        ("IsOrganizationTrail", "False"),
    ];
    let mut created = node.call(&node.root, "CreateTrail", &arguments).await.ok();
    created.as_object_mut().expect("fields").remove("RequestId");
    let expected = json!({
        "Name": "trail-test",
        "HomeRegion": "cn-hangzhou",
        "EventRW": "All",
        "TrailRegion": "cn-beijing,cn-hangzhou",
        "OssBucketName": "audit-logs",
        "OssKeyPrefix": "from-cairn",
        "OssWriteRoleArn": "",
        "SlsProjectArn": "",
        "SlsWriteRoleArn": "",
        "MaxComputeProjectArn": "",
        "MaxComputeWriteRoleArn": "",
    });
    assert_eq!(created, expected);

    let described = node.call(&node.root, "DescribeTrails", &[("NameList", "trail-test,trail-none")]).await.ok();
    let trail = &described["TrailList"][0];
    assert_eq!((&trail["Status"], &trail["StartLoggingTime"]), (&json!("Fresh"), &json!("")));
    assert_eq!(trail["TrailArn"], format!("acs:actiontrail:cn-hangzhou:{}:trail/trail-test", node.root.account));
    assert_eq!(trail["CreateTime"], NOW);

    node.call(&node.root, "StartLogging", &[TRAIL]).await.ok();
    let status = node.call(&node.root, "GetTrailStatus", &[TRAIL]).await.ok();
    assert_eq!((&status["IsLogging"], &status["OssBucketStatus"]), (&json!(true), &json!(true)));
    assert_eq!((&status["StartLoggingTime"], &status["LatestDeliveryError"]), (&json!(NOW), &json!("")));

    let stop = Unsigned::new("GET", "/").query(&[TRAIL]);
    node.send(stop.acs3(&node.root, "StopLogging", "2020-07-06", node.now())).await.ok();
    let described = node.call(&node.root, "DescribeTrails", &[]).await.ok();
    assert_eq!(described["TrailList"][0]["Status"], "Disable");

    node.call(&node.root, "DeleteTrail", &[TRAIL]).await.ok();
    assert_eq!(node.call(&node.root, "DescribeTrails", &[]).await.ok()["TrailList"], json!([]));
    let again = node.call(&node.root, "DeleteTrail", &[TRAIL]).await.error();
    assert_eq!(again, (404, "TrailNotFoundException".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_is_given_and_an_empty_value_takes_away() {
    let node = node_with_trail().await;
    let update = async |arguments: &[(&str, &str)]| {
        let arguments: Vec<_> = [TRAIL].iter().chain(arguments).copied().collect();
        node.call(&node.root, "UpdateTrail", &arguments).await
    };
    let updated = update(&[("OssKeyPrefix", "from-cairn")]).await.ok();
    assert_eq!((&updated["EventRW"], &updated["OssKeyPrefix"]), (&json!("All"), &json!("from-cairn")));
    let updated = update(&[("EventRW", "Write")]).await.ok();
    assert_eq!((&updated["EventRW"], &updated["OssKeyPrefix"]), (&json!("Write"), &json!("from-cairn")));
    let updated = update(&[("OssKeyPrefix", "")]).await.ok();
    assert_eq!((&updated["OssBucketName"], &updated["OssKeyPrefix"]), (&json!("audit-logs"), &json!("")));
    let refused = update(&[("OssBucketName", "")]).await.error();
    assert_eq!(refused, (400, "InvalidDeliveryConfigurationException".into()));
    let refused = update(&[("OssBucketName", "other-logs")]).await.error();
    assert_eq!(refused, (404, "BucketDoesNotExistException".into()));
    let trail = &node.call(&node.root, "DescribeTrails", &[]).await.ok()["TrailList"][0];
    assert_eq!(trail["OssBucketName"], "audit-logs", "a refused update changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_code() {
    let node = node_with_trail().await;
    let file = node.folder.path().join("a-file");
    std::fs::File::options().create(true).truncate(false).write(true).open(&file).expect("a file");
    let url = format!("file://{}/below", file.display());
    node.call(&node.root, "CreateBucket", &[("Name", "broken"), ("Url", &url)]).await.ok();

    let bucket = ("OssBucketName", "audit-logs");
    #[rustfmt::skip]
    let table: &[RefusedCall<'_>] = &[
        ("CreateTrail", &[("Name", "Trail"), bucket], 400, "InvalidTrailNameException"),
        ("CreateTrail", &[bucket], 400, "MissingParameter"),
        ("CreateTrail", &[TRAIL, bucket], 400, "TrailAlreadyExistsException"),
        ("CreateTrail", &[("Name", "trail-two")], 400, "InvalidDeliveryConfigurationException"),
        ("CreateTrail", &[("Name", "trail-two"), ("OssBucketName", "nowhere")], 404, "BucketDoesNotExistException"),
        ("CreateTrail", &[("Name", "trail-two"), ("OssBucketName", "broken")], 403, "InsufficientBucketPolicyException"),
        ("CreateTrail", &[("Name", "trail-two"), bucket, ("OssKeyPrefix", "short")], 400, "InvalidPrefixException"),
        ("CreateTrail", &[("Name", "trail-two"), bucket, ("EventRW", "write")], 400, "InvalidQueryParameter"),
        ("CreateTrail", &[("Name", "trail-two"), bucket, ("IsOrganizationTrail", "true")], 400, "NotAllowCreateOrganizationTrail"),
        ("CreateTrail", &[("Name", "trail-two"), bucket, ("SlsProjectArn", "acs:log:cn-hangzhou:1:project/p")], 400, "SlsProjectDoesNotExistException"),
        ("CreateTrail", &[("Name", "trail-two"), bucket, ("MaxComputeProjectArn", "acs:odps:cn-hangzhou:1:project/p")], 400, "InvalidDeliveryConfigurationException"),
        ("UpdateTrail", &[TRAIL, ("SlsProjectArn", "acs:log:cn-hangzhou:1:project/p")], 400, "SlsProjectDoesNotExistException"),
        ("UpdateTrail", &[("Name", "trail-two")], 404, "TrailNotFoundException"),
        ("StartLogging", &[("Name", "No Such")], 404, "TrailNotFoundException"),
        ("StopLogging", &[("Name", "trail-two")], 404, "TrailNotFoundException"),
        ("GetTrailStatus", &[("Name", "trail-two")], 404, "TrailNotFoundException"),
        ("DescribeTrails", &[("NameList", "Bad Name")], 400, "InvalidTrailNameException"),
        ("DescribeTrails", &[("IncludeShadowTrails", "maybe")], 400, "InvalidQueryParameter"),
    ];
    for (name, arguments, status, code) in table {
        let error = node.call(&node.root, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
    let list = node.call(&node.root, "DescribeTrails", &[]).await.ok();
    assert_eq!(list["TrailList"].as_array().map(Vec::len), Some(1), "what was refused left nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_trails_a_region_and_no_more() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let create = async |name: &str, region: &str| {
        let arguments = [("Name", name), ("OssBucketName", "audit-logs"), ("RegionId", region)];
        node.call(&node.root, "CreateTrail", &arguments).await
    };
    for number in 1..=5 {
        create(&format!("trail-{number}"), "cn-hangzhou").await.ok();
    }
    let sixth = create("trail-6", "cn-hangzhou").await.error();
    assert_eq!(sixth, (403, "MaximumNumberOfTrailsExceededException".into()));
    create("trail-6", "cn-beijing").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_of_another_region_is_a_shadow() {
    let node = node_with_trail().await;
    let seen = async |arguments: &[(&str, &str)]| node.call(&node.root, "DescribeTrails", arguments).await.ok();
    assert_eq!(seen(&[]).await["TrailList"].as_array().map(Vec::len), Some(1), "no region named: all");
    assert_eq!(seen(&[("RegionId", "cn-beijing")]).await["TrailList"], json!([]));
    let shadow = seen(&[("RegionId", "cn-beijing"), ("IncludeShadowTrails", "True")]).await;
    assert_eq!(shadow["TrailList"][0]["HomeRegion"], "cn-hangzhou");
    assert_eq!(shadow["TrailList"][0]["Region"], "cn-beijing");
}

/// A policy that denies a trail where it lives must hold wherever the request is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_trail_cannot_be_reached_through_another_region() {
    let node = node_with_trail().await;
    let document = r#"{"Version":"1","Statement":[
        {"Effect":"Allow","Action":"actiontrail:*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"acs:actiontrail:cn-hangzhou:*:trail/trail-test"}]}"#;
    let alice = node.user(&node.root, "alice", Some(document)).await;
    for region in ["cn-hangzhou", "cn-beijing"] {
        let reply = node.call(&alice, "StopLogging", &[TRAIL, ("RegionId", region)]).await;
        assert_eq!(reply.error(), (403, "NoPermission".into()), "{region}");
        assert_eq!(reply.json()["AccessDeniedDetail"]["NoPermissionType"], "ExplicitDeny");
    }
}
