//! Calendars: working days, working hours, holidays, in a time zone.
//!
//! A record of `sls.common.calendar` makes one; an account without it has the usual week of UTC+8, as Log Service does.
//! Action policies ask a calendar whether a notification may go out now, on-call groups who works at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::records::{Fields, RecordError};

/// The id of the calendar that holds where none is named.
pub const DEFAULT_CALENDAR: &str = "default_calendar";
/// How many holidays and extra working days a calendar may list: thirty a year for twenty years.
const DAYS_MAX: usize = 600;

/// When a notification may be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Always.
    #[default]
    Any,
    /// On working days.
    Workday,
    /// On other days.
    NonWorkday,
    /// In the working hours of working days.
    Worktime,
    /// At any other time.
    NonWorktime,
}

impl Period {
    /// The names on the wire.
    pub const NAMES: [&'static str; 5] = ["any", "workday", "non_workday", "worktime", "non_worktime"];

    /// By its name.
    pub fn parse(name: &str) -> Option<Period> {
        let all = [Period::Any, Period::Workday, Period::NonWorkday, Period::Worktime, Period::NonWorktime];
        all.into_iter().find(|period| period.name() == name)
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Period::Any => "any",
            Period::Workday => "workday",
            Period::NonWorkday => "non_workday",
            Period::Worktime => "worktime",
            Period::NonWorktime => "non_worktime",
        }
    }
}

/// A stretch of a day in minutes since midnight. One that ends before it begins goes on after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    start: u16,
    end: u16,
}

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

impl Hours {
    /// From two times of day, `09:00` and `18:00`; `24:00` is the end of the day.
    pub fn parse(start: &str, end: &str) -> Result<Hours, String> {
        let hours = Hours { start: minutes(start)?, end: minutes(end)? };
        if hours.start == hours.end || hours.start == DAY_MINUTES {
            return Err(format!("{start} to {end} is no stretch of a day"));
        }
        Ok(hours)
    }

    /// Whether it holds at this minute of a day it begins on, and whether at this minute of the day after.
    pub(crate) fn holds(self, minute: u16) -> (bool, bool) {
        if self.start < self.end {
            (self.start <= minute && minute < self.end, false)
        } else {
            (self.start <= minute, minute < self.end)
        }
    }

    /// Whether a day's minute lies in it, whatever day it began on.
    pub(crate) fn contains(self, minute: u16) -> bool {
        let (today, yesterday) = self.holds(minute);
        today || yesterday
    }
}

/// `09:30` as minutes since midnight.
pub(crate) fn minutes(text: &str) -> Result<u16, String> {
    let wrong = || format!("{text:?} is no time of day; write 09:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let part = |part: &str| -> Option<u16> {
        (!part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse().ok())?
    };
    let (hour, minute) = (part(hour).ok_or_else(wrong)?, part(minute).ok_or_else(wrong)?);
    let total = hour * 60 + minute;
    if minute > 59 || total > DAY_MINUTES { Err(wrong()) } else { Ok(total) }
}

/// Which days and hours people work.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// `calendar_id`
    pub id: String,
    /// `calendar_name`
    pub name: String,
    zone: TimeZone,
    /// From Sunday on.
    workdays: [bool; 7],
    hours: Vec<Hours>,
    /// Days that are not what their weekday says: whether they are worked on.
    exceptions: BTreeMap<Date, bool>,
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar {
            id: DEFAULT_CALENDAR.into(),
            name: "Default calendar".into(),
            zone: zone("+0800").expect("a valid offset"),
            workdays: [false, true, true, true, true, true, false],
            hours: vec![Hours { start: 9 * 60, end: 18 * 60 }],
            exceptions: BTreeMap::new(),
        }
    }
}

/// A point in time as a calendar's clock shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local {
    pub(crate) date: Date,
    /// Since midnight.
    pub(crate) minute: u16,
}

/// 0 for Sunday.
pub(crate) fn weekday(date: Date) -> usize {
    usize::try_from(date.weekday().to_sunday_zero_offset()).unwrap_or(0)
}

impl Calendar {
    /// Reads a record of `sls.common.calendar`. What is left out is as in the default calendar.
    pub fn parse(record: &Json) -> Result<Calendar, RecordError> {
        let fields = Fields::of(record)?;
        let usual = Calendar::default();
        let zone_text = fields.text_or("time_zone", "+0800")?;
        let zone = zone(&zone_text).map_err(|wrong| RecordError::new("time_zone", &zone_text, wrong))?;
        let mut exceptions = BTreeMap::new();
        for (field, is_worked) in [("holidays", false), ("extra_workdays", true)] {
            for entry in fields.list(field)? {
                days(entry, &mut |date| {
                    exceptions.insert(date, is_worked);
                    exceptions.len() <= DAYS_MAX
                })
                .map_err(|wrong| RecordError::new(field, &entry.to_string(), wrong))?;
            }
        }
        Ok(Calendar {
            id: fields.id("calendar_id")?,
            name: fields.name("calendar_name", 40)?,
            zone,
            workdays: match fields.get("workdays") {
                None => usual.workdays,
                Some(list) => weekdays(list).map_err(|wrong| RecordError::new("workdays", &list.to_string(), wrong))?,
            },
            hours: match fields.get("working_hours") {
                None => usual.hours,
                Some(list) => {
                    hours(list).map_err(|wrong| RecordError::new("working_hours", &list.to_string(), wrong))?
                }
            },
            exceptions,
        })
    }

