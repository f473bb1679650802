//! Resource directories and the trails of organizations, through the wire.

use std::collections::{BTreeMap, BTreeSet};

use api::{OPERATIONS, Operation, Service};
use serde_json::Value;

use crate::node::{Node, RefusedCall, Reply};
use crate::signing::Key;

const PRINCIPAL: (&str, &str) = ("ServicePrincipal", "actiontrail.aliyuncs.com");

fn row(name: &str) -> &'static Operation {
    Operation::find(name, Some(Service::ResourceManager.version())).expect("a row")
}

async fn call(node: &Node, key: &Key, name: &str, arguments: &[(&str, &str)]) -> Reply {
    node.call_row(key, row(name), arguments).await
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    path.iter().fold(value, |at, step| &at[*step]).as_str().unwrap_or_else(|| panic!("no text at {path:?} in {value}"))
}

/// A directory of the root account with one invited member.
async fn organization(node: &Node) -> (String, Key) {
    let made = call(node, &node.root, "EnableResourceDirectory", &[]).await.ok();
    let member = node.account("member").await;
    join(node, &member).await;
    (text(&made, &["ResourceDirectory", "ResourceDirectoryId"]).to_owned(), member)
}

async fn join(node: &Node, member: &Key) {
    let target = [("TargetEntity", member.account.as_str()), ("TargetType", "Account")];
    let invited = call(node, &node.root, "InviteAccountToResourceDirectory", &target).await.ok();
    let id = text(&invited, &["Handshake", "HandshakeId"]).to_owned();
    call(node, member, "AcceptHandshake", &[("HandshakeId", &id)]).await.ok();
}

/// Every operation succeeds once, returns what the table says, and leaves its event.
#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_directory() {
    let node = Node::start().await;
    let member = node.account("member").await;
    let mut told: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut tell = async |key: &Key, name: &'static str, arguments: &[(&str, &str)]| {
        let row = row(name);
        let reply = node.call_row(key, row, arguments).await.ok();
        for path in row.returns {
            assert!(has(&reply, path), "{name} does not return {path}: {reply}");
        }
        let times = told.entry((key.account.clone(), name)).or_default();
        *times += 1;
        let events = node.audited(&key.account, name, *times).await;
        let event = events.iter().find(|event| event["requestId"] == reply["RequestId"]).expect("an event");
        assert_eq!((&event["serviceName"], &event["errorCode"]), (&"ResourceManager".into(), &Value::Null), "{name}");
        reply
    };
    let root = &node.root;
    tell(root, "EnableResourceDirectory", &[]).await;
    tell(root, "GetResourceDirectory", &[]).await;
    let target = [("TargetEntity", member.account.as_str()), ("TargetType", "Account"), ("Note", "come")];
    for answer in ["CancelHandshake", "DeclineHandshake", "AcceptHandshake"] {
        let invited = tell(root, "InviteAccountToResourceDirectory", &target).await;
        let id = [("HandshakeId", text(&invited, &["Handshake", "HandshakeId"]))];
        tell(&member, "GetHandshake", &id).await;
        let who = if answer == "CancelHandshake" { root } else { &member };
        let answered = tell(who, answer, &id).await;
        assert_ne!(answered["Handshake"]["Status"], "Pending");
    }
    let listed = tell(&member, "ListHandshakesForAccount", &[]).await;
    assert_eq!(listed["TotalCount"], 3);
    tell(root, "ListHandshakesForResourceDirectory", &[]).await;
    let folder = tell(root, "CreateFolder", &[("FolderName", "payments")]).await;
    let folder = text(&folder, &["Folder", "FolderId"]).to_owned();
    let made = tell(root, "CreateResourceAccount", &[("DisplayName", "ledger"), ("ParentFolderId", &folder)]).await;
    let made = text(&made, &["Account", "AccountId"]).to_owned();
    let of_member = [("AccountId", member.account.as_str())];
    tell(root, "MoveAccount", &[of_member[0], ("DestinationFolderId", &folder)]).await;
    let shown = tell(root, "GetAccount", &of_member).await;
    assert_eq!(text(&shown, &["Account", "FolderId"]), folder);
    assert!(text(&shown, &["Account", "ResourceDirectoryPath"]).ends_with(&format!("/{folder}/{}", member.account)));
    tell(root, "UpdateAccount", &[of_member[0], ("NewDisplayName", "till")]).await;
    let listed = tell(root, "ListAccounts", &[]).await;
    assert_eq!(listed["TotalCount"], 3, "the management account is a member");
    let listed = tell(root, "ListAccountsForParent", &[("ParentFolderId", &folder), ("QueryKeyword", "till")]).await;
    assert_eq!(listed["TotalCount"], 1);
    tell(root, "GetFolder", &[("FolderId", &folder)]).await;
    tell(root, "UpdateFolder", &[("FolderId", &folder), ("NewFolderName", "money")]).await;
    tell(root, "ListFoldersForParent", &[]).await;
    tell(root, "RegisterDelegatedAdministrator", &[of_member[0], PRINCIPAL]).await;
    tell(&member, "ListDelegatedAdministrators", &[]).await;
    tell(root, "ListDelegatedServicesForAccount", &of_member).await;
    tell(root, "ListTrustedServiceStatus", &[]).await;
    let delegated = call(&node, root, "RemoveCloudAccount", &of_member).await.error();
    assert_eq!(delegated, (409, "DeleteConflict.Account".into()));
    tell(root, "DeregisterDelegatedAdministrator", &[of_member[0], PRINCIPAL]).await;
    let full = call(&node, root, "DeleteFolder", &[("FolderId", &folder)]).await.error();
    assert_eq!(full, (409, "DeleteConflict.Folder".into()));
    tell(root, "RemoveCloudAccount", &of_member).await;
    call(&node, root, "RemoveCloudAccount", &[("AccountId", &made)]).await.ok();
    tell(root, "DeleteFolder", &[("FolderId", &folder)]).await;
    tell(root, "DestroyResourceDirectory", &[]).await;
    let gone = call(&node, root, "GetResourceDirectory", &[]).await.error();
    assert_eq!(gone, (404, "ResourceDirectoryNotInUse".into()));
    let all = OPERATIONS.iter().filter(|row| row.service == Service::ResourceManager);
    let told: BTreeSet<&str> = told.into_keys().map(|(_, name)| name).collect();
    assert_eq!(told, all.map(|row| row.name).collect(), "tell the new operation's story too");
}

