//! JSON: values at a path of a text that is JSON.
//!
//! A path is Presto's: `$.a.b[0]["c d"]`. Keys compare exactly. A text that is not JSON gives NULL.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::row_wise::{Cell, Kind, Outcome, RowFunction, function, text};

use Kind::{Boolean, Double, Json, Long, Text, Texts};

/// The family.
pub(crate) const FUNCTIONS: &[RowFunction] = &[
    function("json_extract", &[Text, Text], Json, |args| with(args, |json| text(json))),
    function("json_extract_scalar", &[Text, Text], Text, |args| with(args, |json| Ok(scalar(json)))),
    function("json_extract_long", &[Text, Text], Long, |args| with(args, |json| Ok(parsed(json).map(Cell::Long)))),
    function("json_extract_double", &[Text, Text], Double, |args| {
        with(args, |json| Ok(parsed(json).map(Cell::Double)))
    }),
    function("json_extract_bool", &[Text, Text], Boolean, |args| {
        with(args, |json| Ok(parsed(json).map(Cell::Boolean)))
    }),
    function("json_size", &[Text, Text], Long, |args| with(args, |json| Ok(size(json).map(Cell::Long)))),
    function("json_array_length", &[Text], Long, |args| {
        Ok(elements(args[0].text()).map(|all| Cell::Long(all.len() as i64)))
    }),
    function("json_array_get", &[Text, Long], Json, |args| {
        let Some(all) = elements(args[0].text()) else { return Ok(None) };
        let at = args[1].long();
        let at = if at < 0 { all.len() as i64 + at } else { at };
        let found = usize::try_from(at).ok().and_then(|at| all.get(at));
        Ok(found.map(|json| Cell::Text(Cow::Owned((*json).to_owned()))))
    }),
    function("json_array_contains", &[Text, Text], Boolean, |args| {
        let wanted = args[1].text();
        let has = |all: Vec<&str>| all.iter().any(|json| scalar(json).is_some_and(|found| found.text() == wanted));
        Ok(elements(args[0].text()).map(|all| Cell::Boolean(has(all))))
    }),
    function("json_parse", &[Text], Json, |args| Ok(valid(args[0].text()).map(owned))),
    function("json_format", &[Json], Text, |args| Ok(valid(args[0].text()).map(owned))),
    function("is_json_scalar", &[Text], Boolean, |args| {
        Ok(valid(args[0].text()).map(|json| Cell::Boolean(!json.starts_with(['{', '[']))))
    }),
    // What a cast out of JSON means: a text without its quotes.
    function("json_to_text", &[Json], Text, |args| Ok(cast_to_text(args[0].text()))),
    function("json_to_texts", &[Json], Texts, |args| {
        let all = |all: Vec<&str>| {
            let one = |json: &&str| cast_to_text(json).map(|cell| Cow::Owned(cell.text().to_owned()));
            Cell::Texts(all.iter().map(one).collect())
        };
        Ok(elements(args[0].text()).map(all))
    }),
];

fn owned(json: &str) -> Cell<'static> {
    Cell::Text(Cow::Owned(json.to_owned()))
}

fn valid(json: &str) -> Option<&str> {
    serde_json::from_str::<&RawValue>(json).ok().map(RawValue::get)
}

/// Calls with the JSON at the path of the second argument, if there is any.
fn with(args: &[Cell<'_>], call: impl FnOnce(&str) -> Outcome) -> Outcome {
    let steps =
        steps(args[1].text()).ok_or_else(|| format!("{:?} is not a JSON path such as $.a.b[0]", args[1].text()))?;
    match valid(args[0].text()).and_then(|json| at(json, &steps)) {
        Some(json) => call(json),
        None => Ok(None),
    }
}

enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            let quote = bracket.chars().next().filter(|first| matches!(first, '"' | '\''));
            if let Some(quote) = quote {
                let (key, after) = bracket[1..].split_once(quote)?;
                steps.push(Step::Key(key));
                rest = after.strip_prefix(']')?;
            } else {
                let (inside, after) = bracket.split_once(']')?;
                steps.push(inside.trim().parse().map_or(Step::Key(inside), Step::Index));
                rest = after;
            }
        } else {
            let key = rest.strip_prefix('.')?;
            let end = key.find(['.', '[']).unwrap_or(key.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Key(&key[..end]));
            rest = &key[end..];
        }
    }
    Some(steps)
}

fn at<'j>(json: &'j str, steps: &[Step<'_>]) -> Option<&'j str> {
    let mut json = json;
    for step in steps {
        json = match step {
            Step::Key(key) => {
                let members: std::collections::HashMap<Cow<'j, str>, &'j RawValue> = serde_json::from_str(json).ok()?;
                members.get(*key)?.get()
            }
            Step::Index(at) => elements(json)?.get(*at)?,
        };
    }
    Some(json)
}

fn elements(json: &str) -> Option<Vec<&str>> {
    let all: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(all.into_iter().map(RawValue::get).collect())
}

/// The text, number or truth this JSON is; nothing for the rest.
fn scalar(json: &str) -> Option<Cell<'static>> {
    if json.starts_with(['{', '[']) { None } else { cast_to_text(json) }
}

fn cast_to_text(json: &str) -> Option<Cell<'static>> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(json).ok().map(|text| Cell::Text(Cow::Owned(text))),
        _ if json == "null" => None,
        _ => Some(owned(json)),
    }
}

fn parsed<T: std::str::FromStr>(json: &str) -> Option<T> {
    scalar(json)?.text().parse().ok()
}

fn size(json: &str) -> Option<i64> {
    match serde_json::from_str(json).ok()? {
        Value::Object(members) => Some(members.len() as i64),
        Value::Array(elements) => Some(elements.len() as i64),
        _ => Some(0),
    }
}
