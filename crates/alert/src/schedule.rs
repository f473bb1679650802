//! When a rule runs: at a fixed rate, by a cron expression, hourly, daily or weekly.
//!
//! A schedule is a set of instants; which of them were kept is its caller's to know. Fixed rates count from 1970, so that a
//! restart changes nothing. Time zones are offsets from UTC, as Log Service writes them, so no day has an hour twice.
//! A delay moves the run and not the instant: queries count from the instant, and late events are still found.

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use model::Timestamp;
use serde_json::Value;

use crate::rule::RuleError;
use crate::rule::reader::Reader;

/// The shortest and the longest fixed rate.
pub const INTERVAL_SECONDS: std::ops::RangeInclusive<i64> = 60..=30 * 86_400;
/// The longest delay.
pub const DELAY_SECONDS_MAX: i64 = 86_400;
/// The longest cron expression, in characters.
pub const CRON_CHARACTERS_MAX: usize = 64;
/// Where Log Service's clients are when they do not say.
pub const DEFAULT_OFFSET_SECONDS: i64 = 8 * 3600;

/// When a rule runs.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its instants.
    pub kind: ScheduleKind,
    /// How long after an instant the run begins, in seconds.
    pub delay_seconds: i64,
    /// Whether it also runs when it is made or enabled.
    pub runs_immediately: bool,
}

/// The instants of a schedule. Hours and days are those of a place so many seconds east of UTC.
#[derive(Debug, Clone)]
pub enum ScheduleKind {
    /// Every so many seconds, from 1970 on.
    FixedRate {
        /// See [`INTERVAL_SECONDS`].
        interval_seconds: i64,
    },
    /// By a cron expression of five fields.
    Cron {
        /// As it was written.
        expression: String,
        /// As it was read.
        cron: Box<Cron>,
        /// East of UTC.
        offset_seconds: i64,
    },
    /// At the beginning of every hour.
    Hourly {
        /// East of UTC.
        offset_seconds: i64,
    },
    /// Every day at this hour.
    Daily {
        /// 0 to 23.
        hour: i64,
        /// East of UTC.
        offset_seconds: i64,
    },
    /// Every week on this day at this hour.
    Weekly {
        /// 0 is Sunday.
        day_of_week: i64,
        /// 0 to 23.
        hour: i64,
        /// East of UTC.
        offset_seconds: i64,
    },
}

impl Schedule {
    /// Reads the `schedule` of a rule.
    pub fn parse(value: &Value) -> Result<Schedule, RuleError> {
        let reader = Reader::new("schedule", value)?;
        let kind = kind(&reader)?;
        let delay_seconds = reader.integer("delay")?.unwrap_or(0);
        if !(0..=DELAY_SECONDS_MAX).contains(&delay_seconds) {
            return Err(reader.error("delay", "must be between 0 and 86400 seconds"));
        }
        Ok(Schedule { kind, delay_seconds, runs_immediately: reader.flag("runImmediately")?.unwrap_or(false) })
    }

    /// The first instant after this point.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let next = match &self.kind {
            ScheduleKind::FixedRate { interval_seconds } => after(at, *interval_seconds, 0),
            ScheduleKind::Cron { cron, offset_seconds, .. } => cron_after(cron, *offset_seconds, at)?,
            ScheduleKind::Hourly { offset_seconds } => after(at, 3600, -offset_seconds),
            ScheduleKind::Daily { hour, offset_seconds } => after(at, 86_400, hour * 3600 - offset_seconds),
            ScheduleKind::Weekly { day_of_week, hour, offset_seconds } => {
                // 1970-01-04 was a Sunday.
                after(at, 7 * 86_400, (3 + day_of_week) * 86_400 + hour * 3600 - offset_seconds)
            }
        };
        (next <= Timestamp::MAX).then_some(next)
    }

    /// The instants after `from` up to and with `to`, the earliest `max` of them.
    pub fn runs_between(&self, from: Timestamp, to: Timestamp, max: usize) -> Vec<Timestamp> {
        let next = |at: &Timestamp| self.next_after(*at).filter(|next| *next <= to);
        std::iter::successors(next(&from), next).take(max).collect()
    }

    /// When the run of an instant begins.
    pub fn begins(&self, instant: Timestamp) -> Timestamp {
        instant.plus(Duration::from_secs(self.delay_seconds.unsigned_abs()))
    }

    /// Seconds from an instant to the next one, 0 when there is none.
    pub fn seconds_until_next(&self, instant: Timestamp) -> i64 {
        self.next_after(instant).map_or(0, |next| (next.0 - instant.0) / 1000)
    }
}

