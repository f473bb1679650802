//! The three ways to sign a request to Log Service: v1 with SHA-1, v1 with SHA-256, and v4.
//!
//! [`read`] says what a request claims; [`Claim::is_signed_with`] whether a secret made its signature. A body that the
//! signature does not cover is refused here. The clients differ in details that the wire does not show (whether
//! `x-log-date` was there before signing, whether a path was signed before it was encoded), so a claim has a few texts
//! of which one must fit; all of them cover the same request. [`v1::sign`] and [`v4::sign`] are the client's side.

pub mod v1;
pub mod v4;

use model::Timestamp;

use crate::fault::{self, Fault};

/// A request as it was received.
#[derive(Clone, Copy)]
pub struct Signed<'r> {
    /// `GET`, `POST`, …
    pub method: &'r str,
    /// The path as on the wire, and others the client may have signed in its place.
    pub paths: &'r [&'r str],
    /// The query without `?`, as on the wire.
    pub query: &'r str,
    /// Names in lower case.
    pub headers: &'r [(String, String)],
    /// The body as sent.
    pub body: &'r [u8],
}

/// A request to be signed.
#[derive(Debug, Clone)]
pub struct Unsigned {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The path, not encoded.
    pub path: String,
    /// The query, not encoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case. Signing adds to them.
    pub headers: Vec<(String, String)>,
    /// The body as it will be sent.
    pub body: bytes::Bytes,
}

/// What a request is signed with. It has no `Debug`.
#[derive(Clone, Copy)]
pub struct Credentials<'c> {
    /// The public half.
    pub access_key_id: &'c str,
    /// The secret half.
    pub access_key_secret: &'c str,
    /// Of temporary credentials.
    pub security_token: Option<&'c str>,
}

/// How a request is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA1.
    Sha1,
    /// The same text, HMAC-SHA256.
    Sha256,
    /// `SLS4-HMAC-SHA256`, for this day and region.
    V4 {
        /// `yyyymmdd`.
        date: String,
        /// As the client named it.
        region: String,
    },
}

/// What a signed request says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who signed.
    pub access_key_id: String,
    /// Of temporary credentials.
    pub security_token: Option<String>,
    /// When.
    pub time: Timestamp,
    /// How.
    pub scheme: Scheme,
    signature: Vec<u8>,
    strings_to_sign: Vec<String>,
}

/// A signature cannot be read, or does not cover its request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// There is none.
    #[error("The request is not signed.")]
    Missing,
    /// `Authorization` is not as it should be.
    #[error("The Authorization header cannot be read: {reason}")]
    Malformed {
        /// What is wrong.
        reason: &'static str,
    },
    /// An algorithm we do not speak.
    #[error("signature method {method} is unsupported.")]
    Method {
        /// What was asked for, cut.
        method: String,
    },
    /// There is no date, or it cannot be read.
    #[error("Date {value:?} must follow RFC822, x-log-date yyyyMMddTHHmmssZ.")]
    Date {
        /// What was given, cut.
        value: String,
    },
    /// The hash that was signed is not the body's.
    #[error("{header} is not the hash of the body.")]
    BodyHash {
        /// Where the hash stands.
        header: &'static str,
    },
}

impl SignatureFault {
    /// The failure on the wire.
    pub fn fault(&self) -> Fault {
        let code = match self {
            SignatureFault::Missing | SignatureFault::Malformed { .. } => fault::NOT_SIGNED,
            SignatureFault::Method { .. } => fault::INVALID_SIGNATURE_METHOD,
            SignatureFault::Date { .. } => fault::INVALID_DATE,
            SignatureFault::BodyHash { .. } => fault::INVALID_CONTENT_HASH,
        };
        code.because(self.to_string())
    }
}

/// Whether an `Authorization` header is one of Log Service's.
pub fn is_log_service(authorization: &str) -> bool {
    authorization.starts_with("LOG ") || authorization.starts_with(v4::ALGORITHM)
}

/// Reads a request's signature.
pub fn read(request: &Signed<'_>) -> Result<Claim, SignatureFault> {
    let authorization = request.header("authorization").ok_or(SignatureFault::Missing)?;
    match authorization.strip_prefix("LOG ") {
        Some(rest) => v1::read(rest, request),
        None => v4::read(authorization, request),
    }
}

impl Claim {
    /// Whether this secret made the signature. The comparison takes the same time wherever they differ.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        self.strings_to_sign.iter().any(|text| match &self.scheme {
            Scheme::Sha1 => v1::is_sha1_of(secret, text, &self.signature),
            Scheme::Sha256 => v1::is_sha256_of(secret, text, &self.signature),
            Scheme::V4 { date, region } => v4::is_mac_of(secret, date, region, text, &self.signature),
        })
    }
}

impl Signed<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.trim())
    }

    fn security_token(&self) -> Option<String> {
        self.header("x-acs-security-token").filter(|token| !token.is_empty()).map(str::to_owned)
    }

    /// Every path that may have been signed: as sent, and decoded where that differs.
    fn signed_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for path in self.paths {
            let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
            for path in [(*path).to_owned(), decoded] {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        paths
    }
}

/// Whether a header is signed because of its name.
fn is_signed_header(name: &str) -> bool {
    name.starts_with("x-acs-") || (name.starts_with("x-log-") && !name.starts_with("x-log-meta-"))
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests;
