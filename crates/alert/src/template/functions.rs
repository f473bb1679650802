//! The functions of the template language, each also a filter: `{{ alert.severity | format_severity }}`.
//!
//! They are Log Service's, with its defaults. Every result has an end, so that a template cannot grow without one, and a
//! function that makes markup says so by a safe text, which is not escaped again.

mod arguments;
mod business;
mod codec;
mod lists;
mod numbers;
mod text;
mod time;

use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::engine::Markup;
use crate::Locale;

pub(super) use arguments::Arguments;
pub(super) use codec::escaped_html;

/// For whom is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) markup: Markup,
    pub(super) locale: Locale,
}

pub(super) type Function = fn(&Arguments<'_>, Setting) -> Result<Value, Error>;

/// The largest result, counted as bytes of text plus some for each element.
const RESULT_WEIGHT_MAX: usize = 64 * 1024;
const ELEMENT_WEIGHT: usize = 8;
/// The same for everything that functions are given during one rendering.
const WORK_WEIGHT_MAX: usize = 4 * 1024 * 1024;
const DEPTH_MAX: usize = 32;

/// Every function and its name.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Function)> {
    let groups =
        [numbers::FUNCTIONS, text::FUNCTIONS, lists::FUNCTIONS, codec::FUNCTIONS, time::FUNCTIONS, business::FUNCTIONS];
    groups.into_iter().flatten().copied()
}

/// What functions were given in one rendering. The engine counts a call as one step, whatever it works on.
#[derive(Default)]
pub(super) struct Work(AtomicUsize);

impl Work {
    fn add(&self, weight: usize) -> Result<(), Error> {
        let before = self.0.fetch_add(weight, Ordering::Relaxed);
        if before + weight <= WORK_WEIGHT_MAX {
            return Ok(());
        }
        Err(wrong("the template gives its functions too much to do; use them on less"))
    }
}

/// Calls one.
pub(super) fn call(
    name: &'static str,
    function: Function,
    setting: Setting,
    work: &Work,
    arguments: &[Value],
) -> Result<Value, Error> {
    let mut room = WORK_WEIGHT_MAX;
    arguments.iter().all(|argument| weighs(argument, &mut room, 0));
    work.add(WORK_WEIGHT_MAX - room)?;
    let arguments = Arguments::read(name, arguments)?;
    let result = function(&arguments, setting)?;
    arguments.all_used()?;
    let mut room = RESULT_WEIGHT_MAX;
    if weighs(&result, &mut room, 0) {
        return Ok(result);
    }
    let message = format!("{name}: the result is longer than {} KB", RESULT_WEIGHT_MAX / 1024);
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// A method of a value: what Python has of the same name, or the function.
pub(super) fn method(
    value: &Value,
    method: &str,
    setting: Setting,
    work: &Work,
    arguments: &[Value],
) -> Result<Value, Error> {
    let name = match method {
        "strip" => "trim",
        "items" | "keys" | "values" if value.kind() == ValueKind::Map => return lists::view(value, method),
        "get" if value.kind() == ValueKind::Map => {
            let found = arguments.first().map(|key| value.get_item(key)).transpose()?.unwrap_or_default();
            return Ok(if found.is_undefined() { arguments.get(1).cloned().unwrap_or_default() } else { found });
        }
        other => other,
    };
    let Some((name, function)) = all().find(|(each, _)| *each == name) else {
        return Err(Error::new(ErrorKind::UnknownMethod, method.to_owned()));
    };
    let arguments: Vec<Value> = std::iter::once(value).chain(arguments).cloned().collect();
    call(name, function, setting, work, &arguments)
}

/// Whether the value fits; stops at the end of the room.
fn weighs(value: &Value, room: &mut usize, depth: usize) -> bool {
    let own = ELEMENT_WEIGHT + value.as_str().map_or(0, str::len);
    let Some(left) = room.checked_sub(own) else { return false };
    *room = left;
    if depth > DEPTH_MAX {
        *room = 0;
        return false;
    }
    match value.kind() {
        ValueKind::Map => value.try_iter().into_iter().flatten().all(|key| {
            let element = value.get_item(&key).unwrap_or_default();
            weighs(&key, room, depth + 1) && weighs(&element, room, depth + 1)
        }),
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter().into_iter().flatten().all(|element| weighs(&element, room, depth + 1))
        }
        _ => true,
    }
}

/// A value as text: an object as JSON, nothing as nothing.
pub(super) fn text_of(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        // As JSON writes it, so that a template of JSON stays JSON.
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Map | ValueKind::Seq | ValueKind::Iterable => serde_json::to_string(value).unwrap_or_default(),
        _ => value.to_string(),
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

#[cfg(test)]
mod tests;
