//! ACS3-HMAC-SHA256: method, path, query, named headers and the body's hash, in the `Authorization` header.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::{Claim, Scheme, timestamp};
use crate::encoding::{canonical, parameters};
use crate::{AuthError, SignedRequest};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
/// Headers that decide what a request means: they must be among the signed ones.
const MUST_BE_SIGNED: [&str; 4] = ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"];

/// Reads an `Authorization` header of this scheme.
pub(crate) fn read(authorization: &str, request: &SignedRequest<'_>) -> Result<Claim, AuthError> {
    let incomplete = |reason: &str| AuthError::Incomplete { reason: reason.to_owned() };
    let (algorithm, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if algorithm != ALGORITHM {
        return Err(AuthError::Unsupported { method: algorithm.chars().take(40).collect() });
    }
    let part = |name: &str| {
        let found = rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.filter(|value| !value.is_empty()).ok_or_else(|| incomplete(&format!("Authorization has no {name}.")))
    };
    let (credential, signed, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let signed_names = signed.to_ascii_lowercase();
    let signed_names: Vec<&str> = signed_names.split(';').collect();
    for (name, _) in request.headers {
        let matters = MUST_BE_SIGNED.contains(&name.as_str()) || name.starts_with("x-acs-");
        if matters && !signed_names.contains(&name.as_str()) {
            return Err(incomplete(&format!("the header {name} is not among SignedHeaders.")));
        }
    }
    let header = |name: &'static str| request.header(name).ok_or(AuthError::MissingParameter { name });
    let date = header("x-acs-date")?;
    let nonce = header("x-acs-signature-nonce")?;
    let body_hash = hex::encode(Sha256::digest(request.body));
    if request.header("x-acs-content-sha256").is_some_and(|claimed| !claimed.eq_ignore_ascii_case(&body_hash)) {
        return Err(incomplete("x-acs-content-sha256 is not the hash of the body."));
    }
    let mut headers = String::new();
    for name in signed_names {
        let value = request.header(name);
        let value = value.ok_or_else(|| incomplete(&format!("the signed header {name} is absent.")))?;
        headers.push_str(&format!("{name}:{}\n", value.trim()));
    }
    let canonical_request = [
        request.method,
        if request.path.is_empty() { "/" } else { request.path },
        &canonical(parameters(request.query.as_bytes())),
        &headers,
        signed,
        &body_hash,
    ]
    .join("\n");
    Ok(Claim {
        access_key_id: credential.to_owned(),
        signature: signature.to_ascii_lowercase(),
        nonce: nonce.to_owned(),
        timestamp: timestamp(date)?,
        security_token: request.header("x-acs-security-token").filter(|token| !token.is_empty()).map(str::to_owned),
        string_to_sign: string_to_sign(&canonical_request),
        scheme: Scheme::Acs3,
    })
}

pub(crate) fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(canonical_request)))
}

/// The signature in lower-case hex.
pub(crate) fn sign(secret: &str, string_to_sign: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
