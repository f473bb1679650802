//! The built-in templates: `sls.builtin.cn`, `sls.builtin.en` and, for alerts on events, `sls.app.actiontrail.builtin.cn`
//! and `.en`.
//!
//! Their texts lie in `data/templates`, one file for each markup, with `[[words]]` that the two languages fill. What they
//! show is the same on all channels: what it is, how bad, since when, where, on what, and what to click.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::ContentTemplate;
use super::record::ChannelTemplate;
use crate::{Channel, Locale};

const ACTIONTRAIL: &str = "sls.app.actiontrail.builtin";
const PLAIN: &str = "sls.builtin";

const TEXT: &str = include_str!("../../data/templates/text.txt");
const VOICE: &str = include_str!("../../data/templates/voice.txt");
const MAIL: &str = include_str!("../../data/templates/mail.html");
const MARKDOWN: &str = include_str!("../../data/templates/markdown.txt");
const SLACK: &str = include_str!("../../data/templates/slack.txt");
const JSON: &str = include_str!("../../data/templates/json.txt");
const TITLE: &str = include_str!("../../data/templates/title.txt");
const WORDS: &str = include_str!("../../data/templates/words.tsv");

/// Lines between these two marks are for alerts on events only.
const EVENTS: (&str, &str) = ("[[events]]", "[[end]]");

static ALL: LazyLock<Vec<(&'static str, Value, ContentTemplate)>> = LazyLock::new(|| {
    let ids = [
        ("sls.builtin.cn", Locale::Chinese, PLAIN),
        ("sls.builtin.en", Locale::English, PLAIN),
        ("sls.app.actiontrail.builtin.cn", Locale::Chinese, ACTIONTRAIL),
        ("sls.app.actiontrail.builtin.en", Locale::English, ACTIONTRAIL),
    ];
    let made = |(id, locale, family)| {
        let record = record(id, locale, family);
        let template = ContentTemplate::parse(&record).expect("the built-in records are valid; a test reads them");
        (id, record, template)
    };
    ids.into_iter().map(made).collect()
});

/// The built-in template of this id.
pub fn builtin(id: &str) -> Option<&'static ContentTemplate> {
    ALL.iter().find(|(each, ..)| *each == id).map(|(.., template)| template)
}

/// Every built-in template as a record: id, tag and value.
pub fn builtin_records() -> Vec<(&'static str, &'static str, &'static Value)> {
    ALL.iter().map(|(id, record, _)| (*id, record["template_name"].as_str().unwrap_or_default(), record)).collect()
}

/// What is said where a template says nothing.
pub(super) fn channel(locale: Locale, channel: Channel) -> &'static ChannelTemplate {
    let id = match locale {
        Locale::Chinese => "sls.builtin.cn",
        Locale::English => "sls.builtin.en",
    };
    let channels: &BTreeMap<Channel, ChannelTemplate> = &builtin(id).expect("it is one of the four").channels;
    channels.get(&channel).expect("the built-in templates have all channels")
}

fn record(id: &str, locale: Locale, family: &str) -> Value {
    let word = |key: &str| {
        let line = WORDS.lines().find(|line| line.split('\t').next() == Some(key));
        let column = if locale == Locale::English { 1 } else { 2 };
        let word = line.and_then(|line| line.split('\t').nth(column));
        word.expect("the list has every word of the files; a test fills them").to_owned()
    };
    let written = |text: &str| filled(text, family == ACTIONTRAIL, &word);
    let language = if locale == Locale::English { "en-US" } else { "zh-CN" };
    let title = written(TITLE);
    let text = json!({"locale": language, "content": written(TEXT)});
    let mail = json!({"locale": language, "subject": title, "content": written(MAIL)});
    let markdown = json!({"locale": language, "title": title, "content": written(MARKDOWN)});
    let list = json!({"locale": language, "send_type": "batch", "limit": 0, "content": written(JSON)});
    json!({
        "template_id": id,
        "template_name": word(family),
        "is_default": false,
        "templates": {
            "sms": text,
            "voice": {"locale": language, "content": written(VOICE)},
            "email": mail,
            "message_center": {"locale": language, "title": title, "content": written(MAIL)},
            "dingtalk": markdown,
            "wechat": markdown,
            "lark": markdown,
            "slack": {"locale": language, "title": title, "content": written(SLACK)},
            "webhook": list,
            "fc": list,
            "event_bridge": {"locale": language, "subject": title, "content": written(JSON)},
        },
    })
}

/// The text with its words, and with or without the lines for events.
fn filled(text: &str, has_events: bool, word: &dyn Fn(&str) -> String) -> String {
    let mut kept = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        match line.trim() {
            mark if mark == EVENTS.0 => is_inside = true,
            mark if mark == EVENTS.1 => is_inside = false,
            _ if is_inside && !has_events => {}
            _ => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    let mut result = String::new();
    let mut rest = kept.trim_end();
    // From its end, because a bracket of Markdown's may stand before a mark: `[[[details]]](...)`.
    while let Some((marked, end)) = rest.split_once("]]") {
        let (before, name) = marked.rsplit_once("[[").expect("the files open their marks");
        result.push_str(before);
        result.push_str(&word(name));
        rest = end;
    }
    result + rest
}
