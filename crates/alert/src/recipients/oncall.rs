//! On-call groups: rotations hand over from one to the next, some only at some times; overrides put others in their place.
//!
//! A rotation counts the handovers between its start and now; whoever is at that place of the list is on duty. Nothing is
//! remembered, so the plan of any day can be computed.

use jiff::civil::Date;
use model::Timestamp;
use serde_json::Value as Json;

use crate::calendar::{self, Calendar, Hours, Local, Period};
use crate::records::{Fields, RecordError};

/// How many rotations and overrides a group may have, and targets each of them.
const PARTS_MAX: usize = 200;
const HOUR_MILLISECONDS: i64 = 3_600_000;

/// Somebody who can be on duty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The id of a user.
    User(String),
    /// The id of a user group.
    Group(String),
}

/// A record of `sls.alert.oncall_group`.
#[derive(Debug, Clone, PartialEq)]
pub struct OncallGroup {
    /// `oncall_id`
    pub id: String,
    /// `oncall_name`
    pub name: String,
    /// Whether it has anybody on duty.
    pub is_enabled: bool,
    /// The calendar its times are in; empty for the account's.
    pub calendar_id: String,
    rotations: Vec<Rotation>,
    overrides: Vec<Override>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rotation {
    targets: Vec<Target>,
    start: Timestamp,
    end: Option<Timestamp>,
    shift: Shift,
    dates: Dates,
    times: Times,
}

#[derive(Debug, Clone, PartialEq)]
struct Override {
    start: Timestamp,
    end: Timestamp,
    /// Who is replaced; everybody when nobody is named.
    replaced: Option<Target>,
    by: Target,
}

/// When one hands over to the next.
#[derive(Debug, Clone, PartialEq)]
enum Shift {
    /// After so many milliseconds.
    Every(i64),
    /// Every so many days at a time of day.
    Days { interval: i64, at: Begin },
    /// Every so many weeks, on a day of the week.
    Weeks { interval: i64, on: HandoverDay, at: Begin },
    /// On each of these days of the week.
    On { days: [bool; 7], at: Begin },
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Begin {
    Minute(u16),
    /// When work begins.
    Work,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum HandoverDay {
    /// 0 for Sunday.
    Weekday(usize),
    /// The first working day of the week, which begins on Monday.
    FirstWorkday,
}

#[derive(Debug, Clone, PartialEq)]
enum Dates {
    All,
    Workdays,
    OtherDays,
    Weekdays([bool; 7]),
}

#[derive(Debug, Clone, PartialEq)]
enum Times {
    All,
    Work(Period),
    Hours(Vec<Hours>),
}

impl OncallGroup {
    /// Reads a record.
    pub fn parse(record: &Json) -> Result<OncallGroup, RecordError> {
        let fields = Fields::of(record)?;
        Ok(OncallGroup {
            id: fields.id("oncall_id")?,
            name: fields.name("oncall_name", 20)?,
            is_enabled: fields.flag_or("enabled", true)?,
            calendar_id: fields.text_or("calendar_id", "")?,
            rotations: parts(&fields, "rotations", rotation)?,
            overrides: parts(&fields, "overrides", replacement)?,
        })
    }

    /// Who is on duty at a time, everybody once.
    pub fn on_duty(&self, at: Timestamp, calendar: &Calendar) -> Vec<Target> {
        let mut on_duty = Vec::new();
        for rotation in &self.rotations {
            let Some(target) = rotation.on_duty(at, calendar) else { continue };
            let is_meant = |one: &&Override| one.replaced.as_ref().is_none_or(|replaced| replaced == target);
            let replaced = self.overrides.iter().filter(|one| one.start <= at && at < one.end).rfind(is_meant);
            let target = replaced.map_or(target, |one| &one.by);
            if !on_duty.contains(target) {
                on_duty.push(target.clone());
            }
        }
        on_duty
    }
}

impl Rotation {
    fn on_duty(&self, at: Timestamp, calendar: &Calendar) -> Option<&Target> {
        if at < self.start || self.end.is_some_and(|end| at >= end) {
            return None;
        }
        let local = calendar.local(at);
        let is_day = match &self.dates {
            Dates::All => true,
            Dates::Workdays => calendar.is_workday(local.date),
            Dates::OtherDays => !calendar.is_workday(local.date),
            Dates::Weekdays(days) => days[calendar::weekday(local.date)],
        };
        let is_time = match &self.times {
            Times::All => true,
            Times::Work(period) => calendar.holds(*period, at),
            Times::Hours(hours) => hours.iter().any(|hours| hours.contains(local.minute)),
        };
        if !is_day || !is_time {
            return None;
        }
        let count = i64::try_from(self.targets.len()).ok().filter(|count| *count > 0)?;
        let handovers = self.shift.handovers(self.start, at, calendar);
        self.targets.get(usize::try_from(handovers.rem_euclid(count)).ok()?)
    }
}

impl Shift {
    /// How often one handed over to the next from `start` to `at`.
    fn handovers(&self, start: Timestamp, at: Timestamp, calendar: &Calendar) -> i64 {
        let (from, to) = (calendar.local(start), calendar.local(at));
        match self {
            Shift::Every(length) => (at.0 - start.0) / length,
            Shift::Days { interval, at } => {
                let minute = at.minute(calendar);
                (shift_day(to, minute) - shift_day(from, minute)) / interval
            }
            Shift::Weeks { interval, on, at } => {
                let minute = at.minute(calendar);
                (shift_week(to, *on, minute, calendar) - shift_week(from, *on, minute, calendar)) / interval
            }
            Shift::On { days, at } => {
                let minute = at.minute(calendar);
                let (first, last) = (shift_day(from, minute), shift_day(to, minute));
                let each_week = i64::try_from(days.iter().filter(|is| **is).count()).unwrap_or(0);
                let weeks = (last - first) / 7;
                let rest = (first + weeks * 7 + 1..=last).filter(|day| days[weekday_of(*day)]).count();
                weeks * each_week + i64::try_from(rest).unwrap_or(0)
            }
        }
    }
}

impl Begin {
    fn minute(self, calendar: &Calendar) -> u16 {
        match self {
            Begin::Minute(minute) => minute,
            Begin::Work => calendar.work_begins(),
        }
    }
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    i64::from(epoch.until(date).map_or(0, |span| span.get_days()))
}

/// 0 for Sunday. 1970-01-01 was a Thursday.
fn weekday_of(day: i64) -> usize {
    usize::try_from((day + 4).rem_euclid(7)).unwrap_or(0)
}

/// The day whose shift it is: before the handover still the one before.
fn shift_day(local: Local, minute: u16) -> i64 {
    day_number(local.date) - i64::from(local.minute < minute)
}

/// The week whose shift it is. Weeks begin on Monday; 1970-01-05 was one.
fn shift_week(local: Local, on: HandoverDay, minute: u16, calendar: &Calendar) -> i64 {
    let day = day_number(local.date);
    let week = (day - 4).div_euclid(7);
    let monday = week * 7 + 4;
    let into_week = day - monday;
    let handover = match on {
        HandoverDay::Weekday(weekday) => i64::try_from((weekday + 6) % 7).unwrap_or(0),
        HandoverDay::FirstWorkday => {
            let date = |offset: i64| local.date.checked_add(jiff::Span::new().days(offset - into_week)).ok();
            (0..7).find(|offset| date(*offset).is_some_and(|date| calendar.is_workday(date))).unwrap_or(0)
        }
    };
    let is_before = into_week < handover || (into_week == handover && local.minute < minute);
    week - i64::from(is_before)
}

fn parts<T>(
    fields: &Fields<'_>,
    field: &'static str,
    read: fn(&Fields<'_>) -> Result<T, RecordError>,
) -> Result<Vec<T>, RecordError> {
    let list = fields.list(field)?;
    if list.len() > PARTS_MAX {
        return Err(RecordError::new(field, "", format!("should have at most {PARTS_MAX} entries")));
    }
    let within =
        |index: usize, wrong: RecordError| RecordError { field: format!("{field}[{index}].{}", wrong.field), ..wrong };
    let one = |(index, part): (usize, &Json)| {
        Fields::of(part).and_then(|part| read(&part)).map_err(|wrong| within(index, wrong))
    };
    list.iter().enumerate().map(one).collect()
}

fn seconds(fields: &Fields<'_>, field: &str) -> Result<Timestamp, RecordError> {
    fields.number_or(field, 0).map(|seconds| Timestamp(seconds.saturating_mul(1000)))
}

fn rotation(fields: &Fields<'_>) -> Result<Rotation, RecordError> {
    let targets = fields.list("targets")?;
    if targets.is_empty() || targets.len() > PARTS_MAX {
        return Err(RecordError::new("targets", "", format!("should have 1 to {PARTS_MAX} entries")));
    }
    let end_type = fields.text_or("end_time_type", "none")?;
    let end = if end_type.is_empty() || end_type == "none" { None } else { Some(seconds(fields, "end_time")?) };
    Ok(Rotation {
        targets: targets.iter().map(|json| target(json, "targets")).collect::<Result<_, _>>()?,
        start: seconds(fields, "start_time")?,
        end,
        shift: shift(fields)?,
        dates: dates(fields)?,
        times: times(fields)?,
    })
}

fn replacement(fields: &Fields<'_>) -> Result<Override, RecordError> {
    let (start, end) = (seconds(fields, "start_time")?, seconds(fields, "end_time")?);
    if end <= start {
        return Err(RecordError::new("end_time", "", "should be later than start_time"));
    }
    let by = fields.get("substitute").ok_or_else(|| {
        RecordError::new(
            "substitute",
            "",
            "should say who is on duty instead: {\"type\": \"user\", \"target_id\": ...}",
        )
    })?;
    let replaced = fields.get("object").map(|json| target(json, "object")).transpose()?;
    Ok(Override { start, end, replaced, by: target(by, "substitute")? })
}

fn target(json: &Json, field: &'static str) -> Result<Target, RecordError> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    match (text("type"), text("target_id")) {
        (Some("user"), Some(id)) if !id.is_empty() => Ok(Target::User(id.to_owned())),
        (Some("user_group"), Some(id)) if !id.is_empty() => Ok(Target::Group(id.to_owned())),
        _ => Err(RecordError::new(
            field,
            &json.to_string(),
            "should be {\"type\": \"user\" or \"user_group\", \"target_id\": ...}",
        )),
    }
}

fn shift(fields: &Fields<'_>) -> Result<Shift, RecordError> {
    let interval = fields.number_or("shift_interval", 1)?;
    if !(1..=366).contains(&interval) {
        return Err(RecordError::new("shift_interval", &interval.to_string(), "should be 1 to 366"));
    }
    let time = fields.text_or("shift_time", "")?;
    let at = match time.as_str() {
        "" => Begin::Minute(0),
        "worktime" => Begin::Work,
        text => Begin::Minute(calendar::minutes(text).map_err(|wrong| RecordError::new("shift_time", text, wrong))?),
    };
    let kind = fields.text_or("shift_type", "day")?;
    match kind.as_str() {
        "hour" | "hourly" => {
            let minutes = fields.number_or("shift_minute", 0)?.clamp(0, 59);
            Ok(Shift::Every(interval * HOUR_MILLISECONDS + minutes * 60_000))
        }
        "day" | "daily" => Ok(Shift::Days { interval, at }),
        "week" | "weekly" => {
            let day = fields.text_or("shift_day", "")?;
            let on = match day.as_str() {
                "" | "workday" | "first_workday" => HandoverDay::FirstWorkday,
                number => {
                    let weekday = number.parse().ok().filter(|weekday| *weekday < 7);
                    let rule = "should be workday, or a day of the week from 0 (Sunday) to 6";
                    HandoverDay::Weekday(weekday.ok_or_else(|| RecordError::new("shift_day", number, rule))?)
                }
            };
            Ok(Shift::Weeks { interval, on, at })
        }
        "custom" | "week_custom" => {
            let days = week(fields, "shift_week_custom")?;
            Ok(Shift::On { days, at })
        }
        other => Err(RecordError::new("shift_type", other, "should be one of hour, day, week, custom")),
    }
}

fn week(fields: &Fields<'_>, field: &'static str) -> Result<[bool; 7], RecordError> {
    let list = fields.get(field).ok_or_else(|| RecordError::new(field, "", "is missing"))?;
    calendar::weekdays(list).map_err(|wrong| RecordError::new(field, &list.to_string(), wrong))
}

fn dates(fields: &Fields<'_>) -> Result<Dates, RecordError> {
    let kind = fields.text_or("restriction_date_type", "none")?;
    Ok(match kind.as_str() {
        "" | "none" | "any" | "everyday" | "day" => Dates::All,
        "workday" => Dates::Workdays,
        "non_workday" => Dates::OtherDays,
        "week" | "custom" => Dates::Weekdays(week(fields, "restriction_week_range")?),
        other => {
            let rule = "should be one of none, workday, non_workday, everyday, week";
            return Err(RecordError::new("restriction_date_type", other, rule));
        }
    })
}

fn times(fields: &Fields<'_>) -> Result<Times, RecordError> {
    let kind = fields.text_or("restriction_time_type", "allday")?;
    Ok(match kind.as_str() {
        "" | "allday" | "none" => Times::All,
        "worktime" => Times::Work(Period::Worktime),
        "non_worktime" => Times::Work(Period::NonWorktime),
        "custom" => {
            let field = "restriction_time_custom_range";
            let list = fields.get(field).ok_or_else(|| RecordError::new(field, "", "is missing"))?;
            Times::Hours(calendar::hours(list).map_err(|wrong| RecordError::new(field, &list.to_string(), wrong))?)
        }
        other => {
            let rule = "should be one of allday, worktime, non_worktime, custom";
            return Err(RecordError::new("restriction_time_type", other, rule));
        }
    })
}
