//! Signature version 1: `Authorization: LOG <key>:<base64>`, over method, MD5, type, date, `x-log-*` headers, path, query.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use model::Timestamp;
use sha1::Sha1;
use sha2::Sha256;

use super::{Claim, Credentials, Scheme, SignatureFault, Signed, Unsigned, cut, is_signed_header};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

pub(super) fn read(credential: &str, request: &Signed<'_>) -> Result<Claim, SignatureFault> {
    let malformed = |reason| SignatureFault::Malformed { reason };
    let (access_key_id, signature) = credential.trim().rsplit_once(':').ok_or(malformed("it has no colon."))?;
    let signature = STANDARD.decode(signature).map_err(|_| malformed("the signature is not base64."))?;
    let scheme = match request.header("x-log-signaturemethod").unwrap_or("hmac-sha1") {
        "hmac-sha1" => Scheme::Sha1,
        "hmac-sha256" => Scheme::Sha256,
        other => return Err(SignatureFault::Method { method: cut(other) }),
    };
    let date = request.header("date").or_else(|| request.header("x-log-date")).unwrap_or_default();
    let time = parse_date(date).ok_or_else(|| SignatureFault::Date { value: cut(date) })?;
    let md5 = request.header("content-md5").unwrap_or_default();
    let is_covered = if md5.is_empty() { request.body.is_empty() } else { md5_of(request.body) == md5.to_uppercase() };
    if !is_covered {
        return Err(SignatureFault::BodyHash { header: "Content-MD5" });
    }
    let start = format!("{}\n{md5}\n{}\n{date}\n", request.method, request.header("content-type").unwrap_or_default(),);
    // The Python SDK adds x-log-date when it has signed; others sign it.
    let mut headers = vec![header_lines(request.headers, |name| name != "x-log-date")];
    if request.header("x-log-date").is_some() {
        headers.push(header_lines(request.headers, |_| true));
    }
    let mut query: Vec<(String, String)> = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    query.sort();
    let mut strings_to_sign = Vec::new();
    for path in request.signed_paths() {
        for lines in &headers {
            strings_to_sign.push(format!("{start}{lines}{path}{}", query_text(&query, true)));
            // A parameter without a value is signed with or without its equals sign.
            if query.iter().any(|(_, value)| value.is_empty()) {
                strings_to_sign.push(format!("{start}{lines}{path}{}", query_text(&query, false)));
            }
        }
    }
    let security_token = request.security_token();
    Ok(Claim { access_key_id: access_key_id.to_owned(), security_token, time, scheme, signature, strings_to_sign })
}

/// Signs with SHA-1, as most clients do; what is needed is added to the headers.
pub fn sign(request: &mut Unsigned, credentials: &Credentials<'_>, now: Timestamp) {
    let mut set = |name: &str, value: String| {
        request.headers.retain(|(each, _)| each != name);
        request.headers.push((name.to_owned(), value));
    };
    set("x-log-apiversion", "0.6.0".to_owned());
    set("x-log-signaturemethod", "hmac-sha1".to_owned());
    let date = format_date(now);
    set("date", date.clone());
    if let Some(token) = credentials.security_token {
        set("x-acs-security-token", token.to_owned());
    }
    let md5 = if request.body.is_empty() { String::new() } else { md5_of(&request.body) };
    if !md5.is_empty() {
        set("content-md5", md5.clone());
    }
    let kind = request.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
    let mut query = request.query.clone();
    query.sort();
    let text = format!(
        "{}\n{md5}\n{kind}\n{date}\n{}{}{}",
        request.method,
        header_lines(&request.headers, |_| true),
        request.path,
        query_text(&query, true),
    );
    let signature = STANDARD.encode(sha1_mac(credentials.access_key_secret, &text).finalize().into_bytes());
    request.headers.push(("authorization".to_owned(), format!("LOG {}:{signature}", credentials.access_key_id)));
}

fn header_lines(headers: &[(String, String)], wanted: impl Fn(&str) -> bool) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| is_signed_header(name) && wanted(name))
        .map(|(name, value)| format!("{name}:{}\n", value.trim()))
        .collect();
    lines.sort();
    lines.concat()
}

fn query_text(sorted: &[(String, String)], with_equals_sign: bool) -> String {
    if sorted.is_empty() {
        return String::new();
    }
    let pairs = sorted.iter().map(|(name, value)| match value.is_empty() && !with_equals_sign {
        true => name.clone(),
        false => format!("{name}={value}"),
    });
    format!("?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn md5_of(body: &[u8]) -> String {
    hex::encode_upper(Md5::digest(body))
}

fn sha1_mac(secret: &str, text: &str) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

pub(super) fn is_sha1_of(secret: &str, text: &str, signature: &[u8]) -> bool {
    sha1_mac(secret, text).verify_slice(signature).is_ok()
}

pub(super) fn is_sha256_of(secret: &str, text: &str, signature: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.verify_slice(signature).is_ok()
}

/// `Mon, 3 Jan 2010 08:33:47 GMT`; the name of the day is not looked at.
fn parse_date(text: &str) -> Option<Timestamp> {
    let mut words = text.split_once(',')?.1.split_ascii_whitespace();
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if !matches!(words.next()?, "GMT" | "UTC" | "+0000") || words.next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|each| each.eq_ignore_ascii_case(month))? + 1;
    let day: u32 = day.parse().ok()?;
    Timestamp::parse(&format!("{year}-{month:02}-{day:02}T{time}Z")).ok()
}

fn format_date(at: Timestamp) -> String {
    let (year, month, day, hour, minute, second) = at.civil();
    let weekday = DAYS[at.0.div_euclid(86_400_000).rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        let at = parse_date("Mon, 3 Jan 2010 08:33:47 GMT").unwrap();
        assert_eq!(at.to_string(), "2010-01-03T08:33:47Z");
        assert_eq!(format_date(at), "Sun, 03 Jan 2010 08:33:47 GMT");
        assert_eq!(format_date(Timestamp(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
        for text in ["", "now", "Mon, 3 Jan 2010 08:33:47", "Mon, 3 Foo 2010 08:33:47 GMT", "2010-01-03T08:33:47Z"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
