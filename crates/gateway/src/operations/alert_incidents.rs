//! Incidents, what people do about them, and silences.

use alert::merge::{Matcher, Silence};
use api::{Success, WireError, codes};
use catalog::{AlertSilence, CatalogError, Incident, IncidentFilter, IncidentStatus, NotificationFilter};
use model::Timestamp;
use serde_json::{Value, json};

use super::alert_rules::ours;
use super::{Call, Outcome, alert_messages, windows};

/// Silences of an account that are not over.
const SILENCES_MAX: usize = 1000;
/// Notifications that are shown with an incident.
const NOTIFICATIONS_SHOWN: usize = 100;

/// Where a page begins and how long it is.
pub(super) fn page(call: &Call<'_>) -> (usize, usize) {
    let (number, size) = (windows::count(call, "PageNumber"), windows::count(call, "PageSize"));
    ((number - 1).saturating_mul(size), size)
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let text = |name| call.arguments.text(name).map(str::to_owned);
    let (offset, limit) = page(call);
    let filter = IncidentFilter {
        project: text("Project"),
        rule: text("RuleName"),
        statuses: call.arguments.text("Status").and_then(|status| status.parse().ok()).into_iter().collect(),
        from: call.arguments.time("StartTime"),
        before: call.arguments.time("EndTime"),
        offset,
        limit,
    };
    let catalog = &call.gateway.catalog;
    let (incidents, total) = catalog.incident_list(call.account, &filter).await.map_err(|error| ours(&error))?;
    let open = catalog.incident_count_open(call.account).await.map_err(|error| ours(&error))?;
    let incidents: Vec<Value> = incidents.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "Total": total, "Open": open, "Incidents": incidents })))
}

fn shown(incident: &Incident) -> Value {
    let alert: Value = serde_json::from_str(&incident.alert).unwrap_or_default();
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    json!({
        "IncidentId": incident.id,
        "Project": incident.project,
        "RuleName": incident.rule,
        "Title": incident.title,
        "Status": incident.status.as_str(),
        "Severity": incident.severity,
        "Labels": alert["labels"],
        "Annotations": alert["annotations"],
        "Fingerprint": incident.fingerprint,
        "FireTime": incident.fired.to_string(),
        "LastTime": incident.last_seen.to_string(),
        "EndTime": time(incident.ended),
        "HandledBy": incident.handled_by.as_deref().unwrap_or_default(),
        "HandleTime": time(incident.handled),
        "Note": incident.note,
        "ActionPolicy": incident.action_policy,
        "FirstToldTime": time(incident.told),
    })
}

fn missing(id: &str) -> WireError {
    codes::ALERT_INCIDENT_NOT_FOUND.because(format!("There is no incident {id}."))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("IncidentId");
    let catalog = &call.gateway.catalog;
    let found = catalog.incident_find(call.account, id).await.map_err(|error| ours(&error))?;
    let incident = found.ok_or_else(|| missing(id))?;
    let filter =
        NotificationFilter { incident: Some(incident.id.clone()), limit: NOTIFICATIONS_SHOWN, ..Default::default() };
    let (told, _) = catalog.notification_list(call.account, &filter).await.map_err(|error| ours(&error))?;
    let mut fields = shown(&incident);
    fields["Alert"] = serde_json::from_str(&incident.alert).unwrap_or_default();
    let told: Vec<Value> = told.iter().map(alert_messages::shown).collect();
    Ok(Success::from_object(&json!({ "Incident": fields, "Notifications": told })))
}

