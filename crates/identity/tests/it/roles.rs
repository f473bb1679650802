//! Roles: what services may through them, who may become them, and when a session is over.

use std::time::Duration;

use catalog::{Holder, PolicyKind, PolicyRef};
use identity::{AssumeError, Caller, Decision, Denial, ManageError, Principal, RoleChange, RoleRefusal, RoleWish};
use model::AccountId;

use crate::setup::{Setup, account, context, setup};

const NOW: &str = "2026-01-15T08:30:00Z";
const SERVICE: &str = "actiontrail.aliyuncs.com";
const PUT: &str = "oss:PutObject";

fn trusting(principal: &str) -> String {
    format!(r#"{{"Version":"1","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}}}}}"#)
}

fn allowing(action: &str, resource: &str) -> String {
    format!(r#"{{"Version":"1","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#)
}

fn custom(name: &str) -> PolicyRef {
    PolicyRef { kind: PolicyKind::Custom, name: name.to_owned() }
}

async fn role(setup: &Setup, owner: AccountId, name: &str, principal: &str, document: &str) -> String {
    let identity = &setup.identity;
    identity.create_role(owner, name, &trusting(principal), RoleChange::default()).await.unwrap();
    identity.create_policy(owner, &format!("{name}-policy"), document, None).await.unwrap();
    identity.attach(owner, &Holder::role(name), custom(&format!("{name}-policy"))).await.unwrap();
    identity::role_arn(owner, name)
}

async fn user(setup: &Setup, name: &str) -> Caller {
    let user = setup.identity.create_user(account(), name, None, None).await.unwrap();
    let principal = Principal::User { user_id: user.user_id, name: name.to_owned() };
    Caller { account: account(), principal, access_key_id: None, is_management: true, session: None }
}

#[tokio::test]
async fn a_service_may_what_the_roles_policies_say_if_it_is_trusted_for_the_account() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let (other, _) = setup.identity.create_account("archive", None).await.unwrap();
    let objects = format!("acs:oss:*:{}:audit/*", other.id);
    let trust = format!(r#"{{"Service":["{}@{SERVICE}"]}}"#, account());
    let arn = role(&setup, other.id, "writer", &trust, &allowing(PUT, &objects)).await;
    let object = format!("acs:oss:*:{}:audit/AliyunLogs/x.gz", other.id);
    let may = |arn: &str, service, on_behalf_of, action, resource: &str| {
        setup.identity.service_may(arn, service, on_behalf_of, action, resource, &context())
    };
    assert_eq!(may(&arn, SERVICE, account(), PUT, &object), Ok(()));
    assert_eq!(may(&arn, SERVICE, other.id, PUT, &object), Err(RoleRefusal::NotTrusted));
    assert_eq!(may(&arn, "oss.aliyuncs.com", account(), PUT, &object), Err(RoleRefusal::NotTrusted));
    assert_eq!(may(&arn, SERVICE, account(), "oss:DeleteObject", &object), Err(RoleRefusal::Denied));
    let elsewhere = object.replace("audit", "private");
    assert_eq!(may(&arn, SERVICE, account(), PUT, &elsewhere), Err(RoleRefusal::Denied));
    for nothing in ["writer", "acs:ram::1:role/writer", &arn.replace("writer", "Writer")] {
        assert_eq!(may(nothing, SERVICE, account(), PUT, &object), Err(RoleRefusal::NoSuchRole), "{nothing}");
    }
    setup.identity.detach(other.id, &Holder::role("writer"), &custom("writer-policy")).await.unwrap();
    assert_eq!(may(&arn, SERVICE, account(), PUT, &object), Err(RoleRefusal::Denied), "revoked at once");
    setup.identity.delete_role(other.id, "writer").await.unwrap();
    assert_eq!(may(&arn, SERVICE, account(), PUT, &object), Err(RoleRefusal::NoSuchRole));
}

#[tokio::test]
async fn a_service_named_alone_is_trusted_for_the_roles_own_account_and_its_own_things() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let (other, _) = setup.identity.create_account("archive", None).await.unwrap();
    let trust = format!(r#"{{"Service":["{SERVICE}"]}}"#);
    let arn = role(&setup, other.id, "writer", &trust, &allowing(PUT, "*")).await;
    let object = |owner| format!("acs:oss:*:{owner}:audit/x");
    let may = |on_behalf_of, resource: &str| {
        setup.identity.service_may(&arn, SERVICE, on_behalf_of, PUT, resource, &context())
    };
    assert_eq!(may(other.id, &object(other.id)), Ok(()));
    assert_eq!(may(account(), &object(other.id)), Err(RoleRefusal::NotTrusted));
    assert_eq!(may(other.id, &object(account())), Err(RoleRefusal::Denied), "a wildcard does not reach other accounts");
}

#[tokio::test]
async fn the_service_linked_role_is_made_once_and_belongs_to_its_service() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let made = identity.create_service_linked_role(account(), SERVICE).await.unwrap();
    let again = identity.create_service_linked_role(account(), SERVICE).await.unwrap_err();
    assert_eq!(again.code(), "EntityAlreadyExists.Role");
    let arn = identity::role_arn(account(), &made.name);
    let object = format!("acs:oss:*:{}:audit/x", account());
    assert_eq!(identity.service_may(&arn, SERVICE, account(), PUT, &object, &context()), Ok(()));
    let policy = PolicyRef { kind: PolicyKind::System, name: "AliyunServiceRolePolicyForActionTrail".into() };
    for change in [
        identity.detach(account(), &Holder::role(&made.name), &policy).await,
        identity.update_role(account(), &made.name, RoleChange::default()).await.map(|_| ()),
        identity.create_role(account(), "AliyunServiceRoleForOther", "{}", RoleChange::default()).await.map(|_| ()),
        identity.attach(account(), &Holder::role(&made.name), policy.clone()).await,
    ] {
        assert!(matches!(change, Err(ManageError::OfAService { .. })), "{change:?}");
    }
    user(&setup, "alice").await;
    let given = identity.attach(account(), &Holder::user("alice"), policy).await;
    assert!(matches!(given, Err(ManageError::OfAService { .. })), "{given:?}");
    let unknown = identity.create_service_linked_role(account(), "ecs.aliyuncs.com").await.unwrap_err();
    assert_eq!(unknown.code(), "EntityNotExist.Service");
    identity.delete_role(account(), &made.name).await.unwrap();
    identity.create_service_linked_role(account(), SERVICE).await.unwrap();
}

#[tokio::test]
async fn groups_give_their_users_what_they_have() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let alice = user(&setup, "alice").await;
    let may = || {
        let trail = format!("acs:actiontrail:*:{}:trail/x", account());
        identity.decide(&alice, "actiontrail:GetTrailStatus", &trail, &context()) == Decision::Allow
    };
    identity.create_group(account(), "readers", None).await.unwrap();
    let policy = PolicyRef { kind: PolicyKind::System, name: "AliyunActionTrailReadOnlyAccess".into() };
    identity.attach(account(), &Holder::group("readers"), policy.clone()).await.unwrap();
    assert!(!may());
    identity.add_to_group(account(), "readers", "alice").await.unwrap();
    assert!(may());
    identity.update_group(account(), "readers", Some("auditors"), None).await.unwrap();
    assert!(may(), "another name changes nothing");
    identity.detach(account(), &Holder::group("auditors"), &policy).await.unwrap();
    assert!(!may());
    identity.attach(account(), &Holder::group("auditors"), policy).await.unwrap();
    identity.remove_from_group(account(), "auditors", "alice").await.unwrap();
    assert!(!may());
}

