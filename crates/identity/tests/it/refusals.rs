//! What is not accepted, and what the refusal says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hmac::{Hmac, Mac};
use identity::{AuthError, Caller, Identity, SessionKey, SignedRequest};
use sha2::{Digest, Sha256};

use crate::setup::{Setup, account, setup};

const NOW: &str = "2026-01-15T08:30:00Z";
const KEY: &str = "LTAI5tTEST";
const SECRET: &str = "secret";

pub(crate) struct Signed {
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Signs as the scheme says, written down independently of the code under test.
fn signed(secret: &str, date: &str, nonce: &str, query: &str, body: &[u8]) -> Signed {
    signed_with(KEY, secret, date, nonce, query, body, None)
}

/// A request without parameters, with this key.
pub(crate) fn signed_by(key: &str, secret: &str, nonce: &str) -> Signed {
    signed_with(key, secret, NOW, nonce, "", b"", None)
}

/// Who a session's key makes somebody, now.
pub(crate) fn caller_with_token(setup: &Setup, key: &SessionKey) -> Result<Caller, AuthError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nonce = format!("session-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let now = host::Clock::now(&*setup.clock).to_string();
    let (secret, token) = (key.access_key_secret.expose(), key.security_token.expose());
    signed_with(&key.access_key_id, secret, &now, &nonce, "", b"", Some(token)).caller(&setup.identity)
}

fn signed_with(
    key: &str,
    secret: &str,
    date: &str,
    nonce: &str,
    query: &str,
    body: &[u8],
    token: Option<&str>,
) -> Signed {
    let hash = hex::encode(Sha256::digest(body));
    let mut fixed = vec![
        ("host", "127.0.0.1"),
        ("x-acs-action", "DescribeTrails"),
        ("x-acs-content-sha256", &hash),
        ("x-acs-date", date),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", "2020-07-06"),
    ];
    fixed.extend(token.map(|token| ("x-acs-security-token", token)));
    let names = fixed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = fixed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{hash}");
    let string_to_sign = format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(string_to_sign.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut headers: Vec<(String, String)> =
        fixed.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let authorization = format!("ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signature}");
    headers.push(("authorization".into(), authorization));
    Signed { query: query.into(), headers, body: body.into() }
}

impl Signed {
    fn header(&mut self, name: &str, change: impl Fn(&str) -> String) {
        let header = self.headers.iter_mut().find(|(each, _)| each == name).unwrap();
        header.1 = change(&header.1);
    }

    pub(crate) fn caller(&self, identity: &Identity) -> Result<Caller, AuthError> {
        let request =
            SignedRequest { method: "POST", path: "/", query: &self.query, headers: &self.headers, body: &self.body };
        identity.authenticate(&request)
    }

    fn code(&self, setup: &Setup) -> &'static str {
        self.caller(&setup.identity).map_or_else(|error| error.code(), |_| "ok")
    }
}

#[tokio::test]
async fn what_was_changed_after_signing() {
    let setup = setup(NOW, KEY, SECRET).await;
    let fresh = |nonce: &str| signed(SECRET, NOW, nonce, "Name=trail-1", b"a=b");
    assert_eq!(fresh("n1").code(&setup), "ok");
    assert_eq!(fresh("n1").code(&setup), "SignatureNonceUsed");
    assert_eq!(signed("other", NOW, "n2", "", b"").code(&setup), "SignatureDoesNotMatch");

    let mut changed = fresh("n3");
    changed.query = "Name=trail-2".into();
    assert_eq!(changed.code(&setup), "SignatureDoesNotMatch");
    let mut changed = fresh("n4");
    changed.body = b"a=c".to_vec();
    assert_eq!(changed.code(&setup), "IncompleteSignature");
    let mut changed = fresh("n5");
    changed.header("x-acs-action", |_| "DeleteTrail".into());
    assert_eq!(changed.code(&setup), "SignatureDoesNotMatch");
    let mut changed = fresh("n6");
    changed.headers.push(("x-acs-extra".into(), "1".into()));
    assert_eq!(changed.code(&setup), "IncompleteSignature");
    let mut changed = fresh("n7");
    changed.header("authorization", |value| value.replace("x-acs-action;", ""));
    assert_eq!(changed.code(&setup), "IncompleteSignature");
    // None of the refused requests has used up its nonce.
    assert_eq!(fresh("n3").code(&setup), "ok");
}

#[tokio::test]
async fn times_keys_and_forms() {
    let setup = setup(NOW, KEY, SECRET).await;
    for (date, code) in [
        ("2026-01-15T08:14:59Z", "InvalidTimeStamp.Expired"),
        ("2026-01-15T08:45:01Z", "InvalidTimeStamp.Expired"),
        ("2026-01-15T08:15:00Z", "ok"),
        ("2026-01-15T08:45:00Z", "ok"),
        ("yesterday", "IllegalTimestamp"),
    ] {
        assert_eq!(signed(SECRET, date, date, "", b"").code(&setup), code, "{date}");
    }
    let mut unknown = signed(SECRET, NOW, "u", "", b"");
    unknown.header("authorization", |value| value.replace(KEY, "LTAI5tOTHER"));
    assert_eq!(unknown.code(&setup), "InvalidAccessKeyId.NotFound");
    let mut algorithm = signed(SECRET, NOW, "u", "", b"");
    algorithm.header("authorization", |value| value.replace("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"));
    assert_eq!(algorithm.code(&setup), "UnsupportedSignatureMethod");
    let mut token = signed(SECRET, NOW, "u", "", b"");
    token.header("authorization", |value| value.replace(KEY, "STS.x"));
    assert_eq!(token.code(&setup), "MissingSecurityToken");
    let unsigned = SignedRequest { method: "GET", path: "/", query: "Action=X", headers: &[], body: b"" };
    assert_eq!(setup.identity.authenticate(&unsigned), Err(AuthError::Unsigned));
    let half = SignedRequest { query: "AccessKeyId=a&Action=X", ..unsigned };
    assert_eq!(setup.identity.authenticate(&half).unwrap_err().code(), "MissingParameter");

    setup.identity.set_key_active(account(), None, KEY, false).await.unwrap();
    assert_eq!(signed(SECRET, NOW, "d", "", b"").code(&setup), "InvalidAccessKeyId.Inactive");
    assert_eq!(signed("guess", NOW, "d", "", b"").code(&setup), "SignatureDoesNotMatch");
    setup.identity.set_key_active(account(), None, KEY, true).await.unwrap();
    setup.clock.advance(Duration::from_secs(60));
    assert_eq!(signed(SECRET, NOW, "d", "", b"").code(&setup), "ok");
}

#[tokio::test]
async fn a_temporary_key_needs_its_own_token_and_secret() {
    let setup = setup(NOW, KEY, SECRET).await;
    let identity = &setup.identity;
    let user = identity.create_user(account(), "alice", None, None).await.unwrap();
    let principal = identity::Principal::User { user_id: user.user_id, name: "alice".into() };
    let alice = Caller { account: account(), principal, access_key_id: None, is_management: true, session: None };
    let trust = format!(
        r#"{{"Version":"1","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole",
            "Principal":{{"RAM":"acs:ram::{}:root"}}}}}}"#,
        account()
    );
    identity.create_role(account(), "auditor", &trust, identity::RoleChange::default()).await.unwrap();
    let arn = identity::role_arn(account(), "auditor");
    let wish =
        identity::RoleWish { role_arn: &arn, session_name: "night", policy: None, seconds: 900, external_id: None };
    let session = || identity.assume_role(&alice, &wish, &crate::setup::context()).unwrap().key;
    let (one, other) = (session(), session());
    let (token, other_token) = (one.security_token.expose().as_str(), other.security_token.expose().as_str());
    let (id, secret) = (one.access_key_id.as_str(), one.access_key_secret.expose().as_str());
    let code = |id: &str, secret: &str, nonce: &str, token: Option<&str>| {
        signed_with(id, secret, NOW, nonce, "", b"", token).code(&setup)
    };
    assert_eq!(code(id, secret, "s1", Some(token)), "ok");
    assert_eq!(code(id, secret, "s1", Some(token)), "SignatureNonceUsed");
    assert_eq!(code(id, secret, "s2", None), "MissingSecurityToken");
    assert_eq!(code(id, secret, "s3", Some(other_token)), "InvalidSecurityToken.MismatchWithAccessKey");
    assert_eq!(code(KEY, SECRET, "s4", Some(token)), "InvalidSecurityToken.MismatchWithAccessKey");
    assert_eq!(code(id, "guess", "s5", Some(token)), "SignatureDoesNotMatch");
    assert_eq!(code(id, secret, "s6", Some(&token[4..])), "InvalidSecurityToken.Malformed");
    assert_eq!(code(id, secret, "s7", Some("bm90aGluZw==")), "InvalidSecurityToken.Malformed");
    // What is sealed for another purpose is no token.
    let vault = crate::setup::vault(&setup.folder);
    let sealed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vault.seal(b"{}"));
    assert_eq!(code(id, secret, "s8", Some(&sealed)), "InvalidSecurityToken.Malformed");
}
