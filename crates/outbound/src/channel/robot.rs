//! Robots of chat groups: DingTalk, Lark, WeCom, Slack.
//!
//! Each takes a POST of JSON and answers with a code of its own, mostly under status 200, so the answer is read. Text that
//! is longer than the robot takes is cut between characters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::exchange::{Answer, Exchange, Request};
use super::{Envelope, Integration, IntegrationKind, Mention, Outcome};
use crate::error::one_line;

/// Bytes a robot takes: of a DingTalk request, a Lark request, WeCom's markdown and WeCom's text.
const DINGTALK_BYTES_MAX: usize = 20_000;
const LARK_BYTES_MAX: usize = 20 * 1024;
const WECHAT_MARKDOWN_BYTES_MAX: usize = 4096;
const WECHAT_TEXT_BYTES_MAX: usize = 2048;
/// Slack cuts longer text itself, without saying so.
const SLACK_BYTES_MAX: usize = 40_000;

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) async fn send(
    exchange: &Exchange,
    envelope: &Envelope,
    integration: &Integration,
    mention: &Mention,
    now: Timestamp,
) -> Outcome {
    let secret = integration.secret.as_ref().map(|secret| secret.expose().as_str());
    let mut url = integration.url.clone();
    let (title, text) = (envelope.title.as_str(), envelope.body.as_str());
    let body = match integration.kind {
        IntegrationKind::Dingtalk => {
            if let Some(secret) = secret {
                url = dingtalk_url(&url, secret, now);
            }
            dingtalk_body(title, text, mention)
        }
        IntegrationKind::Lark => lark_body(title, text, mention, secret, now),
        IntegrationKind::Wechat => wechat_body(title, text, mention),
        _ => slack_body(title, text),
    };
    match exchange.send(Request::json(&url, body)).await {
        Ok(answer) => read(integration.kind, &answer),
        Err(outcome) => outcome,
    }
}

/// The robot's address with time and signature: HMAC-SHA256 under the secret of `<milliseconds>\n<secret>`.
fn dingtalk_url(url: &str, secret: &str, now: Timestamp) -> String {
    let signature = hmac_base64(secret, &format!("{}\n{secret}", now.0));
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}timestamp={}&sign={}", now.0, utf8_percent_encode(&signature, QUERY))
}

fn dingtalk_body(title: &str, text: &str, mention: &Mention) -> String {
    // A person is called only when the text names the number too.
    let mut calls: Vec<String> = mention.phones.iter().map(|phone| format!("@{phone}")).collect();
    if mention.everybody {
        calls.push("@all".to_owned());
    }
    let calls = if calls.is_empty() { String::new() } else { format!("\n\n{}", calls.join(" ")) };
    fitted(text, DINGTALK_BYTES_MAX, |text| {
        json!({
            "msgtype": "markdown",
            "markdown": {"title": title, "text": format!("{}{text}{calls}", heading("### ", title, "\n\n"))},
            "at": {"atMobiles": mention.phones, "isAtAll": mention.everybody},
        })
    })
}

/// The signature's key is `<seconds>\n<secret>`, and the message is empty.
fn lark_body(title: &str, text: &str, mention: &Mention, secret: Option<&str>, now: Timestamp) -> String {
    let seconds = now.0.div_euclid(1000);
    let call = if mention.everybody { "\n<at id=all></at>" } else { "" };
    fitted(text, LARK_BYTES_MAX, |text| {
        let mut body = json!({
            "msg_type": "interactive",
            "card": {
                "config": {"wide_screen_mode": true},
                "header": {"title": {"tag": "plain_text", "content": title}},
                "elements": [{"tag": "markdown", "content": format!("{text}{call}")}],
            },
        });
        if let Some(secret) = secret {
            body["timestamp"] = json!(seconds.to_string());
            body["sign"] = json!(hmac_base64(&format!("{seconds}\n{secret}"), ""));
        }
        body
    })
}

