//! The record `sls.alert.content_template`, read.
//!
//! The JSON text is what is stored and answered; this is the parsed reading of it. `parse` looks at its shape,
//! [`ContentTemplate::check`] at the templates in it too.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{TemplateError, compose};
use crate::{Channel, Locale};

/// Characters of one content; Log Service's own limit is not published. Long ones cost time at each alert.
const CONTENT_CHARS_MAX: usize = 20_000;
const TITLE_CHARS_MAX: usize = 500;
const NAME_CHARS_MAX: usize = 40;
const LIMIT_MAX: u64 = 1000;
const NOT_IN_NAMES: &str = "\"\\$|~?&<>{}`'";

const CHANNELS: [(&str, Channel); 11] = [
    ("sms", Channel::Sms),
    ("voice", Channel::Voice),
    ("email", Channel::Email),
    ("dingtalk", Channel::Dingtalk),
    ("webhook", Channel::Webhook),
    ("message_center", Channel::MessageCenter),
    ("wechat", Channel::Wechat),
    ("lark", Channel::Lark),
    ("slack", Channel::Slack),
    ("event_bridge", Channel::EventBridge),
    ("fc", Channel::Fc),
];

/// How a webhook or function gets several alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendType {
    /// One request for each.
    Single,
    /// One request with a list of what each became.
    Batch,
    /// One request with what the template made of all of them.
    Merged,
}

/// What a template says on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTemplate {
    /// The language of built-in words.
    pub locale: Locale,
    /// Subject or title.
    pub title: String,
    /// The content; empty means the built-in one.
    pub content: String,
    /// For webhooks and functions.
    pub send_type: SendType,
    /// How many alerts a batch takes; 0 is all.
    pub limit: usize,
    /// Whether links that need no login are left out: the switch "Disable Details Viewing".
    pub has_no_details: bool,
}

/// A content template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentTemplate {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says where; channels that are not there use the built-in template.
    pub channels: BTreeMap<Channel, ChannelTemplate>,
}

fn wrong(field: impl Into<String>, message: &str) -> TemplateError {
    TemplateError { field: field.into(), line: None, message: message.to_owned() }
}

impl ContentTemplate {
    /// Reads a record's value. Unknown fields are left alone; the templates in it are not compiled.
    pub fn parse(record: &Value) -> Result<ContentTemplate, TemplateError> {
        let text = |field: &str| record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = text("template_id");
        let is_id = (5..=60).contains(&id.len())
            && id.starts_with(|first: char| first.is_ascii_alphabetic())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if !is_id {
            let message = "must be 5 to 60 letters, digits, '_', '.' or '-' and begin with a letter";
            return Err(wrong("template_id", message));
        }
        let name = text("template_name");
        if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.contains(|c| NOT_IN_NAMES.contains(c)) {
            return Err(wrong("template_name", "must be 1 to 40 characters without \"\\$|~?&<>{}`'"));
        }
        let mut channels = BTreeMap::new();
        match record.get("templates") {
            None | Some(Value::Null) => {}
            Some(Value::Object(all)) => {
                for (key, value) in all {
                    let Some((_, channel)) = CHANNELS.iter().find(|(known, _)| known == key) else {
                        return Err(wrong(format!("templates.{key}"), "is not a channel"));
                    };
                    channels.insert(*channel, ChannelTemplate::parse(key, value)?);
                }
            }
            Some(_) => return Err(wrong("templates", "must be an object with a member for each channel")),
        }
        Ok(ContentTemplate { id, name, channels })
    }

    /// Compiles everything in it and fills it with a sample, so that what can never work is told to whoever writes it.
    pub fn check(&self) -> Result<(), TemplateError> {
        self.channels.iter().try_for_each(|(channel, one)| compose::check(one, *channel))
    }

    /// The language of what it does not say itself.
    pub(super) fn locale(&self) -> Locale {
        let is_chinese_builtin = self.id.ends_with(".cn");
        let first = self.channels.values().next().map(|one| one.locale);
        first.unwrap_or(if is_chinese_builtin { Locale::Chinese } else { Locale::English })
    }
}

impl ChannelTemplate {
    fn parse(key: &str, value: &Value) -> Result<ChannelTemplate, TemplateError> {
        let at = |field: &str| format!("templates.{key}.{field}");
        if !value.is_object() {
            return Err(wrong(format!("templates.{key}"), "must be an object"));
        }
        let text = |field: &str, chars_max: usize| match value.get(field) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) if text.chars().count() <= chars_max => Ok(text.clone()),
            Some(Value::String(_)) => Err(wrong(at(field), &format!("is longer than {chars_max} characters"))),
            // The content of a webhook is sometimes written as the JSON it stands for.
            Some(other) if field == "content" => Ok(other.to_string()),
            Some(_) => Err(wrong(at(field), "must be text")),
        };
        let locale = match text("locale", 20)?.as_str() {
            "zh-CN" | "cn" => Locale::Chinese,
            "" | "en-US" | "en" => Locale::English,
            _ => return Err(wrong(at("locale"), "must be zh-CN or en-US")),
        };
        let send_type = match text("send_type", 20)?.as_str() {
            "" | "single" => SendType::Single,
            "batch" => SendType::Batch,
            "merged" => SendType::Merged,
            _ => return Err(wrong(at("send_type"), "must be single, batch or merged")),
        };
        let limit = match value.get("limit") {
            None | Some(Value::Null) => 0,
            Some(number) => number
                .as_u64()
                .or_else(|| number.as_str()?.parse().ok())
                .filter(|limit| *limit <= LIMIT_MAX)
                .ok_or_else(|| wrong(at("limit"), "must be a number from 0, which is no limit, to 1000"))?,
        };
        let has_no_details = match value.get("disable_details") {
            None | Some(Value::Null) => false,
            Some(flag) => flag.as_bool().ok_or_else(|| wrong(at("disable_details"), "must be true or false"))?,
        };
        let title = match text("title", TITLE_CHARS_MAX)? {
            title if title.is_empty() => text("subject", TITLE_CHARS_MAX)?,
            title => title,
        };
        let limit = usize::try_from(limit).expect("at most 1000");
        let content = text("content", CONTENT_CHARS_MAX)?;
        Ok(ChannelTemplate { locale, title, content, send_type, limit, has_no_details })
    }
}

/// A channel's name in the record.
pub(super) fn key_of(channel: Channel) -> &'static str {
    CHANNELS.iter().find(|(_, each)| *each == channel).map_or("", |(key, _)| key)
}
