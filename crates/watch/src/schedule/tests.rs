#![allow(clippy::unwrap_used, reason = "a test may panic")]

use catalog::{AlertRule, NewAlertRule};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ground::{AT, new_rule};

const MINUTE: i64 = 60_000;

fn rule(schedule: Value) -> KnownRule {
    let configuration = json!({ "version": "2.0", "queryList": [{ "store": "s", "query": "*", "start": "-1m" }] });
    let written = NewAlertRule { schedule: schedule.to_string(), ..new_rule("rule", &configuration) };
    let row = AlertRule { id: AlertRuleId(1), written, version: 1, created: AT, updated: AT };
    KnownRule::parse(row, "cn-hangzhou".into()).unwrap()
}

fn each_minute() -> KnownRule {
    rule(json!({ "type": "FixedRate", "interval": "1m" }))
}

fn after(minutes: i64) -> Timestamp {
    Timestamp(AT.0 + minutes * MINUTE)
}

#[test]
fn a_run_in_time_is_a_scheduled_one_and_comes_not_before_its_delay() {
    let config = Config::default();
    let in_time = |instant| Some(Next { instant, run: Run::Scheduled });
    assert_eq!(next(&each_minute(), AT, Timestamp(after(1).0 - 1), &config), None);
    assert_eq!(next(&each_minute(), AT, after(1), &config), in_time(after(1)));
    let delayed = rule(json!({ "type": "FixedRate", "interval": "1m", "delay": 30 }));
    assert_eq!(next(&delayed, AT, after(1), &config), None);
    assert_eq!(next(&delayed, AT, Timestamp(after(1).0 + 30_000), &config), in_time(after(1)));
}

#[test]
fn what_is_too_much_or_too_old_is_covered_by_one_run() {
    let config = Config { catch_up_runs: 10, ..Config::default() };
    let caught_up = |instant, covers| Some(Next { instant, run: Run::CaughtUp { covers } });
    assert_eq!(next(&each_minute(), AT, after(10), &config), caught_up(after(1), None));
    assert_eq!(next(&each_minute(), AT, after(11), &config), caught_up(after(2), Some(AT)));
    // Rare runs: the last missed one lies further back than a day, and runs all the same.
    let weekly = rule(json!({ "type": "Weekly", "dayOfWeek": 1, "hour": 3, "timeZone": "+0000" }));
    let day = 24 * 60;
    let Next { instant, run } = next(&weekly, AT, after(20 * day), &config).unwrap();
    assert!(instant > after(12 * day) && instant <= after(20 * day), "{instant}");
    assert_eq!(run, Run::CaughtUp { covers: Some(AT) });
}

#[test]
fn a_rule_begins_where_it_stood_or_where_it_was_changed() {
    let rule = each_minute();
    let state = |version, minutes| AlertRuleState {
        rule: AlertRuleId(1),
        version,
        state: "{}".into(),
        evaluated_through: after(minutes),
        status: String::new(),
        reason: String::new(),
    };
    assert_eq!(starts_after(&rule, None), AT);
    assert_eq!(starts_after(&rule, Some(&state(1, -5))), after(-5), "what it missed is made up for");
    assert_eq!(starts_after(&rule, Some(&state(0, -5))), AT, "what the version before missed is not");
    let at_once = self::rule(json!({ "type": "Daily", "hour": 3, "runImmediately": true, "timeZone": "+0000" }));
    let first = next(&at_once, starts_after(&at_once, None), AT, &Config::default()).unwrap();
    assert!(first.instant <= AT && first.instant > after(-24 * 60), "{first:?}");
}

proptest! {
    /// However long and often nobody runs it, each instant is run or covered, in order, and none twice.
    #[test]
    fn no_instant_is_lost(interval in 1..90_i64, looks in prop::collection::vec(1..3000_i64, 1..12), runs_max in 1..50_usize) {
        let rule = rule(json!({ "type": "FixedRate", "interval": format!("{interval}m") }));
        let config = Config { catch_up_runs: runs_max, ..Config::default() };
        let (mut now, mut through) = (AT, AT);
        for look in looks {
            now = Timestamp(now.0 + look * MINUTE);
            let mut runs = 0;
            while let Some(due) = next(&rule, through, now, &config) {
                let expected = rule.schedule.next_after(through).unwrap();
                prop_assert!(due.instant <= now && due.instant > through);
                let covers = match due.run { Run::CaughtUp { covers } => covers, _ => None };
                if due.instant == expected {
                    prop_assert_eq!(covers, None);
                } else {
                    prop_assert_eq!(covers, Some(through));
                }
                through = due.instant;
                runs += 1;
            }
            prop_assert!(runs <= runs_max.max(1), "{} runs", runs);
            prop_assert!(rule.schedule.next_after(through).unwrap() > now);
        }
    }
}
