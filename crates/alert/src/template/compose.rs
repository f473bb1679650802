//! From a channel's template and alerts to messages: how many there are, and what stands around a template's own text.
//!
//! A person gets one message however many alerts there are, so the contents follow each other, up to a number that can
//! be read. A content that goes through `alerts` itself is filled once. What programs read has nothing around it.

use std::ops::Range;

use minijinja::Value;

use super::engine::{Escaping, Markup, Space, fill, names_all_alerts};
use super::functions::{Setting, escaped_html};
use super::plain::plain_text;
use super::record::{ChannelTemplate, SendType, key_of};
use super::syntax::Fault;
use super::{Links, Message, TemplateError, builtin, variables, words};
use crate::{Alert, Channel, Locale};

/// Contents in one message: more are counted, not shown.
const SHOWN_MAX: usize = 20;
/// The same in a text message or call.
const SHOWN_BRIEFLY_MAX: usize = 3;
/// What `alerts` holds: an alert can be some hundred KB with all its rows.
const LISTED_MAX: usize = 100;
const TITLE_BYTES_MAX: usize = 500;
/// An EventBridge event takes 64 KB with its envelope.
const EVENT_BYTES_MAX: usize = 60 * 1024;
/// An asynchronous invocation takes 128 KB.
const FUNCTION_BYTES_MAX: usize = 128 * 1024;
const WEBHOOK_BYTES_MAX: usize = 1024 * 1024;
const MAIL_BYTES_MAX: usize = 256 * 1024;
/// More than any robot takes.
const CHAT_BYTES_MAX: usize = 40 * 1024;
const SMS_BYTES_MAX: usize = 1500;
/// Bytes of one object in what programs read: less is tried when the whole is too long, so rows go before alerts do.
const OBJECT_BYTES: [usize; 4] = [64 * 1024, 8 * 1024, 1024, 128];

/// A channel's template with everything that is decided once.
struct Composer<'a> {
    template: &'a ChannelTemplate,
    channel: Channel,
    setting: Setting,
    bytes_max: usize,
    alerts: &'a [Alert],
    links: &'a Links,
    /// What `alerts` is, when the template names it.
    list: Value,
}

pub(super) fn compose(
    template: &ChannelTemplate,
    channel: Channel,
    alerts: &[Alert],
    links: &Links,
) -> Result<Vec<Message>, TemplateError> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let setting = Setting { markup: markup(channel), locale: template.locale };
    let bytes_max = bytes_max(channel);
    let mut composer = Composer { template, channel, setting, bytes_max, alerts, links, list: Value::UNDEFINED };
    composer.list = composer.listed(0..alerts.len());
    match (channel, template.send_type) {
        (Channel::EventBridge, _) | (Channel::Webhook | Channel::Fc, SendType::Single) => composer.singly(),
        (Channel::Webhook | Channel::Fc, SendType::Batch) => composer.batch(),
        (Channel::Webhook | Channel::Fc, SendType::Merged) => composer.merged(),
        _ => composer.for_people(),
    }
}

/// The names of the alerts and nothing else, as a JSON text, which is readable on every channel: the last resort, so that
/// nothing an alert says can keep it from being told.
pub(super) fn bare(alerts: &[Alert], locale: Locale) -> Vec<Message> {
    let name = |alert: &Alert| {
        let word = words::status(&alert.status.to_string(), locale).map_or("", |(word, _)| word);
        let safe = |c: &char| c.is_alphanumeric() || " -_.:".contains(*c);
        format!("[{word}] {}", alert.rule_title.chars().filter(safe).take(100).collect::<String>())
    };
    let message = |(at, alert): (usize, &Alert)| {
        let title = name(alert);
        let body = serde_json::Value::from(title.as_str()).to_string();
        Message { plain: Some(title.clone()), title, body, alerts: vec![at], locale }
    };
    alerts.iter().enumerate().map(message).collect()
}

/// Whether the template can work at all: it is filled with the sample.
pub(super) fn check(template: &ChannelTemplate, channel: Channel) -> Result<(), TemplateError> {
    let links = Links::default();
    compose(template, channel, &variables::sample(), &links).map(drop)
}

fn markup(channel: Channel) -> Markup {
    match channel {
        Channel::Sms | Channel::Voice => Markup::Text,
        Channel::Email | Channel::MessageCenter => Markup::Html,
        Channel::Dingtalk => Markup::Markdown,
        Channel::Wechat => Markup::WechatMarkdown,
        Channel::Lark => Markup::LarkMarkdown,
        Channel::Slack => Markup::Slack,
        Channel::Webhook | Channel::EventBridge | Channel::Fc => Markup::Json,
    }
}

