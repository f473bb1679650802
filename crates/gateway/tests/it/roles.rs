//! Becoming a role through the wire: who may, what the session may, and what the record says.

use api::Operation;
use serde_json::{Value, json};

use crate::node::{Node, RefusedCall, Reply};
use crate::signing::{Key, Unsigned};

const LOOKUP: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:*","Resource":"*"}]}"#;
const ASSUME: &str = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;

struct Session {
    key: Key,
    token: String,
}

fn trusting(account: &str) -> String {
    let principal = json!({ "RAM": [format!("acs:ram::{account}:root")] });
    let statement = json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }]);
    json!({ "Version": "1", "Statement": statement }).to_string()
}

/// A role of the owner that everybody of an account may become, with a policy.
async fn role(node: &Node, owner: &Key, trusted: &str, document: &str) -> String {
    let create = [("RoleName", "auditor"), ("AssumeRolePolicyDocument", &trusting(trusted))];
    let made = node.call(owner, "CreateRole", &create).await.ok();
    node.call(owner, "CreatePolicy", &[("PolicyName", "audit"), ("PolicyDocument", document)]).await.ok();
    let attach = [("PolicyType", "Custom"), ("PolicyName", "audit"), ("RoleName", "auditor")];
    node.call(owner, "AttachPolicyToRole", &attach).await.ok();
    made["Role"]["Arn"].as_str().expect("an ARN").to_owned()
}

async fn assume(node: &Node, key: &Key, arn: &str, more: &[(&str, &str)]) -> Reply {
    let mut arguments = vec![("RoleArn", arn), ("RoleSessionName", "night-shift")];
    arguments.extend(more);
    node.call(key, "AssumeRole", &arguments).await
}

fn session(reply: &Value, account: &str) -> Session {
    let text = |name: &str| reply["Credentials"][name].as_str().expect("credentials").to_owned();
    let key = Key { account: account.to_owned(), id: text("AccessKeyId"), secret: text("AccessKeySecret") };
    Session { key, token: text("SecurityToken") }
}

