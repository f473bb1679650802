//! What tests of the stream and of trials stand in: a catalog, a store with a Logstore over it, rules, a clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use catalog::{AlertRule, Catalog};
use host::ManualClock;
use host::metrics::Metrics;
use journal::Writer;
use model::Timestamp;
use query::{Admission, Limits};
use serde_json::{Value, json};
use store::{Config, Store};
use tempfile::TempDir;
use tokio::sync::Semaphore;

pub(crate) use crate::ground::{AT, LOGSTORE, PROJECT, account, new_rule};
use crate::ground::{Ground, action_policy, alert_policy, entry, put_record, search_rule};
use crate::question::Asker;
use crate::rules::KnownRule;

pub(crate) struct Scene {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) asker: Asker,
    /// Statements that were answered.
    pub(crate) statements: Arc<AtomicUsize>,
    _folder: TempDir,
}

impl Scene {
    pub(crate) async fn open() -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::in_memory().await.unwrap();
        let config = Config { merge_segments: 2, recent_age: Duration::from_secs(3600), ..Config::default() };
        let metrics = Metrics::default();
        let ground = Ground::open(catalog, folder.path(), config, AT, Semaphore::MAX_PERMITS, &metrics).await;
        let Ground { catalog, store, writer, clock, engine } = ground;
        let statements = engine.begun.clone();
        let limits =
            Limits { time: Duration::from_secs(60), rows: 1000, scanned_bytes: 1 << 40, memory_bytes: 512 << 20 };
        let asker = Asker::new(catalog.clone(), store.clone(), Some(engine), Admission::new(8), limits);
        Scene { catalog, store, writer, clock, asker, statements, _folder: folder }
    }

    /// Puts events: number, milliseconds after [`AT`], name, user.
    pub(crate) async fn put(&self, events: &[(u64, i64, &str, &str)]) {
        let entries = events.iter().map(|(id, at, name, user)| {
            let time = Timestamp(AT.0 + at);
            entry(format!(
                r#"{{"eventId":"{id}","eventTime":"{time}","eventName":"{name}","eventRW":"Write",
                    "userIdentity":{{"userName":"{user}"}}}}"#
            ))
        });
        self.writer.append(entries.collect()).await.unwrap();
    }

    /// Puts an event as it is.
    pub(crate) async fn put_json(&self, json: String) {
        self.writer.append(vec![entry(json)]).await.unwrap();
    }

    /// Everything in memory becomes a segment.
    pub(crate) async fn settle(&self) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.settle()).await.unwrap().unwrap();
    }

    /// A rule in the catalog: [`configuration`] with a change.
    pub(crate) async fn rule(&self, name: &str, change: impl Fn(&mut Value)) -> AlertRule {
        let mut value = configuration();
        change(&mut value);
        let new = new_rule(name, &value);
        let id = self.catalog.alert_rule_create(&new, AT, 100).await.unwrap();
        self.catalog.alert_rules_enabled().await.unwrap().into_iter().find(|rule| rule.id == id).unwrap()
    }

    pub(crate) async fn known(&self, name: &str, change: impl Fn(&mut Value)) -> KnownRule {
        KnownRule::parse(self.rule(name, change).await, "cn-hangzhou".to_owned()).unwrap()
    }
}

/// Deleted trails by user, told to a webhook at once.
pub(crate) fn configuration() -> Value {
    let mut rule = search_rule("event.eventName: DeleteTrail");
    let query = &mut rule["queryList"][0];
    // Its project and region are the rule's.
    (query["project"], query["region"], query["start"]) = ("".into(), "".into(), "-5m".into());
    rule["groupConfiguration"]["fields"] = json!(["userIdentity.userName"]);
    rule["annotations"][0]["value"] = "${userIdentity.userName} deleted".into();
    rule["policyConfiguration"]["alertPolicyId"] = "test.policy".into();
    rule["policyConfiguration"]["actionPolicyId"] = "test.action".into();
    rule
}

/// The policies of [`configuration`].
pub(crate) async fn with_policies(scene: &Scene) {
    let script = "fire(type=\"webhook_integration\", integration_type=\"custom\", webhook_id=\"hook\", \
                  template_id=\"sls.builtin.en\", period=\"any\")";
    let (alert, action) = (alert_policy("test.policy", "5m"), action_policy("test.action", script));
    put_record(&scene.catalog, "sls.alert.alert_policy", "test.policy", alert).await;
    put_record(&scene.catalog, "sls.alert.action_policy", "test.action", action).await;
}
