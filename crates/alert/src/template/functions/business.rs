//! Functions that know what an alert is: words and colours for severities, lists of labels, names of regions.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::codec::{escaped_html, escaped_markdown};
use super::{Arguments, Function, Setting, text_of};
use crate::template::engine::Markup;
use crate::template::words::{self, Colour};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("format_type", format_type),
    ("format_region", format_region),
    ("format_severity", format_severity),
    ("format_status", format_status),
    ("to_list", |arguments, setting| list(arguments, setting, false)),
    ("annotations_to_list", |arguments, setting| list(arguments, setting, true)),
    ("blockquote", blockquote),
];

/// Of names and values in one list; escaping makes each byte six at most.
const LIST_BYTES_MAX: usize = 10_000;

fn format_type(arguments: &Arguments<'_>, setting: Setting) -> Result<Value, Error> {
    let locale = arguments.locale(1, setting.locale)?;
    let id = arguments.text();
    Ok(words::alert_type(&id, locale).map_or(id, str::to_owned).into())
}

fn format_region(arguments: &Arguments<'_>, setting: Setting) -> Result<Value, Error> {
    let locale = arguments.locale(1, setting.locale)?;
    let id = arguments.text();
    Ok(words::region(&id, locale).map_or(id, str::to_owned).into())
}

fn format_severity(arguments: &Arguments<'_>, setting: Setting) -> Result<Value, Error> {
    let locale = arguments.locale(1, setting.locale)?;
    let number = arguments.text();
    Ok(match words::severity(&number, locale) {
        Some((name, colour)) => coloured(name, colour, setting.markup),
        None => number.into(),
    })
}

fn format_status(arguments: &Arguments<'_>, setting: Setting) -> Result<Value, Error> {
    let locale = arguments.locale(1, setting.locale)?;
    let status = arguments.text();
    Ok(match words::status(&status, locale) {
        Some((name, colour)) => coloured(name, colour, setting.markup),
        None => status.into(),
    })
}

/// A word in its colour, where the channel has colours.
fn coloured(word: &str, colour: Colour, markup: Markup) -> Value {
    match markup {
        Markup::Html => Value::from_safe_string(format!("<span style=\"color:{}\">{word}</span>", colour.hex())),
        Markup::Markdown => format!("<font color=\"{}\">{word}</font>", colour.hex()).into(),
        Markup::WechatMarkdown => format!("<font color=\"{}\">{word}</font>", colour.wechat()).into(),
        Markup::LarkMarkdown => format!("<font color='{}'>{word}</font>", colour.lark()).into(),
        Markup::Text | Markup::Slack | Markup::Json => word.into(),
    }
}

/// Names and values as a list in the channel's markup, the values escaped. Empty ones are left out, and the last ones when
/// there are more than anybody reads.
fn list(arguments: &Arguments<'_>, setting: Setting, is_annotations: bool) -> Result<Value, Error> {
    let locale = arguments.locale(1, setting.locale)?;
    let map = arguments.value();
    let mut pairs: Vec<(String, String)> = Vec::new();
    if map.kind() == ValueKind::Map {
        for key in map.try_iter()? {
            let name = text_of(&key);
            let name = if is_annotations { words::annotation(&name, locale).map_or(name, str::to_owned) } else { name };
            pairs.push((name, text_of(&map.get_item(&key)?)));
        }
    }
    pairs.retain(|(_, value)| !value.is_empty());
    let mut bytes = 0;
    pairs.retain(|(name, value)| {
        bytes += name.len() + value.len();
        bytes <= LIST_BYTES_MAX
    });
    Ok(match setting.markup {
        Markup::Html => {
            let line =
                |(name, value): &(String, String)| format!("<li>{}: {}</li>", escaped_html(name), escaped_html(value));
            let lines: String = pairs.iter().map(line).collect();
            let lines = if lines.is_empty() { lines } else { format!("<ul>{lines}</ul>") };
            Value::from_safe_string(lines)
        }
        Markup::Markdown | Markup::WechatMarkdown | Markup::LarkMarkdown | Markup::Slack => {
            let escaped = |text: &str| escaped_markdown(&text.replace('\n', " "), setting.markup);
            let mark = if setting.markup == Markup::Slack { "•" } else { "-" };
            let line = |(name, value): &(String, String)| format!("\n{mark} {}: {}", escaped(name), escaped(value));
            pairs.iter().map(line).collect::<String>().into()
        }
        Markup::Text | Markup::Json => {
            let lines: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            lines.join(", ").into()
        }
    })
}

fn blockquote(arguments: &Arguments<'_>, setting: Setting) -> Result<Value, Error> {
    let value = arguments.value();
    let text = text_of(&value);
    Ok(match setting.markup {
        Markup::Html => {
            let inside = if value.is_safe() { text } else { escaped_html(&text) };
            Value::from_safe_string(format!("<blockquote>{inside}</blockquote>"))
        }
        Markup::Text | Markup::Json => text.into(),
        _ => text.split('\n').map(|line| format!("> {line}")).collect::<Vec<String>>().join("\n").into(),
    })
}