fn bytes_max(channel: Channel) -> usize {
    match channel {
        Channel::Sms | Channel::Voice => SMS_BYTES_MAX,
        Channel::Email | Channel::MessageCenter => MAIL_BYTES_MAX,
        Channel::Dingtalk | Channel::Wechat | Channel::Lark | Channel::Slack => CHAT_BYTES_MAX,
        Channel::EventBridge => EVENT_BYTES_MAX,
        Channel::Fc => FUNCTION_BYTES_MAX,
        Channel::Webhook => WEBHOOK_BYTES_MAX,
    }
}

impl Composer<'_> {
    fn error(&self, field: &str, fault: Fault) -> TemplateError {
        let field = format!("templates.{}.{field}", key_of(self.channel));
        TemplateError { field, line: Some(fault.line), message: fault.message }
    }

    /// The page of an alert that needs no login; empty when there is none or it shall not be shown.
    fn link(&self, at: usize) -> &str {
        let link = self.links.details.get(at).and_then(Option::as_deref);
        link.filter(|_| !self.template.has_no_details).unwrap_or_default()
    }

    fn fact(&self, at: usize) -> Value {
        variables::fact(&self.alerts[at], self.link(at), &self.links.base_url)
    }

    /// What one rendering sees: an alert, and the list.
    fn context(&self, at: usize) -> Value {
        variables::context(&self.fact(at), &self.list)
    }

    fn listed(&self, range: Range<usize>) -> Value {
        let is_named =
            [&self.template.content, &self.template.title].iter().any(|text| names_all_alerts(text, self.setting));
        if is_named { range.take(LISTED_MAX).map(|at| self.fact(at)).collect() } else { Value::UNDEFINED }
    }

    /// The subject or title, from the first alert that it is about. It is plain text everywhere. Robots refuse a message
    /// without one, so a template that has none gets the built-in one.
    fn title(&self, context: &Value) -> Result<String, TemplateError> {
        let own = self.template.title.as_str();
        let usual = || builtin::channel(self.setting.locale, self.channel).title.as_str();
        let source = if own.trim().is_empty() { usual() } else { own };
        let setting = Setting { markup: Markup::Text, ..self.setting };
        let field = if matches!(self.channel, Channel::Email | Channel::EventBridge) { "subject" } else { "title" };
        let space = Space::of_text(TITLE_BYTES_MAX, true);
        let title = fill(source, context, setting, Escaping::None, space);
        let title = title.map_err(|fault| self.error(field, fault))?;
        Ok(title.split_whitespace().collect::<Vec<&str>>().join(" "))
    }

    fn message(&self, title: String, body: String, alerts: Vec<usize>) -> Message {
        let plain = (self.setting.markup == Markup::Html).then(|| plain_text(&body));
        Message { title, body, plain, alerts, locale: self.setting.locale }
    }

    /// The content for a program, of one alert. When it is JSON only with its texts escaped, they are.
    fn for_programs(&self, context: &Value) -> Result<String, TemplateError> {
        let mut outcome = Ok(String::new());
        for object_bytes_max in OBJECT_BYTES {
            outcome = self.as_json(context, object_bytes_max);
            if !matches!(&outcome, Err(fault) if fault.is_too_long) {
                break;
            }
        }
        outcome.map_err(|fault| self.error("content", fault))
    }

    fn as_json(&self, context: &Value, object_bytes_max: usize) -> Result<String, Fault> {
        // A batch puts brackets around it.
        let space = Space { bytes_max: self.bytes_max - 2, is_cut: false, object_bytes_max };
        let filled = |escaping| fill(&self.template.content, context, self.setting, escaping, space);
        let as_written = filled(Escaping::None)?;
        let looks_like_json = as_written.trim_start().starts_with(['{', '[']);
        if !looks_like_json || is_json(&as_written) {
            return Ok(as_written);
        }
        let escaped = filled(Escaping::JsonText)?;
        Ok(if is_json(&escaped) { escaped } else { as_written })
    }

    fn singly(&self) -> Result<Vec<Message>, TemplateError> {
        let one = |at: usize| {
            let context = self.context(at);
            Ok(self.message(self.title(&context)?, self.for_programs(&context)?, vec![at]))
        };
        (0..self.alerts.len()).map(one).collect()
    }

    /// A list of JSON values, or of texts when one of them is no JSON. What is too long for one request takes several.
    fn batch(&self) -> Result<Vec<Message>, TemplateError> {
        let contents = (0..self.limited()).map(|at| self.for_programs(&self.context(at)));
        let contents = contents.collect::<Result<Vec<String>, _>>()?;
        let is_all_json = contents.iter().all(|content| is_json(content));
        let mut messages = Vec::new();
        let (mut body, mut alerts) = (String::new(), Vec::new());
        for (at, content) in contents.into_iter().enumerate() {
            let written = if is_all_json { content } else { serde_json::Value::from(content).to_string() };
            if !alerts.is_empty() && body.len() + written.len() + 3 > self.bytes_max {
                let full = std::mem::take(&mut alerts);
                let title = self.title(&self.context(full[0]))?;
                messages.push(self.message(title, format!("[{}]", std::mem::take(&mut body)), full));
            }
            if !alerts.is_empty() {
                body.push(',');
            }
            body.push_str(&written);
            alerts.push(at);
        }
        let title = self.title(&self.context(alerts[0]))?;
        messages.push(self.message(title, format!("[{body}]"), alerts));
        Ok(messages)
    }

    /// What the template makes of all; a list that is too long takes several requests.
    fn merged(&self) -> Result<Vec<Message>, TemplateError> {
        let count = self.limited();
        let one = |start: usize| {
            let range = start..count.min(start + LISTED_MAX);
            let part = Composer { list: self.listed(range.clone()), ..*self };
            let context = part.context(start);
            Ok(self.message(self.title(&context)?, part.for_programs(&context)?, range.collect()))
        };
        (0..count).step_by(LISTED_MAX).map(one).collect()
    }

    fn limited(&self) -> usize {
        let count = self.alerts.len();
        if self.template.limit == 0 { count } else { count.min(self.template.limit) }
    }

    fn for_people(&self) -> Result<Vec<Message>, TemplateError> {
        let content = &self.template.content;
        let escaping = if self.setting.markup == Markup::Html { Escaping::Html } else { Escaping::None };
        let filled = |context: &Value| {
            let space = Space::of_text(self.bytes_max, true);
            fill(content, context, self.setting, escaping, space).map_err(|fault| self.error("content", fault))
        };
        let first = self.context(0);
        let all: Vec<usize> = (0..self.alerts.len()).collect();
        let body = if names_all_alerts(content, self.setting) {
            filled(&first)?
        } else {
            let brief = matches!(self.channel, Channel::Sms | Channel::Voice);
            let shown_max = if brief { SHOWN_BRIEFLY_MAX } else { SHOWN_MAX };
            let mut parts = Vec::new();
            let mut bytes = 0;
            for at in all.iter().copied().take(shown_max) {
                let part = self.with_link(filled(&self.context(at))?, at);
                bytes += part.len();
                if bytes > self.bytes_max && at > 0 {
                    break;
                }
                parts.push(part);
            }
            self.around(&parts)
        };
        Ok(vec![self.message(self.title(&first)?, body, all)])
    }

    /// Adds the link to the alert's page, unless the content has it already.
    fn with_link(&self, content: String, at: usize) -> String {
        let link = self.link(at);
        if link.is_empty() || content.contains(link) || content.contains(&escaped_html(link)) {
            return content;
        }
        let words = words::details(self.setting.locale);
        match self.setting.markup {
            Markup::Text | Markup::Json => content,
            Markup::Html => format!("{content}\n<p><a href=\"{}\">{words}</a></p>", escaped_html(link)),
            Markup::Slack => format!("{content}\n<{link}|{words}>"),
            Markup::Markdown | Markup::WechatMarkdown | Markup::LarkMarkdown => {
                format!("{content}\n\n[{words}]({link})")
            }
        }
    }

    /// Contents one after another, with how many there are.
    fn around(&self, parts: &[String]) -> String {
        let (count, locale) = (self.alerts.len(), self.setting.locale);
        if count == 1 {
            return parts.concat();
        }
        let (several, more) = (words::several(count, locale), words::more(count - parts.len(), locale));
        let is_all = parts.len() == count;
        match self.setting.markup {
            Markup::Html => {
                let more = if is_all { String::new() } else { format!("<hr>\n<p>{more}</p>") };
                format!("<p>{several}</p>\n{}\n{more}", parts.join("\n<hr>\n"))
            }
            Markup::Text | Markup::Json => {
                let more = if is_all { String::new() } else { format!("; {more}") };
                format!("{several} {}{more}", parts.join("; "))
            }
            _ => {
                let more = if is_all { String::new() } else { format!("\n\n---\n\n{more}") };
                format!("{several}\n\n{}{more}", parts.join("\n\n---\n\n"))
            }
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