    /// Whether a period holds at a point in time.
    pub fn holds(&self, period: Period, at: Timestamp) -> bool {
        let local = self.local(at);
        match period {
            Period::Any => true,
            Period::Workday => self.is_workday(local.date),
            Period::NonWorkday => !self.is_workday(local.date),
            Period::Worktime => self.is_worktime(local),
            Period::NonWorktime => !self.is_worktime(local),
        }
    }

    pub(crate) fn local(&self, at: Timestamp) -> Local {
        let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let zoned = instant.to_zoned(self.zone.clone());
        let minute = i32::from(zoned.hour()) * 60 + i32::from(zoned.minute());
        Local { date: zoned.date(), minute: u16::try_from(minute).unwrap_or(0) }
    }

    pub(crate) fn is_workday(&self, date: Date) -> bool {
        self.exceptions.get(&date).copied().unwrap_or(self.workdays[weekday(date)])
    }

    /// When work begins on a working day.
    pub(crate) fn work_begins(&self) -> u16 {
        self.hours.iter().map(|hours| hours.start).min().unwrap_or(0)
    }

    fn is_worktime(&self, local: Local) -> bool {
        let is_yesterday_worked = || local.date.yesterday().is_ok_and(|yesterday| self.is_workday(yesterday));
        self.hours.iter().any(|hours| {
            let (today, yesterday) = hours.holds(local.minute);
            (today && self.is_workday(local.date)) || (yesterday && is_yesterday_worked())
        })
    }
}

/// A time zone by offset (`+0800`, `+08:00`, `Z`) or by name (`Europe/Berlin`).
pub fn zone(text: &str) -> Result<TimeZone, String> {
    let wrong = || format!("{text:?} is no time zone; write +0800 or a name such as Asia/Shanghai");
    if matches!(text, "Z" | "UTC") {
        return Ok(TimeZone::UTC);
    }
    let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) else {
        return TimeZone::get(text).map_err(|_| wrong());
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let (hours, minutes) =
        (digits[..2].parse::<i32>().map_err(|_| wrong())?, digits[2..].parse::<i32>().map_err(|_| wrong())?);
    let seconds = (hours * 3600 + minutes * 60) * if sign == '-' { -1 } else { 1 };
    if minutes > 59 || !(-12 * 3600..=14 * 3600).contains(&seconds) {
        return Err(wrong());
    }
    Offset::from_seconds(seconds).map(TimeZone::fixed).map_err(|_| wrong())
}

/// A list of weekdays, 0 for Sunday, as numbers or texts.
pub(crate) fn weekdays(list: &Json) -> Result<[bool; 7], String> {
    let wrong = || "days of the week are a list of numbers from 0 (Sunday) to 6".to_owned();
    let mut days = [false; 7];
    for day in list.as_array().ok_or_else(wrong)? {
        let number = day.as_u64().or_else(|| day.as_str()?.parse().ok()).ok_or_else(wrong)?;
        *usize::try_from(number).ok().and_then(|number| days.get_mut(number)).ok_or_else(wrong)? = true;
    }
    Ok(days)
}

/// A list of stretches of a day: `{"start": "09:00", "end": "18:00"}`.
pub(crate) fn hours(list: &Json) -> Result<Vec<Hours>, String> {
    let wrong = || "hours are a list of {\"start\": \"09:00\", \"end\": \"18:00\"}".to_owned();
    let list = list.as_array().filter(|list| list.len() <= 24).ok_or_else(wrong)?;
    let one = |entry: &Json| {
        let time = |name: &str| entry.get(name).and_then(Json::as_str).ok_or_else(wrong);
        Hours::parse(time("start")?, time("end")?)
    };
    list.iter().map(one).collect()
}

/// The days of `"2026-10-01"` or `{"start": "2026-10-01", "end": "2026-10-07"}`.
fn days(entry: &Json, add: &mut dyn FnMut(Date) -> bool) -> Result<(), String> {
    let wrong = || "a day is written 2026-10-01, several days {\"start\": ..., \"end\": ...}".to_owned();
    let date = |json: &Json| json.as_str().and_then(|text| text.parse::<Date>().ok()).ok_or_else(wrong);
    let (first, last) = match entry.get("start").zip(entry.get("end")) {
        Some((start, end)) => (date(start)?, date(end)?),
        None => (date(entry)?, date(entry)?),
    };
    if last < first {
        return Err("these days end before they begin".into());
    }
    let mut day = first;
    let mut seen = BTreeSet::new();
    while day <= last && seen.insert(day) {
        if !add(day) {
            return Err(format!("a calendar lists at most {DAYS_MAX} days"));
        }
        day = day.tomorrow().unwrap_or(day);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
