//! Trials against asking every run, and what they show.

use std::sync::atomic::Ordering;

use alert::Channel;
use serde_json::json;

use super::answers::Answers;
use super::*;
use crate::evaluation::{self, Run};
use crate::scene::{AT, LOGSTORE, Scene, account, with_policies};

fn minutes(minutes: i64) -> Timestamp {
    Timestamp(AT.0 + minutes * 60_000)
}

fn trials(scene: &Scene) -> Trials {
    Trials::new(scene.catalog.clone(), scene.store.clone(), scene.asker.clone(), scene.clock.clone(), String::new())
}

/// Events of two hours, some of them in bursts, from a number made of their place.
async fn put_events(scene: &Scene) {
    let mut events = Vec::new();
    let mut place = 7_u64;
    for id in 0..400 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = place >> 33;
        let at = if chance.is_multiple_of(3) { 30 * 60_000 + (chance % 120_000) } else { chance % 7_200_000 };
        let name = ["DeleteTrail", "StopLogging", "CreateTrail"][(chance / 21 % 3) as usize];
        let user = ["alice", "bob"][(chance / 7 % 2) as usize];
        events.push((id, at as i64, name, user));
    }
    scene.put(&events[..200]).await;
    scene.settle().await;
    scene.put(&events[200..]).await;
}

