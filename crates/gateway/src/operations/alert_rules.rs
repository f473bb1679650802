//! Alert rules of all projects, their switch, a run over the past, an explanation.

use std::collections::HashMap;

use alert::rule::Definition;
use api::{Success, WireError, codes};
use catalog::{AlertRule, AlertRuleId, AlertRuleState, CatalogError, NewAlertRule};
use model::{ErrorKind, Timestamp};
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::alerting::{Alerting, AlertingError};
use crate::fault::unexpected;

fn missing(project: &str, name: &str) -> WireError {
    codes::ALERT_RULE_NOT_FOUND.because(format!("The project {project} has no alert rule {name}."))
}

/// A failure of the catalog.
pub(super) fn ours(error: &CatalogError) -> WireError {
    unexpected(error, error.kind())
}

/// The rule that Project and RuleName say.
async fn found(call: &Call<'_>) -> Result<AlertRule, WireError> {
    let (project, name) = (call.arguments.required("Project"), call.arguments.required("RuleName"));
    let rule = call.gateway.catalog.alert_rule_find(call.account, project, name).await;
    rule.map_err(|error| ours(&error))?.ok_or_else(|| missing(project, name))
}

async fn state(call: &Call<'_>, rule: &AlertRule) -> Result<Option<AlertRuleState>, WireError> {
    call.gateway.catalog.alert_rule_state(rule.id).await.map_err(|error| ours(&error))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let rules = match call.arguments.text("Project") {
        Some(project) => call.gateway.catalog.alert_rule_list(call.account, project).await,
        None => call.gateway.catalog.alert_rules_of_account(call.account).await,
    }
    .map_err(|error| ours(&error))?;
    let keyed = rules.into_iter().map(|rule| (format!("{}/{}", rule.project, rule.name), rule)).collect();
    let page = paged(call, keyed, |(key, _)| key);
    // Only for those that are shown, and for all of them at once.
    let ids: Vec<AlertRuleId> = page.entries().map(|(_, rule)| rule.id).collect();
    let states = call.gateway.catalog.alert_rule_states_of(&ids).await.map_err(|error| ours(&error))?;
    let states: HashMap<AlertRuleId, AlertRuleState> = states.into_iter().map(|state| (state.rule, state)).collect();
    Ok(page.reply("Rules", Value::from, |(_, rule)| listed(rule, states.get(&rule.id), call.request.received)))
}

fn listed(rule: &AlertRule, state: Option<&AlertRuleState>, now: Timestamp) -> Value {
    let mut fields = summary(rule, state);
    if let Some(state) = state {
        fields["LastRunTime"] = state.evaluated_through.to_string().into();
    }
    if let Some(until) = rule.muted_until.filter(|until| *until > now) {
        fields["MutedUntil"] = until.to_string().into();
    }
    fields
}

fn summary(rule: &AlertRule, state: Option<&AlertRuleState>) -> Value {
    json!({
        "Project": rule.project,
        "RuleName": rule.name,
        "DisplayName": rule.display_name,
        "Enabled": rule.is_enabled,
        "Status": state.map(|state| state.status.as_str()).unwrap_or_default(),
        "Reason": state.map(|state| state.reason.as_str()).unwrap_or_default(),
        "UpdateTime": rule.updated.to_string(),
    })
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let rule = found(call).await?;
    let state = state(call, &rule).await?;
    let mut fields = summary(&rule, state.as_ref());
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    fields["Description"] = rule.description.as_str().into();
    fields["Schedule"] = document(&rule.schedule);
    fields["Configuration"] = document(&rule.configuration);
    fields["CreateTime"] = rule.created.to_string().into();
    Ok(Success::from_object(&json!({ "Rule": fields })))
}

pub(super) async fn switch(call: &Call<'_>, is_enabled: bool) -> Outcome {
    let (project, name) = (call.arguments.required("Project"), call.arguments.required("RuleName"));
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    match catalog.alert_rule_switch(call.account, project, name, is_enabled, now).await {
        Ok(_) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(missing(project, name)),
        Err(error) => Err(ours(&error)),
    }
}

/// Whoever runs rules here.
pub(super) fn runtime<'c>(call: &'c Call<'_>) -> Result<&'c dyn Alerting, WireError> {
    let runtime = call.gateway.alerting.as_deref();
    runtime.ok_or_else(|| codes::SERVICE_UNAVAILABLE.because("This node runs no alert rules."))
}

/// A failure of the runtime.
pub(super) fn told(error: AlertingError) -> WireError {
    match error.kind {
        ErrorKind::Invalid => codes::INVALID_ALERT_RULE.because(error.message),
        kind => unexpected(&error, kind),
    }
}

pub(super) async fn test(call: &Call<'_>) -> Outcome {
    let rule = match (call.arguments.text("RuleName"), call.arguments.text("Rule")) {
        (Some(_), None) => NewAlertRule { is_enabled: true, ..found(call).await?.written },
        (None, Some(text)) => of_text(call, text)?,
        _ => {
            let message = "Give either RuleName, a rule there is, or Rule, one that need not exist.";
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
    };
    let from = call.arguments.time("StartTime").unwrap_or(call.request.received);
    let to = call.arguments.time("EndTime").unwrap_or(call.request.received).min(call.request.received);
    if to <= from {
        let message = format!("EndTime {to} is not after StartTime {from}.");
        return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
    }
    let report = runtime(call)?.dry_run(&rule, from, to).await.map_err(told)?;
    Ok(Success::from_object(&json!({ "Report": report })))
}

/// A rule that need not exist: it must be one that could.
fn of_text(call: &Call<'_>, text: &str) -> Result<NewAlertRule, WireError> {
    let invalid = |message: String| codes::INVALID_ALERT_RULE.because(message);
    let mut sent: Value = serde_json::from_str(text).map_err(|error| invalid(format!("Rule is not JSON: {error}.")))?;
    // What only tells rules apart may be left out here.
    for (key, otherwise) in [("name", "a-rule-to-test"), ("displayName", "A rule to test")] {
        if sent.is_object() && sent[key].is_null() {
            sent[key] = otherwise.into();
        }
    }
    let rule = Definition::parse(&sent).map_err(|error| invalid(format!("{error}.")))?;
    Ok(NewAlertRule {
        account: call.account,
        project: call.arguments.required("Project").to_owned(),
        name: rule.name,
        display_name: rule.display_name,
        description: rule.description,
        is_enabled: true,
        muted_until: rule.rule.mute_until,
        schedule: sent["schedule"].to_string(),
        configuration: sent["configuration"].to_string(),
    })
}

pub(super) async fn explain(call: &Call<'_>) -> Outcome {
    let rule = found(call).await?;
    let at = call.arguments.time("Time").unwrap_or(call.request.received);
    let report = runtime(call)?.explain(call.account, &rule.project, &rule.name, at).await.map_err(told)?;
    Ok(Success::from_object(&json!({ "Report": report })))
}
