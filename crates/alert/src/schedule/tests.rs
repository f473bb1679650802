use proptest::prelude::*;
use serde_json::json;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn next(schedule: Value, after: &str) -> String {
    Schedule::parse(&schedule).unwrap().next_after(at(after)).unwrap().to_string()
}

#[test]
fn each_kind_has_its_instants() {
    let fixed = json!({"type": "FixedRate", "interval": "15m"});
    assert_eq!(next(fixed.clone(), "2026-05-01T10:07:00Z"), "2026-05-01T10:15:00Z");
    assert_eq!(next(fixed, "2026-05-01T10:15:00Z"), "2026-05-01T10:30:00Z");
    assert_eq!(next(json!({"type": "Hourly"}), "2026-05-01T10:59:59Z"), "2026-05-01T11:00:00Z");
    let daily = |zone: &str| json!({"type": "Daily", "hour": 9, "timeZone": zone});
    assert_eq!(next(daily("+0800"), "2026-05-01T00:59:59Z"), "2026-05-01T01:00:00Z");
    assert_eq!(next(daily(""), "2026-05-01T01:00:00Z"), "2026-05-02T01:00:00Z");
    assert_eq!(next(daily("-0330"), "2026-05-01T00:00:00Z"), "2026-05-01T12:30:00Z");
    // 2026-05-03 is a Sunday.
    let weekly = json!({"type": "Weekly", "dayOfWeek": 0, "hour": 0, "timeZone": "+0000"});
    assert_eq!(next(weekly, "2026-05-01T00:00:00Z"), "2026-05-03T00:00:00Z");
    let monday = json!({"type": "Weekly", "dayOfWeek": 1, "hour": 7, "timeZone": "+0800"});
    assert_eq!(next(monday, "2026-05-01T00:00:00Z"), "2026-05-03T23:00:00Z");
}

#[test]
fn cron_counts_in_its_zone() {
    let cron = |expression: &str, zone: &str| json!({"type": "Cron", "cronExpression": expression, "timeZone": zone});
    assert_eq!(next(cron("0/5 * * * *", "+0800"), "2026-05-01T10:07:13Z"), "2026-05-01T10:10:00Z");
    assert_eq!(next(cron("0 0/1 * * *", "+0530"), "2026-05-01T10:07:13Z"), "2026-05-01T10:30:00Z");
    assert_eq!(next(cron("30 9 * * 1-5", "+0800"), "2026-05-01T02:00:00Z"), "2026-05-04T01:30:00Z");
    assert_eq!(next(cron("0 0 29 2 *", "+0000"), "2026-05-01T02:00:00Z"), "2028-02-29T00:00:00Z");
    assert_eq!(next(cron("0 0 1 * *", "+0800"), "2026-04-30T15:59:59Z"), "2026-04-30T16:00:00Z");
}

#[test]
fn refuses_by_name() {
    for (schedule, field) in [
        (json!({}), "schedule.type"),
        (json!({"type": "Resident"}), "schedule.type"),
        (json!({"type": "FixedRate", "interval": "15"}), "schedule.interval"),
        (json!({"type": "FixedRate", "interval": "59s"}), "schedule.interval"),
        (json!({"type": "FixedRate", "interval": "31d"}), "schedule.interval"),
        (json!({"type": "FixedRate", "interval": "99999999999d"}), "schedule.interval"),
        (json!({"type": "FixedRate", "interval": "1m", "delay": -1}), "schedule.delay"),
        (json!({"type": "FixedRate", "interval": "1m", "delay": 86401}), "schedule.delay"),
        (json!({"type": "Daily", "hour": 24}), "schedule.hour"),
        (json!({"type": "Daily"}), "schedule.hour"),
        (json!({"type": "Weekly", "hour": 1, "dayOfWeek": 7}), "schedule.dayOfWeek"),
        (json!({"type": "Hourly", "timeZone": "Asia/Shanghai"}), "schedule.timeZone"),
        (json!({"type": "Hourly", "timeZone": "+1401"}), "schedule.timeZone"),
        (json!({"type": "Hourly", "timeZone": "+0860"}), "schedule.timeZone"),
        (json!({"type": "Cron", "cronExpression": "* * * * * *"}), "schedule.cronExpression"),
        (json!({"type": "Cron", "cronExpression": "@daily"}), "schedule.cronExpression"),
        (json!({"type": "Cron", "cronExpression": "61 * * * *"}), "schedule.cronExpression"),
        (json!({"type": "Cron", "cronExpression": "0 0 30 2 *"}), "schedule.cronExpression"),
        (
            json!({"type": "Cron", "cronExpression": format!("{} * * * *", "0,".repeat(40) + "1")}),
            "schedule.cronExpression",
        ),
        (json!([]), "schedule"),
    ] {
        assert_eq!(Schedule::parse(&schedule).unwrap_err().field, field, "{schedule}");
    }
}

