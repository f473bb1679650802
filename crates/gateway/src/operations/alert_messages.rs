//! What was told to whom, the inbox, previews of templates and messages sent to try a channel.

use alert::template::{self, ContentTemplate};
use alert::{Channel, Locale};
use api::{Success, WireError, codes};
use catalog::{Notification, NotificationFilter};
use model::ErrorKind;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::alert_incidents::page;
use super::alert_rules::{ours, runtime, told};
use super::{Call, Outcome};
use crate::alert_records;
use crate::alerting::TestMessage;
use crate::fault::unexpected;

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let text = |name| call.arguments.text(name).map(str::to_owned);
    let (offset, limit) = page(call);
    let filter = NotificationFilter {
        project: text("Project"),
        rule: text("RuleName"),
        incident: text("IncidentId"),
        outcome: call.arguments.text("Outcome").and_then(|outcome| outcome.parse().ok()),
        offset,
        limit,
    };
    let listed = call.gateway.catalog.notification_list(call.account, &filter).await;
    let (notifications, total) = listed.map_err(|error| ours(&error))?;
    let notifications: Vec<Value> = notifications.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "Total": total, "Notifications": notifications })))
}

/// A notification as it is shown.
pub(super) fn shown(notification: &Notification) -> Value {
    json!({
        "NotificationId": notification.id,
        "Project": notification.project,
        "RuleName": notification.rule,
        "ActionPolicy": notification.action_policy,
        "Channel": notification.channel,
        "Recipient": notification.recipient,
        "Outcome": notification.outcome.as_str(),
        "Code": notification.code,
        "Reason": notification.reason,
        "Title": notification.title,
        "IncidentIds": notification.incidents,
        "Attempts": notification.attempts,
        "CreateTime": notification.created.to_string(),
        "FinishTime": notification.finished.map(|time| time.to_string()).unwrap_or_default(),
    })
}

pub(super) async fn attempts(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("NotificationId");
    let attempts = call.gateway.catalog.notification_attempts(call.account, id).await.map_err(|error| ours(&error))?;
    let attempts: Vec<Value> = attempts
        .iter()
        .map(|attempt| {
            json!({
                "Number": attempt.number,
                "Time": attempt.at.to_string(),
                "Outcome": attempt.outcome,
                "Detail": attempt.detail,
            })
        })
        .collect();
    Ok(Success::from_object(&json!({ "Attempts": attempts })))
}

pub(super) async fn inbox(call: &Call<'_>) -> Outcome {
    let (offset, limit) = page(call);
    let unread = call.arguments.flag("UnreadOnly");
    let listed = call.gateway.catalog.inbox_list(call.account, unread, offset, limit).await;
    let (messages, total) = listed.map_err(|error| ours(&error))?;
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!({
                "MessageId": message.id,
                "Severity": message.severity,
                "Title": message.title,
                "Content": message.content,
                "CreateTime": message.created.to_string(),
                "ReadTime": message.read.map(|time| time.to_string()).unwrap_or_default(),
            })
        })
        .collect();
    Ok(Success::from_object(&json!({ "Total": total, "Messages": messages })))
}

pub(super) async fn mark_read(call: &Call<'_>) -> Outcome {
    let ids: Vec<String> = call.arguments.required("MessageIds").split(',').map(|id| id.trim().to_owned()).collect();
    let marked = call.gateway.catalog.inbox_read(call.account, &ids, call.request.received).await;
    marked.map_err(|error| ours(&error))?;
    Ok(Success::empty())
}

/// A word of the table as the type of the domain.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, WireError> {
    serde_json::from_value(text.into()).map_err(|error| unexpected(&error, ErrorKind::Bug))
}

pub(super) async fn preview(call: &Call<'_>) -> Outcome {
    let channel: Channel = word(call.arguments.required("Channel"))?;
    let locale: Option<Locale> = call.arguments.text("Locale").map(word).transpose()?;
    let invalid = |message: String| codes::INVALID_ALERT_TEMPLATE.because(message);
    let record: Value = match (call.arguments.text("TemplateId"), call.arguments.text("Template")) {
        (Some(id), None) => {
            let found = alert_records::value_of(call.gateway, call.account, alert_records::TEMPLATES, id).await?;
            found
                .ok_or_else(|| codes::ALERT_TEMPLATE_NOT_FOUND.because(format!("There is no content template {id}.")))?
        }
        (None, Some(text)) => {
            serde_json::from_str(text).map_err(|error| invalid(format!("Template is not JSON: {error}.")))?
        }
        _ => {
            let message = "Give either TemplateId, a template there is, or Template, one that need not exist.";
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
    };
    let parsed = ContentTemplate::parse(&record).map_err(|error| invalid(format!("{error}.")))?;
    // A template may compute for a while.
    let filled = tokio::task::spawn_blocking(move || template::preview(&parsed, channel, locale)).await;
    let filled = filled.map_err(|error| unexpected(&error, ErrorKind::Bug))?;
    let messages = filled.map_err(|error| invalid(format!("{error}.")))?;
    let messages: Vec<Value> = messages
        .into_iter()
        .map(|message| {
            json!({ "Title": message.title, "Body": message.body, "Plain": message.plain.unwrap_or_default() })
        })
        .collect();
    Ok(Success::from_object(&json!({ "Messages": messages })))
}

pub(super) async fn send_test(call: &Call<'_>) -> Outcome {
    let message = TestMessage {
        channel: word(call.arguments.required("Channel"))?,
        target: call.arguments.text("Target").unwrap_or_default().to_owned(),
        template: call.arguments.required("TemplateId").to_owned(),
        locale: word(call.arguments.required("Locale"))?,
    };
    let report = runtime(call)?.send_test(call.account, &message).await.map_err(|error| match error.kind {
        ErrorKind::Invalid => codes::INVALID_PARAMETER.because(error.message),
        _ => told(error),
    })?;
    Ok(Success::from_object(&json!({ "Report": report })))
}
