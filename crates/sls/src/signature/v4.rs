//! Signature version 4: `SLS4-HMAC-SHA256 Credential=<key>/<day>/<region>/sls/aliyun_v4_request,Signature=<hex>`.
//!
//! It does not say which headers are signed: the type, the host, and all of Log Service's own are, where they are there.

use hmac::{Hmac, Mac};
use model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{Claim, Credentials, Scheme, SignatureFault, Signed, Unsigned, cut, is_signed_header};

pub(super) const ALGORITHM: &str = "SLS4-HMAC-SHA256";
const TERMINATOR: &str = "aliyun_v4_request";
/// RFC 3986: letters, digits, `-`, `.`, `_`, `~` stay.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn read(authorization: &str, request: &Signed<'_>) -> Result<Claim, SignatureFault> {
    let malformed = |reason| SignatureFault::Malformed { reason };
    let (algorithm, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if algorithm != ALGORITHM {
        return Err(SignatureFault::Method { method: cut(algorithm) });
    }
    let part = |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let credential = part("Credential").ok_or(malformed("it has no Credential."))?;
    let signature = part("Signature").ok_or(malformed("it has no Signature."))?;
    let signature = hex::decode(signature).map_err(|_| malformed("the signature is not hexadecimal."))?;
    let mut parts = credential.rsplitn(5, '/');
    let scope = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(TERMINATOR), Some("sls"), Some(region), Some(date), Some(access_key_id)) = scope else {
        return Err(malformed("the Credential is not <key>/<yyyymmdd>/<region>/sls/aliyun_v4_request."));
    };
    let stamp = request.header("x-log-date").unwrap_or_default();
    let time = parse_stamp(stamp).filter(|_| stamp.starts_with(date));
    let time = time.ok_or_else(|| SignatureFault::Date { value: cut(stamp) })?;
    let payload = request.header("x-log-content-sha256").unwrap_or_default();
    if !payload.eq_ignore_ascii_case(&hex::encode(Sha256::digest(request.body))) {
        return Err(SignatureFault::BodyHash { header: "x-log-content-sha256" });
    }
    let query: Vec<(String, String)> = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    let canonical = Canonical { method: request.method, query: query_text(query), headers: request.headers, payload };
    let scope = format!("{date}/{region}/sls/{TERMINATOR}");
    let strings_to_sign = request.signed_paths();
    let strings_to_sign = strings_to_sign.iter().map(|path| canonical.string_to_sign(path, stamp, &scope)).collect();
    Ok(Claim {
        access_key_id: access_key_id.to_owned(),
        security_token: request.security_token(),
        time,
        scheme: Scheme::V4 { date: date.to_owned(), region: region.to_owned() },
        signature,
        strings_to_sign,
    })
}

/// Signs a request; what is needed is added to the headers, among which the host must be.
pub fn sign(request: &mut Unsigned, credentials: &Credentials<'_>, region: &str, now: Timestamp) {
    let (year, month, day, hour, minute, second) = now.civil();
    let date = format!("{year:04}{month:02}{day:02}");
    let stamp = format!("{date}T{hour:02}{minute:02}{second:02}Z");
    let payload = hex::encode(Sha256::digest(&request.body));
    let mut set = |name: &str, value: &str| {
        request.headers.retain(|(each, _)| each != name);
        request.headers.push((name.to_owned(), value.to_owned()));
    };
    set("x-log-apiversion", "0.6.0");
    set("x-log-date", &stamp);
    set("x-log-content-sha256", &payload);
    if let Some(token) = credentials.security_token {
        set("x-acs-security-token", token);
    }
    let canonical = Canonical {
        method: request.method,
        query: query_text(request.query.clone()),
        headers: &request.headers,
        payload: &payload,
    };
    let scope = format!("{date}/{region}/sls/{TERMINATOR}");
    let text = canonical.string_to_sign(&request.path, &stamp, &scope);
    let signature = hex::encode(mac(credentials.access_key_secret, &date, region, &text).finalize().into_bytes());
    let authorization = format!("{ALGORITHM} Credential={}/{scope},Signature={signature}", credentials.access_key_id);
    request.headers.push(("authorization".to_owned(), authorization));
}

/// The parts of a request that are signed, its path aside.
struct Canonical<'r> {
    method: &'r str,
    query: String,
    headers: &'r [(String, String)],
    payload: &'r str,
}

impl Canonical<'_> {
    fn string_to_sign(&self, path: &str, stamp: &str, scope: &str) -> String {
        let is_signed = |name: &str| matches!(name, "content-type" | "host") || is_signed_header(name);
        let mut headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .filter(|(name, _)| is_signed(name))
            .map(|(name, value)| (name.as_str(), value.trim()))
            .collect();
        headers.sort();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let canonical = [self.method, path, &self.query, &lines, &names.join(";"), self.payload].join("\n");
        format!("{ALGORITHM}\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)))
    }
}

fn query_text(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| match value.is_empty() {
        true => name.clone(),
        false => format!("{name}={}", utf8_percent_encode(value, UNRESERVED)),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn hmac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

fn mac(secret: &str, date: &str, region: &str, text: &str) -> Hmac<Sha256> {
    let mut key = hmac(format!("aliyun_v4{secret}").as_bytes(), date).finalize().into_bytes();
    for step in [region, "sls", TERMINATOR] {
        key = hmac(&key, step).finalize().into_bytes();
    }
    hmac(&key, text)
}

pub(super) fn is_mac_of(secret: &str, date: &str, region: &str, text: &str, signature: &[u8]) -> bool {
    mac(secret, date, region, text).verify_slice(signature).is_ok()
}

/// `yyyyMMddTHHmmssZ`.
fn parse_stamp(stamp: &str) -> Option<Timestamp> {
    if stamp.len() != 16 || !stamp.is_ascii() {
        return None;
    }
    let part = |from: usize, to: usize| &stamp[from..to];
    let text = format!("{}-{}-{}{}:{}:{}", part(0, 4), part(4, 6), part(6, 8), part(8, 11), part(11, 13), part(13, 16));
    Timestamp::parse(&text).ok()
}
