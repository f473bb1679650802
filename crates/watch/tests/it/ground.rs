//! What tests of alerting stand on: an account whose project has a Logstore over everything, a store, an engine, a clock.
//!
//! The tests inside of the crate include this file, too: their scene and the one beside it differ in what works on this.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alert::{Alert, Fingerprint, Severity, Status};
use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use catalog::{Catalog, NewAlertRule, NewResourceRecord, NewTrail, Project, ProjectKind};
use futures::{StreamExt, TryStreamExt};
use host::metrics::Metrics;
use host::{ManualClock, RealDisk};
use journal::{Entry, Writer};
use model::trail::{Destinations, EventRw, LogTarget, Selector, TrailRegions};
use model::{AccountId, Event, Seq, Timestamp};
use query::{Answer, Engine, Order, QueryError, Question, Scope, Source, Window, WindowAnswer, WindowAnswers};
use serde_json::{Value, json};
use store::Store;
use tokio::sync::Semaphore;

/// 2026-01-15T09:00:00Z.
pub(crate) const AT: Timestamp = Timestamp(1_768_467_600_000);
pub(crate) const PROJECT: &str = "audit";
pub(crate) const LOGSTORE: &str = "actiontrail_main-trail";

pub(crate) fn account() -> AccountId {
    "1000000000000001".parse().unwrap()
}

pub(crate) struct Ground {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) engine: Arc<CountingEngine>,
}

impl Ground {
    /// Opens what the folder holds, or makes it. The engine lets this many statements through.
    pub(crate) async fn open(
        catalog: Catalog,
        folder: &Path,
        config: store::Config,
        now: Timestamp,
        statements: usize,
        metrics: &Metrics,
    ) -> Ground {
        let clock = Arc::new(ManualClock::at(now));
        let opened = Store::open(config, folder, Arc::new(RealDisk), catalog.clone(), clock.clone(), metrics);
        let (store, writer) = opened.await.unwrap();
        if catalog.account_find(account()).await.unwrap().is_none() {
            furnish(&catalog).await;
        }
        let gate = Semaphore::new(statements);
        let engine = Arc::new(CountingEngine { gate, begun: Arc::default(), store: store.clone() });
        Ground { catalog, store, writer, clock, engine }
    }
}

/// An account with a project, and a trail that shows everything there.
async fn furnish(catalog: &Catalog) {
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
    catalog.trail_start(trail.id, AT, Seq::ZERO).await.unwrap();
}

/// Answers `SELECT count(1) AS cnt`, whatever is asked, when it is let through.
pub(crate) struct CountingEngine {
    pub(crate) gate: Semaphore,
    /// How many statements have begun.
    pub(crate) begun: Arc<AtomicUsize>,
    store: Store,
}

#[async_trait]
impl Engine for CountingEngine {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.gate.acquire().await.unwrap().forget();
        let Source::Events(view) = question.tables[0].source.clone() else { panic!("a view was asked") };
        let Question { from, before, search, meter, .. } = question;
        let scope = Scope { view, from, before, search };
        let counted = self.store.count(&scope, None, from, &meter).unwrap();
        let cnt: Arc<Int64Array> = Arc::new(Int64Array::from(vec![counted.total as i64]));
        let batch = RecordBatch::try_new(counts(), vec![cnt]).unwrap();
        Ok(Answer { schema: counts(), batches: futures::stream::iter([Ok(batch)]).boxed() })
    }

    async fn answer_windows(&self, question: Question, windows: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        let Source::Events(view) = question.tables[0].source.clone() else { panic!("a view was asked") };
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

pub(crate) fn entry(json: String) -> Entry {
    Entry { account: account(), event: Event::parse(json.into_bytes().into()).unwrap() }
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

/// Each matching event of the last minute fires, grouped by name; told as `ops.policy` says.
pub(crate) fn search_rule(query: &str) -> Value {
    json!({
        "version": "2.0", "type": "default", "dashboard": "internal-alert-analysis",
        "queryList": [{
            "storeType": "log", "region": "cn-hangzhou", "project": PROJECT, "store": LOGSTORE, "query": query,
            "timeSpanType": "Relative", "start": "-1m", "end": "now", "powerSqlMode": "disable",
        }],
        "groupConfiguration": { "type": "custom", "fields": ["eventName"] },
        "severityConfigurations": [{ "severity": 8, "evalCondition": { "condition": "", "countCondition": "" } }],
        "threshold": 1, "sendResolved": true, "labels": [],
        "annotations": [{ "key": "title", "value": "${eventName} by ${userIdentity.userName}" }],
        "policyConfiguration": { "alertPolicyId": "ops.alerts", "actionPolicyId": "ops.policy", "repeatInterval": "1h" },
    })
}

/// Alerts are told as the action policy of their rule says: at once, and what changes after this interval.
pub(crate) fn alert_policy(id: &str, interval: &str) -> Value {
    let group = format!(
        "fire(action_policy=alert.policy.action_policy_id, group={{\"alert.alert_id\": alert.alert_id}}, \
         group_by_all_labels=true, group_wait=\"0s\", group_interval=\"{interval}\", repeat_interval=\"1h\")"
    );
    json!({ "policy_id": id, "policy_name": "Ops", "group_script": group })
}

pub(crate) fn action_policy(id: &str, script: &str) -> Value {
    json!({ "action_policy_id": id, "action_policy_name": "Ops", "primary_policy_script": script })
}

pub(crate) async fn put_record(catalog: &Catalog, resource: &str, id: &str, value: Value) {
    let record = NewResourceRecord { id: id.into(), tag: Some(id.into()), value: value.to_string() };
    catalog.resource_records_put(account(), resource, &[record], AT, 10_000).await.unwrap();
}

/// A firing alert of an account's rule `rule`, told apart by its labels.
pub(crate) fn alert(account: AccountId, labels: BTreeMap<String, String>) -> Alert {
    Alert {
        account,
        region: String::new(),
        project: PROJECT.into(),
        rule: "rule".into(),
        rule_title: "Rule".into(),
        fingerprint: Fingerprint::of(account, PROJECT, "rule", &labels),
        status: Status::Firing,
        severity: Severity::High,
        labels,
        annotations: BTreeMap::new(),
        alert_time: AT,
        fire_time: AT,
        resolve_time: None,
        next_eval_interval: 60,
        results: Vec::new(),
        fire_results: Vec::new(),
        fire_results_count: 0,
        condition: String::new(),
        raw_condition: String::new(),
        alert_policy: String::new(),
        action_policy: String::new(),
        repeat_interval: String::new(),
        dashboard: String::new(),
    }
}
