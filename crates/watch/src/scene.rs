//! What tests of the stream and of trials stand in: a catalog, a store with a Logstore over it, rules, a clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use catalog::{AlertRule, Catalog, NewAlertRule, NewResourceRecord, NewTrail, Project, ProjectKind};
use futures::{StreamExt, TryStreamExt};
use host::metrics::Metrics;
use host::{ManualClock, RealDisk};
use journal::{Entry, Writer};
use model::trail::{Destinations, EventRw, LogTarget, Selector, TrailRegions};
use model::{AccountId, Event, Seq, Timestamp};
use query::{
    Admission, Answer, Engine, Limits, Order, QueryError, Question, Scope, Source, Window, WindowAnswer, WindowAnswers,
};
use serde_json::{Value, json};
use store::{Config, Store};
use tempfile::TempDir;

use crate::question::Asker;
use crate::rules::KnownRule;

/// 2026-01-15T09:00:00Z.
pub(crate) const AT: Timestamp = Timestamp(1_768_467_600_000);
pub(crate) const PROJECT: &str = "audit";
pub(crate) const LOGSTORE: &str = "actiontrail_main-trail";

pub(crate) fn account() -> AccountId {
    "1000000000000001".parse().unwrap()
}

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

/// Answers `SELECT count(1) AS cnt`, whatever is asked.
struct Counts {
    store: Store,
    statements: Arc<AtomicUsize>,
}

#[async_trait]
impl Engine for Counts {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let Source::Events(view) = question.tables[0].source.clone() else { panic!("events") };
        let Question { from, before, search, meter, .. } = question;
        let scope = Scope { view, from, before, search };
        let counted = self.store.count(&scope, None, from, &meter).unwrap();
        let cnt: Arc<Int64Array> = Arc::new(Int64Array::from(vec![counted.total as i64]));
        let batch = RecordBatch::try_new(counts(), vec![cnt]).unwrap();
        Ok(Answer { schema: counts(), batches: futures::stream::iter([Ok(batch)]).boxed() })
    }

    async fn answer_windows(&self, question: Question, windows: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        let Source::Events(view) = question.tables[0].source.clone() else { panic!("events") };
        let mut told = Vec::new();
        let mut last = None;
        for Window { from, before, .. } in windows {
            let scope = Scope { view: view.clone(), from, before, search: question.search.clone() };
            let page = self.store.search(&scope, Order::OldestFirst, None, 0, 1000, &question.meter).unwrap();
            let events: Vec<_> = page.events.iter().map(|owned| owned.found.position()).collect();
            if last.as_ref() == Some(&events) {
                told.push(Ok(WindowAnswer::Same));
                continue;
            }
            let answer = self.answer(Question { from, before, ..question.clone() }).await?;
            let batches = answer.batches.try_collect().await?;
            told.push(Ok(WindowAnswer::Rows { batches, cut: None }));
            last = Some(events);
        }
        Ok(futures::stream::iter(told).boxed())
    }

    async fn describe(&self, _: Question) -> Result<SchemaRef, QueryError> {
        Ok(counts())
    }
}

fn counts() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("cnt", DataType::Int64, false)]))
}

