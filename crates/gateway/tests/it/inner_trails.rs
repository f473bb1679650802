//! The inner trail through the wire.

use serde_json::json;

use crate::node::{Node, RefusedCall};

const INNER: (&str, &str) = ("Name", "inner-trail");

#[tokio::test(flavor = "multi_thread")]
async fn one_inner_trail_an_account_apart_from_its_other_trails() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let bucket = ("OssBucketName", "audit-logs");
    let sls = ("SlsProjectArn", "acs:log:cn-hangzhou:1:project/p");
    #[rustfmt::skip]
    let table: &[RefusedCall<'_>] = &[
        ("CreateInnerTrail", &[INNER], 400, "InvalidDeliveryConfigurationException"),
        ("CreateInnerTrail", &[INNER, bucket, sls], 400, "SlsProjectDoesNotExistException"),
        ("CreateInnerTrail", &[("Name", "Inner"), bucket], 400, "InvalidTrailNameException"),
        ("CreateInnerTrail", &[INNER, ("OssBucketName", "nowhere")], 404, "BucketDoesNotExistException"),
        ("UpdateInnerTrail", &[INNER], 404, "TrailNotFoundException"),
        ("StartInnerTrailLogging", &[INNER], 404, "TrailNotFoundException"),
        ("DeleteInnerTrail", &[INNER], 404, "TrailNotFoundException"),
    ];
    for (name, arguments, status, code) in table {
        let error = node.call(&node.root, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
    node.call(&node.root, "CreateInnerTrail", &[INNER, bucket]).await.ok();
    let second = node.call(&node.root, "CreateInnerTrail", &[("Name", "other-trail"), bucket]).await.error();
    assert_eq!(second, (403, "MaximumNumberOfInnerTrailsExceededException".into()));
    assert_eq!(node.call(&node.root, "DescribeTrails", &[]).await.ok()["TrailList"], json!([]));
    assert_eq!(node.call(&node.root, "StopLogging", &[INNER]).await.error().0, 404, "it is none of these");
    node.call(&node.root, "StartInnerTrailLogging", &[INNER]).await.ok();
    let shown = node.call(&node.root, "DescribeInnerTrails", &[]).await.ok();
    assert_eq!(shown["TrailList"][0]["Status"], "Enable");
    for number in 1..=5 {
        let name = format!("trail-{number}");
        node.call(&node.root, "CreateTrail", &[("Name", &name), bucket]).await.ok();
    }
    node.call(&node.root, "DeleteInnerTrail", &[INNER]).await.ok();
    assert_eq!(node.call(&node.root, "DescribeInnerTrails", &[]).await.ok()["TrailList"], json!([]));
}
