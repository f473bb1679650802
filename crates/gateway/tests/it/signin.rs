//! Signing in: what it takes, what it gives, what it leaves, and how often one may try.

use std::time::Duration;

use serde_json::{Value, json};

use crate::node::{Node, Reply};
use crate::signing::{Key, Unsigned, authenticator_code};

const PASSWORD: &str = "correct-horse-1";
const LOOKUP: &str =
    r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"actiontrail:LookupEvents","Resource":"*"}}"#;

async fn sign_in(node: &Node, form: &[(&str, &str)]) -> Reply {
    let body = client::acs3::encoded_query(
        &form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>(),
    );
    let request = Unsigned::new("POST", "/v1/signin").header("content-type", "application/x-www-form-urlencoded");
    node.send(request.header("user-agent", "browser").body(body).plain()).await
}

async fn use_session(node: &Node, reply: &Value, name: &str) -> Reply {
    let text = |name: &str| reply["Credentials"][name].as_str().expect("credentials").to_owned();
    let key = Key { account: String::new(), id: text("AccessKeyId"), secret: text("AccessKeySecret") };
    let row = api::Operation::find(name, None).expect("an operation");
    let request = Unsigned::new("POST", "/");
    let token = text("SecurityToken");
    node.send(request.acs3_with(&key, Some(&token), name, row.service.version(), node.now())).await
}