impl Scene {
    pub(crate) async fn open() -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::in_memory().await.unwrap();
        let clock = Arc::new(ManualClock::at(AT));
        let config = Config { merge_segments: 2, recent_age: Duration::from_secs(3600), ..Config::default() };
        let metrics = Metrics::default();
        let opened =
            Store::open(config, folder.path(), Arc::new(RealDisk), catalog.clone(), clock.clone(), &metrics).await;
        let (store, writer) = opened.unwrap();
        let statements = Arc::new(AtomicUsize::new(0));
        let engine = Arc::new(Counts { store: store.clone(), statements: statements.clone() });
        let limits =
            Limits { time: Duration::from_secs(60), rows: 1000, scanned_bytes: 1 << 40, memory_bytes: 512 << 20 };
        let asker = Asker::new(catalog.clone(), store.clone(), Some(engine), Admission::new(8), limits);
        let scene = Scene { catalog, store, writer, clock, asker, statements, _folder: folder };
        scene.make_logstore().await;
        scene
    }

    async fn make_logstore(&self) {
        let catalog = &self.catalog;
        catalog.account_create(account(), "management", true, AT).await.unwrap();
        let project = Project {
            account: account(),
            name: PROJECT.to_owned(),
            region: "cn-hangzhou".to_owned(),
            description: String::new(),
            kind: ProjectKind::Embedded,
            sealed_settings: Vec::new(),
            created: AT,
            updated: AT,
        };
        catalog.project_create(&project).await.unwrap();
        let logs = LogTarget::parse(&format!("acs:log:cn-hangzhou:{}:project/{PROJECT}", account()));
        let trail = NewTrail {
            organization: None,
            account: account(),
            name: "main-trail".parse().unwrap(),
            home_region: "cn-hangzhou".to_owned(),
            selector: Selector::management(EventRw::All, TrailRegions::All),
            destinations: Destinations { logs, ..Destinations::default() },
            created: AT,
        };
        let trail = catalog.trail_create(trail, 5).await.unwrap();
        catalog.trail_start(trail.id, AT, Seq(0)).await.unwrap();
    }

    /// Puts events: number, milliseconds after [`AT`], name, user.
    pub(crate) async fn put(&self, events: &[(u64, i64, &str, &str)]) {
        let entry = |(id, at, name, user): &(u64, i64, &str, &str)| {
            let time = Timestamp(AT.0 + at);
            let json = format!(
                r#"{{"eventId":"{id}","eventTime":"{time}","eventName":"{name}","eventRW":"Write",
                    "userIdentity":{{"userName":"{user}"}}}}"#
            );
            Entry { account: account(), event: Event::parse(json.into_bytes().into()).unwrap() }
        };
        self.writer.append(events.iter().map(entry).collect()).await.unwrap();
    }

    /// Puts an event as it is.
    pub(crate) async fn put_json(&self, json: String) {
        let event = Event::parse(json.into_bytes().into()).unwrap();
        self.writer.append(vec![Entry { account: account(), event }]).await.unwrap();
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

    /// A record of a resource.
    pub(crate) async fn record(&self, resource: &str, id: &str, value: &Value) {
        let new = NewResourceRecord { id: id.to_owned(), tag: Some(String::new()), value: value.to_string() };
        self.catalog.resource_record_create(account(), resource, &new, AT, 1000).await.unwrap();
    }
}

pub(crate) fn new_rule(name: &str, configuration: &Value) -> NewAlertRule {
    NewAlertRule {
        account: account(),
        project: PROJECT.to_owned(),
        name: name.to_owned(),
        display_name: format!("Rule {name}"),
        description: String::new(),
        is_enabled: true,
        muted_until: None,
        schedule: json!({ "type": "FixedRate", "interval": "1m" }).to_string(),
        configuration: configuration.to_string(),
    }
}

/// Deleted trails by user, told to a webhook at once.
pub(crate) fn configuration() -> Value {
    json!({
        "version": "2.0", "type": "default", "dashboard": "internal-alert-analysis",
        "queryList": [{
            "storeType": "log", "region": "", "project": "", "store": LOGSTORE,
            "query": "event.eventName: DeleteTrail", "timeSpanType": "Relative", "start": "-5m", "end": "now"
        }],
        "groupConfiguration": { "type": "custom", "fields": ["userIdentity.userName"] },
        "severityConfigurations": [{ "severity": 8, "evalCondition": { "condition": "", "countCondition": "" } }],
        "threshold": 1, "labels": [], "annotations": [{ "key": "title", "value": "${userIdentity.userName} deleted" }],
        "sendResolved": true,
        "policyConfiguration": { "alertPolicyId": "test.policy", "actionPolicyId": "test.action", "repeatInterval": "1h" }
    })
}

/// The policies of [`configuration`].
pub(crate) async fn with_policies(scene: &Scene) {
    let group = "fire(action_policy=\"test.action\", group={\"alert.alert_id\": alert.alert_id}, group_by_all_labels=true, \
                 group_wait=\"0s\", group_interval=\"5m\", repeat_interval=\"1h\")";
    let alert = json!({
        "policy_id": "test.policy", "policy_name": "Test", "parent_id": "", "is_default": false,
        "group_script": group, "inhibit_script": "", "silence_script": ""
    });
    let action = json!({
        "action_policy_id": "test.action", "action_policy_name": "Test", "labels": {}, "is_default": false,
        "primary_policy_script": "fire(type=\"webhook_integration\", integration_type=\"custom\", webhook_id=\"hook\", template_id=\"sls.builtin.en\", period=\"any\")",
        "secondary_policy_script": "", "escalation_start_enabled": false, "escalation_start_timeout": "10m"
    });
    scene.record("sls.alert.alert_policy", "test.policy", &alert).await;
    scene.record("sls.alert.action_policy", "test.action", &action).await;
}
