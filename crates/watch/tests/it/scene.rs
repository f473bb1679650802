//! A node's parts that alerting works with, on a temporary folder.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::{AlertRuleId, Catalog, Incident, IncidentFilter, Notification, NotificationFilter};
use host::metrics::Metrics;
use host::{Clock, ManualClock, OsRandom, Shutdown};
use identity::{MasterKeySource, Vault};
use journal::Writer;
use model::Timestamp;
use outbound::channel::{Envelope, Outcome, Target};
use parking_lot::Mutex;
use query::{Admission, Meter, Order, Scope, Search};
use serde_json::{Value, json};
use store::Store;
use watch::{Carrier, Config, Parts, Watch};

pub(crate) use crate::ground::{AT, LOGSTORE, PROJECT, account, action_policy, new_rule, search_rule};
use crate::ground::{CountingEngine, Ground, alert_policy, entry, put_record};

/// The clock is moved by hand, so it is looked at often; and rules run when it says, not when events come.
pub(crate) fn quick() -> Config {
    Config { look_again: Duration::from_millis(10), stream: false, ..Config::default() }
}

pub(crate) fn minutes(minutes: i64) -> Timestamp {
    Timestamp(AT.0 + minutes * 60_000)
}

/// Takes every message, and answers as it is told where it is told.
#[derive(Default)]
pub(crate) struct Receivers {
    pub(crate) arrived: Mutex<Vec<Envelope>>,
    /// Answers by the receiver's name, the first first.
    pub(crate) answers: Mutex<HashMap<String, Vec<Outcome>>>,
    /// What somebody who is asked whom to tell says.
    pub(crate) named: Mutex<Vec<String>>,
    /// Where the id of each message is written as well: a killed process remembers nothing.
    pub(crate) book: Option<PathBuf>,
}

pub(crate) fn receiver(target: &Target) -> String {
    match target {
        Target::Email { address, .. } => address.clone(),
        other => {
            let json = serde_json::to_value(other).unwrap();
            json["to"]["integration"].as_str().unwrap_or_else(|| other.channel()).to_owned()
        }
    }
}

#[async_trait]
impl Carrier for Receivers {
    async fn carry(&self, envelope: &Envelope, _now: Timestamp) -> Outcome {
        self.arrived.lock().push(envelope.clone());
        if let Some(book) = &self.book {
            let mut book = std::fs::OpenOptions::new().append(true).create(true).open(book).unwrap();
            book.write_all(format!("{}\n", envelope.id).as_bytes()).unwrap();
        }
        let mut answers = self.answers.lock();
        let next = answers.get_mut(&receiver(&envelope.target)).filter(|answers| !answers.is_empty());
        next.map_or(Outcome::Delivered { answer: "200".into() }, |answers| answers.remove(0))
    }

    async fn ask(&self, _url: &str, _headers: &[(String, String)], _body: String) -> Result<String, Outcome> {
        Ok(json!({ "users": *self.named.lock() }).to_string())
    }
}

pub(crate) struct Scene {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) engine: Arc<CountingEngine>,
    pub(crate) shutdown: Shutdown,
    pub(crate) watch: Watch,
    pub(crate) metrics: Metrics,
}

