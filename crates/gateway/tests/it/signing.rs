//! Signed requests, in both styles of the official clients.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use base64::Engine;
use client::acs3::{Signable, encoded_query, sha256_hex};
use gateway::Peer;
use hmac::{Hmac, Mac};
use http::Request;
use model::Timestamp;
use sha1::Sha1;

/// An access key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) account: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A request before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Unsigned {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) host: String,
    pub(crate) peer: SocketAddr,
}

impl Unsigned {
    pub(crate) fn new(method: &'static str, path: &'static str) -> Unsigned {
        Unsigned {
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            host: "127.0.0.1:8080".into(),
            peer: SocketAddr::from(([203, 0, 113, 7], 40_000)),
        }
    }

    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Unsigned {
        self.query.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Unsigned {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Unsigned {
        self.body = body.into();
        self
    }

    /// As it is, without a signature.
    pub(crate) fn plain(self) -> Request<Body> {
        let query = encoded_query(&self.query);
        let uri = if query.is_empty() { self.path.to_owned() } else { format!("{}?{query}", self.path) };
        let mut request = Request::builder().method(self.method).uri(uri).header("host", &self.host);
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        request = request.header("content-length", self.body.len());
        let mut request = request.body(Body::from(self.body)).expect("a request");
        request.extensions_mut().insert(Peer { address: self.peer, secure: false });
        request
    }

    /// Signed with ACS3-HMAC-SHA256, as today's SDKs do.
    pub(crate) fn acs3(self, key: &Key, action: &str, version: &str, now: Timestamp) -> Request<Body> {
        self.acs3_with(key, None, action, version, now)
    }

    /// The same with the security token of a temporary key.
    pub(crate) fn acs3_with(
        mut self,
        key: &Key,
        token: Option<&str>,
        action: &str,
        version: &str,
        now: Timestamp,
    ) -> Request<Body> {
        let body_sha256 = sha256_hex(&self.body);
        let mut signed = vec![
            ("host".to_owned(), self.host.clone()),
            ("x-acs-action".to_owned(), action.to_owned()),
            ("x-acs-version".to_owned(), version.to_owned()),
            ("x-acs-date".to_owned(), now.to_string()),
            ("x-acs-signature-nonce".to_owned(), nonce()),
            ("x-acs-content-sha256".to_owned(), body_sha256.clone()),
        ];
        signed.extend(token.map(|token| ("x-acs-security-token".to_owned(), token.to_owned())));
        let signable = Signable {
            method: self.method,
            path: self.path,
            query: &self.query,
            headers: &signed,
            body_sha256: &body_sha256,
        };
        let authorization = signable.authorization(&key.id, &key.secret);
        self.headers.append(&mut signed.split_off(1));
        self.header("authorization", &authorization).plain()
    }

    /// Signed with signature version 1.0 (HMAC-SHA1), everything in the query.
    pub(crate) fn legacy(mut self, key: &Key, action: &str, version: &str, now: Timestamp) -> Request<Body> {
        let nonce = nonce();
        let timestamp = now.to_string();
        self = self.query(&[
            ("Action", action),
            ("Version", version),
            ("AccessKeyId", &key.id),
            ("Timestamp", &timestamp),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureType", ""),
            ("SignatureNonce", &nonce),
        ]);
        let canonical = encoded_query(&self.query);
        let encoded = encoded_query(&[(String::new(), canonical)]);
        let string_to_sign = format!("{}&%2F&{}", self.method, &encoded[1..]);
        let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", key.secret).as_bytes()).expect("any length");
        mac.update(string_to_sign.as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        self.query(&[("Signature", &signature)]).plain()
    }
}

fn nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What an authenticator shows, so many steps of 30 seconds from now; written down from RFC 6238.
pub(crate) fn authenticator_code(seed: &str, now: Timestamp, steps: i64) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = seed.chars().map(|c| format!("{:05b}", ALPHABET.find(c).expect("Base32"))).collect();
    let bits = bits.as_bytes().chunks_exact(8).map(|byte| std::str::from_utf8(byte).expect("digits"));
    let seed: Vec<u8> = bits.map(|byte| u8::from_str_radix(byte, 2).expect("a byte")).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&seed).expect("any length");
    mac.update(&(now.0 / 30_000 + steps).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = digest[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}
