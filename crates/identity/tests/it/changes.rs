//! Changes take effect with the next request, refusals have RAM's codes, and accounts are walls.

use catalog::{Holder, PolicyKind, PolicyRef};
use host::OsRandom;
use host::metrics::Metrics;
use identity::{Caller, Decision, Denial, Identity, MasterKeySource, Principal, Vault};

use crate::setup::{account, context, setup};

const READ_ONLY: &str = "AliyunActionTrailReadOnlyAccess";
const TRAIL: &str = "acs:actiontrail:cn-hangzhou:1234567890123456:trail/main-trail";

fn system(name: &str) -> PolicyRef {
    PolicyRef { kind: PolicyKind::System, name: name.to_owned() }
}

fn custom(name: &str) -> PolicyRef {
    PolicyRef { kind: PolicyKind::Custom, name: name.to_owned() }
}

#[tokio::test]
async fn a_users_policies_decide() {
    let setup = setup("2026-01-15T08:30:00Z", "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let user = identity.create_user(account(), "alice", None, None).await.unwrap();
    let principal = Principal::User { user_id: user.user_id.clone(), name: "alice".into() };
    let alice = Caller { account: account(), principal, access_key_id: None, is_management: true, session: None };
    let decide = |action: &str, resource: &str| identity.decide(&alice, action, resource, &context());
    let nothing = Decision::Deny { because: Denial::NoPolicy };

    assert_eq!(decide("actiontrail:DescribeTrails", TRAIL), nothing);
    identity.attach(account(), &Holder::user("alice"), system(READ_ONLY)).await.unwrap();
    assert_eq!(decide("actiontrail:DescribeTrails", TRAIL), Decision::Allow);
    assert_eq!(decide("actiontrail:DeleteTrail", TRAIL), nothing);
    assert_eq!(decide("actiontrail:DescribeTrails", &TRAIL.replace("1234", "9999")), nothing, "another account's");

    let document = r#"{"Version":"1","Statement":{"Effect":"Deny","Action":"actiontrail:*","Resource":"*"}}"#;
    identity.create_policy(account(), "no-trails", document, None).await.unwrap();
    identity.attach(account(), &Holder::user("alice"), custom("no-trails")).await.unwrap();
    let denied = Decision::Deny { because: Denial::ExplicitDeny { policy: "no-trails".into() } };
    assert_eq!(decide("actiontrail:DescribeTrails", TRAIL), denied);
    identity.detach(account(), &Holder::user("alice"), &custom("no-trails")).await.unwrap();
    assert_eq!(decide("actiontrail:DescribeTrails", TRAIL), Decision::Allow);
}

#[tokio::test]
async fn accounts_are_walls_and_the_management_account_manages_the_node_only() {
    let setup = setup("2026-01-15T08:30:00Z", "LTAI5tROOT", "s").await;
    let root = |account, is_management| Caller {
        account,
        principal: Principal::Root,
        access_key_id: None,
        is_management,
        session: None,
    };
    let (other, key) = setup.identity.create_account("other", None).await.unwrap();
    assert_eq!(key.account, other.id);
    let decide = |caller: &Caller, action: &str, resource: &str| {
        setup.identity.decide(caller, action, resource, &context()) == Decision::Allow
    };
    let (management, tenant) = (root(account(), true), root(other.id, false));
    let users_of = |owner| format!("acs:ram:*:{owner}:user/x");
    assert!(decide(&tenant, "ram:CreateUser", &users_of(other.id)));
    assert!(!decide(&tenant, "ram:CreateUser", &users_of(account())));
    assert!(decide(&management, "ram:CreateUser", &users_of(other.id)));
    assert!(!decide(&management, "actiontrail:LookupEvents", &format!("acs:actiontrail:*:{}:*", other.id)));
    assert!(!decide(&tenant, "actiontrail:DeleteTrail", TRAIL));

    let (_, secret) = setup.identity.create_ingest_token(other.id, "producer", false).await.unwrap();
    let producer = setup.identity.authenticate_token(secret.expose()).unwrap();
    let events_of = |owner| format!("acs:cairn:*:{owner}:events");
    assert!(decide(&producer, "cairn:PutEvents", &events_of(other.id)));
    assert!(!decide(&producer, "cairn:PutEvents", &events_of(account())));
    assert!(!decide(&producer, "actiontrail:LookupEvents", "*"));
    assert!(setup.identity.authenticate_token("cairn_it_wrong").is_err());
}

#[tokio::test]
async fn refusals_have_rams_codes() {
    let setup = setup("2026-01-15T08:30:00Z", "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let code = |error: identity::ManageError| (error.code(), error.http_status());
    identity.create_user(account(), "alice", Some("Alice"), None).await.unwrap();
    let again = identity.create_user(account(), "alice", None, None).await.unwrap_err();
    assert_eq!(code(again), ("EntityAlreadyExists.User".into(), 409));
    let bad = identity.create_user(account(), "al ice", None, None).await.unwrap_err();
    assert_eq!(code(bad), ("InvalidParameter.UserName.Format".into(), 400));
    let absent = identity.get_user(account(), "bob").await.unwrap_err();
    assert_eq!(code(absent), ("EntityNotExist.User".into(), 404));

    let key = identity.create_access_key(account(), Some("alice")).await.unwrap();
    identity.create_access_key(account(), Some("alice")).await.unwrap();
    let third = identity.create_access_key(account(), Some("alice")).await.unwrap_err();
    assert_eq!(code(third), ("LimitExceeded.User.AccessKey".into(), 409));
    let nobody = identity.create_access_key(account(), Some("bob")).await.unwrap_err();
    assert_eq!(code(nobody), ("EntityNotExist.User".into(), 404));
    let in_use = identity.delete_user(account(), "alice").await.unwrap_err();
    assert_eq!(code(in_use), ("DeleteConflict.User.AccessKey".into(), 409));
    let wrong_owner = identity.delete_key(account(), None, &key.access_key_id).await.unwrap_err();
    assert_eq!(code(wrong_owner), ("EntityNotExist.User.AccessKey".into(), 404));

    let malformed = identity.create_policy(account(), "p", "{}", None).await.unwrap_err();
    assert_eq!(code(malformed), ("MalformedPolicyDocument".into(), 400));
    let unknown = identity.attach(account(), &Holder::user("alice"), system("Nonexistent")).await.unwrap_err();
    assert_eq!(code(unknown), ("EntityNotExist.Policy".into(), 404));
    identity.attach(account(), &Holder::user("alice"), system(READ_ONLY)).await.unwrap();
    let twice = identity.attach(account(), &Holder::user("alice"), system(READ_ONLY)).await.unwrap_err();
    assert_eq!(code(twice), ("EntityAlreadyExists.User.Policy".into(), 409));
}

#[tokio::test]
async fn the_first_start_makes_one_key_and_another_master_key_is_noticed() {
    let setup = setup("2026-01-15T08:30:00Z", "LTAI5tROOT", "s").await;
    assert!(setup.identity.initialise().await.unwrap().is_none(), "there is an account already");
    let empty = catalog::Catalog::in_memory().await.unwrap();
    let open = |catalog: &catalog::Catalog, vault: Vault| {
        let (catalog, clock) = (catalog.clone(), setup.clock.clone());
        async move { Identity::new(catalog, vault, clock, std::sync::Arc::new(OsRandom), &Metrics::default()).await }
    };
    let first = open(&empty, crate::setup::vault(&setup.folder)).await.unwrap();
    let key = first.initialise().await.unwrap().expect("a key");
    assert_eq!((key.account.as_str().len(), key.access_key_id.len()), (16, 24));
    assert!(first.initialise().await.unwrap().is_none());
    assert!(!format!("{key:?}").contains(key.access_key_secret.expose().as_str()));

    let elsewhere = setup.folder.path().join("elsewhere");
    let (other, _) = Vault::load(MasterKeySource { env: None, file: None, data_folder: &elsewhere }).unwrap();
    let error = open(&empty, other).await.err().expect("the wrong key");
    assert!(matches!(error, identity::ManageError::Vault(_)), "{error}");
    assert!(setup.catalog.account_find(account()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_user_of_the_management_account_reaches_others_only_where_a_policy_says_so() {
    let setup = setup("2026-01-15T08:30:00Z", "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let (other, _) = identity.create_account("other", None).await.unwrap();
    let user = identity.create_user(account(), "operator", None, None).await.unwrap();
    let principal = Principal::User { user_id: user.user_id, name: "operator".into() };
    let operator = Caller { account: account(), principal, access_key_id: None, is_management: true, session: None };
    let may = |owner| {
        let events = format!("acs:cairn:*:{owner}:events");
        identity.decide(&operator, "cairn:PutEvents", &events, &context()) == Decision::Allow
    };
    identity.attach(account(), &Holder::user("operator"), system("CairnPutEventsAccess")).await.unwrap();
    assert!(may(account()) && !may(other.id));
    let document = format!(
        r#"{{"Version":"1","Statement":{{"Effect":"Allow","Action":"cairn:ManageAccounts",
            "Resource":"acs:cairn:*:*:account/{}"}}}}"#,
        other.id
    );
    identity.create_policy(account(), "reach", &document, None).await.unwrap();
    identity.attach(account(), &Holder::user("operator"), custom("reach")).await.unwrap();
    assert!(may(other.id) && !may("1999999999999999".parse().unwrap()));
}