fn wish(role_arn: &str) -> RoleWish<'_> {
    RoleWish { role_arn, session_name: "night-shift", policy: None, seconds: 900, external_id: None }
}

#[tokio::test]
async fn trust_and_length_decide_who_becomes_a_role() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let (alice, bob) = (user(&setup, "alice").await, user(&setup, "bob").await);
    let (other, _) = identity.create_account("other", None).await.unwrap();
    let trust = format!(r#"{{"RAM":["acs:ram::{}:user/alice"]}}"#, account());
    let arn = role(&setup, account(), "auditor", &trust, &allowing("actiontrail:*", "*")).await;
    let foreign = role(&setup, other.id, "auditor", &trust, &allowing("actiontrail:*", "*")).await;
    let assume = |caller: &Caller, wish: &RoleWish<'_>| identity.assume_role(caller, wish, &context());
    let assumed = assume(&alice, &wish(&arn)).unwrap();
    assert_eq!(assumed.arn, format!("{arn}/night-shift"));
    assert!(assumed.assumed_role_id.ends_with(":night-shift"));
    assert!(!format!("{assumed:?}").contains(assumed.key.access_key_secret.expose().as_str()));
    assume(&alice, &wish(&foreign)).unwrap();
    assert!(matches!(assume(&bob, &wish(&arn)), Err(AssumeError::NotTrusted { .. })));
    let root = Caller { principal: Principal::Root, ..alice.clone() };
    assert_eq!(assume(&root, &wish(&arn)).unwrap_err(), AssumeError::IsAccount);
    assert!(matches!(assume(&alice, &wish(&format!("{arn}x"))), Err(AssumeError::NoSuchRole { .. })));
    // Another account's roles cannot be probed.
    assert!(matches!(assume(&alice, &wish(&format!("{foreign}x"))), Err(AssumeError::NotTrusted { .. })));
    for seconds in [899, 3601] {
        let refused = assume(&alice, &RoleWish { seconds, ..wish(&arn) });
        assert!(matches!(refused, Err(AssumeError::Duration { max: 3600, .. })), "{refused:?}");
    }
    let longer = RoleChange { session_seconds_max: Some(7200), ..RoleChange::default() };
    identity.update_role(account(), "auditor", longer).await.unwrap();
    assume(&alice, &RoleWish { seconds: 7200, ..wish(&arn) }).unwrap();
    let refused = assume(&alice, &RoleWish { policy: Some("{}"), ..wish(&arn) });
    assert!(matches!(refused, Err(AssumeError::Policy(_))), "{refused:?}");
}

