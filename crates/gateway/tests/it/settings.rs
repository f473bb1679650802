//! Accounts and buckets through the wire.

use serde_json::json;

use crate::node::{Node, key_of};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_by_the_management_account_only() {
    let node = Node::start().await;
    let arguments = [("Name", "Tenant 一"), ("AccountId", "0123456789")];
    let created = node.call(&node.root, "CreateAccount", &arguments).await.ok();
    assert_eq!(created["Account"]["AccountId"], "0123456789");
    let tenant = key_of("0123456789", &created);
    node.call(&tenant, "LookupEvents", &[]).await.ok();
    assert_eq!(node.call(&node.root, "CreateAccount", &arguments).await.error(), (409, "AccountAlreadyExists".into()));
    assert_eq!(node.call(&tenant, "CreateAccount", &[("Name", "x")]).await.error(), (403, "NoPermission".into()));
    assert_eq!(node.call(&tenant, "ListAccounts", &[]).await.error(), (403, "NoPermission".into()));
    let listed = node.call(&node.root, "ListAccounts", &[]).await.ok();
    assert_eq!(listed["Accounts"][0]["Name"], "Tenant 一");
    assert_eq!(listed["Accounts"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_are_made_known_checked_and_forgotten() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let name = ("Name", "audit-logs");
    let again = node.call(&node.root, "CreateBucket", &[name, ("Url", "s3://other")]).await.error();
    assert_eq!(again, (409, "BucketAlreadyExists".into()));
    let checked = node.call(&node.root, "CheckBucket", &[name]).await.ok();
    assert_eq!((&checked["Writable"], &checked["Error"]), (&json!(true), &json!("")));
    node.call(&node.root, "CreateTrail", &[("Name", "trail-test"), ("OssBucketName", "audit-logs")]).await.ok();
    assert_eq!(node.call(&node.root, "DeleteBucket", &[name]).await.error(), (409, "BucketInUse".into()));
    node.call(&node.root, "DeleteTrail", &[("Name", "trail-test")]).await.ok();
    node.call(&node.root, "DeleteBucket", &[name]).await.ok();
    assert_eq!(node.call(&node.root, "CheckBucket", &[name]).await.error().1, "BucketDoesNotExistException");
    assert_eq!(node.call(&node.root, "ListBuckets", &[]).await.ok()["Buckets"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_cannot_be_is_refused_and_one_that_cannot_be_written_says_why() {
    let node = Node::start().await;
    for url in ["s3://X", "file:///../etc", "https://example.com"] {
        let reply = node.call(&node.root, "CreateBucket", &[("Name", "bad-one"), ("Url", url)]).await;
        assert_eq!(reply.error().0, 400, "{url}");
    }
    let closed = [
        ("Name", "closed"),
        ("Url", "s3://closed"),
        ("Endpoint", "http://127.0.0.1:1"),
        ("AllowHttp", "true"),
        ("PathStyle", "true"),
        ("BucketAccessKeyId", "id"),
        ("BucketAccessKeySecret", "hush-hush"),
    ];
    node.call(&node.root, "CreateBucket", &closed).await.ok();
    let checked = node.call(&node.root, "CheckBucket", &[("Name", "closed")]).await;
    assert_eq!(checked.ok()["Writable"], false);
    assert!(checked.ok()["Error"].as_str().expect("a reason").contains("closed"), "{}", checked.text());
    assert!(!node.call(&node.root, "ListBuckets", &[]).await.text().contains("hush"));
}

/// A local folder is the operator's disk.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_no_local_folders() {
    let node = Node::start().await;
    let tenant = node.account("tenant").await;
    let url = format!("file://{}", node.folder.path().join("tenant").display());
    let own = node.call(&tenant, "CreateBucket", &[("Name", "local"), ("Url", &url)]).await;
    assert_eq!(own.error(), (400, "InvalidBucketConfiguration".into()));
    let given = [("Name", "local"), ("Url", url.as_str()), ("AccountId", tenant.account.as_str())];
    node.call(&node.root, "CreateBucket", &given).await.ok();
    node.call(&tenant, "CreateTrail", &[("Name", "trail-test"), ("OssBucketName", "local")]).await.ok();
}
