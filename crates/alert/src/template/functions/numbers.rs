//! Functions on numbers.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::{Arguments, Function, Setting, text_of, wrong};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("float", float),
    ("int", int),
    ("length", length),
    ("abs", abs),
    ("min", |arguments, _| extreme(arguments, false)),
    ("max", |arguments, _| extreme(arguments, true)),
    ("ceil", |arguments, _| whole(arguments, f64::ceil)),
    ("floor", |arguments, _| whole(arguments, f64::floor)),
    ("round", round),
    ("sum", sum),
];

const PLACES_MAX: usize = 15;

/// A number from a number or its text.
fn read(value: &Value) -> Option<f64> {
    let number = match value.kind() {
        ValueKind::Number | ValueKind::String => text_of(value).trim().parse().ok(),
        ValueKind::Bool => Some(if value.is_true() { 1.0 } else { 0.0 }),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Whole numbers stay whole: a count of 12 is shown as 12.
fn shown(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
    if number.fract() == 0.0 && number.abs() < EXACT { Value::from(number as i64) } else { Value::from(number) }
}

fn float(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let default = arguments.optional(1, "default").unwrap_or(Value::from(0.0));
    Ok(read(&arguments.value()).map_or(default, Value::from))
}

fn int(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let default = arguments.optional(1, "default").unwrap_or(Value::from(0));
    let value = arguments.value();
    // Whole numbers beyond 2^53 do not survive a float.
    if let Ok(whole) = text_of(&value).trim().parse::<i64>() {
        return Ok(Value::from(whole));
    }
    Ok(read(&value).map_or(default, |number| shown(number.trunc())))
}

fn length(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    Ok(Value::from(arguments.value().len().unwrap_or(0)))
}

fn needed(value: &Value) -> Result<f64, Error> {
    read(value)
        .ok_or_else(|| wrong(format!("{:?} is not a number", text_of(value).chars().take(40).collect::<String>())))
}

fn abs(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    Ok(shown(needed(&arguments.value())?.abs()))
}

fn whole(arguments: &Arguments<'_>, to: fn(f64) -> f64) -> Result<Value, Error> {
    Ok(shown(to(needed(&arguments.value())?)))
}

fn round(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let places = arguments.number(1, "precision", 0)?.min(PLACES_MAX);
    let number = needed(&arguments.value())?;
    let factor = 10_f64.powi(i32::try_from(places).expect("at most 15"));
    let rounded = (number * factor).round() / factor;
    Ok(if places == 0 { shown(rounded) } else { Value::from(rounded) })
}

/// Of a list, or of what was given one by one. Numbers are compared as numbers, also when they are texts.
fn extreme(arguments: &Arguments<'_>, is_max: bool) -> Result<Value, Error> {
    let places = arguments.places();
    let elements: Vec<Value> = match places {
        [one] if one.try_iter().is_ok() && one.kind() != ValueKind::String => one.try_iter()?.collect(),
        all => all.to_vec(),
    };
    let key = |value: &Value| read(value);
    let better = |a: &Value, b: &Value| match (key(a), key(b)) {
        (Some(a), Some(b)) => a < b,
        _ => text_of(a) < text_of(b),
    };
    let mut best: Option<Value> = None;
    for element in elements {
        let is_better =
            best.as_ref().is_none_or(|best| if is_max { better(best, &element) } else { better(&element, best) });
        if is_better {
            best = Some(element);
        }
    }
    Ok(best.unwrap_or_default())
}

fn sum(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let mut total = 0.0;
    for element in arguments.value().try_iter()? {
        total += needed(&element)?;
    }
    Ok(shown(total))
}