/// Whether a reply has a field; a list must not be empty.
fn has(reply: &Value, path: &str) -> bool {
    let mut at = Some(reply);
    for step in path.split('.') {
        at = match step.strip_suffix("[]") {
            Some(list) => at.and_then(|at| at.get(list)?.get(0)),
            None => at.and_then(|at| at.get(step)),
        };
    }
    at.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_management_account_manages_and_strangers_see_nothing() {
    let node = Node::start().await;
    let (_, member) = organization(&node).await;
    let stranger = node.account("stranger").await;
    let of_member = [("AccountId", member.account.as_str())];
    let refused: &[(&Key, RefusedCall<'_>)] = &[
        (&node.root, ("EnableResourceDirectory", &[], 409, "EntityAlreadyExists.ResourceDirectory")),
        (&member, ("EnableResourceDirectory", &[], 409, "EntityAlreadyExists.ResourceDirectory")),
        (&member, ("ListAccounts", &[], 403, "NoPermission")),
        (&member, ("CreateFolder", &[("FolderName", "mine")], 403, "NoPermission")),
        (&member, ("RemoveCloudAccount", &of_member, 403, "NoPermission")),
        (&member, ("DestroyResourceDirectory", &[], 403, "NoPermission")),
        (&stranger, ("ListAccounts", &[], 404, "ResourceDirectoryNotInUse")),
        (&node.root, ("DestroyResourceDirectory", &[], 409, "DeleteConflict.ResourceDirectory")),
        (&node.root, ("GetAccount", &[("AccountId", &stranger.account)], 404, "EntityNotExists.Account")),
        (&node.root, ("GetAccount", &[("AccountId", "x")], 400, "InvalidParameter")),
        (&node.root, ("GetAccount", &[], 400, "MissingParameter")),
        (&node.root, ("GetFolder", &[("FolderId", "fd-none")], 404, "EntityNotExists.Folder")),
        (&stranger, ("AcceptHandshake", &[("HandshakeId", "h-none")], 404, "EntityNotExists.Handshake")),
        (
            &node.root,
            (
                "InviteAccountToResourceDirectory",
                &[("TargetEntity", &member.account), ("TargetType", "Account")],
                409,
                "EntityAlreadyExists.Account",
            ),
        ),
    ];
    for (key, (name, arguments, status, code)) in refused {
        let error = call(&node, key, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
    call(&node, &member, "GetAccount", &of_member).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_of_the_organization_is_seen_by_members_and_changed_by_its_owner() {
    let node = Node::start().await;
    let (directory, member) = organization(&node).await;
    node.bucket("audit-logs").await;
    let trail = ("Name", "trail-of-all");
    let wanted = [trail, ("OssBucketName", "audit-logs"), ("IsOrganizationTrail", "true")];
    let refused = node.call(&member, "CreateTrail", &wanted).await.error();
    assert_eq!(refused, (400, "NotAllowCreateOrganizationTrail".into()));
    node.call(&node.root, "CreateTrail", &wanted).await.ok();
    let second = [("Name", "trail-of-two"), wanted[1], wanted[2]];
    let second = node.call(&node.root, "CreateTrail", &second).await.error();
    assert_eq!(second, (400, "MaximumNumberOfOrganizationTrailExceeded".into()));
    node.call(&node.root, "StartLogging", &[trail]).await.ok();

    let seen = node.call(&member, "DescribeTrails", &[("IncludeOrganizationTrail", "true")]).await.ok();
    let entry = &seen["TrailList"][0];
    assert_eq!((&entry["IsOrganizationTrail"], &entry["OrganizationId"]), (&true.into(), &directory.as_str().into()));
    assert_eq!(entry["TrailArn"], format!("acs:actiontrail:cn-hangzhou:{}:trail/trail-of-all", node.root.account));
    assert_eq!(node.call(&member, "DescribeTrails", &[]).await.ok()["TrailList"], Value::Array(Vec::new()));
    let status = node.call(&member, "GetTrailStatus", &[trail, ("IsOrganizationTrail", "true")]).await.ok();
    assert_eq!(status["IsLogging"], true);
    for name in ["GetTrailStatus", "StopLogging", "UpdateTrail", "DeleteTrail"] {
        let error = node.call(&member, name, &[trail]).await.error();
        assert_eq!(error, (404, "TrailNotFoundException".into()), "{name}");
    }
    // What leaves sees nothing any more.
    call(&node, &node.root, "RemoveCloudAccount", &[("AccountId", &member.account)]).await.ok();
    let seen = node.call(&member, "DescribeTrails", &[("IncludeOrganizationTrail", "true")]).await.ok();
    assert_eq!(seen["TrailList"], Value::Array(Vec::new()));
    let destroyed = call(&node, &node.root, "DestroyResourceDirectory", &[]).await.error();
    assert_eq!(destroyed, (409, "DeleteConflict.ResourceDirectory".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegated_administrator_has_the_trail_and_cannot_be_dismissed_with_it() {
    let node = Node::start().await;
    let (_, member) = organization(&node).await;
    let delegation = [("AccountId", member.account.as_str()), PRINCIPAL];
    call(&node, &node.root, "RegisterDelegatedAdministrator", &delegation).await.ok();
    call(&node, &member, "ListAccounts", &[]).await.ok();
    let url = format!("file://{}", node.folder.path().join("of-member").display());
    let bucket = [("Name", "member-logs"), ("Url", url.as_str()), delegation[0]];
    node.call(&node.root, "CreateBucket", &bucket).await.ok();
    let trail = ("Name", "trail-of-all");
    let wanted = [trail, ("OssBucketName", "member-logs"), ("IsOrganizationTrail", "true")];
    node.call(&member, "CreateTrail", &wanted).await.ok();
    let refused = call(&node, &node.root, "DeregisterDelegatedAdministrator", &delegation).await.error();
    assert_eq!(refused, (409, "DeleteConflict.DelegatedAdministrator".into()));
    node.call(&member, "DeleteTrail", &[trail]).await.ok();
    call(&node, &node.root, "DeregisterDelegatedAdministrator", &delegation).await.ok();
}

/// Lookups stay within one account, whoever manages the organization.
#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_never_crosses_accounts() {
    let node = Node::start().await;
    let (_, member) = organization(&node).await;
    let event = crate::node::event("of-the-member", "2026-06-01T11:00:00Z", "");
    node.put(&member, None, event).await.ok();
    let condition = [("LookupAttribute.1.Key", "EventId"), ("LookupAttribute.1.Value", "of-the-member")];
    let found = node.call(&member, "LookupEvents", &condition).await.ok();
    assert_eq!(found["Events"].as_array().map(Vec::len), Some(1));
    let found = node.call(&node.root, "LookupEvents", &condition).await.ok();
    assert_eq!(found["Events"], Value::Array(Vec::new()));
}
