//! What the stream promises: repeatable, plausible, of the size and skew that measurements assume.

use std::collections::{BTreeMap, HashSet};

use model::{Attribute, Event};

use super::*;

const SEED: u64 = 11;

fn made(events: u64) -> Vec<(AccountId, Event)> {
    let config = Config { events, ..Config::default() };
    let mut generator = Generator::new(SEED, &config);
    let one = |_| {
        let (account, json) = generator.next_event();
        (account, Event::parse(json.into()).expect("a sample event is accepted"))
    };
    (0..events).map(one).collect()
}

fn counts(events: &[(AccountId, Event)], attribute: Attribute) -> Vec<usize> {
    let mut counts = BTreeMap::<(AccountId, &str), usize>::new();
    for (account, event) in events {
        if let Some(value) = event.first(attribute) {
            *counts.entry((*account, value)).or_default() += 1;
        }
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by_key(|&count| std::cmp::Reverse(count));
    counts
}

#[test]
fn the_same_seed_makes_the_same_events_and_another_seed_others() {
    let first = |seed| Generator::new(seed, &Config::default()).next_event();
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}

#[test]
fn events_have_the_size_that_measurements_assume() {
    let events = made(20_000);
    let bytes: usize = events.iter().map(|(_, event)| event.raw().len()).sum();
    let mean = bytes / events.len();
    assert!((1100..=1500).contains(&mean), "{mean} bytes");
}

#[test]
fn events_name_their_account_and_have_ids_of_their_own() {
    let events = made(20_000);
    let accounts: HashSet<_> = events.iter().map(|(account, _)| account).collect();
    assert_eq!(accounts.len(), 20);
    assert!(events.iter().all(|(account, event)| event.stated_account() == Some(*account)));
    let ids: HashSet<_> = events.iter().map(|(_, event)| event.id()).collect();
    assert_eq!(ids.len(), events.len());
}

#[test]
fn reads_writes_and_failures_keep_their_shares() {
    let events = made(20_000);
    let share = |attribute, value: Option<&str>| {
        let matches = |event: &Event| match value {
            Some(value) => event.has(attribute, value),
            None => event.first(attribute).is_some(),
        };
        events.iter().filter(|(_, event)| matches(event)).count() as f64 / events.len() as f64
    };
    let writes = share(Attribute::EventRw, Some("Write"));
    assert!((0.13..0.18).contains(&writes), "{writes}");
    let failures = share(Attribute::ErrorCode, None);
    assert!((0.04..0.06).contains(&failures), "{failures}");
    for (attribute, value) in [
        (Attribute::EventType, "ConsoleSignin"),
        (Attribute::EventType, "AliyunServiceEvent"),
        (Attribute::UserType, "assumed-role"),
        (Attribute::UserType, "root-account"),
        (Attribute::SensitiveAction, "true"),
    ] {
        assert!(share(attribute, Some(value)) > 0.001, "{value}");
    }
}

#[test]
fn few_do_most_and_many_do_little() {
    let events = made(50_000);
    let users = counts(&events, Attribute::User);
    assert!(users[0] > 1000 && users.len() > 900 && users[users.len() - 1] < 10, "{} users", users.len());
    let resources = counts(&events, Attribute::ResourceName);
    assert!(resources[0] > 100 && resources.len() > 5000, "{} resources", resources.len());
    assert!(counts(&events, Attribute::EventAccessKeyId).len() > 1000);
}

#[test]
fn times_rise_from_start_to_end_with_a_little_disorder() {
    let config = Config { events: 10_000, ..Config::default() };
    let times: Vec<Timestamp> = made(10_000).iter().map(|(_, event)| event.time()).collect();
    assert!(times.iter().all(|time| (config.start..=config.end).contains(time)));
    let latest_so_far = times.iter().scan(config.start, |latest, &time| {
        *latest = time.max(*latest);
        Some(latest.since(time))
    });
    assert!(latest_so_far.clone().all(|behind| behind <= Duration::from_secs(u64::from(LATE_SECONDS_MAX) + 1)));
    let span = config.end.since(config.start);
    assert!(times[times.len() - 1].since(times[0]) > span - span / 100);
}

#[test]
fn the_parameters_are_there_twice_as_object_and_as_text() {
    for (_, event) in made(500) {
        let json: serde_json::Value = serde_json::from_slice(event.raw()).expect("valid JSON");
        let Some(text) = json["requestParameterJson"].as_str() else { continue };
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).expect("valid JSON"), json["requestParameters"]);
    }
}
