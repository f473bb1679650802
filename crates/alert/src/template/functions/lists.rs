//! Functions on lists and maps.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::{Arguments, Function, RESULT_WEIGHT_MAX, Setting, text_of, wrong};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("enumerate", enumerate),
    ("list", |arguments, _| Ok(elements(&arguments.value())?.into())),
    ("dict", dict),
    ("first", |arguments, _| Ok(elements(&arguments.value())?.into_iter().next().unwrap_or_default())),
    ("last", |arguments, _| Ok(elements(&arguments.value())?.pop().unwrap_or_default())),
    ("sort", sort),
    ("dictsort", dictsort),
    ("join", join),
];

/// More than any result has; a list can be made longer by joining it to itself.
const ELEMENTS_MAX: usize = 10_000;

fn elements(value: &Value) -> Result<Vec<Value>, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(Vec::new());
    }
    let all: Vec<Value> = value.try_iter()?.take(ELEMENTS_MAX + 1).collect();
    if all.len() > ELEMENTS_MAX { Err(wrong(format!("a list has more than {ELEMENTS_MAX} elements"))) } else { Ok(all) }
}

/// `items`, `keys` or `values` of a map.
pub(super) fn view(map: &Value, what: &str) -> Result<Value, Error> {
    let keys = elements(map)?;
    let with_value = |key: Value| {
        let element = map.get_item(&key).unwrap_or_default();
        if what == "items" { Value::from(vec![key, element]) } else { element }
    };
    Ok(if what == "keys" { keys.into() } else { keys.into_iter().map(with_value).collect::<Vec<Value>>().into() })
}

fn enumerate(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let start = arguments.number(1, "start", 0)?;
    let all = elements(&arguments.value())?;
    let pair = |(at, element): (usize, Value)| Value::from(vec![Value::from(start.saturating_add(at)), element]);
    Ok(all.into_iter().enumerate().map(pair).collect::<Vec<Value>>().into())
}

/// From a list of pairs, a map, names, or all of it.
fn dict(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let mut pairs: Vec<(String, Value)> = Vec::new();
    let given = arguments.value();
    match given.kind() {
        ValueKind::Map => {
            for key in elements(&given)? {
                pairs.push((text_of(&key), given.get_item(&key)?));
            }
        }
        ValueKind::Seq | ValueKind::Iterable => {
            for pair in elements(&given)? {
                pairs.push((text_of(&pair.get_item_by_index(0)?), pair.get_item_by_index(1)?));
            }
        }
        _ => {}
    }
    pairs.extend(arguments.names());
    Ok(Value::from_pairs(pairs))
}

/// Numbers before texts; texts that are numbers count as numbers only beside others of their kind.
fn sort(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let mut all = elements(&arguments.value())?;
    all.sort();
    if arguments.flag(1, "reverse") {
        all.reverse();
    }
    Ok(all.into())
}

fn dictsort(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let map = arguments.value();
    if map.kind() != ValueKind::Map {
        return Ok(Vec::<Value>::new().into());
    }
    let is_reverse = arguments.flag(1, "reverse");
    let mut keys = elements(&map)?;
    keys.sort();
    if is_reverse {
        keys.reverse();
    }
    let pair = |key: Value| {
        let element = map.get_item(&key).unwrap_or_default();
        Value::from(vec![key, element])
    };
    Ok(keys.into_iter().map(pair).collect::<Vec<Value>>().into())
}

fn join(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let by = arguments.optional_text(1, "sep").unwrap_or_default();
    let mut joined = String::new();
    for (at, element) in elements(&arguments.value())?.iter().enumerate() {
        if at > 0 {
            joined.push_str(&by);
        }
        joined.push_str(&text_of(element));
        if joined.len() > RESULT_WEIGHT_MAX {
            return Err(wrong(format!("join: the result is longer than {} KB", RESULT_WEIGHT_MAX / 1024)));
        }
    }
    Ok(joined.into())
}
