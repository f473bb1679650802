#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use catalog::{AlertChange, Notification, NotificationFilter, NotificationOutcome};
use host::ManualClock;
use host::metrics::Metrics;
use outbound::channel::{Inline, Place, Target};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::*;
use crate::ground::{AT, account};

/// Answers as it is told, per receiver, and remembers what came.
#[derive(Default)]
struct Receivers {
    arrived: Mutex<Vec<String>>,
    answers: Mutex<HashMap<String, Vec<Outcome>>>,
    /// A receiver that is here takes the message and answers when it gets a permit.
    hanging: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Receivers {
    fn arrived(&self) -> Vec<String> {
        let mut arrived = self.arrived.lock().clone();
        arrived.sort();
        arrived
    }
}

#[async_trait]
impl Carrier for Receivers {
    async fn carry(&self, envelope: &Envelope, _now: Timestamp) -> Outcome {
        self.arrived.lock().push(envelope.id.clone());
        let hanging = self.hanging.lock().get(&envelope.title).cloned();
        if let Some(hanging) = hanging {
            hanging.acquire().await.unwrap().forget();
        }
        let next = self
            .answers
            .lock()
            .get_mut(&envelope.title)
            .and_then(|answers| (!answers.is_empty()).then(|| answers.remove(0)));
        next.unwrap_or(Outcome::Delivered { answer: "ok".into() })
    }

    async fn ask(&self, _url: &str, _headers: &[(String, String)], _body: String) -> Result<String, Outcome> {
        Err(Outcome::Rejected { why: "nobody is to be asked here".into() })
    }
}

fn message(id: &str, channel: &str, receiver: &str) -> (Notification, OutboxRow) {
    let inline = Inline { url: "http://127.0.0.1/".into(), method: String::new(), headers: Vec::new() };
    let target = match channel {
        "email" => Target::Email { address: "a@example.net".into(), name: String::new() },
        _ => Target::Webhook { to: Place::Inline(inline) },
    };
    let envelope =
        Envelope { id: id.into(), account: account(), target, title: receiver.into(), body: "{}".into(), plain: None };
    let row = OutboxRow {
        id: id.into(),
        kind: OutboxKind::Notification,
        account: account(),
        channel: channel.into(),
        due: AT,
        attempts: 0,
        body: serde_json::to_string(&envelope).unwrap(),
        created: AT,
    };
    let notification = Notification {
        id: id.into(),
        account: account(),
        project: "audit".into(),
        rule: "rule".into(),
        action_policy: "sls.builtin".into(),
        channel: channel.into(),
        recipient: receiver.into(),
        outcome: NotificationOutcome::Waiting,
        code: "group_wait".into(),
        reason: "the set is new".into(),
        incidents: Vec::new(),
        title: receiver.into(),
        attempts: 0,
        created: AT,
        finished: None,
    };
    (notification, row)
}

struct Scene {
    catalog: Catalog,
    receivers: Arc<Receivers>,
    clock: Arc<ManualClock>,
    bell: Arc<Notify>,
    shutdown: Shutdown,
}

impl Scene {
    async fn over(catalog: Catalog, config: Config) -> Scene {
        let receivers = Arc::new(Receivers::default());
        let clock = Arc::new(ManualClock::at(AT));
        let (bell, shutdown) = (Arc::new(Notify::new()), Shutdown::new());
        let sender = Sender {
            catalog: catalog.clone(),
            carrier: receivers.clone(),
            clock: clock.clone(),
            desk: Desk::new().0,
            bell: bell.clone(),
            metrics: WatchMetrics::register(&Metrics::default(), &config, 1),
            config: Arc::new(config),
        };
        shutdown.spawn("sender", sender.run(shutdown.clone()));
        Scene { catalog, receivers, clock, bell, shutdown }
    }

    async fn new(config: Config) -> Scene {
        let catalog = Catalog::in_memory().await.unwrap();
        catalog.account_create(account(), "a", true, AT).await.unwrap();
        Scene::over(catalog, config).await
    }

    async fn put(&self, messages: Vec<(Notification, OutboxRow)>) {
        let (notifications, outbox) = messages.into_iter().unzip();
        let change = AlertChange { notifications, outbox, ..AlertChange::default() };
        self.catalog.alert_apply(&change, AT).await.unwrap();
        self.bell.notify_one();
    }

    async fn outcome(&self, id: &str) -> (NotificationOutcome, u64) {
        let filter = NotificationFilter { limit: 1000, ..NotificationFilter::default() };
        let (log, _) = self.catalog.notification_list(account(), &filter).await.unwrap();
        let found = log.into_iter().find(|each| each.id == id).unwrap();
        (found.outcome, found.attempts)
    }