#[test]
fn a_delay_moves_the_run_and_not_the_instant() {
    let schedule = Schedule::parse(&json!({"type": "FixedRate", "interval": "1h", "delay": "90"})).unwrap();
    let instant = schedule.next_after(at("2026-05-01T10:59:00Z")).unwrap();
    assert_eq!(instant, at("2026-05-01T11:00:00Z"));
    assert_eq!(schedule.begins(instant), at("2026-05-01T11:01:30Z"));
    assert_eq!(schedule.seconds_until_next(instant), 3600);
    assert!(!schedule.runs_immediately);
}

fn any_schedule() -> impl Strategy<Value = Value> {
    let zone = (-12..=14_i64, 0..60_i64).prop_map(|(hours, minutes)| {
        let minutes = if hours == 14 || hours == -12 { 0 } else { minutes };
        format!("{}{:02}{minutes:02}", if hours < 0 { '-' } else { '+' }, hours.abs())
    });
    let cron = prop_oneof![
        (0..60_u8).prop_map(|minute| format!("{minute} * * * *")),
        (0..60_u8, 0..24_u8).prop_map(|(minute, hour)| format!("{minute} {hour} * * 1,3")),
        (1..29_u8, 1..12_u8).prop_map(|(day, month)| format!("0 0 {day} {month}-12 *")),
        (1..30_u8).prop_map(|step| format!("*/{step} * * * *")),
    ];
    prop_oneof![
        (60..100_000_i64).prop_map(|seconds| json!({"type": "FixedRate", "interval": format!("{seconds}s")})),
        zone.clone().prop_map(|zone| json!({"type": "Hourly", "timeZone": zone})),
        (zone.clone(), 0..24_i64).prop_map(|(zone, hour)| json!({"type": "Daily", "hour": hour, "timeZone": zone})),
        (zone.clone(), 0..24_i64, 0..7_i64)
            .prop_map(|(zone, hour, day)| json!({"type": "Weekly", "hour": hour, "dayOfWeek": day, "timeZone": zone})),
        (zone, cron).prop_map(|(zone, cron)| json!({"type": "Cron", "cronExpression": cron, "timeZone": zone})),
    ]
}

proptest! {
    /// Time goes on, and however a stretch is cut in two, no run is lost or doubled.
    #[test]
    fn no_run_is_lost(schedule in any_schedule(), from in 0..2_000_000_000_i64, first in 0..400_000_i64, second in 0..400_000_i64) {
        let schedule = Schedule::parse(&schedule).unwrap();
        let (from, middle) = (Timestamp(from * 1000 + 7), Timestamp((from + first) * 1000));
        let to = middle.plus(Duration::from_secs(second.unsigned_abs()));
        let whole = schedule.runs_between(from, to, usize::MAX);
        prop_assert!(whole.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(whole.iter().all(|run| from < *run && *run <= to && run.0 % 1000 == 0));
        let mut parts = schedule.runs_between(from, middle, usize::MAX);
        parts.extend(schedule.runs_between(middle.max(from), to, usize::MAX));
        prop_assert_eq!(parts, whole.clone());
        prop_assert_eq!(schedule.runs_between(from, to, 2), whole.into_iter().take(2).collect::<Vec<_>>());
    }

    #[test]
    fn any_text_ends(expression in "[0-9*/,\\-LW#?A-Z ]{0,20}", zone in "[-+0-9:]{0,6}", interval in ".{0,6}") {
        let _ = Schedule::parse(&json!({"type": "Cron", "cronExpression": expression, "timeZone": zone}));
        let _ = Schedule::parse(&json!({"type": "FixedRate", "interval": interval}));
    }
}
