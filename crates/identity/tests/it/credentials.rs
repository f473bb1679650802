//! Who a key or a token makes of its bearer, for how long, and that nothing of it is shown.

use std::time::Duration;

use catalog::AccessKey;
use identity::{AuthError, Identity, Principal};
use model::{AccountId, Timestamp};

use crate::refusals::signed_by;
use crate::setup::{account, context, setup};

const NOW: &str = "2026-01-15T08:30:00Z";

#[tokio::test]
async fn a_users_key_is_the_user() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let user = identity.create_user(account(), "alice", None, None).await.unwrap();
    let key = identity.create_access_key(account(), Some("alice")).await.unwrap();
    let call = |nonce: &str| signed_by(&key.access_key_id, key.access_key_secret.expose(), nonce).caller(identity);
    let caller = call("1").unwrap();
    assert_eq!(caller.principal, Principal::User { user_id: user.user_id.clone(), name: "alice".into() });
    assert_eq!((caller.account, caller.is_management), (account(), true));
    let shown = caller.identity_json();
    assert_eq!(shown["type"], "ram-user");
    assert_eq!(shown["principalId"], user.user_id.as_str());
    assert_eq!(shown["userName"], "alice");
    assert_eq!(shown["accountId"], account().as_str());
    assert_eq!(shown["accessKeyId"], key.access_key_id.as_str());

    identity.set_key_active(account(), Some("alice"), &key.access_key_id, false).await.unwrap();
    let disabled = call("2").unwrap_err();
    assert_eq!((disabled.code(), disabled.account()), ("InvalidAccessKeyId.Inactive", Some(account())));
    identity.set_key_active(account(), Some("alice"), &key.access_key_id, true).await.unwrap();
    call("2").unwrap();
    identity.delete_key(account(), Some("alice"), &key.access_key_id).await.unwrap();
    let deleted = call("3").unwrap_err();
    assert_eq!((deleted.code(), deleted.http_status(), deleted.account()), ("InvalidAccessKeyId.NotFound", 404, None));
}

#[tokio::test]
async fn tokens_put_events_and_nothing_else() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let (token, secret) = identity.create_ingest_token(account(), "collector", true).await.unwrap();
    assert_eq!((secret.expose().len(), &secret.expose()[..9]), (41, "cairn_it_"));
    let caller = identity.authenticate_token(secret.expose()).unwrap();
    let principal = Principal::IngestToken { id: token.id.clone(), name: "collector".into(), from_event: true };
    assert_eq!((caller.account, &caller.principal, &caller.access_key_id), (account(), &principal, &None));
    let may = |action, resource| identity.decide(&caller, action, resource, &context()) == identity::Decision::Allow;
    assert!(may("cairn:PutEvents", "acs:cairn:*:1234567890123456:events"));
    assert!(may("cairn:PutEvents", "acs:cairn:*:9:events"), "it sorts events to the accounts they name");
    for action in ["cairn:CreateBucket", "actiontrail:LookupEvents", "ram:CreateUser"] {
        assert!(!may(action, "acs:x:*:1234567890123456:y"), "{action}");
    }
    let listed = identity.list_ingest_tokens(account()).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&token));
    let elsewhere: AccountId = "9".parse().unwrap();
    assert_eq!(identity.delete_ingest_token(elsewhere, &token.id).await.unwrap_err().http_status(), 404);
    identity.delete_ingest_token(account(), &token.id).await.unwrap();
    assert_eq!(identity.authenticate_token(secret.expose()), Err(AuthError::UnknownToken));
    for odd in ["", "cairn_it_", "LTAI5tROOT", secret.expose().to_lowercase().as_str()] {
        assert_eq!(identity.authenticate_token(odd), Err(AuthError::UnknownToken), "{odd}");
    }
}

#[tokio::test]
async fn a_change_that_went_past_identity_is_met_soon() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    signed_by("LTAI5tROOT", "s", "1").caller(&setup.identity).unwrap();
    // As a call does that is given up between the catalog and the table.
    setup.catalog.key_delete(account(), None, "LTAI5tROOT").await.unwrap();
    let refused = async {
        let mut nonce = 1;
        while signed_by("LTAI5tROOT", "s", &format!("a{nonce}")).caller(&setup.identity).is_ok() {
            nonce += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_ended_half_way_is_finished() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    setup.identity.delete_key(account(), None, "LTAI5tROOT").await.unwrap();
    let key = setup.identity.initialise().await.unwrap().expect("the account had no key");
    assert_eq!(key.account, account(), "and no second account was made");
    signed_by(&key.access_key_id, key.access_key_secret.expose(), "1").caller(&setup.identity).unwrap();
    assert!(setup.identity.initialise().await.unwrap().is_none());
}

#[tokio::test]
async fn accounts_that_events_name_are_made_once() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let id: AccountId = "100200300".parse().unwrap();
    assert!(!setup.identity.account_exists(id));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let identity: Identity = setup.identity.clone();
            tokio::spawn(async move { identity.ensure_account(id).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(setup.identity.account_exists(id));
    assert_eq!(setup.identity.list_keys(id, None).await.unwrap(), [], "nobody may call for it yet");
    let taken = setup.identity.create_account("again", Some(id)).await.unwrap_err();
    assert_eq!((taken.code(), taken.http_status()), ("EntityAlreadyExists.Account".into(), 409));
}

#[tokio::test]
async fn a_key_sealed_with_another_master_key_stops_the_start() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let key = AccessKey {
        id: "LTAI5tODD".into(),
        account: account(),
        user: None,
        sealed_secret: vec![1; 40],
        active: true,
        created: Timestamp(0),
    };
    setup.catalog.key_create(&key, 9).await.unwrap();
    let error = setup.identity.create_user(account(), "alice", None, None).await.unwrap_err();
    assert_eq!(error.kind(), model::ErrorKind::Corrupt);
    signed_by("LTAI5tROOT", "s", "1").caller(&setup.identity).expect("the table from before still serves");
}
