//! The rules that are switched on, read: what the schedule and the stream run.
//!
//! Read again when the catalog says that rules changed; those of the version that is known already are kept. A rule that
//! cannot be read (written by another version of the node) is left out, counted and logged once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use alert::rule::{Rule, RuleError};
use alert::schedule::Schedule;
use catalog::{AlertRule, AlertRuleId, Catalog, CatalogError};
use host::Shutdown;
use model::AccountId;
use serde_json::Value;
use tokio::sync::watch;
use tracing::warn;

use crate::metrics::WatchMetrics;

/// Before the catalog is asked again when it failed.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);

/// A rule as the catalog has it, and what it means.
#[derive(Debug)]
pub struct KnownRule {
    /// As the catalog has it.
    pub row: AlertRule,
    /// What it does.
    pub rule: Rule,
    /// When it runs.
    pub schedule: Schedule,
    /// The region of its project.
    pub region: String,
}

/// Every rule that is switched on and can be read, by number. A rule is the same `Arc` as long as its version is the same.
pub type RuleList = Arc<Vec<Arc<KnownRule>>>;

impl KnownRule {
    /// Reads a rule.
    pub fn parse(row: AlertRule, region: String) -> Result<KnownRule, RuleError> {
        // What is not JSON is told by the reader as a field that is missing.
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let rule = Rule::parse(&json(&row.configuration))?;
        let schedule = Schedule::parse(&json(&row.schedule))?;
        Ok(KnownRule { row, rule, schedule, region })
    }
}

/// Keeps the list up to date until the node stops.
pub(crate) async fn follow(catalog: Catalog, list: watch::Sender<RuleList>, metrics: WatchMetrics, shutdown: Shutdown) {
    let mut changes = catalog.alert_rules_version();
    let mut unreadable = HashMap::new();
    loop {
        changes.borrow_and_update();
        let before = list.borrow().clone();
        let read = read(&catalog, &before, &mut unreadable).await;
        let is_stale = read.is_err();
        match read {
            Ok(rules) => {
                metrics.rules(rules.len(), unreadable.len());
                list.send_replace(Arc::new(rules));
            }
            Err(error) => warn!(%error, "could not read the alert rules"),
        }
        tokio::select! {
            () = shutdown.begun() => return,
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(CATALOG_PAUSE), if is_stale => {}
        }
    }
}

/// The rules, those of a version that is known taken from before. `unreadable` holds versions that cannot be read.
async fn read(
    catalog: &Catalog,
    before: &[Arc<KnownRule>],
    unreadable: &mut HashMap<AlertRuleId, u64>,
) -> Result<Vec<Arc<KnownRule>>, CatalogError> {
    let known: HashMap<AlertRuleId, &Arc<KnownRule>> = before.iter().map(|rule| (rule.row.id, rule)).collect();
    let mut regions: HashMap<(AccountId, String), String> = HashMap::new();
    let mut rules = Vec::new();
    let mut wrong = HashMap::new();
    for row in catalog.alert_rules_enabled().await? {
        let (id, version) = (row.id, row.version);
        if let Some(known) = known.get(&id).filter(|known| known.row.version == version) {
            rules.push(Arc::clone(known));
            continue;
        }
        let of = (row.account, row.project.clone());
        let region = match regions.get(&of) {
            Some(region) => region.clone(),
            None => {
                let found = catalog.project_find(row.account, &row.project).await?;
                let region = found.map(|project| project.region).unwrap_or_default();
                regions.entry(of).or_insert(region).clone()
            }
        };
        match KnownRule::parse(row, region) {
            Ok(known) => rules.push(Arc::new(known)),
            Err(error) => {
                if unreadable.get(&id) != Some(&version) {
                    warn!(rule = id.0, %error, "an alert rule cannot be read and is not run");
                }
                wrong.insert(id, version);
            }
        }
    }
    *unreadable = wrong;
    Ok(rules)
}