    async fn until(&self, id: &str, wanted: (NotificationOutcome, u64)) {
        for _ in 0..2000 {
            if self.outcome(id).await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{id} is {:?} and not {wanted:?}", self.outcome(id).await);
    }
}

fn retry() -> Outcome {
    Outcome::Retry { why: "503".into(), after: None }
}

#[tokio::test]
async fn a_failure_is_repeated_later_each_time_and_given_up_after_a_day() {
    let scene = Scene::new(Config::default()).await;
    let answers = vec![retry(), Outcome::Wait { after: Duration::from_secs(30) }, retry()];
    scene.receivers.answers.lock().insert("flaky".into(), answers);
    scene.receivers.answers.lock().insert("gone".into(), vec![Outcome::Rejected { why: "404".into() }]);
    scene.receivers.answers.lock().insert("dead".into(), (0..100).map(|_| retry()).collect());
    let messages = ["flaky", "gone", "dead"].map(|receiver| message(receiver, "webhook", receiver));
    scene.put(messages.to_vec()).await;
    scene.until("gone", (NotificationOutcome::Failed, 1)).await;
    scene.until("flaky", (NotificationOutcome::Waiting, 1)).await;
    let arrived = |id: &str| scene.receivers.arrived.lock().iter().filter(|each| *each == id).count();

    // Not before its time; a pause that the receiver asks for counts as no attempt.
    scene.clock.advance(Duration::from_millis(4900));
    scene.bell.notify_one();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(arrived("flaky"), 1);
    scene.clock.advance(Duration::from_millis(100));
    scene.bell.notify_one();
    while arrived("flaky") < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(scene.outcome("flaky").await.1, 1);
    for (pause, attempts) in [(30, 2), (15, 3)] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        scene.clock.advance(Duration::from_secs(pause));
        scene.bell.notify_one();
        let outcome = if attempts == 3 { NotificationOutcome::Sent } else { NotificationOutcome::Waiting };
        scene.until("flaky", (outcome, attempts)).await;
    }
    // A day later one more attempt is the last.
    scene.clock.advance(Duration::from_secs(24 * 3600));
    scene.bell.notify_one();
    let before = scene.outcome("dead").await.1;
    scene.until("dead", (NotificationOutcome::Failed, before + 1)).await;
    let attempts = scene.catalog.notification_attempts(account(), "flaky").await.unwrap();
    let details: Vec<_> = attempts.iter().map(|each| each.detail.as_str()).collect();
    assert_eq!(details, ["503", "503", "ok"]);
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_neither_other_channels_nor_all_of_its_own() {
    let scene = Scene::new(Config { sends_per_channel: 2, ..Config::default() }).await;
    let gate = Arc::new(Semaphore::new(0));
    scene.receivers.hanging.lock().insert("hangs".into(), gate.clone());
    let mut messages = vec![message("w1", "webhook", "hangs")];
    messages.extend((0..20).map(|number| message(&format!("q{number:02}"), "webhook", "quick")));
    messages.push(message("m1", "email", "quick"));
    scene.put(messages).await;
    scene.until("m1", (NotificationOutcome::Sent, 1)).await;
    scene.until("q19", (NotificationOutcome::Sent, 1)).await;
    assert_eq!(scene.outcome("w1").await, (NotificationOutcome::Waiting, 0));
    gate.add_permits(1);
    scene.until("w1", (NotificationOutcome::Sent, 1)).await;
    assert_eq!(scene.receivers.arrived().len(), 22, "each went out once");
}

#[tokio::test]
async fn what_waits_above_the_limit_is_given_up_and_recorded() {
    let scene = Scene::new(Config { outbox: 3, sends_per_channel: 1, ..Config::default() }).await;
    scene.receivers.hanging.lock().insert("hangs".into(), Arc::new(Semaphore::new(0)));
    let mut messages: Vec<_> = (0..6).map(|number| message(&format!("n{number}"), "webhook", "hangs")).collect();
    for (number, (_, row)) in messages.iter_mut().enumerate() {
        row.created = Timestamp(AT.0 + number as i64);
    }
    scene.put(messages).await;
    for id in ["n0", "n1", "n2"] {
        scene.until(id, (NotificationOutcome::Failed, 1)).await;
    }
    assert_eq!(scene.outcome("n5").await, (NotificationOutcome::Waiting, 0));
}

async fn open(path: &Path) -> Catalog {
    let catalog = Catalog::open(path).await.unwrap();
    if catalog.account_find(account()).await.unwrap().is_none() {
        catalog.account_create(account(), "a", true, AT).await.unwrap();
    }
    catalog
}

/// Killed between sending and recording: the message goes out again, under the same id, and those recorded do not.
#[test]
fn a_kill_repeats_only_what_was_not_recorded_and_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let receivers = runtime.block_on(async {
        let scene = Scene::over(open(&path).await, Config::default()).await;
        scene.receivers.hanging.lock().insert("hangs".into(), Arc::new(Semaphore::new(0)));
        let sent = (0..5).map(|number| message(&format!("s{number}"), "webhook", "quick"));
        scene.put(sent.chain([message("cut-off", "webhook", "hangs")]).collect()).await;
        for number in 0..5 {
            scene.until(&format!("s{number}"), (NotificationOutcome::Sent, 1)).await;
        }
        while !scene.receivers.arrived().contains(&"cut-off".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        scene.receivers.clone()
    });
    // Nothing is told to stop: the tasks end where they are.
    runtime.shutdown_background();
    assert_eq!(receivers.arrived().len(), 6);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let scene = Scene::over(open(&path).await, Config::default()).await;
        scene.until("cut-off", (NotificationOutcome::Sent, 1)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(scene.receivers.arrived(), ["cut-off"], "the others were recorded as sent");
        scene.shutdown.finish(Duration::from_secs(5)).await;
    });
}
