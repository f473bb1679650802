//! Alibaba Cloud's SMS service: the operation `SendSms` of 2017-05-25, signed with ACS3-HMAC-SHA256.
//!
//! The service sends approved templates only, so the notification's text is the value of the template's one variable.

use chrono::DateTime;
use hmac::{Hmac, Mac};
use host::{Random, Secret};
use model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::exchange::{Exchange, PATIENCE, Request};
use super::settings::Sms;
use super::{Envelope, Outcome, PhoneNumber};
use crate::error::one_line;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The service's own limit on `OutId`.
const OUT_ID_CHARS_MAX: usize = 256;

/// What the service is asked with.
pub(super) struct Aliyun {
    url: String,
    access_key_id: String,
    secret: Secret<String>,
    sign_name: String,
    template_code: String,
    template_variable: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    biz_id: String,
}

impl Aliyun {
    pub(super) fn new(settings: &Sms, secret: Secret<String>) -> Aliyun {
        Aliyun {
            url: settings.url.clone(),
            access_key_id: settings.access_key_id.clone(),
            secret,
            sign_name: settings.sign_name.clone(),
            template_code: settings.template_code.clone(),
            template_variable: settings.template_variable.clone(),
        }
    }

    pub(super) async fn send(
        &self,
        exchange: &Exchange,
        envelope: &Envelope,
        phone: &PhoneNumber,
        now: Timestamp,
        random: &dyn Random,
    ) -> Outcome {
        let query = self.query(envelope, phone);
        let Ok(url) = Url::parse(&self.url) else { return Outcome::rejected("alerting.sms.url is not a URL") };
        let host = match (url.host_str().unwrap_or_default(), url.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        let headers = sign(&query, &host, &self.access_key_id, self.secret.expose(), now, &random.uuid());
        let full = format!("{}/?{query}", self.url.trim_end_matches('/'));
        let request = Request { method: Method::POST, url: &full, headers, body: String::new(), patience: PATIENCE };
        let answer = match exchange.send(request).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        let Ok(read) = serde_json::from_str::<Answer>(&answer.body) else { return answer.failure() };
        if read.code == "OK" {
            return Outcome::Delivered { answer: one_line(&format!("BizId {}", read.biz_id)) };
        }
        let why = one_line(&format!("{}: {}", read.code, read.message));
        let may_pass = answer.status.is_server_error()
            || ["isp.", "Throttling", "ServiceUnavailable"].iter().any(|start| read.code.starts_with(start))
            // Too many to this number, or the account is short of money.
            || matches!(read.code.as_str(), "isv.BUSINESS_LIMIT_CONTROL" | "isv.AMOUNT_NOT_ENOUGH" | "isv.OUT_OF_SERVICE");
        if may_pass { Outcome::retry(why) } else { Outcome::Rejected { why } }
    }

    /// The operation's parameters, sorted and encoded.
    fn query(&self, envelope: &Envelope, phone: &PhoneNumber) -> String {
        // Numbers outside of China carry their country code, without a plus sign.
        let number = match phone.country_code.as_str() {
            "86" | "" => phone.number.clone(),
            code => format!("{code}{}", phone.number),
        };
        let parameters = [
            ("OutId", envelope.id.chars().take(OUT_ID_CHARS_MAX).collect()),
            ("PhoneNumbers", number),
            ("SignName", self.sign_name.clone()),
            ("TemplateCode", self.template_code.clone()),
            ("TemplateParam", json!({ self.template_variable.as_str(): envelope.body }).to_string()),
        ];
        let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        pairs.join("&")
    }
}

/// The headers of a signed request with an empty body. `query` is sorted and encoded already.
fn sign(query: &str, host: &str, key_id: &str, secret: &str, now: Timestamp, nonce: &str) -> Vec<(String, String)> {
    let body_sha256 = hex::encode(Sha256::digest(b""));
    let date = DateTime::from_timestamp_millis(now.0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    // In the order of their names, as they are signed.
    let mut headers = vec![
        header("host", host),
        header("x-acs-action", "SendSms"),
        header("x-acs-content-sha256", &body_sha256),
        header("x-acs-date", &date),
        header("x-acs-signature-nonce", nonce),
        header("x-acs-version", "2017-05-25"),
    ];
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{body_sha256}");
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(canonical.as_bytes())));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(to_sign.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let value = format!("ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}");
    headers.push(("authorization".to_owned(), value));
    headers
}

#[cfg(test)]
mod tests {
    use client::acs3::Signable;

    use super::*;

    #[test]
    fn signs_as_the_official_scheme_does() {
        let now = Timestamp(1_700_000_000_000);
        let query = [("OutId".to_owned(), "n-1".to_owned()), ("SignName".to_owned(), "审计 a/b".to_owned())];
        let encoded = "OutId=n-1&SignName=%E5%AE%A1%E8%AE%A1%20a%2Fb";
        let mut headers = sign(encoded, "dysmsapi.aliyuncs.com", "LTAI5tExample", "hush", now, "nonce-1");
        let (_, authorization) = headers.pop().unwrap();
        let signable = Signable {
            method: "POST",
            path: "/",
            query: &query,
            headers: &headers,
            body_sha256: &hex::encode(Sha256::digest(b"")),
        };
        let expected = signable.signature("hush");
        assert!(authorization.ends_with(&format!(",Signature={expected}")), "{authorization}");
        assert!(authorization.contains(&format!("SignedHeaders={},", signable.signed_headers())));
    }
}
