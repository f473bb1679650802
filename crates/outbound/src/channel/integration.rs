//! Webhook integrations: where robots and receivers are, and what they are authorized with.
//!
//! The record is Log Service's `sls.alert.action_webhook`. Two types are ours: `event_bridge` and `fc` hold the endpoint
//! and the access key of the account that owns the bus or the function, because here no cloud role does.

use host::Secret;
use model::ErrorKind;
use serde_json::Value;

/// What a webhook integration leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrationKind {
    /// A DingTalk robot.
    Dingtalk,
    /// A WeCom robot.
    Wechat,
    /// A Lark or Feishu robot.
    Lark,
    /// A Slack incoming webhook.
    Slack,
    /// Any HTTP receiver.
    Custom,
    /// An EventBridge endpoint.
    EventBridge,
    /// A Function Compute endpoint.
    Fc,
}

impl IntegrationKind {
    const ALL: [IntegrationKind; 7] = [
        IntegrationKind::Dingtalk,
        IntegrationKind::Wechat,
        IntegrationKind::Lark,
        IntegrationKind::Slack,
        IntegrationKind::Custom,
        IntegrationKind::EventBridge,
        IntegrationKind::Fc,
    ];

    /// Its `type` in the record.
    pub fn name(self) -> &'static str {
        match self {
            IntegrationKind::Dingtalk => "dingtalk",
            IntegrationKind::Wechat => "wechat",
            IntegrationKind::Lark => "lark",
            IntegrationKind::Slack => "slack",
            IntegrationKind::Custom => "custom",
            IntegrationKind::EventBridge => "event_bridge",
            IntegrationKind::Fc => "fc",
        }
    }

    /// Whether the robot takes 20 messages a minute and no more.
    pub(super) fn is_paced(self) -> bool {
        matches!(self, IntegrationKind::Dingtalk | IntegrationKind::Wechat | IntegrationKind::Lark)
    }
}

/// A webhook integration, opened: it holds secrets and is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// What it leads to.
    pub kind: IntegrationKind,
    /// The address; for `event_bridge` and `fc` the endpoint.
    pub url: String,
    /// The HTTP method of a custom one; empty is POST.
    pub method: String,
    /// Headers to add to a custom one's requests.
    pub headers: Vec<(String, String)>,
    /// The key of `event_bridge` and `fc`.
    pub access_key_id: String,
    /// The robot's secret, or the key's.
    pub secret: Option<Secret<String>>,
}

/// The record is no webhook integration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct InvalidIntegration {
    /// The record's field.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl InvalidIntegration {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "OPTIONS"];
const HEADERS_MAX: usize = 20;

impl Integration {
    /// Reads a record's value.
    pub fn parse(record: &Value) -> Result<Integration, InvalidIntegration> {
        let invalid = |field, reason| InvalidIntegration { field, reason };
        let text = |field| record.get(field).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let named = text("type");
        let kind = IntegrationKind::ALL
            .into_iter()
            .find(|kind| kind.name() == named)
            .ok_or(invalid("type", "must be dingtalk, wechat, lark, slack, custom, event_bridge or fc"))?;
        let url = text("url");
        let is_web = reqwest::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            return Err(invalid("url", "must be an address that begins with https:// or http://"));
        }
        let method = text("method").to_ascii_uppercase();
        if !method.is_empty() && !METHODS.contains(&method.as_str()) {
            return Err(invalid("method", "must be GET, POST, PUT, DELETE or OPTIONS"));
        }
        let headers = headers(record.get("headers")).map_err(|reason| invalid("headers", reason))?;
        let secret = Some(text("secret")).filter(|secret| !secret.is_empty()).map(Secret::new);
        let access_key_id = text("access_key_id");
        if matches!(kind, IntegrationKind::EventBridge | IntegrationKind::Fc) {
            if access_key_id.is_empty() || !access_key_id.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(invalid("access_key_id", "must be the id of the access key that signs"));
            }
            if secret.is_none() {
                return Err(invalid("secret", "must be the access key's secret"));
            }
        }
        Ok(Integration { kind, url, method, headers, access_key_id, secret })
    }
}

/// `[{key,value}]`, or an object, as older records have it.
fn headers(field: Option<&Value>) -> Result<Vec<(String, String)>, &'static str> {
    let pairs: Vec<(String, String)> = match field {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(Value::Array(all)) => all
            .iter()
            .map(|each| {
                let part = |name| each.get(name).and_then(Value::as_str).map(str::to_owned);
                Some((part("key")?, part("value")?))
            })
            .collect::<Option<_>>()
            .ok_or("must be a list of {key, value}")?,
        Some(Value::Object(all)) => all
            .iter()
            .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect::<Option<_>>()
            .ok_or("must have texts as values")?,
        Some(_) => return Err("must be a list of {key, value}"),
    };
    if pairs.len() > HEADERS_MAX {
        return Err("must be at most 20");
    }
    let is_header = |(name, value): &(String, String)| {
        http::HeaderName::from_bytes(name.as_bytes()).is_ok() && http::HeaderValue::from_str(value).is_ok()
    };
    if pairs.iter().all(is_header) { Ok(pairs) } else { Err("must be names and values that HTTP allows") }
}