/// Where a node's data lies; removed with the test that made it.
pub(crate) struct Folder {
    path: PathBuf,
    _made: Option<tempfile::TempDir>,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        let made = tempfile::tempdir().unwrap();
        Folder { path: made.path().to_owned(), _made: Some(made) }
    }

    /// One that is there already.
    pub(crate) fn at(path: PathBuf) -> Folder {
        Folder { path, _made: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn catalog(&self) -> PathBuf {
        self.path.join("catalog.sqlite")
    }
}

impl Scene {
    /// Starts at a time, on what the folder holds.
    pub(crate) async fn start(folder: &Folder, now: Timestamp, config: Config) -> Scene {
        Scene::start_with(folder, now, config, Arc::default()).await
    }

    pub(crate) async fn start_with(
        folder: &Folder,
        now: Timestamp,
        config: Config,
        receivers: Arc<Receivers>,
    ) -> Scene {
        let catalog = Catalog::open(&folder.catalog()).await.unwrap();
        let is_new = catalog.account_find(account()).await.unwrap().is_none();
        let metrics = Metrics::default();
        let ground = Ground::open(catalog, folder.path(), store::Config::default(), now, 0, &metrics).await;
        let Ground { catalog, store, writer, clock, engine } = ground;
        if is_new {
            put_policies(&catalog).await;
        }
        let key = Some("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
        let (vault, _) = Vault::load(MasterKeySource { env: key, file: None, data_folder: folder.path() }).unwrap();
        let parts = Parts {
            catalog: catalog.clone(),
            store: store.clone(),
            engine: Some(engine.clone()),
            admission: Admission::new(15),
            writer: writer.clone(),
            vault,
            carrier: receivers.clone(),
            clock: clock.clone(),
            random: Arc::new(OsRandom),
        };
        let shutdown = Shutdown::new();
        let watch = Watch::start(parts, config, &metrics, &shutdown);
        Scene { catalog, store, writer, clock, receivers, engine, shutdown, watch, metrics }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.finish(Duration::from_secs(5)).await;
        self.store.shut_down().await;
        let writer = self.writer;
        tokio::task::spawn_blocking(move || writer.stop()).await.unwrap();
        self.catalog.close().await;
    }

    pub(crate) fn advance_to(&self, at: Timestamp) {
        self.clock.advance(at.since(self.clock.now()));
    }

    /// An event of this name that happened then.
    pub(crate) async fn event(&self, id: &str, name: &str, at: Timestamp) {
        let json = json!({
            "eventId": id, "eventTime": at.to_string(), "eventName": name, "serviceName": "Ram", "eventRW": "Write",
            "acsRegion": "cn-hangzhou", "userIdentity": { "userName": "alice" },
        });
        self.writer.append(vec![entry(json.to_string())]).await.unwrap();
    }

    pub(crate) async fn rule(&self, name: &str, configuration: Value) -> AlertRuleId {
        self.catalog.alert_rule_create(&new_rule(name, &configuration), self.clock.now(), 2000).await.unwrap()
    }

    pub(crate) async fn record(&self, resource: &str, id: &str, value: Value) {
        put_record(&self.catalog, resource, id, value).await;
    }

    pub(crate) async fn incidents(&self) -> Vec<Incident> {
        let filter = IncidentFilter { limit: 1000, ..IncidentFilter::default() };
        self.catalog.incident_list(account(), &filter).await.unwrap().0
    }

    pub(crate) async fn notifications(&self) -> Vec<Notification> {
        let filter = NotificationFilter { limit: 10_000, ..NotificationFilter::default() };
        self.catalog.notification_list(account(), &filter).await.unwrap().0
    }

    /// Codes of what was told and not told, in order of time.
    pub(crate) async fn codes(&self) -> Vec<String> {
        let mut all = self.notifications().await;
        all.sort_by_key(|one| one.created);
        all.into_iter().map(|one| one.code).collect()
    }

    /// What the history Logstore shows, oldest first.
    pub(crate) async fn history(&self) -> Vec<Value> {
        let found = self.catalog.logstore_find(account(), PROJECT, catalog::HISTORY_LOGSTORE).await.unwrap();
        let Some(logstore) = found else { return Vec::new() };
        let view = Arc::new(self.catalog.logstore_view(&logstore, self.clock.now()).await.unwrap());
        let scope = Scope { view, from: Timestamp::MIN, before: Timestamp::MAX, search: Search::All };
        let meter = Meter::new(Config::default().query_limits);
        let page = self.store.search(&scope, Order::OldestFirst, None, 0, 10_000, &meter).unwrap();
        page.events.iter().map(|owned| serde_json::from_slice(owned.found.event.raw()).unwrap()).collect()
    }

    pub(crate) async fn through(&self, rule: AlertRuleId) -> Option<Timestamp> {
        self.catalog.alert_rule_state(rule).await.unwrap().map(|state| state.evaluated_through)
    }

    /// Waits until the rule has run through an instant, and everything it led to is out.
    pub(crate) async fn until_ran(&self, rule: AlertRuleId, instant: Timestamp) {
        until("the rule has run", async || self.through(rule).await >= Some(instant)).await;
    }

    pub(crate) fn arrived(&self) -> Vec<Envelope> {
        self.receivers.arrived.lock().clone()
    }
}

/// Waits for something that happens soon.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited too long: {what}");
}

/// Policies that tell a webhook and the inbox at once.
async fn put_policies(catalog: &Catalog) {
    put_record(catalog, "sls.alert.alert_policy", "ops.alerts", alert_policy("ops.alerts", "1m")).await;
    let script = "fire(type=\"webhook_integration\", integration_type=\"custom\", webhook_id=\"ops-hook\")\n\
                  fire(type=\"message_center\")";
    put_record(catalog, "sls.alert.action_policy", "ops.policy", action_policy("ops.policy", script)).await;
}

/// The policy of [`search_rule`]'s alerts: a second hook is told of what nobody confirms within ten minutes.
pub(crate) fn escalating_policy() -> Value {
    let mut policy = action_policy("ops.policy", "fire(type=\"webhook_integration\", webhook_id=\"ops-hook\")");
    policy["secondary_policy_script"] = json!("fire(type=\"webhook_integration\", webhook_id=\"boss-hook\")");
    policy["escalation_start_enabled"] = json!(true);
    policy["escalation_start_timeout"] = json!("10m");
    policy
}