async fn call(node: &Node, session: &Session, name: &str, arguments: &[(&str, &str)]) -> Reply {
    let row = Operation::find(name, None).expect("an operation");
    let request = Unsigned::new("POST", "/").query(arguments);
    let version = row.service.version();
    node.send(request.acs3_with(&session.key, Some(&session.token), row.name, version, node.now())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_becomes_a_role_of_another_account_and_the_record_names_both() {
    let node = Node::start().await;
    let tenant = node.account("tenant").await;
    let arn = role(&node, &tenant, &node.root.account, LOOKUP).await;
    let alice = node.user(&node.root, "alice", Some(ASSUME)).await;
    let reply = assume(&node, &alice, &arn, &[]).await.ok();
    assert_eq!(reply["AssumedRoleUser"]["Arn"], format!("{arn}/night-shift"));
    assert_eq!(reply["Credentials"]["Expiration"], "2026-06-01T13:00:00Z");
    let session = session(&reply, &tenant.account);

    // Both signature styles carry the token.
    call(&node, &session, "LookupEvents", &[]).await.ok();
    let legacy = Unsigned::new("GET", "/").query(&[("SecurityToken", &session.token)]);
    node.send(legacy.legacy(&session.key, "LookupEvents", "2020-07-06", node.now())).await.ok();
    let who = call(&node, &session, "GetCallerIdentity", &[]).await.ok();
    assert_eq!(who["IdentityType"], "AssumedRoleUser");
    assert_eq!((&who["AccountId"], &who["Arn"]), (&json!(tenant.account), &json!(format!("{arn}/night-shift"))));
    let denied = call(&node, &session, "ListUsers", &[]).await;
    assert_eq!(denied.error(), (403, "NoPermission".into()));
    assert_eq!(denied.json()["AccessDeniedDetail"]["AuthPrincipalType"], "AssumedRoleUser");

    let begun = node.audited(&node.root.account, "AssumeRole", 1).await.remove(0);
    assert_eq!((&begun["serviceName"], &begun["apiVersion"]), (&json!("Sts"), &json!("2015-04-01")));
    assert_eq!(begun["userIdentity"]["userName"], "alice");
    assert_eq!(begun["responseElements"]["Credentials"]["AccessKeyId"], session.key.id);
    assert!(!begun.to_string().contains(&session.key.secret) && !begun.to_string().contains(&session.token));
    let used = node.audited(&tenant.account, "LookupEvents", 2).await.remove(0);
    let identity = &used["userIdentity"];
    assert_eq!((&identity["type"], &identity["roleName"]), (&json!("assumed-role"), &json!("auditor")));
    assert_eq!(identity["userName"], "auditor:night-shift");
    assert_eq!(identity["principalId"], reply["AssumedRoleUser"]["AssumedRoleId"]);
    assert_eq!(identity["accessKeyId"], session.key.id);
    let attributes = &identity["sessionContext"]["attributes"];
    assert_eq!(attributes, &json!({ "creationDate": "2026-06-01T12:00:00Z", "mfaAuthenticated": "false" }));

    node.call(
        &tenant,
        "DetachPolicyFromRole",
        &[("PolicyType", "Custom"), ("PolicyName", "audit"), ("RoleName", "auditor")],
    )
    .await
    .ok();
    assert_eq!(call(&node, &session, "LookupEvents", &[]).await.error(), (403, "NoPermission".into()));
    node.call(&tenant, "DeleteRole", &[("RoleName", "auditor")]).await.ok();
    assert_eq!(call(&node, &session, "LookupEvents", &[]).await.error().1, "InvalidSecurityToken.Expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_a_session_only_takes_away() {
    let node = Node::start().await;
    let arn = role(&node, &node.root, &node.root.account, LOOKUP).await;
    let alice = node.user(&node.root, "alice", Some(ASSUME)).await;
    let only = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":["actiontrail:LookupEvents","ram:*"],"Resource":"*"}}"#;
    let session = session(&assume(&node, &alice, &arn, &[("Policy", only)]).await.ok(), &node.root.account);
    call(&node, &session, "LookupEvents", &[]).await.ok();
    let denied = call(&node, &session, "DescribeTrails", &[]).await;
    assert_eq!(denied.error(), (403, "NoPermission".into()));
    assert_eq!(denied.json()["AccessDeniedDetail"]["PolicyType"], "SessionPolicy");
    let beyond = call(&node, &session, "ListUsers", &[]).await;
    assert_eq!(beyond.json()["AccessDeniedDetail"]["PolicyType"], "AccountLevelIdentityBasedPolicy");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_codes_of_sts() {
    let node = Node::start().await;
    let tenant = node.account("tenant").await;
    let arn = role(&node, &tenant, &node.root.account, LOOKUP).await;
    let alice = node.user(&node.root, "alice", Some(ASSUME)).await;
    let stranger = node.user(&tenant, "stranger", Some(ASSUME)).await;
    let nobody = node.user(&node.root, "nobody", None).await;
    let name = ("RoleSessionName", "night-shift");
    let role_arn = ("RoleArn", arn.as_str());
    let own = format!("acs:ram::{}:role/none", node.root.account);
    #[rustfmt::skip]
    let table: &[RefusedCall<'_>] = &[
        ("AssumeRole", &[name], 400, "MissingParameter"),
        ("AssumeRole", &[name, ("RoleArn", "auditor")], 400, "InvalidParameter.RoleArn"),
        ("AssumeRole", &[role_arn, ("RoleSessionName", "x y")], 400, "InvalidParameter.RoleSessionName"),
        ("AssumeRole", &[role_arn, name, ("DurationSeconds", "899")], 400, "InvalidParameter.DurationSeconds"),
        ("AssumeRole", &[role_arn, name, ("DurationSeconds", "3601")], 400, "InvalidParameter.DurationSeconds"),
        ("AssumeRole", &[role_arn, name, ("Policy", "{")], 400, "InvalidParameter.PolicyGrammar"),
        ("AssumeRole", &[name, ("RoleArn", own.as_str())], 404, "EntityNotExist.Role"),
    ];
    for (operation, arguments, status, code) in table {
        let reply = node.call(&alice, operation, arguments).await;
        assert_eq!(reply.error(), (*status, (*code).to_owned()), "{arguments:?}");
    }
    for (key, why) in [(&node.root, "cannot assume"), (&stranger, "trust policy"), (&nobody, "no policy allows")] {
        let reply = assume(&node, key, &arn, &[]).await;
        assert_eq!(reply.error(), (403, "NoPermission".into()), "{why}");
        assert!(reply.text().contains(why), "{}", reply.text());
    }
    let broken = [("RoleName", "broken"), ("AssumeRolePolicyDocument", "{}")];
    assert_eq!(node.call(&node.root, "CreateRole", &broken).await.error(), (400, "MalformedPolicyDocument".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_user_needs_the_permission_for_both_names() {
    let node = Node::start().await;
    let own = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"ram:UpdateUser","Resource":"acs:ram:*:*:user/alice"}}"#;
    let alice = node.user(&node.root, "alice", Some(own)).await;
    let rename = [("UserName", "alice"), ("NewUserName", "admin")];
    assert_eq!(node.call(&alice, "UpdateUser", &rename).await.error(), (403, "NoPermission".into()));
    node.call(&alice, "UpdateUser", &[("UserName", "alice"), ("NewComments", "me")]).await.ok();
    node.call(&node.root, "UpdateUser", &rename).await.ok();
    let listed = node.call(&node.root, "ListAccessKeys", &[("UserName", "admin")]).await.ok();
    assert_eq!(listed["AccessKeys"]["AccessKey"][0]["AccessKeyId"], alice.id);
    assert_eq!(
        node.call(&alice, "GetCallerIdentity", &[]).await.ok()["Arn"],
        format!("acs:ram::{}:user/admin", node.root.account)
    );
}
