//! The ACS3-HMAC-SHA256 signature, step by step as Alibaba Cloud documents it.
//!
//! Canonical request, its hash as the string to sign, an HMAC with the plain secret: no key derivation. Pure
//! functions; what to sign and when is [`crate::Client`]'s business.

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// The name of the scheme.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Signable<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// The query's parameters, decoded, in any order.
    pub query: &'a [(String, String)],
    /// The headers to sign, names in lower case, in any order.
    pub headers: &'a [(String, String)],
    /// The SHA-256 of the body in hexadecimal, which the header `x-acs-content-sha256` carries too.
    pub body_sha256: &'a str,
}

impl Signable<'_> {
    /// The canonical request.
    pub fn canonical_request(&self) -> String {
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.trim())).collect();
        headers.sort_unstable();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        format!(
            "{}\n{}\n{}\n{lines}\n{}\n{}",
            self.method,
            self.path,
            encoded_query(self.query),
            self.signed_headers(),
            self.body_sha256
        )
    }

    /// The names of the signed headers, sorted and joined by `;`.
    pub fn signed_headers(&self) -> String {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.join(";")
    }

    /// What the HMAC is computed over.
    pub fn string_to_sign(&self) -> String {
        format!("{ALGORITHM}\n{}", sha256_hex(self.canonical_request().as_bytes()))
    }

    /// The signature in hexadecimal.
    pub fn signature(&self, secret: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("an HMAC key may have any length");
        mac.update(self.string_to_sign().as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// The value of the `Authorization` header.
    pub fn authorization(&self, access_key_id: &str, secret: &str) -> String {
        let (headers, signature) = (self.signed_headers(), self.signature(secret));
        format!("{ALGORITHM} Credential={access_key_id},SignedHeaders={headers},Signature={signature}")
    }
}

/// The SHA-256 of some bytes in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Parameters as a query string or form: RFC 3986 encoding, sorted by encoded name, then value. What goes over the
/// wire is what was signed.
pub fn encoded_query(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut encoded: Vec<(String, String)> = pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort_unstable();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}
