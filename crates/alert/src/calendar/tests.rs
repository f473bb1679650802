use serde_json::json;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn calendar(extra: Json) -> Calendar {
    let mut record = json!({"calendar_id": "default_calendar", "calendar_name": "Ours"});
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    Calendar::parse(&record).unwrap()
}

#[test]
fn the_usual_week_is_that_of_utc_plus_8() {
    let usual = Calendar::default();
    // A Thursday. Working hours are from 01:00 to 10:00 in UTC.
    for (time, worktime) in [("00:59:59Z", false), ("01:00:00Z", true), ("09:59:59Z", true), ("10:00:00Z", false)] {
        let at = at(&format!("2026-01-15T{time}"));
        assert_eq!(usual.holds(Period::Worktime, at), worktime, "{time}");
        assert_eq!(usual.holds(Period::NonWorktime, at), !worktime, "{time}");
        assert!(
            usual.holds(Period::Workday, at) && usual.holds(Period::Any, at) && !usual.holds(Period::NonWorkday, at)
        );
    }
    // Friday evening in UTC is Saturday there.
    let saturday = at("2026-01-16T17:00:00Z");
    assert!(usual.holds(Period::NonWorkday, saturday) && usual.holds(Period::NonWorktime, saturday));
}

#[test]
fn holidays_and_extra_working_days_come_before_the_week() {
    let ours = calendar(json!({
        "time_zone": "Europe/Berlin", "workdays": [1, 2, 3, 4, "5"], "working_hours": [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}],
        "holidays": [{"start": "2026-10-01", "end": "2026-10-07"}, "2026-12-25"], "extra_workdays": ["2026-10-10", "2026-10-07"],
    }));
    // Summer time ends on 25 October: eight o'clock is an hour later in UTC from then on.
    assert!(ours.holds(Period::Worktime, at("2026-10-23T06:30:00Z")));
    assert!(!ours.holds(Period::Worktime, at("2026-10-26T06:30:00Z")));
    assert!(ours.holds(Period::Worktime, at("2026-10-26T07:30:00Z")));
    assert!(!ours.holds(Period::Worktime, at("2026-10-26T11:30:00Z")));
    for (day, is_workday) in [("01", false), ("06", false), ("07", true), ("08", true), ("10", true), ("11", false)] {
        assert_eq!(ours.holds(Period::Workday, at(&format!("2026-10-{day}T10:00:00Z"))), is_workday, "{day}");
    }
}

#[test]
fn hours_may_go_on_after_midnight() {
    let night =
        calendar(json!({"time_zone": "UTC", "workdays": [5], "working_hours": [{"start": "22:00", "end": "06:00"}]}));
    // Friday's night ends on Saturday; Thursday's is not worked.
    for (time, holds) in [
        ("2026-01-16T05:00:00Z", false),
        ("2026-01-16T23:00:00Z", true),
        ("2026-01-17T05:59:00Z", true),
        ("2026-01-17T06:00:00Z", false),
        ("2026-01-17T23:00:00Z", false),
    ] {
        assert_eq!(night.holds(Period::Worktime, at(time)), holds, "{time}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (extra, message) in [
        (json!({"time_zone": "Mars/Olympus"}), "time_zone: \"Mars/Olympus\" is no time zone"),
        (json!({"time_zone": "+1500"}), "is no time zone"),
        (json!({"time_zone": "+08é0"}), "is no time zone"),
        (json!({"workdays": [7]}), "workdays: days of the week"),
        (json!({"working_hours": [{"start": "9", "end": "18:00"}]}), "\"9\" is no time of day"),
        (json!({"working_hours": [{"start": "09:60", "end": "18:00"}]}), "no time of day"),
        (json!({"working_hours": [{"start": "09:00", "end": "09:00"}]}), "no stretch of a day"),
        (json!({"holidays": ["2026-02-30"]}), "a day is written 2026-10-01"),
        (json!({"holidays": [{"start": "2026-10-07", "end": "2026-10-01"}]}), "end before they begin"),
        (json!({"holidays": [{"start": "0001-01-01", "end": "9999-12-31"}]}), "at most 600 days"),
    ] {
        let mut record = json!({"calendar_id": "default_calendar", "calendar_name": "Ours"});
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let error = Calendar::parse(&record).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    for name in Period::NAMES {
        assert_eq!(Period::parse(name).unwrap().name(), name);
    }
    assert!(zone("-0330").is_ok() && zone("+08:00").is_ok() && zone("+1400").is_ok() && zone("-1230").is_err());
}
