//! EventBridge's PutEvents and Function Compute's InvokeFunction, at endpoints the account names.
//!
//! Both sign `method, md5, type, date, their own headers, path` with the access key of the integration: EventBridge with
//! HMAC-SHA1 over `x-acs-` headers, Function Compute with HMAC-SHA256 over `x-fc-` headers, as their SDKs do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use hmac::{Hmac, Mac};
use model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use super::exchange::{Exchange, PATIENCE, Request};
use super::{Envelope, Integration, Outcome};
use crate::error::one_line;

const SOURCE: &str = "acs.sls.alert";
const PUT_EVENTS: &str = "/openapi/putEvents";
/// Only functions of this prefix are invoked, as Log Service does: an action policy cannot run just anything.
const FUNCTION_PREFIX: &str = "sls-ops-";
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Which event goes to which bus.
pub(super) struct Event<'a> {
    pub(super) bus: &'a str,
    pub(super) is_resolved: bool,
    pub(super) time: Timestamp,
}

/// Which function is invoked.
pub(super) struct Function<'a> {
    pub(super) service: &'a str,
    pub(super) version: &'a str,
    pub(super) name: &'a str,
}

pub(super) async fn put_event(
    exchange: &Exchange,
    envelope: &Envelope,
    integration: &Integration,
    event: &Event<'_>,
    now: Timestamp,
) -> Outcome {
    // Data that is no JSON travels as text.
    let data: Value = serde_json::from_str(&envelope.body).unwrap_or_else(|_| json!(envelope.body));
    let kind = if event.is_resolved { "sls:AlertEvent:Resolved" } else { "sls:AlertEvent:Firing" };
    let body = json!([{
        "id": envelope.id,
        "source": SOURCE,
        "specversion": "1.0",
        "type": kind,
        "datacontenttype": "application/json",
        "subject": envelope.title,
        "time": event.time.to_string(),
        "aliyuneventbusname": event.bus,
        "data": data,
    }])
    .to_string();
    let Some(origin) = origin(&integration.url) else { return Outcome::rejected("the endpoint is not a URL") };
    let date = http_date(now);
    let content_type = "application/cloudevents-batch+json; charset=utf-8";
    let signed = [("x-acs-signature-method", "HMAC-SHA1"), ("x-acs-signature-version", "1.0")];
    let text = string_to_sign("POST", content_type, &date, &signed, PUT_EVENTS);
    let secret = integration.secret.as_ref().map_or("", |secret| secret.expose().as_str());
    let signature = hmac_sha1(secret, &text);
    let mut headers = headers(&signed, content_type, &date);
    headers.push(("x-eventbridge-version".to_owned(), "2015-06-15".to_owned()));
    headers.push(("accept".to_owned(), "application/json".to_owned()));
    headers.push(("authorization".to_owned(), format!("acs:{}:{signature}", integration.access_key_id)));
    let url = format!("{origin}{PUT_EVENTS}");
    match exchange.send(Request { method: Method::POST, url: &url, headers, body, patience: PATIENCE }).await {
        Ok(answer) if answer.status.is_success() => taken(&answer.body, &answer.said()),
        Ok(answer) => answer.failure(),
        Err(outcome) => outcome,
    }
}

/// An answer under status 200 may still say that the event was not taken.
fn taken(body: &str, said: &str) -> Outcome {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Put {
        failed_entry_count: i64,
        entry_list: Vec<Entry>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Entry {
        error_code: Option<String>,
        error_message: Option<String>,
    }
    let put: Put = serde_json::from_str(body).unwrap_or_default();
    if put.failed_entry_count == 0 {
        return Outcome::Delivered { answer: said.to_owned() };
    }
    let entry = put.entry_list.into_iter().find(|entry| entry.error_code.is_some()).unwrap_or_default();
    let (code, message) = (entry.error_code.unwrap_or_default(), entry.error_message.unwrap_or_default());
    Outcome::retry(one_line(&format!("the event was not taken: {code} {message}")))
}

pub(super) async fn invoke(
    exchange: &Exchange,
    envelope: &Envelope,
    integration: &Integration,
    function: &Function<'_>,
    now: Timestamp,
) -> Outcome {
    if !function.name.starts_with(FUNCTION_PREFIX) {
        return Outcome::rejected("the function's name must begin with sls-ops-");
    }
    let Some(origin) = origin(&integration.url) else { return Outcome::rejected("the endpoint is not a URL") };
    let encoded = |text: &str| utf8_percent_encode(text, SEGMENT).to_string();
    let version = if function.version.is_empty() { "LATEST" } else { function.version };
    let path = format!(
        "/2016-08-15/services/{}.{}/functions/{}/invocations",
        encoded(function.service),
        encoded(version),
        encoded(function.name)
    );
    let date = http_date(now);
    let content_type = "application/octet-stream";
    // Async: the platform runs it, retries it and keeps its result; 202 says that it will.
    let signed = [("x-fc-invocation-type", "Async"), ("x-fc-log-type", "None"), ("x-fc-trace-id", &envelope.id)];
    let text = string_to_sign("POST", content_type, &date, &signed, &path);
    let secret = integration.secret.as_ref().map_or("", |secret| secret.expose().as_str());
    let signature = hmac_sha256(secret, &text);
    let mut headers = headers(&signed, content_type, &date);
    headers.push(("authorization".to_owned(), format!("FC {}:{signature}", integration.access_key_id)));
    let url = format!("{origin}{path}");
    let body = envelope.body.clone();
    match exchange.send(Request { method: Method::POST, url: &url, headers, body, patience: PATIENCE }).await {
        Ok(answer) if answer.status.is_success() => Outcome::Delivered { answer: answer.said() },
        Ok(answer) => answer.failure(),
        Err(outcome) => outcome,
    }
}

/// Scheme and authority of an endpoint.
fn origin(endpoint: &str) -> Option<String> {
    let url = Url::parse(endpoint).ok()?;
    url.has_host().then(|| url.origin().ascii_serialization())
}

fn headers(signed: &[(&str, &str)], content_type: &str, date: &str) -> Vec<(String, String)> {
    let all = signed.iter().copied().chain([("content-type", content_type), ("date", date)]);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// `signed` are in the order of their names.
fn string_to_sign(method: &str, content_type: &str, date: &str, signed: &[(&str, &str)], path: &str) -> String {
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    format!("{method}\n\n{content_type}\n{date}\n{lines}{path}")
}

fn http_date(now: Timestamp) -> String {
    DateTime::from_timestamp_millis(now.0).unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn hmac_sha1(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn hmac_sha256(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