#[tokio::test]
async fn a_session_may_what_role_and_session_policy_both_allow() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let identity = &setup.identity;
    let alice = user(&setup, "alice").await;
    let trust = format!(r#"{{"RAM":["acs:ram::{}:root"]}}"#, account());
    let arn = role(&setup, account(), "auditor", &trust, &allowing("actiontrail:*", "*")).await;
    let only = allowing("actiontrail:LookupEvents", "*");
    for (policy, lookup, delete) in [(None, true, true), (Some(only.as_str()), true, false)] {
        let key = identity.assume_role(&alice, &RoleWish { policy, ..wish(&arn) }, &context()).unwrap().key;
        let caller = crate::refusals::caller_with_token(&setup, &key).unwrap();
        let resource = format!("acs:actiontrail:*:{}:trail/x", account());
        let may = |action| identity.decide(&caller, action, &resource, &context());
        assert_eq!(may("actiontrail:LookupEvents") == Decision::Allow, lookup);
        assert_eq!(may("actiontrail:DeleteTrail") == Decision::Allow, delete);
        assert_eq!(may("oss:PutObject"), Decision::Deny { because: Denial::NoPolicy });
        if !delete {
            let because = Denial::Session { explicit: false };
            assert_eq!(may("actiontrail:DeleteTrail"), Decision::Deny { because });
        }
        let identity = caller.identity_json();
        assert_eq!(identity["type"], "assumed-role");
        assert_eq!(identity["userName"], "auditor:night-shift");
        assert_eq!(identity["sessionContext"]["attributes"]["creationDate"], NOW);
        assert_eq!(identity["accessKeyId"], key.access_key_id);
    }
}

#[tokio::test]
async fn a_session_survives_a_restart_and_ends_with_its_time_or_its_role() {
    let setup = setup(NOW, "LTAI5tROOT", "s").await;
    let alice = user(&setup, "alice").await;
    let trust = format!(r#"{{"RAM":["acs:ram::{}:root"]}}"#, account());
    let arn = role(&setup, account(), "auditor", &trust, &allowing("actiontrail:*", "*")).await;
    let key = setup.identity.assume_role(&alice, &wish(&arn), &context()).unwrap().key;
    let code = |setup: &Setup| crate::refusals::caller_with_token(setup, &key).map_err(|error| error.code()).err();
    assert_eq!(code(&setup), None);
    let setup = setup.restarted().await;
    assert_eq!(code(&setup), None, "the token is all there is of it");
    setup.clock.advance(Duration::from_secs(899));
    assert_eq!(code(&setup), None);
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&setup), Some("InvalidSecurityToken.Expired"));

    let key = setup.identity.assume_role(&alice, &wish(&arn), &context()).unwrap().key;
    let code = |setup: &Setup| crate::refusals::caller_with_token(setup, &key).map_err(|error| error.code()).err();
    assert_eq!(code(&setup), None);
    setup.identity.detach(account(), &Holder::role("auditor"), &custom("auditor-policy")).await.unwrap();
    setup.identity.delete_role(account(), "auditor").await.unwrap();
    assert_eq!(code(&setup), Some("InvalidSecurityToken.Expired"));
    let trust = trusting(&trust);
    setup.identity.create_role(account(), "auditor", &trust, RoleChange::default()).await.unwrap();
    assert_eq!(code(&setup), Some("InvalidSecurityToken.Expired"), "another role of the same name is another role");
}
