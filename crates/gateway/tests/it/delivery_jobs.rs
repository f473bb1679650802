//! Delivery history jobs and delivery metrics through the wire. What a job does is tested in `delivery`.

use catalog::DeliveryId;
use serde_json::json;

use crate::node::{Node, RefusedCall};

const TRAIL: (&str, &str) = ("TrailName", "trail-test");

async fn node_with_trail() -> Node {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    node.call(&node.root, "CreateTrail", &[("Name", "trail-test"), ("OssBucketName", "audit-logs")]).await.ok();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_created_shown_listed_and_deleted() {
    let node = node_with_trail().await;
    let created = node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL]).await.ok();
    assert_eq!(created["JobId"], 1);
    let mut job = node.call(&node.root, "GetDeliveryHistoryJob", &[("JobId", "1")]).await.ok();
    job.as_object_mut().expect("fields").remove("RequestId");
    let expected = json!({
        "JobId": 1,
        "JobStatus": 0,
        "TrailName": "trail-test",
        "HomeRegion": "cn-hangzhou",
        "StartTime": "2026-03-03T12:00:00Z",
        "EndTime": "2026-06-01T12:00:00Z",
        "CreatedTime": "2026-06-01T12:00:00Z",
        "UpdatedTime": "2026-06-01T12:00:00Z",
        "EventsDelivered": 0,
        "ObjectsDelivered": 0,
        "Error": "",
        "Status": [{ "Region": "cn-hangzhou", "Status": 0, "EventsDelivered": 0 }],
    });
    assert_eq!(job, expected);

    node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL]).await.ok();
    let page = node.call(&node.root, "ListDeliveryHistoryJobs", &[("PageSize", "1"), ("PageNumber", "2")]).await.ok();
    assert_eq!((&page["TotalCount"], &page["PageNumber"], &page["PageSize"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(page["DeliveryHistoryJobs"][0]["JobId"], 1, "the newest comes first");
    let other = node.account("tenant").await;
    let stranger = node.call(&other, "GetDeliveryHistoryJob", &[("JobId", "1")]).await;
    assert_eq!(stranger.error(), (404, "DeliveryHistoryJobNotFound".into()));
    let stranger = node.call(&other, "DeleteDeliveryHistoryJob", &[("JobId", "1")]).await;
    assert_eq!(stranger.error(), (404, "DeliveryHistoryJobNotFound".into()));
    assert_eq!(node.call(&other, "ListDeliveryHistoryJobs", &[]).await.ok()["TotalCount"], 0);

    node.call(&node.root, "DeleteBucket", &[("Name", "audit-logs")]).await.error();
    node.call(&node.root, "DeleteTrail", &[("Name", "trail-test")]).await.ok();
    let held = node.call(&node.root, "DeleteBucket", &[("Name", "audit-logs")]).await.error();
    assert_eq!(held, (409, "BucketInUse".into()), "jobs still write there");
    for job in ["1", "2"] {
        node.call(&node.root, "DeleteDeliveryHistoryJob", &[("JobId", job)]).await.ok();
    }
    node.call(&node.root, "DeleteBucket", &[("Name", "audit-logs")]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_gives_the_same_job_and_the_limit_holds() {
    let node = node_with_trail().await;
    let token = ("ClientToken", "once-and-only-once");
    for _ in 0..2 {
        let created = node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL, token]).await.ok();
        assert_eq!(created["JobId"], 1);
    }
    let start = ("StartTime", "2026-05-01T00:00:00Z");
    let other = node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL, token, start]).await;
    assert_eq!(other.error(), (400, "IdempotentParameterMismatch".into()));
    for _ in 0..4 {
        node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL, start]).await.ok();
    }
    let sixth = node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL]).await;
    assert_eq!(sixth.error(), (403, "MaximumNumberOfDeliveryHistoryJobsExceededException".into()));
    node.call(&node.root, "CreateDeliveryHistoryJob", &[TRAIL, token]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_code() {
    let node = node_with_trail().await;
    let (start, end) = (("StartTime", "2026-05-02T00:00:00Z"), ("EndTime", "2026-05-01T00:00:00Z"));
    let (oss, period) = (("MetricName", "delivery_oss_success_count"), ("Period", "60"));
    let day = ("EndTime", "2026-05-03T00:00:00Z");
    let long = "x".repeat(65);
    #[rustfmt::skip]
    let table: &[RefusedCall<'_>] = &[
        ("CreateDeliveryHistoryJob", &[("TrailName", "trail-none")], 404, "TrailNotFoundException"),
        ("CreateDeliveryHistoryJob", &[("TrailName", "No Such")], 404, "TrailNotFoundException"),
        ("CreateDeliveryHistoryJob", &[], 400, "MissingParameter"),
        ("CreateDeliveryHistoryJob", &[TRAIL, start, end], 400, "InvalidParameterCombination"),
        ("CreateDeliveryHistoryJob", &[TRAIL, ("StartTime", "yesterday")], 400, "InvalidParameterStartTime"),
        ("CreateDeliveryHistoryJob", &[TRAIL, ("ClientToken", &long)], 400, "InvalidQueryParameter"),
        ("GetDeliveryHistoryJob", &[("JobId", "7")], 404, "DeliveryHistoryJobNotFound"),
        ("GetDeliveryHistoryJob", &[("JobId", "seven")], 400, "InvalidQueryParameter"),
        ("DeleteDeliveryHistoryJob", &[("JobId", "7")], 404, "DeliveryHistoryJobNotFound"),
        ("ListDeliveryHistoryJobs", &[("PageSize", "101")], 400, "InvalidQueryParameter"),
        ("DescribeTrailDeliveryMetricData", &[TRAIL, oss, ("Period", "61"), start, day], 400, "InvalidQueryParameter"),
        ("DescribeTrailDeliveryMetricData", &[TRAIL, oss, period, start, end], 400, "InvalidParameterCombination"),
        ("DescribeTrailDeliveryMetricData", &[TRAIL, oss, period, start, ("EndTime", "2026-05-04T00:00:00Z")], 400, "InvalidQueryParameter"),
        ("DescribeTrailDeliveryMetricData", &[TRAIL, ("MetricName", "x"), period, start, day], 400, "InvalidQueryParameter"),
        ("DescribeTrailDeliveryMetricData", &[("TrailName", "trail-none"), oss, period, start, day], 404, "TrailNotFoundException"),
    ];
    for (name, arguments, status, code) in table {
        let error = node.call(&node.root, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_and_failures_are_counted_by_the_minute() {
    let node = node_with_trail().await;
    let account = node.root.account.parse().expect("an id");
    let trail = node.catalog.trail_list(account).await.expect("trails").remove(0);
    let (now, seq) = (node.now(), model::Seq(0));
    let minute = std::time::Duration::from_secs(60);
    node.catalog.delivery_advance(DeliveryId::bucket(trail.id), seq, Some(now), 10, 3).await.expect("counted");
    node.catalog
        .delivery_advance(DeliveryId::bucket(trail.id), seq, Some(now.plus(minute)), 10, 4)
        .await
        .expect("counted");
    node.catalog.delivery_failed(DeliveryId::bucket(trail.id), "a test", now.plus(minute * 2)).await.expect("counted");
    let metric = async |name: &str, period: &str| {
        let window = [("StartTime", "2026-06-01T12:00:00Z"), ("EndTime", "2026-06-01T12:03:00Z")];
        let arguments = [TRAIL, ("MetricName", name), ("Period", period), window[0], window[1]];
        let reply = node.call(&node.root, "DescribeTrailDeliveryMetricData", &arguments).await.ok();
        let list = reply["MetricList"].as_array().expect("a list").clone();
        list.iter().map(|point| point["Count"].as_u64().expect("a count")).collect::<Vec<_>>()
    };
    assert_eq!(metric("delivery_oss_success_count", "60").await, [3, 4, 0]);
    assert_eq!(metric("delivery_oss_success_count", "3600").await, [7]);
    assert_eq!(metric("delivery_oss_fail_count", "60").await, [0, 0, 1]);
    assert_eq!(metric("delivery_sls_success_count", "60").await, [0, 0, 0]);
    // Thirty days later the next delivery forgets them.
    let later = now.plus(std::time::Duration::from_secs(31 * 24 * 3600));
    node.catalog.delivery_advance(DeliveryId::bucket(trail.id), seq, Some(later), 1, 1).await.expect("counted");
    assert_eq!(metric("delivery_oss_success_count", "3600").await, [0]);
}
