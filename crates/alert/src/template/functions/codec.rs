//! Functions that encode, decode and escape.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use minijinja::value::Serde;
use minijinja::{Error, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Arguments, Function, Setting, wrong};
use crate::template::engine::Markup;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("escape_markdown", |arguments, setting| Ok(escaped_markdown(&arguments.text(), setting.markup).into())),
    ("escape_html", |arguments, _| Ok(Value::from_safe_string(escaped_html(&arguments.text())))),
    ("to_json", |arguments, setting| Ok(to_json(&arguments.value(), setting))),
    ("parse_json", parse_json),
    ("base64_encoding", |arguments, _| Ok(STANDARD.encode(arguments.text()).into())),
    ("base64_decoding", base64_decoding),
    ("md5_encoding", |arguments, _| Ok(hex::encode(Md5::digest(arguments.text())).into())),
    ("url_encoding", |arguments, _| Ok(utf8_percent_encode(&arguments.text(), RESERVED).to_string().into())),
    ("url_decoding", |arguments, _| Ok(percent_decode_str(&arguments.text()).decode_utf8_lossy().into_owned().into())),
];

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// What Markdown gives a meaning inside of a line. The rest (full stops, parentheses alone) is left readable for clients
/// that show entities as they are.
const MARKDOWN: &str = "\\`*_{}[]#|~";

/// As HTML shows it.
pub(in crate::template) fn escaped_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// As Markdown shows it: signs as HTML entities. Slack knows three of them, and no others are needed there.
pub(super) fn escaped_markdown(text: &str, markup: Markup) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other if markup != Markup::Slack && MARKDOWN.contains(other) => {
                escaped.push_str(&format!("&#{};", u32::from(other)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Where JSON is written it stands as it is; in HTML it is text like any other.
fn to_json(value: &Value, setting: Setting) -> Value {
    let json = serde_json::to_string(value).unwrap_or_default();
    if setting.markup == Markup::Json { Value::from_safe_string(json) } else { json.into() }
}

fn parse_json(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let parsed: serde_json::Value =
        serde_json::from_str(&arguments.text()).map_err(|_| wrong("parse_json: the text is not JSON"))?;
    Ok(Value::from(Serde(parsed)))
}

fn base64_decoding(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let bytes =
        STANDARD.decode(arguments.text().trim()).map_err(|_| wrong("base64_decoding: the text is not base64"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}