async fn alice(node: &Node) {
    node.user(&node.root, "alice", Some(LOOKUP)).await;
    let create = [("UserName", "alice"), ("Password", PASSWORD)];
    node.call(&node.root, "CreateLoginProfile", &create).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_acts_and_is_on_the_record() {
    let node = Node::start().await;
    alice(&node).await;
    node.call(&node.root, "SetAccountAlias", &[("AccountAlias", "example")]).await.ok();
    let account = node.root.account.as_str();
    for called in [account, "example"] {
        let form = [("Account", called), ("UserName", "alice"), ("Password", PASSWORD)];
        let reply = sign_in(&node, &form).await.ok();
        assert_eq!(reply["Credentials"]["Expiration"], "2026-06-01T18:00:00Z");
        use_session(&node, &reply, "LookupEvents").await.ok();
        assert_eq!(use_session(&node, &reply, "DescribeTrails").await.error(), (403, "NoPermission".into()));
    }
    let wrong = [("Account", account), ("UserName", "alice"), ("Password", "wrong-horse-1")];
    assert_eq!(sign_in(&node, &wrong).await.error(), (401, "InvalidCredentials".into()));
    let nobody = [("Account", account), ("UserName", "mallory"), ("Password", PASSWORD)];
    assert_eq!(sign_in(&node, &nobody).await.error(), (401, "InvalidCredentials".into()));

    let events = node.audited_signins(account, 4).await;
    let event = &events[0];
    assert_eq!((&event["serviceName"], &event["eventType"]), (&json!("AasCustomer"), &json!("ConsoleSignin")));
    assert_eq!(event["additionalEventData"], json!({ "loginAccount": "alice", "isMFAChecked": "false" }));
    assert_eq!(
        (&event["userIdentity"]["type"], &event["userIdentity"]["userName"]),
        (&json!("ram-user"), &json!("alice"))
    );
    assert_eq!((&event["errorMessage"], &event["userAgent"]), (&Value::Null, &json!("browser")));
    assert_eq!(event["eventSource"], "http://127.0.0.1:8080/v1/signin");
    for (event, name) in [(&events[2], "alice"), (&events[3], "mallory")] {
        assert_eq!(event["errorCode"], "InvalidCredentials");
        assert_eq!(event["userIdentity"]["userName"], name);
        assert!(event["errorMessage"].is_string());
    }
    let all = events.iter().map(Value::to_string).collect::<String>();
    assert!(!all.contains(PASSWORD) && !all.contains("wrong-horse"));
    let used = node.audited(account, "LookupEvents", 1).await.remove(0);
    let attributes = &used["userIdentity"]["sessionContext"]["attributes"];
    assert_eq!(attributes, &json!({ "creationDate": "2026-06-01T12:00:00Z", "mfaAuthenticated": "false" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_and_each_code_counts_once() {
    let node = Node::start().await;
    alice(&node).await;
    let device = node.call(&node.root, "CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await.ok();
    let device = &device["VirtualMFADevice"];
    let seed = device["Base32StringSeed"].as_str().expect("a seed");
    let serial = device["SerialNumber"].as_str().expect("a serial number");
    let code = |steps| authenticator_code(seed, node.now(), steps);
    let (first, second) = (code(0), code(1));
    let bind = |one, two| {
        [("SerialNumber", serial), ("UserName", "alice"), ("AuthenticationCode1", one), ("AuthenticationCode2", two)]
    };
    let swapped = node.call(&node.root, "BindMFADevice", &bind(&second, &first)).await;
    assert_eq!(swapped.error(), (400, "InvalidAuthenticationCode".into()));
    node.call(&node.root, "BindMFADevice", &bind(&first, &second)).await.ok();

    let account = node.root.account.as_str();
    let form =
        |code| [("Account", account), ("UserName", "alice"), ("Password", PASSWORD), ("AuthenticationCode", code)];
    assert_eq!(sign_in(&node, &form("")).await.error(), (401, "MFARequired".into()));
    assert_eq!(sign_in(&node, &form(&second)).await.error(), (400, "InvalidAuthenticationCode".into()), "used to bind");
    node.clock.advance(Duration::from_secs(60));
    let fresh = code(0);
    let reply = sign_in(&node, &form(&fresh)).await.ok();
    assert_eq!(sign_in(&node, &form(&fresh)).await.error(), (400, "InvalidAuthenticationCode".into()), "used before");
    use_session(&node, &reply, "LookupEvents").await.ok();
    let events = node.audited_signins(account, 4).await;
    assert_eq!(events[2]["additionalEventData"]["isMFAChecked"], "true");
    let used = node.audited(account, "LookupEvents", 1).await.remove(0);
    assert_eq!(used["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"], "true");
    let recorded = node.audited(account, "CreateVirtualMFADevice", 1).await.remove(0).to_string();
    assert!(!recorded.contains(seed), "{recorded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_or_removed_password_ends_its_sessions() {
    let node = Node::start().await;
    alice(&node).await;
    let account = node.root.account.as_str();
    let user = ("UserName", "alice");
    let form = |password| [("Account", account), user, ("Password", password)];
    let reply = sign_in(&node, &form(PASSWORD)).await.ok();
    use_session(&node, &reply, "LookupEvents").await.ok();
    node.clock.advance(Duration::from_secs(1));
    node.call(
        &node.root,
        "UpdateLoginProfile",
        &[user, ("Password", "another-horse-2"), ("PasswordResetRequired", "true")],
    )
    .await
    .ok();
    assert_eq!(use_session(&node, &reply, "LookupEvents").await.error().1, "InvalidSecurityToken.Expired");
    assert_eq!(sign_in(&node, &form(PASSWORD)).await.error().1, "InvalidCredentials");
    assert_eq!(sign_in(&node, &form("another-horse-2")).await.error(), (403, "PasswordResetRequired".into()));
    let renew = |new| [("Account", account), user, ("Password", "another-horse-2"), ("NewPassword", new)];
    assert_eq!(sign_in(&node, &renew("short")).await.error(), (400, "InvalidPassword".into()));
    let reply = sign_in(&node, &renew("my-own-horse-3")).await.ok();
    use_session(&node, &reply, "LookupEvents").await.ok();
    node.call(&node.root, "DeleteLoginProfile", &[user]).await.ok();
    assert_eq!(use_session(&node, &reply, "LookupEvents").await.error().1, "InvalidSecurityToken.Expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_itself_signs_in_and_nobody_guesses_for_long() {
    let node = Node::start().await;
    let account = node.root.account.as_str();
    node.call(&node.root, "SetAccountPassword", &[("Password", PASSWORD)]).await.ok();
    let form = |password| [("Account", account), ("Password", password)];
    let reply = sign_in(&node, &form(PASSWORD)).await.ok();
    let who = use_session(&node, &reply, "GetCallerIdentity").await.ok();
    assert_eq!(who["IdentityType"], "Account");
    for _ in 0..5 {
        assert_eq!(sign_in(&node, &form("guess-guess")).await.error().0, 401);
    }
    let throttled = sign_in(&node, &form(PASSWORD)).await;
    assert_eq!(throttled.error(), (429, "Throttling".into()), "also with the right password");
    assert_eq!(throttled.headers["retry-after"], "3600");
    for _ in 0..3 {
        assert_eq!(sign_in(&node, &form("guess-guess")).await.error().0, 429);
    }
    let events = node.audited_signins(account, 7).await;
    let refused = events.iter().filter(|event| event["errorCode"] == "Throttling").count();
    assert_eq!((events.len(), refused), (7, 1), "a good one, five bad ones, and one of those that were too many");
    node.clock.advance(Duration::from_secs(3600));
    sign_in(&node, &form(PASSWORD)).await.ok();
    let in_address = Unsigned::new("POST", "/v1/signin").query(&form(PASSWORD)).plain();
    assert_eq!(node.send(in_address).await.error(), (400, "InvalidParameter".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_its_own_password_and_cannot_guess_it() {
    let node = Node::start().await;
    let own = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"ram:ChangePassword","Resource":"acs:ram:*:*:user/alice"}}"#;
    let alice = node.user(&node.root, "alice", Some(own)).await;
    node.call(&node.root, "CreateLoginProfile", &[("UserName", "alice"), ("Password", PASSWORD)]).await.ok();
    node.call(&node.root, "SetPasswordPolicy", &[("PasswordReusePrevention", "2")]).await.ok();
    let change =
        async |old, new| node.call(&alice, "ChangePassword", &[("OldPassword", old), ("NewPassword", new)]).await;
    change(PASSWORD, "another-horse-2").await.ok();
    let reused = change("another-horse-2", PASSWORD).await;
    assert_eq!(reused.error(), (400, "InvalidPassword".into()));
    for _ in 0..5 {
        let wrong = change("guess-guess", "another-horse-3").await;
        assert_eq!(wrong.error(), (403, "InvalidPassword.OldPassword".into()));
    }
    assert_eq!(change("another-horse-2", "another-horse-3").await.error(), (429, "Throttling".into()));
    let recorded = node.audited(&node.root.account, "ChangePassword", 8).await;
    assert!(!recorded.iter().any(|event| event.to_string().contains("horse")), "{recorded:?}");
}
