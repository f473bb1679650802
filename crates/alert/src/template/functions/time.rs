//! Functions on times and durations. Without a zone a time is shown at UTC+8, as Log Service does.

use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::{Arguments, Function, Setting, text_of, wrong};
use crate::Locale;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("parse_date", parse_date),
    ("format_date", format_date),
    ("timestamp", timestamp),
    ("format_duration", format_duration),
];

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
const FORMAT_CHARS_MAX: usize = 100;
const HOME_HOURS: i8 = 8;
/// Numbers from here on are milliseconds: as seconds they would lie 3,000 years ahead.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

fn home() -> TimeZone {
    TimeZone::fixed(Offset::constant(HOME_HOURS))
}

/// `Asia/Shanghai`, `UTC`, `+08:00`, `+0800`, `UTC+8`, or hours as a number.
fn zone(text: &str) -> Result<TimeZone, Error> {
    let unknown = || wrong(format!("there is no time zone {:?}", text.chars().take(40).collect::<String>()));
    let offset = text.trim_start_matches("UTC").trim_start_matches("GMT");
    if offset.is_empty() {
        return Ok(TimeZone::UTC);
    }
    let (sign, digits) = match offset.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let digits: String = digits.split(':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return TimeZone::get(text).map_err(|_| unknown());
    }
    let number: i32 = digits.parse().expect("four digits at most");
    let (hours, minutes) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
    let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| unknown())?;
    Ok(TimeZone::fixed(offset))
}

fn zone_of(arguments: &Arguments<'_>, place: usize) -> Result<TimeZone, Error> {
    arguments.optional_text(place, "tz").filter(|zone| !zone.is_empty()).map_or_else(|| Ok(home()), |text| zone(&text))
}

/// A time from seconds, milliseconds, what `parse_date` gave, or the default form at UTC+8. Nothing is no time.
fn read(value: &Value) -> Result<Option<Timestamp>, Error> {
    let text = text_of(value);
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let no_time = || wrong(format!("{:?} is not a time", text.chars().take(40).collect::<String>()));
    let seconds = text.parse::<i64>().ok().or_else(|| {
        let is_number = value.kind() == ValueKind::Number;
        #[allow(clippy::cast_possible_truncation, reason = "out of range becomes the nearest, and is refused then")]
        is_number.then(|| text.parse::<f64>().ok().map(|seconds| seconds as i64)).flatten()
    });
    if let Some(number) = seconds {
        let read = if number.abs() >= MILLISECONDS_FROM {
            Timestamp::from_millisecond(number)
        } else {
            Timestamp::from_second(number)
        };
        return read.map(Some).map_err(|_| no_time());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    parsed(text, FORMAT, home()).map(Some).ok_or_else(no_time)
}

fn parsed(text: &str, format: &str, zone: TimeZone) -> Option<Timestamp> {
    let broken = strtime::parse(format, text).ok()?;
    if let Ok(at) = broken.to_timestamp() {
        return Some(at);
    }
    let civil = broken.to_datetime().ok().or_else(|| Some(broken.to_date().ok()?.at(0, 0, 0, 0)))?;
    Some(civil.to_zoned(zone).ok()?.timestamp())
}

/// A text in a form of its own to a time, which is written as `2026-11-21T10:30:00Z` and understood by the others.
fn parse_date(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let text = arguments.text();
    let format = arguments.optional_text(1, "fmt").unwrap_or_else(|| FORMAT.to_owned());
    let zone = zone_of(arguments, 2)?;
    let at = parsed(text.trim(), &format, zone);
    let at = at.ok_or_else(|| wrong(format!("parse_date: the text does not have the form {format:?}")))?;
    Ok(at.to_string().into())
}

fn format_date(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let zone = zone_of(arguments, 1)?;
    let format = arguments.optional_text(2, "fmt").unwrap_or_else(|| FORMAT.to_owned());
    if format.chars().count() > FORMAT_CHARS_MAX {
        return Err(wrong(format!("format_date: fmt is longer than {FORMAT_CHARS_MAX} characters")));
    }
    let value = arguments.value();
    let at = match read(&value) {
        Ok(Some(at)) => at,
        Ok(None) => return Ok(String::new().into()),
        // A number beyond the calendar is shown as it is: an alert is told all the same.
        Err(_) if text_of(&value).parse::<i64>().is_ok() => return Ok(text_of(&value).into()),
        Err(error) => return Err(error),
    };
    let shown: Zoned = at.to_zoned(zone);
    strtime::format(&format, &shown).map(Value::from).map_err(|error| wrong(format!("format_date: {error}")))
}

fn timestamp(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    Ok(read(&arguments.value())?.map_or(Value::from(0), |at| Value::from(at.as_second())))
}

/// `1d3h46m40s`; the greatest unit is the day.
fn format_duration(arguments: &Arguments<'_>, setting: Setting) -> Result<Value, Error> {
    let locale = match arguments.optional_text(1, "locale") {
        // The default of this one function is English, whatever the template's language.
        None => Locale::English,
        Some(_) => arguments.locale(1, setting.locale)?,
    };
    let between = arguments.optional_text(2, "sep").unwrap_or_default();
    let text = arguments.text();
    let seconds: i64 = text.trim().parse().or_else(|_| text.trim().parse::<f64>().map(rounded)).map_err(|_| {
        wrong(format!("format_duration: {:?} is not a number of seconds", text.chars().take(40).collect::<String>()))
    })?;
    let units = match locale {
        Locale::English => [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")],
        Locale::Chinese => [(86_400, "天"), (3600, "小时"), (60, "分"), (1, "秒")],
    };
    let mut left = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = left / size;
        left %= size;
        if count > 0 || size == 1 && parts.is_empty() {
            parts.push(format!("{count}{name}"));
        }
    }
    let sign = if seconds < 0 { "-" } else { "" };
    Ok(format!("{sign}{}", parts.join(&between)).into())
}

#[allow(clippy::cast_possible_truncation, reason = "a float beyond the range becomes the nearest whole number")]
fn rounded(seconds: f64) -> i64 {
    seconds.round() as i64
}
