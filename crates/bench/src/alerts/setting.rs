//! The parts of a node that alerting works with, on a data folder: one account, one Logstore that shows all of its events.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use catalog::{Catalog, NewAlertRule, NewResourceRecord, NewTrail, Project, ProjectKind};
use host::metrics::Metrics;
use host::{Clock, OsRandom, RealDisk, Shutdown, SystemClock};
use identity::{MasterKeySource, Vault};
use journal::Writer;
use model::trail::{Destinations, EventRw, LogTarget, Selector, TrailRegions};
use model::{AccountId, Seq, Timestamp};
use outbound::channel::{Channels, Settings};
use query::Admission;
use serde_json::json;
use store::Store;
use watch::{Config, Parts, RecordedIntegrations, Watch};

pub(super) const ACCOUNT: &str = "1000000000000001";
const PROJECT: &str = "bench";
const LOGSTORE: &str = "actiontrail_bench-trail";
/// Any key will do: what it seals goes with the folder.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// Rules a project may have here.
const RULES_MAX: usize = 10_000;

pub(super) struct Setting {
    folder: PathBuf,
    catalog: Catalog,
    store: Store,
    writer: Writer,
    metrics: Metrics,
}

pub(super) struct Watching {
    watch: Watch,
    shutdown: Shutdown,
}

fn account() -> AccountId {
    ACCOUNT.parse().expect("digits are an account id")
}

impl Setting {
    pub(super) async fn open(folder: &Path) -> Result<Setting> {
        let catalog = Catalog::open(&folder.join("catalog.sqlite")).await?;
        let (disk, clock, metrics) = (Arc::new(RealDisk), Arc::new(SystemClock), Metrics::default());
        let opened = Store::open(store::Config::default(), folder, disk, catalog.clone(), clock, &metrics).await;
        let (store, writer) = opened.context("could not open the store")?;
        let setting = Setting { folder: folder.to_owned(), catalog, store, writer, metrics };
        setting.furnish().await?;
        Ok(setting)
    }

    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    async fn furnish(&self) -> Result<()> {
        let now = self.now();
        self.catalog.account_create(account(), "bench", true, now).await?;
        let project = Project {
            account: account(),
            name: PROJECT.to_owned(),
            region: "cn-hangzhou".to_owned(),
            description: String::new(),
            kind: ProjectKind::Embedded,
            sealed_settings: Vec::new(),
            created: now,
            updated: now,
        };
        self.catalog.project_create(&project).await?;
        let trail = NewTrail {
            account: account(),
            name: "bench-trail".parse().map_err(|()| anyhow::anyhow!("no name of a trail"))?,
            home_region: "cn-hangzhou".to_owned(),
            organization: None,
            selector: Selector::management(EventRw::All, TrailRegions::All),
            destinations: Destinations {
                logs: LogTarget::parse(&format!("acs:log:cn-hangzhou:{ACCOUNT}:project/{PROJECT}")),
                ..Destinations::default()
            },
            created: now,
        };
        let trail = self.catalog.trail_create(trail, 5).await?;
        self.catalog.trail_start(trail.id, now, Seq::ZERO).await?;
        Ok(())
    }

    /// Policies that tell a webhook of each alert at once, and a message that says which event it was.
    pub(super) async fn tell(&self, url: &str) -> Result<()> {
        let action = format!("fire(type=\"webhook\", url=\"{url}\", template_id=\"bench.template\", period=\"any\")");
        let group = "fire(action_policy=\"bench.action\", group_by_all_labels=true, group_wait=\"0s\", \
                     group_interval=\"5m\", repeat_interval=\"1h\")";
        let records = [
            (
                "sls.alert.alert_policy",
                "bench.alert",
                json!({ "policy_id": "bench.alert", "policy_name": "bench", "group_script": group }),
            ),
            (
                "sls.alert.action_policy",
                "bench.action",
                json!({
                    "action_policy_id": "bench.action", "action_policy_name": "bench",
                    "primary_policy_script": action, "secondary_policy_script": "",
                }),
            ),
            (
                "sls.alert.content_template",
                "bench.template",
                json!({
                    "template_id": "bench.template", "template_name": "bench",
                    "templates": { "webhook": {
                        "locale": "en-US", "send_type": "single", "limit": 0,
                        "content": "{\"event\": \"{{ alert.labels['eventId'] }}\"}",
                    } },
                }),
            ),
        ];
        for (resource, id, value) in records {
            let record = NewResourceRecord { id: id.to_owned(), tag: Some(id.to_owned()), value: value.to_string() };
            self.catalog.resource_records_put(account(), resource, &[record], self.now(), RULES_MAX).await?;
        }
        Ok(())
    }

