use super::*;
use crate::{Holder, HolderKind, PolicyKind};

/// A database of the first release, with what a user had in it.
async fn first_release() -> SqlitePool {
    let options = SqliteConnectOptions::from_str("sqlite::memory:").expect("an address").foreign_keys(true);
    let only = pool(1).idle_timeout(None).max_lifetime(None).connect_with(options).await.expect("a database");
    MIGRATIONS.run_to(2, &only).await.expect("the schema of the first release");
    for row in [
        "INSERT INTO accounts VALUES ('100', 'test', 1, 0)",
        "INSERT INTO users VALUES ('2001', '100', 'alice', 'Alice', '', 0, 0)",
        "INSERT INTO policies VALUES ('100', 'audit', '', '{\"Version\":\"1\"}', 5, 7)",
        "INSERT INTO attachments VALUES ('100', 'alice', 'Custom', 'audit', 6)",
        "INSERT INTO attachments VALUES ('100', 'alice', 'System', 'AdministratorAccess', 8)",
    ] {
        sqlx::query(row).execute(&only).await.expect("a row of the first release");
    }
    only
}

#[tokio::test]
async fn attachments_and_policies_of_the_first_release_are_taken_over() {
    let only = first_release().await;
    MIGRATIONS.run(&only).await.expect("up to date");
    let catalog = Catalog::over(only.clone(), only);
    let account = "100".parse().expect("an id");
    let attached = catalog.attachments_of_account(account).await.expect("attachments");
    let told: Vec<_> =
        attached.iter().map(|each| (each.policy.kind, each.policy.name.as_str(), each.attached)).collect();
    assert_eq!(
        told,
        [(PolicyKind::Custom, "audit", Timestamp(6)), (PolicyKind::System, "AdministratorAccess", Timestamp(8)),]
    );
    assert!(attached.iter().all(|each| each.holder == Holder { kind: HolderKind::User, name: "alice".into() }));
    let versions = catalog.policy_versions(account, "audit").await.expect("versions");
    let version = versions.first().expect("the first version");
    assert_eq!((version.number, version.is_default, version.created), (1, true, Timestamp(7)));
    assert_eq!(version.document, "{\"Version\":\"1\"}");
    // The references of the former table are gone with its rows, so the user can go once it has nothing.
    for attachment in &attached {
        catalog.attachment_remove(account, &attachment.holder, &attachment.policy).await.expect("removed");
    }
    catalog.user_delete(account, "alice").await.expect("deleted");
    catalog.policy_delete(account, "audit").await.expect("deleted");
}
