//! Points in time: seconds since 1970, timestamps and texts are all accepted; everything is in UTC.

use model::Timestamp;

use super::row_wise::{Cell, Kind, Outcome, RowFunction, function, text};
use super::time_format;

use Kind::{Double, Long, Moment, Text};

const DAY_MS: i64 = 86_400_000;

/// The family.
pub(crate) const FUNCTIONS: &[RowFunction] = &[
    function("date_format", &[Moment, Text], Text, |args| text(time_format::format(args[0].long(), args[1].text()))),
    function("date_parse", &[Text, Text], Moment, |args| {
        Ok(time_format::parse(args[0].text(), args[1].text()).map(Cell::Moment))
    }),
    function("date_trunc", &[Text, Moment], Moment, |args| {
        Ok(Some(Cell::Moment(truncated(args[1].long(), unit(args[0].text())?))))
    }),
    function("date_add", &[Text, Long, Moment], Moment, |args| {
        Ok(Some(Cell::Moment(added(args[2].long(), args[1].long(), unit(args[0].text())?))))
    }),
    function("date_diff", &[Text, Moment, Moment], Long, |args| {
        Ok(Some(Cell::Long(between(args[1].long(), args[2].long(), unit(args[0].text())?))))
    }),
    function("from_unixtime", &[Double], Moment, |args| Ok(Some(Cell::Moment((args[0].double() * 1000.0) as i64)))),
    function("to_unixtime", &[Moment], Double, |args| Ok(Some(Cell::Double(args[0].long() as f64 / 1000.0)))),
    function("from_iso8601_timestamp", &[Moment], Moment, |args| Ok(Some(Cell::Moment(args[0].long())))),
    function("to_iso8601", &[Moment], Text, |args| text(time_format::format(args[0].long(), "%Y-%m-%dT%H:%i:%S.%L"))),
    function("year", &[Moment], Long, |args| part(args, "%Y")),
    function("quarter", &[Moment], Long, |args| {
        let (_, month, ..) = Timestamp(args[0].long()).civil();
        Ok(Some(Cell::Long(i64::from((month - 1) / 3 + 1))))
    }),
    function("month", &[Moment], Long, |args| part(args, "%m")),
    function("day", &[Moment], Long, |args| part(args, "%d")),
    function("day_of_month", &[Moment], Long, |args| part(args, "%d")),
    function("day_of_week", &[Moment], Long, |args| Ok(Some(Cell::Long(day_of_week(args[0].long()))))),
    function("dow", &[Moment], Long, |args| Ok(Some(Cell::Long(day_of_week(args[0].long()))))),
    function("day_of_year", &[Moment], Long, |args| part(args, "%j")),
    function("doy", &[Moment], Long, |args| part(args, "%j")),
    function("hour", &[Moment], Long, |args| part(args, "%H")),
    function("minute", &[Moment], Long, |args| part(args, "%i")),
    function("second", &[Moment], Long, |args| part(args, "%S")),
    function("time_series", &[Moment, Text, Text, Text], Text, |args| {
        let window = window_ms(args[1].text()).ok_or("the window is a number and s, m, h or d, such as 5m")?;
        let start = args[0].long().div_euclid(window) * window;
        text(time_format::format(start, args[2].text()))
    }),
];

fn part(args: &[Cell<'_>], format: &str) -> Outcome {
    Ok(time_format::format(args[0].long(), format).parse().ok().map(Cell::Long))
}

/// A text as a moment: RFC 3339, `2026-01-02 03:04:05.678`, or a day.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(timestamp) = Timestamp::parse(text) {
        return Some(timestamp.0);
    }
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    Timestamp::parse(&format!("{day}T{time}Z")).ok().map(|timestamp| timestamp.0)
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    Fixed(i64),
    Week,
    Months(i64),
}

pub(crate) fn unit(name: &str) -> Result<Unit, String> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "millisecond" => Unit::Fixed(1),
        "second" => Unit::Fixed(1000),
        "minute" => Unit::Fixed(60_000),
        "hour" => Unit::Fixed(3_600_000),
        "day" => Unit::Fixed(DAY_MS),
        "week" => Unit::Week,
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        "year" => Unit::Months(12),
        other => {
            return Err(format!(
                "{other:?} is not a unit; use second, minute, hour, day, week, month, quarter or year"
            ));
        }
    })
}

pub(crate) fn truncated(time: i64, unit: Unit) -> i64 {
    match unit {
        Unit::Fixed(length) => time.div_euclid(length) * length,
        Unit::Week => (time.div_euclid(DAY_MS) - (day_of_week(time) - 1)) * DAY_MS,
        Unit::Months(length) => {
            let (year, month, ..) = Timestamp(time).civil();
            let months = year * 12 + i64::from(month) - 1;
            first_of(months.div_euclid(length) * length)
        }
    }
}

fn added(time: i64, count: i64, unit: Unit) -> i64 {
    match unit {
        Unit::Fixed(length) => time.saturating_add(count.saturating_mul(length)),
        Unit::Week => time.saturating_add(count.saturating_mul(7 * DAY_MS)),
        Unit::Months(length) => {
            let (year, month, day, ..) = Timestamp(time).civil();
            let months =
                (year * 12 + i64::from(month) - 1).saturating_add(count.saturating_mul(length)).clamp(0, 9999 * 12);
            let (first, next) = (first_of(months), first_of(months + 1));
            // The 31st of a month that has 30 days is its last.
            let day = i64::from(day - 1).min((next - first) / DAY_MS - 1);
            first + day * DAY_MS + time.rem_euclid(DAY_MS)
        }
    }
}

/// Whole units from one to the other.
fn between(one: i64, other: i64, unit: Unit) -> i64 {
    match unit {
        Unit::Fixed(length) => (other - one) / length,
        Unit::Week => (other - one) / (7 * DAY_MS),
        Unit::Months(length) => {
            let months = |time: i64| {
                let (year, month, ..) = Timestamp(time).civil();
                year * 12 + i64::from(month)
            };
            let guess = (months(other) - months(one)) / length;
            let is_beyond = |count: i64| {
                let there = added(one, count, unit);
                if other >= one { there > other } else { there < other }
            };
            if is_beyond(guess) { guess - guess.signum() } else { guess }
        }
    }
}

/// When a month begins, counted from the year 0.
fn first_of(months: i64) -> i64 {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    parse(&format!("{year:04}-{month:02}-01")).unwrap_or_default()
}

/// 1 is Monday.
pub(crate) fn day_of_week(time: i64) -> i64 {
    (time.div_euclid(DAY_MS) + 3).rem_euclid(7) + 1
}

/// `5m` in milliseconds.
pub(crate) fn window_ms(text: &str) -> Option<i64> {
    let split = text.find(|each: char| !each.is_ascii_digit())?;
    let count: i64 = text[..split].parse().ok().filter(|count| *count > 0)?;
    let unit = match &text[split..] {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MS,
        _ => return None,
    };
    count.checked_mul(unit)
}