    /// A rule that fires with each event of a search, one alert for each value of a field.
    pub(super) async fn rule(&self, name: &str, query: &str, field: &str) -> Result<()> {
        self.add(name, query, json!({ "type": "custom", "fields": [field] }), json!({})).await
    }

    /// A rule that only its schedule runs, and that needs more than there ever is.
    pub(super) async fn scheduled_rule(&self, name: &str, query: &str) -> Result<()> {
        let check = json!({ "condition": "", "countCondition": "__count__ > 900" });
        self.add(name, query, json!({ "type": "labels_auto", "fields": [] }), check).await
    }

    async fn add(&self, name: &str, query: &str, group: serde_json::Value, check: serde_json::Value) -> Result<()> {
        let configuration = json!({
            "version": "2.0", "type": "default", "dashboard": "bench",
            "queryList": [{
                "storeType": "log", "region": "", "project": PROJECT, "store": LOGSTORE, "query": query,
                "timeSpanType": "Relative", "start": "-15m", "end": "now",
            }],
            "groupConfiguration": group,
            "severityConfigurations": [{ "severity": 8, "evalCondition": check }],
            "threshold": 1, "sendResolved": false, "labels": [], "annotations": [],
            "policyConfiguration": {
                "alertPolicyId": "bench.alert", "actionPolicyId": "bench.action", "repeatInterval": "1h",
            },
        });
        let rule = NewAlertRule {
            account: account(),
            project: PROJECT.to_owned(),
            name: name.to_owned(),
            display_name: name.to_owned(),
            description: String::new(),
            is_enabled: true,
            muted_until: None,
            schedule: json!({ "type": "FixedRate", "interval": "1m" }).to_string(),
            configuration: configuration.to_string(),
        };
        self.catalog.alert_rule_create(&rule, self.now(), RULES_MAX).await?;
        Ok(())
    }

    /// Starts alerting, with real channels.
    pub(super) fn start(&self) -> Result<Watching> {
        let (vault, _) = Vault::load(MasterKeySource { env: Some(KEY), file: None, data_folder: &self.folder })?;
        let settings = Settings { allow_loopback: true, ..Settings::default() };
        let integrations = RecordedIntegrations::new(self.catalog.clone(), vault.clone());
        let random = Arc::new(OsRandom);
        let carrier = Channels::new(&settings, &RealDisk, random.clone(), Arc::new(integrations))?;
        let parts = Parts {
            catalog: self.catalog.clone(),
            store: self.store.clone(),
            engine: None,
            admission: Admission::new(15),
            writer: self.writer.clone(),
            vault,
            carrier: Arc::new(carrier),
            clock: Arc::new(SystemClock),
            random,
        };
        let shutdown = Shutdown::new();
        let watch = Watch::start(parts, Config::default(), &self.metrics, &shutdown);
        Ok(Watching { watch, shutdown })
    }

    /// How many rules have not run through an instant.
    pub(super) async fn behind(&self, instant: Timestamp) -> Result<usize> {
        let states = self.catalog.alert_rule_states().await?;
        let rules = self.catalog.alert_rules_enabled().await?.len();
        Ok(rules - states.iter().filter(|state| state.evaluated_through >= instant).count())
    }

    pub(super) async fn close(self) {
        self.store.shut_down().await;
        self.writer.stop();
    }
}

impl Watching {
    /// Waits until the rules are read and looked at with each event.
    pub(super) async fn until_known(&self, rules: usize) -> Result<()> {
        let started = Instant::now();
        while self.watch.rules().borrow().len() < rules {
            ensure!(started.elapsed() < Duration::from_secs(60), "the rules are not read");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The stream takes them with its next look.
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(())
    }

    pub(super) async fn stop(self) {
        self.shutdown.finish(Duration::from_secs(10)).await;
    }
}
