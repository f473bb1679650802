//! Filling one template with values: minijinja, with nothing but the documented functions and with limits on everything.
//!
//! A value that is not there is empty, an object is JSON, and text is escaped where the channel is markup that a value
//! could break.

use std::io;
use std::sync::Arc;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use super::functions::{self, Setting, Work};
use super::syntax::{self, Fault};

/// Instructions of one rendering: a table of 100 rows and 20 columns fits.
const FUEL: u64 = 20_000;
const RECURSION_MAX: usize = 50;
/// An object among text, as JSON. Log Service cuts variables there too.
const OBJECT_BYTES_MAX: usize = 2048;

/// How much may be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// Of the whole.
    pub(super) bytes_max: usize,
    /// Whether what is too long is cut; otherwise it is an error.
    pub(super) is_cut: bool,
    /// Of one object, as JSON.
    pub(super) object_bytes_max: usize,
}

impl Space {
    /// For text that people read.
    pub(super) fn of_text(bytes_max: usize, is_cut: bool) -> Space {
        Space { bytes_max, is_cut, object_bytes_max: OBJECT_BYTES_MAX }
    }
}

/// What the content is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// Text messages, calls, subjects.
    Text,
    /// Mail, Message Center.
    Html,
    /// DingTalk.
    Markdown,
    /// WeCom, which knows three colours by name.
    WechatMarkdown,
    /// Lark.
    LarkMarkdown,
    /// Slack's own.
    Slack,
    /// Webhooks, functions, EventBridge.
    Json,
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escaping {
    None,
    Html,
    /// Texts as they stand between the quotes of a JSON string.
    JsonText,
}

/// Fills `source`.
pub(super) fn fill(
    source: &str,
    context: &Value,
    setting: Setting,
    escaping: Escaping,
    space: Space,
) -> Result<String, Fault> {
    let prepared = syntax::prepare(source, setting.markup)?;
    let environment = environment(setting, escaping, space.object_bytes_max);
    let template = environment.template_from_str(&prepared).map_err(|error| fault(&error))?;
    let mut room = Room { text: Vec::new(), bytes_max: space.bytes_max, is_full: false };
    let rendered = template.render_captured_to(context.clone(), &mut room).map(drop);
    match rendered {
        Err(_) if room.is_full && space.is_cut => Ok(room.cut()),
        Err(_) if room.is_full => {
            let message = format!("the result is longer than {} KB", space.bytes_max / 1024);
            Err(Fault { line: 1, message, is_too_long: true })
        }
        Err(error) => Err(fault(&error)),
        Ok(()) => Ok(String::from_utf8_lossy(&room.text).into_owned()),
    }
}

/// Whether the template speaks of all alerts itself.
pub(super) fn names_all_alerts(source: &str, setting: Setting) -> bool {
    let Ok(prepared) = syntax::prepare(source, setting.markup) else { return false };
    let environment = environment(setting, Escaping::None, OBJECT_BYTES_MAX);
    environment
        .template_from_str(&prepared)
        .is_ok_and(|template| template.undeclared_variables(false).contains("alerts"))
}

fn environment<'a>(setting: Setting, escaping: Escaping, object_bytes_max: usize) -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_MAX);
    environment.set_auto_escape_callback(move |_| match escaping {
        Escaping::None => AutoEscape::None,
        Escaping::Html => AutoEscape::Html,
        Escaping::JsonText => AutoEscape::Custom("json text".into()),
    });
    environment.set_formatter(move |out, state, value| print(out, state, value, object_bytes_max));
    let work = Arc::new(Work::default());
    for (name, function) in functions::all() {
        let work = work.clone();
        let called = move |arguments: Rest<ValueOrKwargs>| {
            functions::call(name, function, setting, &work, &arguments.into_values())
        };
        environment.add_function(name, called.clone());
        environment.add_filter(name, called);
    }
    environment.add_test("defined", minijinja::tests::is_defined);
    environment.set_unknown_method_callback(move |_, value, method, arguments| {
        functions::method(value, method, setting, &work, arguments)
    });
    environment
}

fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value, object_bytes_max: usize) -> Result<(), Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(());
    }
    let is_object = matches!(value.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable);
    let text = if is_object { json_within(value, object_bytes_max) } else { functions::text_of(value) };
    let written = match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() => functions::escaped_html(&text),
        AutoEscape::Custom(_) if value.kind() == ValueKind::String && !value.is_safe() => json_text(&text),
        _ => text,
    };
    out.write_str(&written).map_err(Error::from)
}

/// As JSON, without the last elements of a list or object that is too long.
fn json_within(value: &Value, bytes_max: usize) -> String {
    let mut room = Room { text: Vec::new(), bytes_max, is_full: false };
    if serde_json::to_writer(&mut room, value).is_ok() {
        return String::from_utf8(room.text).unwrap_or_default();
    }
    let is_map = value.kind() == ValueKind::Map;
    let (open, close) = if is_map { ('{', '}') } else { ('[', ']') };
    let mut kept = String::from(open);
    for key in value.try_iter().into_iter().flatten() {
        let mut room = Room { text: Vec::new(), bytes_max: bytes_max.saturating_sub(kept.len() + 2), is_full: false };
        let written = match is_map {
            true => {
                let element = value.get_item(&key).unwrap_or_default();
                let named = serde_json::to_writer(&mut room, &functions::text_of(&key));
                room.text.push(b':');
                named.and_then(|()| serde_json::to_writer(&mut room, &element))
            }
            false => serde_json::to_writer(&mut room, &key),
        };
        if written.is_err() {
            break;
        }
        if kept.len() > 1 {
            kept.push(',');
        }
        kept.push_str(&String::from_utf8(room.text).unwrap_or_default());
    }
    kept.push(close);
    kept
}

fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The engine's error in words for whoever wrote the template.
fn fault(error: &Error) -> Fault {
    let detail = error.detail().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::OutOfFuel => "the template takes too many steps; loop over less".to_owned(),
        ErrorKind::UnknownFunction | ErrorKind::UnknownFilter | ErrorKind::UnknownMethod => {
            format!("there is no such function: {detail}")
        }
        ErrorKind::SyntaxError => format!("cannot be read: {detail}"),
        _ if detail.is_empty() => error.kind().to_string(),
        _ => detail.to_owned(),
    };
    Fault { line: error.line().unwrap_or(1), message, is_too_long: false }
}

/// A buffer with an end.
pub(super) struct Room {
    text: Vec<u8>,
    bytes_max: usize,
    is_full: bool,
}

impl Room {
    fn cut(mut self) -> String {
        const MARK: &str = "…";
        self.text.truncate(self.bytes_max.saturating_sub(MARK.len()));
        while std::str::from_utf8(&self.text).is_err() {
            self.text.pop();
        }
        String::from_utf8(self.text).unwrap_or_default() + MARK
    }
}

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.bytes_max - self.text.len().min(self.bytes_max);
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.is_full = true;
            return Err(io::Error::other("no room left"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
