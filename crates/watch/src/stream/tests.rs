//! What the stream hands to the desk, and what a restart, a change or a lag do to it.

use std::time::Duration;

use catalog::{AlertChange, Applied};
use host::metrics::Metrics;
use model::event::Category;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::config::Config;
use crate::desk::{REQUESTS_MAX, Request, Verdict};
use crate::scene::{AT, Scene, account};

/// A reader over a scene, whose desk is the test.
struct Reader {
    requests: mpsc::Receiver<Request>,
    rules: watch::Sender<RuleList>,
    shutdown: Shutdown,
}

/// What fired: the rule's name and the user, and the number that was reached.
type Fired = Vec<(String, String)>;

impl Reader {
    fn start(scene: &Scene, rules: Vec<Arc<KnownRule>>) -> Reader {
        let (desk, requests) = Desk::new();
        let (list, rules) = watch::channel(Arc::new(rules));
        let reader = StreamReader {
            catalog: scene.catalog.clone(),
            store: scene.store.clone(),
            asker: scene.asker.clone(),
            desk,
            committed: scene.writer.committed(),
            rules,
            clock: scene.clock.clone(),
            metrics: WatchMetrics::register(&Metrics::default(), &Config::default(), REQUESTS_MAX),
        };
        let shutdown = Shutdown::new();
        shutdown.spawn("alert stream", reader.run(shutdown.clone()));
        Reader { requests, rules: list, shutdown }
    }

    /// The next that fires; keeps the cursor, as the desk does.
    async fn next(&mut self, scene: &Scene) -> (Fired, Seq) {
        loop {
            let request = tokio::time::timeout(Duration::from_secs(20), self.requests.recv()).await;
            let Ok(Some(Request::Apply { outcomes, cursor, reply })) = request else { panic!("nothing came") };
            let cursor = cursor.unwrap();
            let change = AlertChange { cursors: vec![(STREAM_CURSOR, cursor)], ..AlertChange::default() };
            assert!(matches!(scene.catalog.alert_apply(&change, AT).await.unwrap(), Applied::Done));
            reply.send(vec![Verdict::Done; outcomes.len()]).unwrap();
            let fired: Fired = outcomes.iter().flat_map(fired).collect();
            if !fired.is_empty() {
                return (fired, cursor);
            }
        }
    }

    /// Nothing fires for a while; cursors may come.
    async fn is_quiet(&mut self) -> bool {
        let until = tokio::time::Instant::now() + Duration::from_millis(300);
        loop {
            match tokio::time::timeout_at(until, self.requests.recv()).await {
                Err(_) => return true,
                Ok(Some(Request::Apply { outcomes, reply, .. })) if outcomes.is_empty() => drop(reply.send(Vec::new())),
                Ok(_) => return false,
            }
        }
    }

    async fn stop(self) {
        self.shutdown.begin();
        self.shutdown.finish(Duration::from_secs(5)).await;
    }
}

fn fired(outcome: &Outcome) -> Fired {
    assert_eq!(outcome.run, Run::Streamed);
    let found = outcome.found.as_ref().unwrap();
    let name = outcome.rule.row.name.clone();
    let mut fired: Fired =
        found.fired.iter().map(|group| (name.clone(), group.labels["userIdentity.userName"].clone())).collect();
    fired.sort();
    fired
}

fn pair(rule: &str, user: &str) -> (String, String) {
    (rule.to_owned(), user.to_owned())
}

async fn deletes(scene: &Scene, name: &str) -> Arc<KnownRule> {
    Arc::new(scene.known(name, |_| {}).await)
}

