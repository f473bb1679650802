//! Groups, roles and versions of policies: what belongs together changes together.

use catalog::{
    Attachment, CatalogError, Group, GroupMember, Holder, Policy, PolicyKind, PolicyRef, PolicyVersion, Role,
};
use model::ErrorKind;

use crate::samples::{AT, account, catalog, key, other_account, user};

fn group(name: &str) -> Group {
    let (group_id, comments) = (format!("g-{name}"), String::new());
    Group { group_id, account: account(), name: name.to_owned(), comments, created: AT, updated: AT }
}

fn role(name: &str, service: Option<&str>) -> Role {
    Role {
        role_id: format!("3-{name}"),
        account: account(),
        name: name.to_owned(),
        description: "for a test".to_owned(),
        trust: "{}".to_owned(),
        session_seconds_max: 3600,
        service: service.map(str::to_owned),
        created: AT,
        updated: AT,
    }
}

fn attached(holder: Holder) -> Attachment {
    let policy = PolicyRef { kind: PolicyKind::System, name: "AdministratorAccess".to_owned() };
    Attachment { account: account(), holder, policy, attached: AT }
}

fn by(error: CatalogError) -> String {
    match error {
        CatalogError::InUse { by, .. } => by,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_belongs_to_a_user_follows_its_new_name() {
    let catalog = catalog().await;
    catalog.user_create(&user(account(), "alice")).await.unwrap();
    catalog.user_create(&user(account(), "bob")).await.unwrap();
    catalog.key_create(&key("LTAI1", account(), Some("alice")), 2).await.unwrap();
    catalog.group_create(&group("readers")).await.unwrap();
    let member = GroupMember { account: account(), group: "readers".into(), user: "alice".into(), joined: AT };
    catalog.group_member_add(&member).await.unwrap();
    catalog.attachment_add(&attached(Holder::user("alice"))).await.unwrap();
    let mut renamed = user(account(), "alice");
    renamed.name = "bob".into();
    assert_eq!(catalog.user_update("alice", &renamed).await.unwrap_err().kind(), ErrorKind::Conflict);
    renamed.name = "carol".into();
    catalog.user_update("alice", &renamed).await.unwrap();
    assert_eq!(catalog.key_list(account(), Some("carol")).await.unwrap().len(), 1);
    assert_eq!(catalog.group_members(account()).await.unwrap()[0].user, "carol");
    assert_eq!(catalog.attachment_list(account(), &Holder::user("carol")).await.unwrap().len(), 1);
    let missing = catalog.user_update("alice", &renamed).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn groups_and_roles_in_use_stay_and_service_linked_roles_go_with_their_policies() {
    let catalog = catalog().await;
    catalog.user_create(&user(account(), "alice")).await.unwrap();
    catalog.group_create(&group("readers")).await.unwrap();
    let member = GroupMember { account: account(), group: "readers".into(), user: "alice".into(), joined: AT };
    catalog.group_member_add(&member).await.unwrap();
    assert_eq!(catalog.group_member_add(&member).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(by(catalog.group_delete(account(), "readers").await.unwrap_err()), "users");
    assert_eq!(by(catalog.user_delete(account(), "alice").await.unwrap_err()), "groups");
    let mut renamed = group("readers");
    renamed.name = "auditors".into();
    catalog.group_update("readers", &renamed).await.unwrap();
    catalog.group_member_remove(account(), "auditors", "alice").await.unwrap();
    catalog.group_delete(account(), "auditors").await.unwrap();

    catalog.role_create(&role("writer", None)).await.unwrap();
    catalog.attachment_add(&attached(Holder::role("writer"))).await.unwrap();
    assert_eq!(by(catalog.role_delete(account(), "writer").await.unwrap_err()), "attached policies");
    assert!(catalog.role_find(other_account(), "writer").await.unwrap().is_none());
    catalog.role_create(&role("linked", Some("actiontrail.aliyuncs.com"))).await.unwrap();
    catalog.attachment_add(&attached(Holder::role("linked"))).await.unwrap();
    catalog.role_delete(account(), "linked").await.unwrap();
    let left = catalog.attachments_of_account(account()).await.unwrap();
    assert_eq!(left, [attached(Holder::role("writer"))]);
}

#[tokio::test]
async fn a_policys_document_is_its_default_versions() {
    let catalog = catalog().await;
    let policy = Policy {
        account: account(),
        name: "audit".into(),
        description: String::new(),
        document: "one".into(),
        default_version: 1,
        created: AT,
        updated: AT,
    };
    catalog.policy_create(&policy).await.unwrap();
    let version = |document: &str, is_default| PolicyVersion {
        number: 0,
        document: document.to_owned(),
        is_default,
        created: AT,
    };
    let add = async |document, is_default, rotate| {
        catalog.policy_version_add(account(), "audit", &version(document, is_default), 3, rotate).await
    };
    assert_eq!(add("two", false, false).await.unwrap().number, 2);
    assert_eq!(catalog.policy_find(account(), "audit").await.unwrap().unwrap().document, "one");
    assert_eq!(add("three", true, false).await.unwrap().number, 3);
    let found = catalog.policy_find(account(), "audit").await.unwrap().unwrap();
    assert_eq!((found.document.as_str(), found.default_version), ("three", 3));
    assert_eq!(add("four", false, false).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(add("four", false, true).await.unwrap().number, 4);
    let numbers = async || {
        let versions = catalog.policy_versions(account(), "audit").await.unwrap();
        versions.iter().map(|version| version.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers().await, [2, 3, 4], "the oldest made room");
    by(catalog.policy_version_delete(account(), "audit", 3).await.unwrap_err());
    catalog.policy_version_set_default(account(), "audit", 2).await.unwrap();
    assert_eq!(catalog.policy_find(account(), "audit").await.unwrap().unwrap().document, "two");
    let gone = catalog.policy_version_set_default(account(), "audit", 1).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    catalog.policy_version_delete(account(), "audit", 4).await.unwrap();
    assert_eq!(add("five", false, false).await.unwrap().number, 5, "a number is never given twice");
    catalog.policy_delete(account(), "audit").await.unwrap();
    assert!(numbers().await.is_empty());
}