/// Somebody can be called by name in plain text only.
fn wechat_body(title: &str, text: &str, mention: &Mention) -> String {
    if mention.is_empty() {
        let content = format!("{}{text}", heading("### ", title, "\n"));
        let content = cut(&content, WECHAT_MARKDOWN_BYTES_MAX);
        return json!({"msgtype": "markdown", "markdown": {"content": content}}).to_string();
    }
    let content = format!("{}{text}", heading("", title, "\n"));
    let everybody: &[&str] = if mention.everybody { &["@all"] } else { &[] };
    json!({
        "msgtype": "text",
        "text": {
            "content": cut(&content, WECHAT_TEXT_BYTES_MAX),
            "mentioned_list": everybody,
            "mentioned_mobile_list": mention.phones,
        },
    })
    .to_string()
}

fn slack_body(title: &str, text: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let title = if title.is_empty() { String::new() } else { format!("*{title}*\n") };
    json!({"text": cut(&format!("{title}{text}"), SLACK_BYTES_MAX)}).to_string()
}

/// The title as a first line. It is plain text, perhaps of an event, and must not become a link where Markdown is read.
fn heading(mark: &str, title: &str, end: &str) -> String {
    if title.is_empty() {
        return String::new();
    }
    let title = if mark.is_empty() { title.to_owned() } else { title.replace("](", "] (").replace('<', "＜") };
    format!("{mark}{title}{end}")
}

/// The request with the longest beginning of the text that makes it short enough. Escaping makes text longer by an amount
/// that depends on it, so the length is searched for.
fn fitted(text: &str, bytes_max: usize, request: impl Fn(&str) -> Value) -> String {
    let whole = request(text).to_string();
    if whole.len() <= bytes_max {
        return whole;
    }
    let (mut fits, mut is_too_long) = (0, text.len().min(bytes_max));
    while fits + 1 < is_too_long {
        let middle = fits.midpoint(is_too_long);
        if request(&cut(text, middle)).to_string().len() <= bytes_max { fits = middle } else { is_too_long = middle }
    }
    request(&cut(text, fits)).to_string()
}

/// At most so many bytes, cut between characters, with a mark where it was cut.
fn cut(text: &str, bytes_max: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub(MARK.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MARK}", &text[..end])
}

fn hmac_base64(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What robots answer: DingTalk and WeCom `errcode`, Lark `code` or, older, `StatusCode`.
#[derive(Deserialize, Default)]
struct Said {
    errcode: Option<i64>,
    #[serde(default)]
    errmsg: String,
    code: Option<i64>,
    #[serde(rename = "StatusCode")]
    status_code: Option<i64>,
    #[serde(default)]
    msg: String,
}

fn read(kind: IntegrationKind, answer: &Answer) -> Outcome {
    if !answer.status.is_success() {
        // Lark tells its codes under status 400 too.
        let is_lark_code = kind == IntegrationKind::Lark && answer.body.contains("\"code\"");
        if !is_lark_code {
            return answer.failure();
        }
    }
    if kind == IntegrationKind::Slack {
        let is_taken = answer.body.trim() == "ok";
        let why = answer.said();
        return if is_taken { Outcome::Delivered { answer: why } } else { Outcome::Rejected { why } };
    }
    let said: Said = serde_json::from_str(&answer.body).unwrap_or_default();
    let (code, words) = match (kind, said.code.or(said.status_code), said.errcode) {
        (IntegrationKind::Lark, Some(code), _) => (code, said.msg),
        (_, _, Some(code)) => (code, said.errmsg),
        _ => return Outcome::retry(format!("the robot's answer was not understood: {}", answer.said())),
    };
    if code == 0 {
        return Outcome::Delivered { answer: answer.said() };
    }
    let why = one_line(&format!("code {code}: {words}"));
    // Too many messages, or the service is busy.
    let may_pass = matches!(code, -1 | 130_101 | 410_100 | 45_009 | 11_232 | 19_001);
    if may_pass { Outcome::Retry { why, after: answer.retry_after } } else { Outcome::Rejected { why } }
}

#[cfg(test)]
mod tests;
