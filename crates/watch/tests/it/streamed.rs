//! The stream and the schedule of one rule, side by side.

use std::sync::Arc;
use std::time::Duration;

use alert::evaluate::{QueryAnswer, evaluate};
use alert::{Found, Row};
use model::{Seq, Timestamp};
use watch::evaluation::{Outcome, Run};
use watch::rules::KnownRule;
use watch::{Config, STREAM_CURSOR, Verdict};

use crate::scene::{AT, Folder, LOGSTORE, PROJECT, Scene, minutes, quick, search_rule, until};

fn streamed(rule: &Arc<KnownRule>, name: &str, instant: Timestamp) -> Outcome {
    let found = Found {
        store_type: "log".into(),
        region: "cn-hangzhou".into(),
        project: PROJECT.into(),
        store: LOGSTORE.into(),
        query: "*".into(),
        start_time: 0,
        end_time: 60,
        rows: Vec::new(),
        row_count: 1,
        is_truncated: false,
    };
    let row = Row::from([("eventName".to_owned(), name.to_owned())]);
    let answers = vec![QueryAnswer::new(found, vec![row], &rule.rule)];
    let found = evaluate(&rule.rule, &answers).map_err(|error| error.to_string());
    Outcome { rule: rule.clone(), instant, run: Run::Streamed, answers, found, took: Duration::ZERO }
}

#[tokio::test]
async fn what_the_stream_saw_after_a_run_does_not_end_with_it() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let id = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    let rules = scene.watch.rules();
    until("the rule is known", async || !rules.borrow().is_empty()).await;
    let rule = rules.borrow()[0].clone();
    let desk = scene.watch.desk().clone();

    // The event comes right before the run's turn, and lies behind the run's window.
    let saw = Timestamp(minutes(1).0 + 1);
    let verdicts = desk.apply(vec![streamed(&rule, "DeleteTrail", saw)], Some(Seq(7))).await.unwrap();
    assert_eq!(verdicts, [Verdict::Done]);
    assert_eq!(scene.catalog.alert_cursor(STREAM_CURSOR).await.unwrap(), Some(Seq(7)));
    scene.advance_to(minutes(1));
    scene.until_ran(id, minutes(1)).await;
    assert_eq!(scene.incidents().await[0].ended, None, "the run of this instant cannot know");
    // Seen again: nothing is told again, and the history has only what was new.
    desk.apply(vec![streamed(&rule, "DeleteTrail", Timestamp(saw.0 + 1000))], Some(Seq(8))).await.unwrap();
    desk.apply(vec![streamed(&rule, "DeleteTrail", saw)], Some(Seq(3))).await.unwrap();
    assert_eq!(scene.catalog.alert_cursor(STREAM_CURSOR).await.unwrap(), Some(Seq(8)), "it never goes back");
    until("the history is written", async || scene.history().await.len() == 2).await;
    assert_eq!(scene.arrived().len(), 1);
    assert_eq!(scene.incidents().await.len(), 1);

    scene.advance_to(minutes(2));
    scene.until_ran(id, minutes(2)).await;
    until("the end is told", async || scene.arrived().len() == 2).await;
    assert_eq!(scene.incidents().await[0].ended, Some(minutes(2)));
    // A rule that is gone takes nothing more.
    scene.catalog.alert_rule_delete(rule.row.account, PROJECT, "trail-off").await.unwrap();
    let verdicts = desk.apply(vec![streamed(&rule, "DeleteTrail", minutes(3))], Some(Seq(9))).await.unwrap();
    assert_eq!(verdicts, [Verdict::Outdated]);
    assert_eq!(scene.catalog.alert_cursor(STREAM_CURSOR).await.unwrap(), Some(Seq(9)), "the stream goes on");
    scene.stop().await;
}

#[tokio::test]
async fn an_alert_that_ended_unheard_is_news_when_it_fires_again() {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    let mut configuration = search_rule("eventName: DeleteTrail");
    configuration["sendResolved"] = false.into();
    let rule = scene.rule("trail-off", configuration).await;
    for minute in [0, 3] {
        scene.event(&format!("e{minute}"), "DeleteTrail", Timestamp(minutes(minute).0 + 30_000)).await;
    }
    for minute in 1..6 {
        scene.advance_to(minutes(minute));
        scene.until_ran(rule, minutes(minute)).await;
    }
    until("both fires are told", async || scene.arrived().len() == 2).await;
    assert_eq!(scene.incidents().await.len(), 2);
    assert!(scene.arrived().iter().all(|one| !one.body.contains("resolved")));
    scene.stop().await;
}

#[tokio::test]
async fn what_came_while_the_stream_was_off_is_not_told_again_by_it() {
    let folder = Folder::new();
    let on = || Config { stream: true, ..quick() };
    let scene = Scene::start(&folder, AT, on()).await;
    until("the stream has begun", async || scene.catalog.alert_cursor(STREAM_CURSOR).await.unwrap().is_some()).await;
    scene.stop().await;

    let scene = Scene::start(&folder, AT, quick()).await;
    let rule = scene.rule("trail-off", search_rule("eventName: DeleteTrail")).await;
    scene.event("e0", "DeleteTrail", Timestamp(AT.0 + 30_000)).await;
    for minute in 1..3 {
        scene.advance_to(minutes(minute));
        scene.until_ran(rule, minutes(minute)).await;
    }
    until("it is told, and its end", async || scene.arrived().len() == 2).await;
    assert_eq!(scene.catalog.alert_cursor(STREAM_CURSOR).await.unwrap(), None);
    scene.stop().await;

    let scene = Scene::start(&folder, minutes(2), on()).await;
    let head = *scene.writer.committed().borrow();
    until("the stream is at the head", async || scene.catalog.alert_cursor(STREAM_CURSOR).await.unwrap() >= Some(head))
        .await;
    assert_eq!((scene.incidents().await.len(), scene.arrived().len()), (1, 0), "nothing is told again");
    scene.event("e1", "DeleteTrail", minutes(2)).await;
    until("what is new fires", async || scene.incidents().await.len() == 2).await;
    scene.stop().await;
}