/// Each run of a rule, by the trial's way and by asking.
async fn check(scene: &Scene, rule: KnownRule) {
    let rule = Arc::new(rule);
    let instants = rule.schedule.runs_between(minutes(-10), minutes(130), 1000);
    let parts = (&scene.asker, &scene.store);
    let mut answers = Answers::new(rule.clone(), parts, &instants, LIMITS, AT).await.unwrap();
    let mut runs = Runs::new(rule.clone());
    let mut fired = 0;
    for instant in &instants {
        let (looked, _) = runs.next(answers.at(*instant).await.unwrap());
        let plain = evaluation::run(&scene.asker, rule.clone(), *instant, Run::Scheduled, AT).await;
        assert_eq!(looked.outcome, plain.found, "{instant}");
        let has_fired = plain.found.is_ok_and(|found| !found.fired.is_empty());
        if has_fired {
            assert_eq!(looked.answers, plain.answers, "{instant}");
            fired += 1;
        }
    }
    assert!(fired > 5, "{fired} of {} fired", instants.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_run_is_as_it_would_have_been() {
    let scene = Scene::open().await;
    put_events(&scene).await;
    let counted = scene.known("rule-counted", |rule| {
        rule["severityConfigurations"][0]["evalCondition"]["countCondition"] = "__count__ > 2".into();
    });
    check(&scene, counted.await).await;
    let rare = |rule: &mut serde_json::Value| {
        rule["queryList"][0]["query"] =
            "event.eventName: StopLogging and userIdentity.userName: bob | SELECT count(1) AS cnt".into();
        rule["groupConfiguration"] = json!({ "type": "no_group", "fields": [] });
        rule["severityConfigurations"][0]["evalCondition"]["condition"] = "cnt > 1".into();
    };
    check(&scene, scene.known("rule-sql", rare).await).await;
    let two = scene.known("rule-two", |rule| {
        rare(rule);
        let mut second = rule["queryList"][0].clone();
        second["query"] = "event.eventName: DeleteTrail".into();
        rule["queryList"].as_array_mut().unwrap().push(second);
        rule["joinConfigurations"] = json!([{ "type": "cross_join", "condition": "" }]);
    });
    check(&scene, two.await).await;
    let timed = scene.known("rule-timed", |rule| {
        rule["severityConfigurations"][0]["evalCondition"]["condition"] = "__time__ >= __end_time__ - 90".into();
    });
    check(&scene, timed.await).await;
    let timed_sql = scene.known("rule-timed-sql", |rule| {
        rare(rule);
        rule["severityConfigurations"][0]["evalCondition"]["condition"] = "cnt > 0 && __end_time__ % 120 == 0".into();
    });
    check(&scene, timed_sql.await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_with_the_same_events_share_an_answer() {
    let scene = Scene::open().await;
    scene.put(&[(1, 0, "StopLogging", "bob"), (2, 3_600_000, "StopLogging", "bob")]).await;
    let rule = scene.known("rule-sql", |rule| {
        rule["queryList"][0]["query"] = "event.eventName: StopLogging | SELECT count(1) AS cnt".into();
        rule["severityConfigurations"][0]["evalCondition"]["condition"] = "cnt > 0".into();
        rule["groupConfiguration"] = json!({ "type": "no_group", "fields": [] });
    });
    let report = trials(&scene).run(rule.await, minutes(-60), minutes(120)).await.unwrap();
    assert_eq!((report.runs, report.asked), (180, 5), "nothing, an event, nothing, an event, nothing");
    assert_eq!(scene.statements.load(Ordering::Relaxed), 5);
    let ends: Vec<_> = report.incidents.iter().map(|each| (each.fired, each.ended.unwrap(), each.runs)).collect();
    assert_eq!(ends, [(minutes(1), minutes(6), 5), (minutes(61), minutes(66), 5)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_shows_what_would_have_been_sent_and_sends_nothing() {
    let scene = Scene::open().await;
    with_policies(&scene).await;
    let every_minute: Vec<(u64, i64, &str, &str)> =
        (0..90).map(|minute| (minute, minute as i64 * 60_000 + 1, "DeleteTrail", "alice")).collect();
    scene.put(&every_minute).await;
    scene.put(&[(100, 1000, "DeleteTrail", "bob"), (101, 90_000, "CreateTrail", "bob")]).await;
    let silence = catalog::AlertSilence {
        id: "s1".into(),
        account: account(),
        matchers: json!([{ "object": "labels[\"userIdentity.userName\"]", "operator": "==", "value": "bob" }])
            .to_string(),
        starts: AT,
        ends: minutes(60),
        reason: "he is new".into(),
        creator: "carol".into(),
        created: AT,
    };
    scene.catalog.silence_create(&silence, 10).await.unwrap();
    let rule = scene.known("rule-one", |rule| rule["muteUntil"] = (minutes(600).0 / 1000).into()).await;
    let report = trials(&scene).run(rule, minutes(-5), minutes(120)).await.unwrap();
    assert_eq!((report.runs, report.through, report.failures.len()), (125, minutes(120), 0));
    assert_eq!(report.evaluations.firing, 94, "from the first run behind an event until the last is five minutes old");
    let of = |user: &str| report.incidents.iter().filter(|each| each.labels["userIdentity.userName"] == user).count();
    assert_eq!((of("alice"), of("bob"), report.incidents.len()), (1, 1, 2));
    let sent: Vec<(Timestamp, &str, Option<Channel>, &str)> = report
        .notifications
        .iter()
        .filter(|told| told.is_sent)
        .map(|told| (told.at, told.code.as_str(), told.channel, told.recipient.as_str()))
        .collect();
    let hook = Some(Channel::Webhook);
    assert_eq!(
        sent,
        [
            (minutes(1), "first", hook, "hook"),
            (minutes(61), "repeat", hook, "hook"),
            (minutes(95), "changed", hook, "hook")
        ]
    );
    assert!(
        report.notifications[0].text.contains("alice deleted")
            || report.notifications[1].text.contains("alice deleted")
    );
    let silenced = report.notifications.iter().find(|told| told.code == "silenced").unwrap();
    assert!(!silenced.is_sent && silenced.reason.contains("he is new"));
    assert!(report.notes[0].contains("muted until"));
    let waiting = scene.catalog.outbox_waiting(catalog::OutboxKind::Notification).await.unwrap();
    assert!(waiting.is_empty(), "nothing was stored");
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains(r#""Through":"2026-01-15T11:00:00Z""#), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trials_have_ends() {
    let scene = Scene::open().await;
    let known = async || scene.known("rule-ends", |_| {}).await;
    let rule = known().await;
    let empty = trials(&scene).run(rule, minutes(1), minutes(1)).await.unwrap_err();
    assert!(matches!(empty, TrialError::EmptyRange));
    let row = || async { scene.catalog.alert_rules_enabled().await.unwrap().remove(0) };
    let again = async || KnownRule::parse(row().await, String::new()).unwrap();
    let none = trials(&scene).run(again().await, Timestamp(AT.0 + 1), Timestamp(AT.0 + 2)).await.unwrap_err();
    assert!(matches!(none, TrialError::NoRuns { .. }));
    let years = trials(&scene).run(again().await, minutes(-600_000), minutes(0)).await.unwrap_err();
    assert!(matches!(years, TrialError::TooManyRuns));
    let written = crate::scene::new_rule("rule-unkept", &crate::scene::configuration());
    assert_eq!(trials(&scene).run_written(&written, minutes(0), minutes(5)).await.unwrap().runs, 5);
    let wrong = catalog::NewAlertRule { configuration: "{".into(), ..written };
    let unreadable = trials(&scene).run_written(&wrong, minutes(0), minutes(5)).await.unwrap_err();
    assert!(matches!(unreadable, TrialError::Rule(_)));
    let absent = trials(&scene).explain_kept(account(), "audit", "rule-unkept", minutes(5)).await.unwrap_err();
    assert!(matches!(absent, TrialError::NoRule { .. }));
    assert!(trials(&scene).explain_kept(account(), "audit", "rule-ends", minutes(5)).await.is_ok());
    let mut gone = again().await;
    gone.rule.queries[0].store_name = "other".to_owned();
    let absent = trials(&scene).run(gone, minutes(0), minutes(5)).await.unwrap_err();
    assert!(matches!(absent, TrialError::Ask(AskError::NoLogstore { .. })), "{absent:?}");
    assert!(format!("{absent}").contains(&format!("Logstore {}", "other")) && LOGSTORE != "other");
}

#[tokio::test(flavor = "multi_thread")]
async fn explanations() {
    let scene = Scene::open().await;
    with_policies(&scene).await;
    scene.put(&[(1, 1000, "DeleteTrail", "alice"), (2, 61_000, "DeleteTrail", "alice")]).await;
    let rule = scene.rule("rule-one", |rule| {
        rule["threshold"] = 2.into();
        rule["severityConfigurations"][0]["evalCondition"]["countCondition"] = "__count__ > 1".into();
    });
    let row = rule.await;
    let known = || KnownRule::parse(row.clone(), String::new()).unwrap();
    let explain = async |at| trials(&scene).explain(known(), at).await.unwrap();
    let none = explain(minutes(-30)).await;
    assert_eq!((none.instant, none.joined_rows), (minutes(-30), 0));
    assert!(none.why[0].contains("no rows"), "{:?}", none.why);
    let few = explain(Timestamp(minutes(1).0 + 30_000)).await;
    assert_eq!(few.instant, minutes(1));
    assert!(few.why[0].contains("none meets its conditions"), "{:?}", few.why);
    assert_eq!(few.not_met[0].conditions, ["Count:[1] > 1"]);
    let first = explain(minutes(2)).await;
    assert!(first.why[0].contains("not in 2 runs in a row"), "{:?}", first.why);
    assert_eq!((first.met[0].consecutive, first.met[0].is_firing, first.met[0].pass_count), (1, false, 2));
    let fires = explain(minutes(3)).await;
    assert!(fires.why[0].contains("It fires"), "{:?}", fires.why);
    assert_eq!((fires.met[0].consecutive, fires.met[0].is_firing), (2, true));
    assert!(fires.queries[0].rows[0]["eventName"] == "DeleteTrail" && fires.queries[0].row_count == 2);
    assert!(fires.notifications.iter().any(|told| told.is_sent && told.recipient == "hook"));
    assert_eq!(fires.policies[0].action_policy, "test.action");
    assert!(fires.why.iter().any(|why| why.contains("schedule only: it fires after several")), "{:?}", fires.why);
    assert!(serde_json::to_string(&fires).unwrap().contains(r#""Consecutive":2"#));
}
