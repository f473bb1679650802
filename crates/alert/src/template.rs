//! Content templates: what a notification says on each channel.
//!
//! [`render`] makes the messages that a set of alerts becomes on one channel. The language is Log Service's: `{{ value }}`
//! and `{% if %}`, or the older `${value}`, with its variables and functions (docs/book/alert-channels.md). A template is
//! written by a user and filled with text from events, so both are bounded and neither is trusted: see `syntax` and
//! `engine`. What it says of an alert is decided here; how a channel wraps it on the wire is `outbound`'s.

mod builtin;
mod compose;
mod engine;
mod functions;
mod plain;
mod record;
mod syntax;
mod variables;
mod words;

use serde::{Deserialize, Serialize};

use crate::{Alert, Channel, Locale};

pub use builtin::{builtin, builtin_records};
pub use record::{ChannelTemplate, ContentTemplate, SendType};
pub use variables::sample;

/// What is sent to a recipient or receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Subject or title; empty where the channel has none.
    pub title: String,
    /// Text, HTML (mail, Message Center), Markdown (DingTalk, WeCom, Lark, Slack) or what the receiver expects.
    pub body: String,
    /// The same as plain text, for HTML.
    pub plain: Option<String>,
    /// Which of the alerts it tells of, by their place in the list.
    pub alerts: Vec<usize>,
    /// Its language.
    pub locale: Locale,
}

/// Addresses that messages point to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Where people reach the node, without a slash at the end; may be empty.
    pub base_url: String,
    /// For each alert, the page that shows it without logging in. Shorter lists stand for nothing.
    pub details: Vec<Option<String>>,
}

/// A template cannot be used. `message` says what is wrong and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", shown(self))]
pub struct TemplateError {
    /// The record's field: `templates.email.content`.
    pub field: String,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

fn shown(error: &TemplateError) -> String {
    match error.line {
        Some(line) => format!("{}, line {line}: {}", error.field, error.message),
        None => format!("{}: {}", error.field, error.message),
    }
}

impl TemplateError {
    /// What sort of failure it is.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// The messages that these alerts become on the channel. People get one message for all; EventBridge one per alert;
/// webhooks and functions what the template's send type says. No alerts, no messages.
pub fn render(
    template: &ContentTemplate,
    channel: Channel,
    alerts: &[Alert],
    links: &Links,
) -> Result<Vec<Message>, TemplateError> {
    match template.channels.get(&channel).filter(|one| !one.content.trim().is_empty()) {
        Some(one) => compose::compose(one, channel, alerts, links),
        None => compose::compose(builtin::channel(template.locale(), channel), channel, alerts, links),
    }
}

/// The same, with the built-in template of its language in place of one that fails: an alert is never lost to a template.
/// The error says why the own one was not used.
pub fn render_or_builtin(
    template: &ContentTemplate,
    channel: Channel,
    alerts: &[Alert],
    links: &Links,
) -> (Vec<Message>, Option<TemplateError>) {
    match render(template, channel, alerts, links) {
        Ok(messages) => (messages, None),
        Err(error) => {
            let locale = template.channels.get(&channel).map_or(template.locale(), |one| one.locale);
            let plain = builtin::channel(locale, channel);
            let messages = compose::compose(plain, channel, alerts, links);
            (messages.unwrap_or_else(|_| compose::bare(alerts, locale)), Some(error))
        }
    }
}

/// What the template makes of a sample: two alerts, one firing and one resolved. `locale` overrides the template's.
pub fn preview(
    template: &ContentTemplate,
    channel: Channel,
    locale: Option<Locale>,
) -> Result<Vec<Message>, TemplateError> {
    let mut template = template.clone();
    if let (Some(locale), Some(one)) = (locale, template.channels.get_mut(&channel)) {
        one.locale = locale;
    }
    let details = vec![Some("https://cairn.example.com/alerts/detail?token=sample".to_owned()); 2];
    let links = Links { base_url: "https://cairn.example.com".to_owned(), details };
    render(&template, channel, &sample(), &links)
}

#[cfg(test)]
mod tests;
