//! What is not accepted, and what the refusal says.

use std::time::Duration;

use hmac::{Hmac, Mac};
use identity::{AuthError, Caller, Identity, SignedRequest};
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
    signed_with(KEY, secret, date, nonce, query, body)
}

/// A request without parameters, with this key.
pub(crate) fn signed_by(key: &str, secret: &str, nonce: &str) -> Signed {
    signed_with(key, secret, NOW, nonce, "", b"")
}

fn signed_with(key: &str, secret: &str, date: &str, nonce: &str, query: &str, body: &[u8]) -> Signed {
    let hash = hex::encode(Sha256::digest(body));
    let fixed = [
        ("host", "127.0.0.1"),
        ("x-acs-action", "DescribeTrails"),
        ("x-acs-content-sha256", &hash),
        ("x-acs-date", date),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", "2020-07-06"),
    ];
    let names = fixed.map(|(name, _)| name).join(";");
    let lines: String = fixed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{hash}");
    let string_to_sign = format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(string_to_sign.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut headers: Vec<(String, String)> = fixed.map(|(name, value)| (name.into(), value.into())).into();
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
    assert_eq!(token.code(&setup), "InvalidSecurityToken.Malformed");
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
