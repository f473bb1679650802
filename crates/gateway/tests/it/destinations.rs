//! Where trails write: buckets of other accounts through roles, bucket settings, the check of both.

use serde_json::{Value, json};

use crate::node::{Node, RefusedCall};
use crate::signing::Key;

/// A bucket of the management account, where buckets may be folders, and a tenant that wants to write to it.
async fn node_with_tenant() -> (Node, Key) {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let tenant = node.account("tenant").await;
    (node, tenant)
}

async fn role(node: &Node, name: &str, service: &str, resource: &str) -> String {
    let trust = json!({ "Version": "1", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": [service] } }
    ]})
    .to_string();
    let arguments = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    node.call(&node.root, "CreateRole", &arguments).await.ok();
    let document = json!({ "Version": "1", "Statement": [
        { "Effect": "Allow", "Action": "oss:PutObject", "Resource": resource }
    ]})
    .to_string();
    let policy = format!("{name}-policy");
    let arguments = [("PolicyName", policy.as_str()), ("PolicyDocument", document.as_str())];
    node.call(&node.root, "CreatePolicy", &arguments).await.ok();
    let attach = [("PolicyType", "Custom"), ("PolicyName", policy.as_str()), ("RoleName", name)];
    node.call(&node.root, "AttachPolicyToRole", &attach).await.ok();
    format!("acs:ram::{}:role/{name}", node.root.account)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_bucket_is_written_through_a_role_that_admits_the_trails_account() {
    let (node, tenant) = node_with_tenant().await;
    let admitted = format!("{}@actiontrail.aliyuncs.com", tenant.account);
    let below = "acs:oss:*:*:audit-logs/of-tenant/*";
    let good = role(&node, "writer", &admitted, below).await;
    let own_only = role(&node, "own-only", "actiontrail.aliyuncs.com", below).await;
    let elsewhere = role(&node, "elsewhere", &admitted, "acs:oss:*:*:other-logs/*").await;
    let missing = format!("acs:ram::{}:role/nobody", node.root.account);
    let (bucket, prefix) = (("OssBucketName", "audit-logs"), ("OssKeyPrefix", "of-tenant"));
    let trail = ("Name", "trail-test");
    #[rustfmt::skip]
    let table: &[RefusedCall<'_>] = &[
        ("CreateTrail", &[trail, bucket, prefix], 404, "BucketDoesNotExistException"),
        ("CreateTrail", &[trail, bucket, prefix, ("OssWriteRoleArn", &missing)], 403, "InsufficientBucketPolicyException"),
        ("CreateTrail", &[trail, bucket, prefix, ("OssWriteRoleArn", &own_only)], 403, "InsufficientBucketPolicyException"),
        ("CreateTrail", &[trail, bucket, prefix, ("OssWriteRoleArn", &elsewhere)], 403, "InsufficientBucketPolicyException"),
        ("CreateTrail", &[trail, bucket, ("OssKeyPrefix", "of-others"), ("OssWriteRoleArn", &good)], 403, "InsufficientBucketPolicyException"),
        ("CreateTrail", &[trail, ("OssBucketName", "no-logs"), prefix, ("OssWriteRoleArn", &good)], 403, "InsufficientBucketPolicyException"),
    ];
    for (name, arguments, status, code) in table {
        let error = node.call(&tenant, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
    let through = ("OssWriteRoleArn", good.as_str());
    node.call(&tenant, "CreateTrail", &[trail, bucket, prefix, through]).await.ok();
    let described = node.call(&tenant, "DescribeTrails", &[]).await.ok();
    assert_eq!(described["TrailList"][0]["OssWriteRoleArn"], good);
    let held = node.call(&node.root, "DeleteBucket", &[("Name", "audit-logs")]).await.error();
    assert_eq!(held, (409, "BucketInUse".into()), "the tenant's trail writes there");

    let outside = [trail, ("OssKeyPrefix", "of-others")];
    let refused = node.call(&tenant, "UpdateTrail", &outside).await.error();
    assert_eq!(refused, (403, "InsufficientBucketPolicyException".into()));
    let detach = [("PolicyType", "Custom"), ("PolicyName", "writer-policy"), ("RoleName", "writer")];
    node.call(&node.root, "DetachPolicyFromRole", &detach).await.ok();
    let checked = node.call(&tenant, "CheckOssConfig", &[("TrailName", "trail-test")]).await.ok();
    assert_eq!(checked["Passed"], false);
    assert_eq!(results(&checked), [("WriteRole", "Failed")]);
    node.call(&tenant, "DeleteTrail", &[trail]).await.ok();
    node.call(&node.root, "DeleteBucket", &[("Name", "audit-logs")]).await.ok();
}

fn results(checked: &Value) -> Vec<(&str, &str)> {
    let checks = checked["Checks"].as_array().expect("a list");
    let text = |check: &'_ Value, name: &str| check[name].as_str().map(str::to_owned).expect("a text");
    let pairs = checks.iter().map(|check| (text(check, "Name"), text(check, "Result")));
    pairs.map(|(name, result)| (&*name.leak(), &*result.leak())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_checked_in_every_respect() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let by_name = ("OssBucketName", "audit-logs");
    let checked = node.call(&node.root, "CheckOssConfig", &[by_name]).await.ok();
    assert_eq!(checked["Passed"], true, "{checked}");
    let expected = [
        ("WriteRole", "Skipped"),
        ("BucketKnown", "Passed"),
        ("Reachable", "Passed"),
        ("Writable", "Passed"),
        ("Encryption", "Skipped"),
        ("Retention", "Skipped"),
        ("Deletable", "Passed"),
    ];
    assert_eq!(results(&checked), expected);
    node.call(&node.root, "UpdateBucket", &[("Name", "audit-logs"), ("RetentionDays", "30")]).await.ok();
    let checked = node.call(&node.root, "CheckOssConfig", &[by_name, ("OssKeyPrefix", "a-prefix")]).await.ok();
    assert_eq!((&checked["Passed"], &checked["RetentionDays"]), (&json!(true), &json!(30)), "{checked}");
    assert_eq!(results(&checked)[5..], [("Retention", "Passed"), ("Deletable", "Skipped")]);
    let checked = node.call(&node.root, "CheckOssConfig", &[("OssBucketName", "nowhere")]).await.ok();
    assert_eq!(results(&checked), [("WriteRole", "Skipped"), ("BucketKnown", "Failed")]);
    for (arguments, status, code) in [
        (vec![], 400, "InvalidDeliveryConfigurationException"),
        (vec![by_name, ("TrailName", "trail-none")], 400, "InvalidDeliveryConfigurationException"),
        (vec![("TrailName", "trail-none")], 404, "TrailNotFoundException"),
        (vec![by_name, ("OssKeyPrefix", "1")], 400, "InvalidPrefixException"),
    ] {
        let error = node.call(&node.root, "CheckOssConfig", &arguments).await.error();
        assert_eq!(error, (status, code.to_owned()), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buckets_settings_change_in_part_and_retention_grows_only() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let update = async |more: &[(&str, &str)]| {
        let arguments: Vec<_> = [("Name", "audit-logs")].iter().chain(more).copied().collect();
        node.call(&node.root, "UpdateBucket", &arguments).await
    };
    let updated = update(&[("ServerSideEncryption", "KMS"), ("KmsKeyId", "key-1"), ("RetentionDays", "30")]).await.ok();
    assert_eq!(updated["Bucket"]["ServerSideEncryption"], "aws:kms");
    let updated = update(&[("RetentionDays", "60")]).await.ok();
    assert_eq!(
        (&updated["Bucket"]["KmsKeyId"], &updated["Bucket"]["RetentionDays"]),
        (&json!("key-1"), &json!(60)),
        "the rest stays"
    );
    assert_eq!(update(&[("RetentionDays", "59")]).await.error(), (409, "RetentionCannotBeShortened".into()));
    assert_eq!(update(&[("RetentionDays", "0")]).await.error(), (400, "InvalidParameter".into()));
    let updated = update(&[("ServerSideEncryption", "None"), ("KmsKeyId", "")]).await.ok();
    assert_eq!((&updated["Bucket"]["ServerSideEncryption"], &updated["Bucket"]["KmsKeyId"]), (&json!(""), &json!("")));

    let trail = ("Name", "trail-test");
    node.call(&node.root, "CreateTrail", &[trail, ("OssBucketName", "audit-logs")]).await.ok();
    let status = node.call(&node.root, "GetTrailStatus", &[trail]).await.ok();
    assert_eq!((&status["OssRetentionDays"], &status["OssServerSideEncryption"]), (&json!(60), &json!("")));
    let listed = node.call(&node.root, "ListBuckets", &[]).await.ok();
    assert_eq!(listed["Buckets"][0]["RetentionDays"], 60);
    let nowhere = node.call(&node.root, "UpdateBucket", &[("Name", "nowhere")]).await.error();
    assert_eq!(nowhere, (404, "BucketDoesNotExistException".into()));
    let oss = [("Name", "oss-logs"), ("Url", "oss://audit"), ("BucketRegion", "cn-hangzhou"), ("RetentionDays", "1")];
    let refused = node.call(&node.root, "CreateBucket", &oss).await.error();
    assert_eq!(refused, (400, "InvalidBucketConfiguration".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn default_service_and_opened() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let (trail, bucket) = (("Name", "trail-test"), ("OssBucketName", "audit-logs"));
    node.call(&node.root, "CreateTrail", &[trail, bucket]).await.ok();
    let none = node.call(&node.root, "GetDefaultTrail", &[]).await.ok();
    assert_eq!(none["Name"], "");
    let missing = node.call(&node.root, "SetDefaultTrail", &[("Name", "trail-none")]).await.error();
    assert_eq!(missing, (404, "TrailNotFoundException".into()));
    node.call(&node.root, "SetDefaultTrail", &[trail]).await.ok();
    assert_eq!(node.call(&node.root, "GetDefaultTrail", &[]).await.ok()["Name"], "trail-test");
    node.call(&node.root, "DeleteTrail", &[trail]).await.ok();
    assert_eq!(node.call(&node.root, "GetDefaultTrail", &[]).await.ok()["Name"], "", "it went with its trail");

    let opened = node.call(&node.root, "OpenService", &[]).await.ok()["OpenTime"].clone();
    node.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(node.call(&node.root, "OpenService", &[]).await.ok()["OpenTime"], opened, "the first time counts");
    let role = node.call(&node.root, "CreateServiceLinkedRole", &[]).await.ok();
    assert_eq!(role["AlreadyExisted"], false);
    assert_eq!(node.call(&node.root, "CreateServiceLinkedRole", &[]).await.ok()["AlreadyExisted"], true);
    let name = role["RoleName"].as_str().expect("a name");
    assert_eq!(node.call(&node.root, "GetRole", &[("RoleName", name)]).await.ok()["Role"]["Arn"], role["RoleArn"]);

    let service = ("ServiceName", "Config");
    node.call(&node.root, "CreateTrail", &[("Name", "config-trail"), bucket, service]).await.ok();
    node.call(&node.root, "CreateTrail", &[trail, bucket]).await.ok();
    let listed = node.call(&node.root, "ListServiceTrail", &[]).await.ok();
    assert_eq!(listed["TrailList"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["TrailList"][0]["ServiceName"], "Config");
}
