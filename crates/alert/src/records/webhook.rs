//! Webhook integrations: where messages to robots and other HTTP receivers go.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::{Fields, RecordError};
use crate::Channel;

/// Whose protocol a webhook speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookKind {
    /// A DingTalk robot.
    Dingtalk,
    /// A WeCom robot.
    Wechat,
    /// A Lark or Feishu robot.
    Lark,
    /// A Slack channel.
    Slack,
    /// An EventBridge bus. Cairn's own type: the wire has none.
    EventBridge,
    /// A function. Cairn's own type, too.
    Fc,
    /// Anything else.
    Custom,
}

impl WebhookKind {
    /// By its name on the wire.
    pub fn parse(name: &str) -> Option<WebhookKind> {
        Some(match name {
            "dingtalk" => WebhookKind::Dingtalk,
            "wechat" => WebhookKind::Wechat,
            "lark" => WebhookKind::Lark,
            "slack" => WebhookKind::Slack,
            "event_bridge" => WebhookKind::EventBridge,
            "fc" => WebhookKind::Fc,
            "custom" => WebhookKind::Custom,
            _ => return None,
        })
    }

    /// The channel its messages are written for.
    pub fn channel(self) -> Channel {
        match self {
            WebhookKind::Dingtalk => Channel::Dingtalk,
            WebhookKind::Wechat => Channel::Wechat,
            WebhookKind::Lark => Channel::Lark,
            WebhookKind::Slack => Channel::Slack,
            WebhookKind::EventBridge => Channel::EventBridge,
            WebhookKind::Fc => Channel::Fc,
            WebhookKind::Custom => Channel::Webhook,
        }
    }
}

/// A record of `sls.alert.action_webhook`.
#[derive(Clone, PartialEq)]
pub struct Webhook {
    /// `id`
    pub id: String,
    /// `name`
    pub name: String,
    /// `type`
    pub kind: WebhookKind,
    /// Where to. It may hold a token.
    pub url: String,
    /// `GET`, `POST`, `PUT`, `DELETE` or `OPTIONS`.
    pub method: String,
    /// Beside the usual ones.
    pub headers: BTreeMap<String, String>,
    /// What signs the messages of DingTalk and Lark, and the calls of EventBridge and functions.
    pub secret: Option<String>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Address, headers and secret open somebody's door.
        f.debug_struct("Webhook").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Webhook {
    /// Reads a record.
    pub fn parse(record: &Json) -> Result<Webhook, RecordError> {
        let fields = Fields::of(record)?;
        let kind_name = fields.text("type")?;
        let kind = WebhookKind::parse(&kind_name).ok_or_else(|| {
            RecordError::new(
                "type",
                &kind_name,
                "should be one of dingtalk, wechat, lark, slack, custom, event_bridge, fc",
            )
        })?;
        let url = fields.text("url")?;
        let has_host = |rest: &str| !rest.is_empty() && !rest.starts_with('/');
        let is_http = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).is_some_and(has_host);
        if !is_http || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            // The address may hold a token, so it is not repeated.
            return Err(RecordError::new("url", "", "should be an address that begins with https:// or http://"));
        }
        let method = fields.text_or("method", "POST")?.to_ascii_uppercase();
        if !["GET", "POST", "PUT", "DELETE", "OPTIONS"].contains(&method.as_str()) {
            return Err(RecordError::new("method", &method, "should be one of GET, POST, PUT, DELETE, OPTIONS"));
        }
        Ok(Webhook {
            id: fields.id("id")?,
            name: fields.name("name", 40)?,
            kind,
            url,
            method,
            headers: headers(&fields)?,
            secret: Some(fields.text_or("secret", "")?).filter(|secret| !secret.is_empty()),
        })
    }
}

fn headers(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, RecordError> {
    let mut headers = BTreeMap::new();
    for header in fields.list("headers")? {
        let wrong = |message: &str| RecordError::new("headers", "", message);
        let text = |name: &str| header.get(name).and_then(Json::as_str);
        let (Some(key), Some(value)) = (text("key"), text("value")) else {
            return Err(wrong("should be a list of {\"key\": ..., \"value\": ...}"));
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if key.is_empty() || !key.chars().all(is_name) || value.chars().any(char::is_control) {
            return Err(wrong("should have names and values that HTTP allows"));
        }
        headers.insert(key.to_owned(), value.to_owned());
    }
    Ok(headers)
}
