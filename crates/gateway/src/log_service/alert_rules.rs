//! Alert rules, as jobs and as alerts: one object under two paths.
//!
//! Schedule and configuration are kept and given back as they were sent. What they mean is read by `alert`, which also
//! refuses what cannot be meant. See decision 27.

use alert::rule::Definition;
use catalog::{AlertRule, CatalogError, NewAlertRule, Project};
use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sls::{Fault, fault};

use super::projects::{body, page};
use super::reply::Reply;
use super::{Call, ours};
use crate::request::Request;

/// Rules of a project; Log Service's own limit.
const RULES_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish<'r> {
    name: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    state: Option<String>,
    #[serde(borrow)]
    schedule: Option<&'r RawValue>,
    #[serde(borrow)]
    configuration: Option<&'r RawValue>,
}

impl<'r> Wish<'r> {
    fn of(request: &'r Request) -> Result<Wish<'r>, Fault> {
        let wish: Wish<'r> = body(request)?;
        match wish.kind.as_deref() {
            None | Some("Alert") => Ok(wish),
            Some(other) => Err(fault::PARAMETER_INVALID
                .because(format!("The job type {other:?} is not supported: this node runs alert rules, Alert"))),
        }
    }

    /// The rule that is meant, where `kept` is the one of its name.
    fn rule(self, project: &Project, name: &str, kept: Option<NewAlertRule>) -> Result<NewAlertRule, Fault> {
        if self.name.as_deref().is_some_and(|of_body| of_body != name) {
            return Err(fault::PARAMETER_INVALID.because("The name of the body is not the one of the path"));
        }
        let is_enabled = match self.state.as_deref() {
            None => kept.as_ref().is_none_or(|kept| kept.is_enabled),
            Some("Enabled") => true,
            Some("Disabled") => false,
            Some(other) => {
                let message = format!("The state {other:?} is invalid: Enabled or Disabled");
                return Err(fault::PARAMETER_INVALID.because(message));
            }
        };
        let text = |sent: Option<&RawValue>| sent.map(|sent| sent.get().to_owned());
        let (kept_name, kept_text, kept_schedule, kept_configuration) = kept
            .map(|kept| (kept.display_name, kept.description, kept.schedule, kept.configuration))
            .unwrap_or_default();
        let configuration = text(self.configuration).unwrap_or(kept_configuration);
        Ok(NewAlertRule {
            account: project.account,
            project: project.name.clone(),
            name: name.to_owned(),
            display_name: self.display_name.unwrap_or(kept_name),
            description: self.description.unwrap_or(kept_text),
            is_enabled,
            muted_until: muted_until(&configuration),
            schedule: text(self.schedule).unwrap_or(kept_schedule),
            configuration,
        })
    }
}

/// `muteUntil` is in seconds; 0 is not muted.
fn muted_until(configuration: &str) -> Option<Timestamp> {
    let configuration: Value = serde_json::from_str(configuration).ok()?;
    let seconds = configuration["muteUntil"].as_i64().filter(|seconds| *seconds > 0)?;
    Some(Timestamp(seconds.saturating_mul(1000)))
}

/// Refuses a rule that cannot be run.
fn check(rule: &NewAlertRule) -> Result<(), Fault> {
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let whole = json!({
        "name": rule.name,
        "displayName": rule.display_name,
        "description": rule.description,
        "schedule": document(&rule.schedule),
        "configuration": document(&rule.configuration),
    });
    let checked = Definition::parse(&whole);
    checked.map(drop).map_err(|error| fault::PARAMETER_INVALID.because(format!("{error}")))
}

fn missing(name: &str) -> Fault {
    fault::JOB_NOT_EXIST.because(format!("Job {name} does not exist"))
}

fn told(error: CatalogError, name: &str) -> Fault {
    match error {
        CatalogError::NotFound { .. } => missing(name),
        CatalogError::AlreadyExists { .. } => fault::JOB_ALREADY_EXIST.because(format!("Job {name} already exists")),
        CatalogError::LimitReached { limit, .. } => {
            fault::EXCEED_QUOTA.because(format!("alert quota exceed: a project has at most {limit} alert rules"))
        }
        other => ours(other),
    }
}

/// The rule of the path.
async fn found(call: &Call<'_>) -> Result<(Project, AlertRule), Fault> {
    let project = call.project().await?;
    let name = call.route.name.as_deref().unwrap_or_default();
    let rule = call.gateway.catalog.alert_rule_find(project.account, &project.name, name).await.map_err(ours)?;
    Ok((project, rule.ok_or_else(|| missing(name))?))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish = Wish::of(call.request)?;
    let project = call.project().await?;
    let name = wish.name.clone().unwrap_or_default();
    let rule = wish.rule(&project, &name, None)?;
    check(&rule)?;
    let created = call.gateway.catalog.alert_rule_create(&rule, call.request.received, RULES_MAX).await;
    created.map_err(|error| told(error, &name))?;
    Ok(Reply::empty())
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish = Wish::of(call.request)?;
    let (project, kept) = found(call).await?;
    let name = kept.name.clone();
    let rule = wish.rule(&project, &name, Some(kept.written))?;
    check(&rule)?;
    let updated = call.gateway.catalog.alert_rule_update(&rule, call.request.received).await;
    updated.map_err(|error| told(error, &name))?;
    Ok(Reply::empty())
}

pub(super) async fn switch(call: &Call<'_>, is_enabled: bool) -> Result<Reply, Fault> {
    let (project, rule) = found(call).await?;
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    let switched = catalog.alert_rule_switch(project.account, &project.name, &rule.name, is_enabled, now).await;
    if switched.map_err(|error| told(error, &rule.name))? {
        return Ok(Reply::empty());
    }
    let verb = if is_enabled { "enable" } else { "disable" };
    Err(fault::PARAMETER_INVALID.because(format!("The job to {verb} has already {verb}d")))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let (project, rule) = found(call).await?;
    let deleted = call.gateway.catalog.alert_rule_delete(project.account, &project.name, &rule.name).await;
    deleted.map_err(|error| told(error, &rule.name))?;
    Ok(Reply::empty())
}

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let (_, rule) = found(call).await?;
    Ok(Reply::text(shown(&rule)))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let project = call.project().await?;
    let mut rules = call.gateway.catalog.alert_rule_list(project.account, &project.name).await.map_err(ours)?;
    if call.parameter("jobType").is_some_and(|kind| kind != "Alert") {
        rules.clear();
    }
    if let Some(part) = call.parameter("jobName") {
        rules.retain(|rule| rule.name.contains(part));
    }
    if let Some(logstore) = call.parameter("logstore") {
        rules.retain(|rule| asks(rule, logstore));
    }
    let (total, rules) = page(call, rules, if call.route.is_jobs() { 100 } else { 10 }, 200)?;
    let shown: Vec<String> = rules.iter().map(shown).collect();
    let count = shown.len();
    Ok(Reply::text(format!(r#"{{"total":{total},"count":{count},"results":[{}]}}"#, shown.join(","))))
}

/// Whether one of the rule's queries is about the Logstore.
fn asks(rule: &AlertRule, logstore: &str) -> bool {
    let configuration: Value = serde_json::from_str(&rule.configuration).unwrap_or_default();
    let queries = configuration["queryList"].as_array().into_iter().flatten();
    let mut stores = queries.map(|query| &query["store"]);
    let token = &configuration["templateConfiguration"]["tokens"]["default.logstore"];
    stores.any(|store| store == logstore) || token == logstore
}

/// The rule as both paths show it. Schedule and configuration are the text that was sent.
fn shown(rule: &AlertRule) -> String {
    let (state, status) = if rule.is_enabled { ("Enabled", "ENABLED") } else { ("Disabled", "DISABLED") };
    let head = json!({
        "name": rule.name,
        "displayName": rule.display_name,
        "description": rule.description,
        "type": "Alert",
        "state": state,
        "status": status,
        "createTime": rule.created.0.div_euclid(1000),
        "lastModifiedTime": rule.updated.0.div_euclid(1000),
    });
    let head = head.to_string();
    let open = head.strip_suffix('}').expect("an object ends with its bracket");
    format!(r#"{open},"schedule":{},"configuration":{}}}"#, rule.schedule, rule.configuration)
}