async fn three_deletes(scene: &Scene, name: &str) -> Arc<KnownRule> {
    let count = scene.known(name, |rule| {
        rule["severityConfigurations"][0]["evalCondition"]["countCondition"] = "__count__ >= 3".into();
    });
    Arc::new(count.await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_fires_when_it_comes_and_not_what_was_there() {
    let scene = Scene::open().await;
    scene.put(&[(1, 0, "DeleteTrail", "before")]).await;
    let mut reader = Reader::start(&scene, vec![deletes(&scene, "rule-one").await]);
    assert!(reader.is_quiet().await, "it begins with what is new");
    scene.put(&[(2, 1, "DeleteTrail", "alice"), (3, 2, "CreateTrail", "carol"), (4, 3, "DeleteTrail", "bob")]).await;
    let (fired, cursor) = reader.next(&scene).await;
    assert_eq!(fired, [pair("rule-one", "alice"), pair("rule-one", "bob")]);
    assert_eq!(cursor, Seq(4));
    let day = 86_400_000;
    scene.put(&[(5, -day - 1000, "DeleteTrail", "imported"), (6, 5, "CreateTrail", "dave")]).await;
    assert!(reader.is_quiet().await, "neither an old one nor another");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_the_last_transaction_ended() {
    let scene = Scene::open().await;
    let rules = vec![deletes(&scene, "rule-one").await];
    let mut reader = Reader::start(&scene, rules.clone());
    assert!(reader.is_quiet().await);
    scene.put(&[(1, 0, "DeleteTrail", "alice")]).await;
    assert_eq!(reader.next(&scene).await.1, Seq(1));
    scene.put(&[(2, 1, "DeleteTrail", "bob")]).await;
    // The desk took it and never answered: killed in between.
    let taken = tokio::time::timeout(Duration::from_secs(20), reader.requests.recv()).await.unwrap();
    assert!(matches!(taken, Some(Request::Apply { cursor: Some(Seq(2)), .. })));
    reader.stop().await;
    let more: Vec<(u64, i64, &str, &str)> =
        (3..6000).map(|id| (id, id as i64, if id == 5990 { "DeleteTrail" } else { "CreateTrail" }, "carol")).collect();
    scene.put(&more).await;
    let mut reader = Reader::start(&scene, rules.clone());
    assert_eq!(reader.next(&scene).await, (vec![pair("rule-one", "bob")], Seq(5001)), "looked at again");
    assert_eq!(reader.next(&scene).await, (vec![pair("rule-one", "carol")], Seq(5999)), "in another pass");
    reader.stop().await;
    scene.put(&[(6000, 6000, "DeleteTrail", "dave"), (6001, 6001, "CreateTrail", "erin")]).await;
    scene.settle().await;
    let mut reader = Reader::start(&scene, rules);
    assert_eq!(reader.next(&scene).await, (vec![pair("rule-one", "dave")], Seq(6001)), "from a segment");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_told_once_and_survives_a_restart() {
    let scene = Scene::open().await;
    let rules = vec![three_deletes(&scene, "rule-three").await];
    scene.put(&[(1, -60_000, "DeleteTrail", "alice"), (2, -1000, "DeleteTrail", "bob")]).await;
    let mut reader = Reader::start(&scene, rules.clone());
    assert!(reader.is_quiet().await);
    scene.put(&[(3, -30_000, "DeleteTrail", "alice")]).await;
    assert!(reader.is_quiet().await, "two of alice");
    reader.stop().await;
    scene.settle().await;
    let mut reader = Reader::start(&scene, rules);
    scene.put(&[(4, -20_000, "DeleteTrail", "alice"), (5, -10_000, "DeleteTrail", "bob")]).await;
    assert_eq!(reader.next(&scene).await.0, [pair("rule-three", "alice")]);
    scene.put(&[(6, -5_000, "DeleteTrail", "alice")]).await;
    assert!(reader.is_quiet().await, "it goes on: the schedule has it");
    scene.put(&[(7, 0, "DeleteTrail", "bob")]).await;
    let fired = reader.next(&scene).await.0;
    assert!(fired.contains(&pair("rule-three", "bob")), "{fired:?}");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_rules_and_logstores_are_heeded() {
    let scene = Scene::open().await;
    let (one, two) = (deletes(&scene, "rule-one").await, deletes(&scene, "rule-two").await);
    let of_alerts = scene.known("rule-alerts", |rule| rule["queryList"][0]["query"] = "*".into());
    let sql = scene.known("rule-sql", |rule| rule["queryList"][0]["query"] = "* | SELECT count(1) AS cnt".into());
    let nowhere = scene.known("rule-nowhere", |rule| rule["queryList"][0]["store"] = "absent".into());
    let others = [of_alerts.await, sql.await, nowhere.await].map(Arc::new);
    let mut reader = Reader::start(&scene, vec![one.clone()]);
    assert!(reader.is_quiet().await);
    scene.put(&[(1, 0, "DeleteTrail", "alice")]).await;
    assert_eq!(reader.next(&scene).await.0, [pair("rule-one", "alice")]);
    reader.rules.send_replace(Arc::new([&[two][..], &others[1..]].concat()));
    scene.put(&[(2, 1, "DeleteTrail", "alice")]).await;
    assert_eq!(reader.next(&scene).await.0, [pair("rule-two", "alice")]);
    reader.rules.send_replace(Arc::new(vec![others[0].clone()]));
    let evaluation =
        format!(r#"{{"eventId":"e","eventTime":"{AT}","eventCategory":"Alert","eventName":"EvaluateAlertRule"}}"#);
    assert_eq!(model::Event::parse(evaluation.clone().into_bytes().into()).unwrap().category(), Category::Alert);
    scene.put_json(evaluation).await;
    assert!(reader.is_quiet().await, "no rule fires on evaluations of rules");
    let trail = scene.catalog.trail_list(account()).await.unwrap().remove(0);
    scene.catalog.trail_stop(trail.id, AT, scene.writer.head()).await.unwrap();
    scene.put(&[(3, 1, "DeleteTrail", "alice")]).await;
    assert!(reader.is_quiet().await, "the Logstore does not show it");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_for_each_rule_and_a_failing_condition_is_told() {
    let scene = Scene::open().await;
    let broken = scene.known("rule-broken", |rule| {
        rule["severityConfigurations"] = json!([{ "severity": 8, "evalCondition": { "condition": "1 + 1" } }]);
    });
    let rules = vec![deletes(&scene, "rule-one").await, Arc::new(broken.await)];
    let mut reader = Reader::start(&scene, rules);
    assert!(reader.is_quiet().await);
    scene.put(&[(1, 0, "DeleteTrail", "alice")]).await;
    let request = tokio::time::timeout(Duration::from_secs(20), reader.requests.recv()).await.unwrap();
    let Some(Request::Apply { outcomes, reply, .. }) = request else { panic!("nothing came") };
    let failed: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.found.as_ref().err()).collect();
    assert_eq!((outcomes.len(), failed), (2, vec![&"result type is not bool".to_owned()]));
    drop(reply.send(Vec::new()));
    reader.stop().await;
}
