//! Rules of version 1: a condition over combinations of rows, and notifications written into the rule itself.
//!
//! They run like others: the rows of their queries crossed, one group, one severity. Their notifications name addresses
//! and not users, so they pass no policy: they are sent when the rule fires, not more often than `throttling`.

use serde_json::Value;

use super::RuleError;
use super::reader::Reader;
use crate::Channel;
use crate::schedule::duration_seconds;

/// What a rule of version 1 has besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// Whom to tell.
    pub notifications: Vec<Notification>,
    /// The least time between two notifications, in seconds.
    pub throttling_seconds: i64,
}

/// One notification of a rule of version 1. What a channel has no use for is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// How.
    pub channel: Channel,
    /// With the old variables: `${aliuid}`.
    pub content: String,
    /// Of mails.
    pub subject: String,
    /// Of robots' messages.
    pub title: String,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers, of messages and calls.
    pub mobiles: Vec<String>,
    /// Telephone numbers of whom a robot's message is addressed to.
    pub at_mobiles: Vec<String>,
    /// Whether a robot's message is addressed to all.
    pub is_at_all: bool,
    /// Where a webhook is.
    pub url: String,
    /// Its HTTP method.
    pub method: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
}

pub(super) fn read(configuration: &Reader<'_>) -> Result<Legacy, RuleError> {
    let throttling = configuration.text("throttling")?.unwrap_or_default();
    let throttling_seconds = match throttling.as_str() {
        "" | "0" => Some(0),
        text => duration_seconds(text),
    };
    let throttling_seconds = throttling_seconds
        .ok_or_else(|| configuration.error("throttling", "must be a number and s, m, h or d, for example 5m"))?;
    let notifications =
        configuration.objects("notificationList")?.iter().map(notification).collect::<Result<_, _>>()?;
    Ok(Legacy { notifications, throttling_seconds })
}

fn notification(reader: &Reader<'_>) -> Result<Notification, RuleError> {
    let channel = match reader.required_text("type")?.as_str() {
        "SMS" => Channel::Sms,
        "Voice" => Channel::Voice,
        "Email" => Channel::Email,
        "DingTalk" => Channel::Dingtalk,
        "Webhook" => Channel::Webhook,
        "MessageCenter" | "Notification" => Channel::MessageCenter,
        _ => {
            let message = "must be SMS, Voice, Email, DingTalk, Webhook or MessageCenter";
            return Err(reader.error("type", message));
        }
    };
    let notification = Notification {
        channel,
        content: reader.text("content")?.unwrap_or_default(),
        subject: reader.text("subject")?.unwrap_or_default(),
        title: reader.text("title")?.unwrap_or_default(),
        emails: reader.texts("emailList")?,
        mobiles: reader.texts("mobileList")?,
        at_mobiles: reader.texts("atMobiles")?,
        is_at_all: reader.flag("isAtAll")?.unwrap_or(false),
        url: reader.text("serviceUri")?.unwrap_or_default(),
        method: reader.text("method")?.filter(|method| !method.is_empty()).unwrap_or_else(|| "POST".to_owned()),
        headers: headers(reader)?,
    };
    let missing = match channel {
        Channel::Email if notification.emails.is_empty() => Some("emailList"),
        Channel::Sms | Channel::Voice if notification.mobiles.is_empty() => Some("mobileList"),
        Channel::Dingtalk | Channel::Webhook if notification.url.is_empty() => Some("serviceUri"),
        _ => None,
    };
    missing.map_or(Ok(notification), |field| Err(reader.error(field, "is required")))
}

fn headers(reader: &Reader<'_>) -> Result<Vec<(String, String)>, RuleError> {
    let Some(value) = reader.get("headers") else { return Ok(Vec::new()) };
    let Some(headers) = value.as_object() else { return Err(reader.error("headers", "must be an object")) };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(headers.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}