fn kind(reader: &Reader<'_>) -> Result<ScheduleKind, RuleError> {
    let name = reader.text("type")?.unwrap_or_default();
    Ok(match name.as_str() {
        "FixedRate" => ScheduleKind::FixedRate { interval_seconds: interval(reader)? },
        "Cron" => cron(reader)?,
        "Hourly" => ScheduleKind::Hourly { offset_seconds: offset(reader)? },
        "Daily" => ScheduleKind::Daily { hour: within(reader, "hour", 23)?, offset_seconds: offset(reader)? },
        "Weekly" => ScheduleKind::Weekly {
            day_of_week: within(reader, "dayOfWeek", 6)?,
            hour: within(reader, "hour", 23)?,
            offset_seconds: offset(reader)?,
        },
        _ => return Err(reader.error("type", "must be FixedRate, Cron, Hourly, Daily or Weekly")),
    })
}

fn interval(reader: &Reader<'_>) -> Result<i64, RuleError> {
    let text = reader.text("interval")?.unwrap_or_default();
    let seconds = duration_seconds(&text)
        .ok_or_else(|| reader.error("interval", "must be a number and s, m, h or d, for example 15m"))?;
    if !INTERVAL_SECONDS.contains(&seconds) {
        return Err(reader.error("interval", "must be between 60 seconds and 30 days"));
    }
    Ok(seconds)
}

fn cron(reader: &Reader<'_>) -> Result<ScheduleKind, RuleError> {
    let expression = reader.text("cronExpression")?.unwrap_or_default();
    if expression.chars().count() > CRON_CHARACTERS_MAX {
        return Err(reader.error("cronExpression", "must not be longer than 64 characters"));
    }
    let has_five_fields = expression.split_whitespace().count() == 5;
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        // `0/5` is how Log Service's own examples write a step.
        .sloppy_ranges(true)
        .build();
    let cron = parser.parse(&expression).ok().filter(|_| has_five_fields);
    let cron = cron.ok_or_else(|| reader.error("cronExpression", "must be a cron expression of five fields"))?;
    let offset_seconds = offset(reader)?;
    if cron_after(&cron, offset_seconds, Timestamp(0)).is_none() {
        return Err(reader.error("cronExpression", "names no time that ever comes"));
    }
    Ok(ScheduleKind::Cron { expression, cron: Box::new(cron), offset_seconds })
}

fn within(reader: &Reader<'_>, field: &str, max: i64) -> Result<i64, RuleError> {
    let number = reader.integer(field)?.filter(|number| (0..=max).contains(number));
    number.ok_or_else(|| reader.error(field, &format!("must be between 0 and {max}")))
}

/// `+0800`, from -1200 to +1400.
fn offset(reader: &Reader<'_>) -> Result<i64, RuleError> {
    let text = reader.text("timeZone")?.unwrap_or_default();
    if text.is_empty() {
        return Ok(DEFAULT_OFFSET_SECONDS);
    }
    offset_seconds(&text).ok_or_else(|| {
        reader.error("timeZone", "must be an offset from UTC between -1200 and +1400, for example +0800")
    })
}

fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let seconds = sign * (number / 100 * 3600 + number % 100 * 60);
    (number % 100 < 60 && (-12 * 3600..=14 * 3600).contains(&seconds)).then_some(seconds)
}

/// The seconds of `90s`, `15m`, `2h`, `30d`.
pub(crate) fn duration_seconds(text: &str) -> Option<i64> {
    let unit = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    let is_number = (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<i64>().ok().map(|number| number * unit)).flatten()
}

/// The first multiple of a period, counted from `start_seconds`, after a point.
fn after(at: Timestamp, period_seconds: i64, start_seconds: i64) -> Timestamp {
    let (period, start) = (period_seconds * 1000, start_seconds * 1000);
    let periods = at.0.saturating_sub(start).div_euclid(period);
    Timestamp(periods.saturating_add(1).saturating_mul(period).saturating_add(start))
}

fn cron_after(cron: &Cron, offset_seconds: i64, at: Timestamp) -> Option<Timestamp> {
    // The wall clock of the zone, as if it were UTC: with an offset alone it never jumps.
    let local_seconds = at.0.div_euclid(1000).checked_add(offset_seconds)?;
    let local = jiff::Timestamp::from_second(local_seconds).ok()?;
    let local = jiff::tz::TimeZone::UTC.to_datetime(local);
    let next = cron.find_next_occurrence(&local, false).ok()?;
    let next = jiff::tz::TimeZone::UTC.to_timestamp(next).ok()?;
    Some(Timestamp((next.as_second() - offset_seconds) * 1000))
}

#[cfg(test)]
mod tests;
