//! RAM's operations through the wire: that what is granted counts at once, and what is taken away too.

use serde_json::{Value, json};

use crate::node::{Node, RefusedCall, key_of};

const LOOKUP: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:LookupEvents","Resource":"*"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_what_its_policies_say_from_the_next_request_on() {
    let node = Node::start().await;
    let alice = node.user(&node.root, "alice", None).await;
    let may = async || node.call(&alice, "LookupEvents", &[]).await.status == 200;
    assert!(!may().await);
    node.call(&node.root, "CreatePolicy", &[("PolicyName", "look"), ("PolicyDocument", LOOKUP)]).await.ok();
    let attachment = [("PolicyType", "Custom"), ("PolicyName", "look"), ("UserName", "alice")];
    node.call(&node.root, "AttachPolicyToUser", &attachment).await.ok();
    assert!(may().await);
    assert_eq!(node.call(&alice, "DescribeTrails", &[]).await.error(), (403, "NoPermission".into()));
    node.call(&node.root, "DetachPolicyFromUser", &attachment).await.ok();
    assert!(!may().await);
    let built_in = [("PolicyType", "System"), ("PolicyName", "AliyunActionTrailReadOnlyAccess"), ("UserName", "alice")];
    node.call(&node.root, "AttachPolicyToUser", &built_in).await.ok();
    assert!(may().await);
    node.call(&alice, "DescribeTrails", &[]).await.ok();
    assert_eq!(node.call(&alice, "StopLogging", &[("Name", "trail-test")]).await.error().0, 403);
    let listed = node.call(&node.root, "ListPoliciesForUser", &[("UserName", "alice")]).await.ok();
    assert_eq!(listed["Policies"]["Policy"][0]["PolicyName"], "AliyunActionTrailReadOnlyAccess");
    assert_eq!(listed["Policies"]["Policy"][0]["PolicyType"], "System");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_disabled_enabled_and_deleted_at_once() {
    let node = Node::start().await;
    let alice = node.user(&node.root, "alice", Some(LOOKUP)).await;
    let owner = [("UserName", "alice"), ("UserAccessKeyId", alice.id.as_str())];
    let update =
        async |status| node.call(&node.root, "UpdateAccessKey", &[owner[0], owner[1], ("Status", status)]).await.ok();
    node.call(&alice, "LookupEvents", &[]).await.ok();
    update("Inactive").await;
    assert_eq!(node.call(&alice, "LookupEvents", &[]).await.error().1, "InvalidAccessKeyId.Inactive");
    update("Active").await;
    node.call(&alice, "LookupEvents", &[]).await.ok();

    let second = node.call(&node.root, "CreateAccessKey", &[owner[0]]).await.ok();
    let second = key_of(&node.root.account, &second);
    node.call(&second, "LookupEvents", &[]).await.ok();
    let third = node.call(&node.root, "CreateAccessKey", &[owner[0]]).await.error();
    assert_eq!(third, (409, "LimitExceeded.User.AccessKey".into()));
    node.call(&node.root, "DeleteAccessKey", &owner).await.ok();
    assert_eq!(node.call(&alice, "LookupEvents", &[]).await.error().1, "InvalidAccessKeyId.NotFound");
    let listed = node.call(&node.root, "ListAccessKeys", &[owner[0]]).await;
    assert_eq!(listed.ok()["AccessKeys"]["AccessKey"].as_array().map(Vec::len), Some(1));
    assert!(!listed.text().contains("Secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_the_key_operations_mean_the_caller() {
    let node = Node::start().await;
    let own = r#"{"Version":"1","Statement":[
        {"Effect":"Allow","Action":"ram:*AccessKey*","Resource":"acs:ram:*:*:user/alice"}]}"#;
    let alice = node.user(&node.root, "alice", Some(own)).await;
    let listed = node.call(&alice, "ListAccessKeys", &[]).await.ok();
    assert_eq!(listed["AccessKeys"]["AccessKey"][0]["AccessKeyId"], alice.id);
    let roots = node.call(&node.root, "ListAccessKeys", &[]).await.ok();
    assert_eq!(roots["AccessKeys"]["AccessKey"][0]["AccessKeyId"], node.root.id);
    node.call(&node.root, "CreateUser", &[("UserName", "bob")]).await.ok();
    assert_eq!(node.call(&alice, "CreateAccessKey", &[("UserName", "bob")]).await.error().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_and_unknown_names_have_rams_codes() {
    let node = Node::start().await;
    node.user(&node.root, "alice", Some(LOOKUP)).await;
    let user = ("UserName", "alice");
    #[rustfmt::skip]
    let table: &[RefusedCall<'_>] = &[
        ("CreateUser", &[user], 409, "EntityAlreadyExists.User"),
        ("CreateUser", &[("UserName", "carol"), ("Email", "c@example.com")], 400, "UnsupportedParameter"),
        ("GetUser", &[("UserName", "nobody")], 404, "EntityNotExist.User"),
        ("DeleteUser", &[("UserName", "nobody")], 404, "EntityNotExist.User"),
        ("DeleteUser", &[user], 409, "DeleteConflict.User.AccessKey"),
        ("CreateAccessKey", &[("UserName", "nobody")], 404, "EntityNotExist.User"),
        ("CreatePolicy", &[("PolicyName", "alice-policy"), ("PolicyDocument", LOOKUP)], 409, "EntityAlreadyExists.Policy"),
        ("GetPolicy", &[("PolicyName", "none"), ("PolicyType", "Custom")], 404, "EntityNotExist.Policy"),
        ("GetPolicy", &[("PolicyName", "none"), ("PolicyType", "Special")], 400, "InvalidParameter"),
        ("DeletePolicy", &[("PolicyName", "alice-policy")], 409, "DeleteConflict.Policy.User"),
        ("DeletePolicy", &[("PolicyName", "none")], 404, "EntityNotExist.Policy"),
        ("AttachPolicyToUser", &[user, ("PolicyName", "none"), ("PolicyType", "System")], 404, "EntityNotExist.Policy"),
        ("AttachPolicyToUser", &[user, ("PolicyName", "alice-policy"), ("PolicyType", "Custom")], 409, "EntityAlreadyExists.User.Policy"),
        ("ListPoliciesForUser", &[("UserName", "nobody")], 404, "EntityNotExist.User"),
    ];
    for (name, arguments, status, code) in table {
        let error = node.call(&node.root, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
    let broken = [("PolicyName", "broken"), ("PolicyDocument", r#"{"Version":"1"}"#)];
    assert_eq!(node.call(&node.root, "CreatePolicy", &broken).await.error().0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_by_name() {
    let node = Node::start().await;
    for name in ["dora", "alice", "carol", "bob"] {
        node.call(&node.root, "CreateUser", &[("UserName", name)]).await.ok();
    }
    let names = |reply: &Value| -> Vec<String> {
        let users = reply["Users"]["User"].as_array().expect("users");
        users.iter().map(|user| user["UserName"].as_str().expect("a name").to_owned()).collect()
    };
    let first = node.call(&node.root, "ListUsers", &[("MaxItems", "3")]).await.ok();
    assert_eq!(
        (names(&first), &first["IsTruncated"]),
        (vec!["alice".into(), "bob".into(), "carol".into()], &json!(true))
    );
    let marker = first["Marker"].as_str().expect("a marker");
    let second = node.call(&node.root, "ListUsers", &[("MaxItems", "3"), ("Marker", marker)]).await.ok();
    assert_eq!((names(&second), &second["IsTruncated"]), (vec!["dora".into()], &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_do_not_see_each_others_users() {
    let node = Node::start().await;
    let (one, two) = (node.account("one").await, node.account("two").await);
    node.call(&one, "CreateUser", &[("UserName", "alice")]).await.ok();
    assert_eq!(node.call(&two, "GetUser", &[("UserName", "alice")]).await.error().1, "EntityNotExist.User");
    let reach = [("UserName", "alice"), ("AccountId", one.account.as_str())];
    assert_eq!(node.call(&two, "GetUser", &reach).await.error(), (403, "NoPermission".into()));
    assert_eq!(node.call(&node.root, "GetUser", &reach).await.ok()["User"]["UserName"], "alice");
    let nowhere = [("UserName", "alice"), ("AccountId", "4711")];
    assert_eq!(node.call(&node.root, "GetUser", &nowhere).await.error(), (404, "AccountNotFound".into()));
}