/// Who calls, for people.
fn who(call: &Call<'_>) -> String {
    let identity = call.caller.identity_json();
    let text = |key: &str| identity[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    text("userName").or_else(|| text("type")).unwrap_or_else(|| call.caller.account.to_string())
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("IncidentId");
    let status = call.arguments.required("IncidentStatus").parse().unwrap_or(IncidentStatus::Firing);
    let note = call.arguments.text("Note").unwrap_or_default();
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    match catalog.incident_handle(call.account, id, status, &who(call), note, now).await {
        Ok(incident) => Ok(Success::from_object(&json!({ "Incident": shown(&incident) }))),
        Err(CatalogError::NotFound { .. }) => {
            let message = format!("There is no open incident {id}; what is over cannot be changed.");
            Err(codes::ALERT_INCIDENT_NOT_FOUND.because(message))
        }
        Err(error) => Err(ours(&error)),
    }
}

pub(super) async fn silence(call: &Call<'_>) -> Outcome {
    let now = call.request.received;
    let matcher = |entry: &api::Arguments| {
        let operator = entry.text("Operator").unwrap_or("==").to_owned();
        let value = value_of(&operator, entry.required("Value"));
        Matcher { object: entry.required("Object").to_owned(), operator, value }
    };
    let silence = Silence {
        id: format!("silence-{}", call.gateway.random.text(20, b"0123456789abcdefghjkmnpqrstvwxyz")),
        matchers: call.arguments.list("Matcher").iter().map(matcher).collect(),
        start: call.arguments.time("StartTime").unwrap_or(now),
        end: call.arguments.time("EndTime").unwrap_or(now),
        reason: call.arguments.required("Reason").to_owned(),
        creator: who(call),
    };
    silence.check().map_err(|error| codes::INVALID_ALERT_SILENCE.because(format!("{error}.")))?;
    if silence.end <= now {
        return Err(codes::INVALID_ALERT_SILENCE.because("A silence must end in the future."));
    }
    let row = AlertSilence {
        id: silence.id.clone(),
        account: call.account,
        matchers: json!(silence.matchers).to_string(),
        starts: silence.start,
        ends: silence.end,
        reason: silence.reason,
        creator: silence.creator,
        created: now,
    };
    match call.gateway.catalog.silence_create(&row, SILENCES_MAX).await {
        Ok(()) => Ok(Success::from_object(&json!({ "Silence": shown_silence(&row) }))),
        Err(CatalogError::LimitReached { limit, .. }) => {
            let message = format!("The account has {limit} silences that are not over; end one first.");
            Err(codes::LIMIT_EXCEEDED_ALERT_SILENCE.because(message))
        }
        Err(error) => Err(ours(&error)),
    }
}

/// A list is only meant behind `in` and `not in`. Texts of digits are compared as numbers by whoever compares.
fn value_of(operator: &str, text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(list @ Value::Array(_)) if operator.ends_with("in") => list,
        _ => text.into(),
    }
}

fn shown_silence(silence: &AlertSilence) -> Value {
    let matchers: Value = serde_json::from_str(&silence.matchers).unwrap_or_default();
    let matchers = matchers.as_array().into_iter().flatten();
    let matchers = matchers.map(
        |matcher| json!({ "Object": matcher["object"], "Operator": matcher["operator"], "Value": matcher["value"] }),
    );
    json!({
        "SilenceId": silence.id,
        "Matchers": matchers.collect::<Vec<_>>(),
        "StartTime": silence.starts.to_string(),
        "EndTime": silence.ends.to_string(),
        "Reason": silence.reason,
        "Creator": silence.creator,
        "CreateTime": silence.created.to_string(),
    })
}

pub(super) async fn silences(call: &Call<'_>) -> Outcome {
    let after = if call.arguments.flag("IncludeEnded") { Timestamp::MIN } else { call.request.received };
    let silences = call.gateway.catalog.silence_list(call.account, after).await.map_err(|error| ours(&error))?;
    let silences: Vec<Value> = silences.iter().map(shown_silence).collect();
    Ok(Success::from_object(&json!({ "Silences": silences })))
}

pub(super) async fn unsilence(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("SilenceId");
    match call.gateway.catalog.silence_delete(call.account, id).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => {
            Err(codes::ALERT_SILENCE_NOT_FOUND.because(format!("There is no silence {id}.")))
        }
        Err(error) => Err(ours(&error)),
    }
}
