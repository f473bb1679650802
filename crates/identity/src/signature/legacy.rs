//! Signature version 1.0, HMAC-SHA1: every query and form parameter but the signature itself, and the method.
//!
//! The path and any other body are not signed, so a request that depends on them is refused: it could have been
//! changed on its way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{Claim, Scheme, timestamp};
use crate::encoding::{canonical, encode, parameters};
use crate::{AuthError, SignedRequest};

/// Reads the parameters of a request that has a `Signature` or an `AccessKeyId` among them; `None` when it has not.
pub(crate) fn read(request: &SignedRequest<'_>) -> Option<Result<Claim, AuthError>> {
    let mut all = parameters(request.query.as_bytes());
    if request.has_form() {
        all.extend(parameters(request.body));
    }
    let is_signed = all.iter().any(|(name, _)| name == "Signature" || name == "AccessKeyId");
    is_signed.then(|| {
        let signs_everything = matches!(request.path, "" | "/") && (request.body.is_empty() || request.has_form());
        if !signs_everything {
            let reason = "HMAC-SHA1 signs neither the path nor a body that is no form; use ACS3-HMAC-SHA256.";
            return Err(AuthError::Incomplete { reason: reason.to_owned() });
        }
        claim(request.method, all)
    })
}

fn claim(method: &str, mut all: Vec<(String, String)>) -> Result<Claim, AuthError> {
    let find = |name: &'static str| {
        let found = all.iter().find(|(each, value)| each == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let must = |name: &'static str| find(name).ok_or(AuthError::MissingParameter { name });
    let (access_key_id, signature) = (must("AccessKeyId")?, must("Signature")?);
    let (nonce, at) = (must("SignatureNonce")?, must("Timestamp")?);
    let method_name = must("SignatureMethod")?;
    if method_name != "HMAC-SHA1" || find("SignatureType").is_some_and(|kind| kind == "BEARERTOKEN") {
        return Err(AuthError::Unsupported { method: method_name.chars().take(40).collect() });
    }
    if must("SignatureVersion")? != "1.0" {
        return Err(AuthError::Incomplete { reason: "SignatureVersion is not 1.0.".to_owned() });
    }
    let security_token = find("SecurityToken");
    all.retain(|(name, _)| name != "Signature");
    Ok(Claim {
        access_key_id,
        signature,
        nonce,
        timestamp: timestamp(&at)?,
        security_token,
        string_to_sign: string_to_sign(method, all),
        scheme: Scheme::Legacy,
    })
}

pub(crate) fn string_to_sign(method: &str, parameters: Vec<(String, String)>) -> String {
    format!("{method}&%2F&{}", encode(&canonical(parameters)))
}

/// The signature in Base64.
pub(crate) fn sign(secret: &str, string_to_sign: &str) -> String {
    let key = format!("{secret}&");
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
