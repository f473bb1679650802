//! Accounts, users, keys, policies, attachments, tokens: what identity reads at once.

use std::time::Duration;

use catalog::{Account, Attachment, CatalogError, Holder, IngestToken, Policy, PolicyKind, PolicyRef};
use model::ErrorKind;

use crate::samples::{AT, account, catalog, key, other_account, user};

fn policy(name: &str) -> Policy {
    Policy {
        account: account(),
        name: name.to_owned(),
        description: "for a test".to_owned(),
        document: r#"{"Version":"1"}"#.to_owned(),
        default_version: 1,
        created: AT,
        updated: AT,
    }
}

fn attached(user: &str, kind: PolicyKind, name: &str) -> Attachment {
    let policy = PolicyRef { kind, name: name.to_owned() };
    Attachment { account: account(), holder: Holder::user(user), policy, attached: AT }
}

fn token(id: &str, name: &str, hash: u8) -> IngestToken {
    let (id, name) = (id.to_owned(), name.to_owned());
    IngestToken { id, account: account(), name, sha256: [hash; 32], from_event: true, created: AT }
}

#[tokio::test]
async fn accounts() {
    let catalog = catalog().await;
    let management = Account { id: account(), name: "management".to_owned(), is_management: true, created: AT };
    assert_eq!(catalog.account_find(account()).await.unwrap(), Some(management.clone()));
    assert_eq!(catalog.account_find("1".parse().unwrap()).await.unwrap(), None);
    let listed = catalog.account_list().await.unwrap();
    assert_eq!(listed.iter().map(|each| each.id).collect::<Vec<_>>(), [account(), other_account()]);
    let again = catalog.account_create(account(), "again", false, AT).await.unwrap_err();
    assert!(matches!(again, CatalogError::AlreadyExists { .. }), "{again}");
    assert_eq!(again.kind(), ErrorKind::Conflict);
    assert_eq!(catalog.account_find(account()).await.unwrap(), Some(management), "unchanged");
    // A leading zero is part of an id.
    catalog.account_create("0001".parse().unwrap(), "aws", false, AT).await.unwrap();
    assert_eq!(catalog.account_find("1".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn users() {
    let catalog = catalog().await;
    let alice = user(account(), "alice");
    catalog.user_create(&alice).await.unwrap();
    assert_eq!(catalog.user_find(account(), "alice").await.unwrap(), Some(alice.clone()));
    assert_eq!(catalog.user_find(other_account(), "alice").await.unwrap(), None, "accounts are walls");
    assert_eq!(catalog.user_create(&alice).await.unwrap_err().kind(), ErrorKind::Conflict);
    catalog.user_create(&user(other_account(), "alice")).await.unwrap();
    catalog.user_create(&user(account(), "Zoe")).await.unwrap();
    let names: Vec<String> = catalog.user_list(account()).await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["Zoe", "alice"]);
    assert_eq!(catalog.user_delete(account(), "bob").await.unwrap_err().kind(), ErrorKind::NotFound);
    catalog.user_delete(account(), "alice").await.unwrap();
    assert_eq!(catalog.user_find(account(), "alice").await.unwrap(), None);
    assert!(catalog.user_find(other_account(), "alice").await.unwrap().is_some(), "the other account's stays");
    let homeless = catalog.user_create(&user("9".parse().unwrap(), "alice")).await.unwrap_err();
    assert!(matches!(homeless, CatalogError::NotFound { .. }), "{homeless:?}");
}

#[tokio::test]
async fn keys() {
    let catalog = catalog().await;
    catalog.user_create(&user(account(), "alice")).await.unwrap();
    let of_alice = key("LTAI5tAlice1", account(), Some("alice"));
    catalog.key_create(&of_alice, 2).await.unwrap();
    catalog.key_create(&key("LTAI5tRoot", account(), None), 2).await.unwrap();
    assert_eq!(catalog.key_find("LTAI5tAlice1").await.unwrap(), Some(of_alice.clone()));
    assert_eq!(catalog.key_find("ltai5talice1").await.unwrap(), None, "ids differ by case");
    assert_eq!(catalog.key_list(account(), Some("alice")).await.unwrap(), std::slice::from_ref(&of_alice));
    assert_eq!(catalog.key_list(account(), None).await.unwrap().len(), 1);
    assert_eq!(catalog.key_create(&of_alice, 9).await.unwrap_err().kind(), ErrorKind::Conflict);
    catalog.key_create(&key("LTAI5tAlice2", account(), Some("alice")), 2).await.unwrap();
    let third = catalog.key_create(&key("LTAI5tAlice3", account(), Some("alice")), 2).await.unwrap_err();
    assert!(matches!(third, CatalogError::LimitReached { limit: 2, .. }), "{third}");
    let of_nobody = catalog.key_create(&key("LTAI5tBob", account(), Some("bob")), 2).await.unwrap_err();
    assert_eq!(of_nobody.kind(), ErrorKind::NotFound);

    catalog.key_set_active(account(), Some("alice"), "LTAI5tAlice1", false).await.unwrap();
    assert!(!catalog.key_find("LTAI5tAlice1").await.unwrap().unwrap().active);
    for (account, user) in [(other_account(), Some("alice")), (account(), None), (account(), Some("bob"))] {
        let not_theirs = catalog.key_set_active(account, user, "LTAI5tAlice1", true).await.unwrap_err();
        assert_eq!(not_theirs.kind(), ErrorKind::NotFound, "{account} {user:?}");
        assert!(catalog.key_delete(account, user, "LTAI5tAlice1").await.is_err(), "{account} {user:?}");
    }
    catalog.key_delete(account(), Some("alice"), "LTAI5tAlice1").await.unwrap();
    assert_eq!(catalog.key_find("LTAI5tAlice1").await.unwrap(), None);
}

#[tokio::test]
async fn a_user_with_keys_or_policies_is_not_deleted() {
    let catalog = catalog().await;
    catalog.user_create(&user(account(), "alice")).await.unwrap();
    catalog.key_create(&key("LTAI5tAlice", account(), Some("alice")), 2).await.unwrap();
    let in_use = catalog.user_delete(account(), "alice").await.unwrap_err();
    assert!(matches!(&in_use, CatalogError::InUse { by, .. } if by == "access keys"), "{in_use}");
    catalog.key_delete(account(), Some("alice"), "LTAI5tAlice").await.unwrap();
    catalog.attachment_add(&attached("alice", PolicyKind::System, "AdministratorAccess")).await.unwrap();
    let in_use = catalog.user_delete(account(), "alice").await.unwrap_err();
    assert!(matches!(&in_use, CatalogError::InUse { by, .. } if by == "attached policies"), "{in_use}");
    let policy = PolicyRef { kind: PolicyKind::System, name: "AdministratorAccess".to_owned() };
    catalog.attachment_remove(account(), &Holder::user("alice"), &policy).await.unwrap();
    catalog.user_delete(account(), "alice").await.unwrap();
}

#[tokio::test]
async fn policies_and_attachments() {
    let catalog = catalog().await;
    catalog.user_create(&user(account(), "alice")).await.unwrap();
    catalog.policy_create(&policy("readers")).await.unwrap();
    assert_eq!(catalog.policy_find(account(), "readers").await.unwrap(), Some(policy("readers")));
    assert_eq!(catalog.policy_find(other_account(), "readers").await.unwrap(), None);
    assert_eq!(catalog.policy_create(&policy("readers")).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(catalog.policy_list(account()).await.unwrap(), [policy("readers")]);

    let custom = attached("alice", PolicyKind::Custom, "readers");
    let system = attached("alice", PolicyKind::System, "readers");
    catalog.attachment_add(&custom).await.unwrap();
    catalog.attachment_add(&system).await.unwrap();
    assert_eq!(catalog.attachment_add(&custom).await.unwrap_err().kind(), ErrorKind::Conflict);
    for missing in [attached("bob", PolicyKind::Custom, "readers"), attached("alice", PolicyKind::Custom, "writers")] {
        assert_eq!(catalog.attachment_add(&missing).await.unwrap_err().kind(), ErrorKind::NotFound, "{missing:?}");
    }
    assert_eq!(
        catalog.attachment_list(account(), &Holder::user("alice")).await.unwrap(),
        [custom.clone(), system.clone()]
    );
    assert_eq!(catalog.attachment_list(other_account(), &Holder::user("alice")).await.unwrap(), []);

    let in_use = catalog.policy_delete(account(), "readers").await.unwrap_err();
    assert!(matches!(&in_use, CatalogError::InUse { by, .. } if by == "user alice"), "{in_use}");
    catalog.attachment_remove(account(), &Holder::user("alice"), &custom.policy).await.unwrap();
    let again = catalog.attachment_remove(account(), &Holder::user("alice"), &custom.policy).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    catalog.policy_delete(account(), "readers").await.unwrap();
    assert_eq!(catalog.policy_delete(account(), "readers").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        catalog.attachment_list(account(), &Holder::user("alice")).await.unwrap(),
        [system],
        "the built-in one stays"
    );
}

#[tokio::test]
async fn tokens() {
    let catalog = catalog().await;
    catalog.token_create(&token("it-1", "collector", 1)).await.unwrap();
    assert_eq!(catalog.token_list(account()).await.unwrap(), [token("it-1", "collector", 1)]);
    assert_eq!(catalog.token_list(other_account()).await.unwrap(), []);
    for taken in [token("it-1", "new", 2), token("it-2", "collector", 2), token("it-2", "new", 1)] {
        assert_eq!(catalog.token_create(&taken).await.unwrap_err().kind(), ErrorKind::Conflict, "{taken:?}");
    }
    assert_eq!(catalog.token_delete(other_account(), "it-1").await.unwrap_err().kind(), ErrorKind::NotFound);
    catalog.token_delete(account(), "it-1").await.unwrap();
    assert_eq!(catalog.token_list(account()).await.unwrap(), []);
}

#[tokio::test]
async fn the_snapshot_has_all_of_it_and_every_change_is_announced() {
    let catalog = catalog().await;
    let mut version = catalog.identity_version();
    version.mark_unchanged();
    let trails = catalog.trails_version();
    let mut changes = 0;
    macro_rules! announced {
        ($change:expr) => {
            $change.await.unwrap();
            changes += 1;
            assert!(version.has_changed().unwrap(), "change {changes}");
            version.mark_unchanged();
        };
    }
    announced!(catalog.user_create(&user(account(), "alice")));
    announced!(catalog.key_create(&key("LTAI5tAlice", account(), Some("alice")), 2));
    announced!(catalog.policy_create(&policy("readers")));
    announced!(catalog.attachment_add(&attached("alice", PolicyKind::Custom, "readers")));
    announced!(catalog.token_create(&token("it-1", "collector", 1)));
    let snapshot = catalog.identity_snapshot().await.unwrap();
    assert_eq!(snapshot.accounts.len(), 2);
    assert_eq!(snapshot.users, [user(account(), "alice")]);
    assert_eq!(snapshot.keys, [key("LTAI5tAlice", account(), Some("alice"))]);
    assert_eq!(snapshot.policies, [policy("readers")]);
    assert_eq!(snapshot.attachments, [attached("alice", PolicyKind::Custom, "readers")]);
    assert_eq!(snapshot.tokens, [token("it-1", "collector", 1)]);

    let readers = PolicyRef { kind: PolicyKind::Custom, name: "readers".to_owned() };
    announced!(catalog.key_set_active(account(), Some("alice"), "LTAI5tAlice", false));
    announced!(catalog.key_delete(account(), Some("alice"), "LTAI5tAlice"));
    announced!(catalog.attachment_remove(account(), &Holder::user("alice"), &readers));
    announced!(catalog.policy_delete(account(), "readers"));
    announced!(catalog.token_delete(account(), "it-1"));
    announced!(catalog.user_delete(account(), "alice"));
    announced!(catalog.account_create("7".parse().unwrap(), "third", false, AT));
    assert!(catalog.user_delete(account(), "alice").await.is_err());
    assert!(!version.has_changed().unwrap(), "a call that failed changed nothing");
    assert!(!trails.has_changed().unwrap(), "and none of it concerns trails");
    tokio::time::timeout(Duration::from_secs(5), async { catalog.close().await }).await.unwrap();
}

#[test]
fn secrets_have_no_debug_output() {
    let shown = format!("{:?}", key("LTAI5tAlice", account(), Some("alice")));
    assert_eq!(shown, r#"AccessKey(LTAI5tAlice of 1234567890123456 Some("alice"))"#);
}
