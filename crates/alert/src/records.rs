//! Records of alert management: users, groups, webhooks, policies, templates, calendars. One place says which are valid.
//!
//! Log Service keeps each as a JSON text under a resource; clients write them as they like, so what is optional there is
//! optional here, and fields that nobody knows are kept. The gateway asks `validate` before it stores one.

mod fields;
mod webhook;

use serde_json::{Value as Json, json};

pub use fields::{Fields, RecordError};
pub use webhook::{Webhook, WebhookKind};

use crate::action::{self, ActionPolicy};
use crate::calendar::Calendar;
use crate::merge::{self, AlertPolicy};
use crate::recipients::{OncallGroup, User, UserGroup};
use crate::template::{self, ContentTemplate};

/// A resource that is there by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Its name.
    pub name: &'static str,
    /// The field of a record that is the record's id.
    pub id: &'static str,
    /// The field that is its tag.
    pub tag: &'static str,
}

const fn resource(name: &'static str, id: &'static str, tag: &'static str) -> Resource {
    Resource { name, id, tag }
}

/// Every resource of alert management.
pub const RESOURCES: [Resource; 9] = [
    resource("sls.common.user", "user_id", "user_name"),
    resource("sls.common.user_group", "user_group_id", "user_group_name"),
    resource("sls.common.calendar", "calendar_id", "calendar_name"),
    resource("sls.alert.oncall_group", "oncall_id", "oncall_name"),
    resource("sls.alert.action_webhook", "id", "name"),
    resource("sls.alert.alert_policy", "policy_id", "policy_name"),
    resource("sls.alert.action_policy", "action_policy_id", "action_policy_name"),
    resource("sls.alert.content_template", "template_id", "template_name"),
    resource("sls.alert.global_config", "config_id", "config_name"),
];

/// The resource that a client means: the Go and Java SDKs have an older name for webhook integrations.
pub fn resource_named(name: &str) -> &str {
    match name {
        "sls.alert.webhook_application" => "sls.alert.action_webhook",
        other => other,
    }
}

/// Whether a value may be a record of the resource. Records of a client's own resources (`user.*`) may be anything.
pub fn validate(resource: &str, value: &Json) -> Result<(), RecordError> {
    match resource {
        "sls.common.user" => User::parse(value).map(drop),
        "sls.common.user_group" => UserGroup::parse(value).map(drop),
        "sls.common.calendar" => Calendar::parse(value).map(drop),
        "sls.alert.oncall_group" => OncallGroup::parse(value).map(drop),
        "sls.alert.action_webhook" => Webhook::parse(value).map(drop),
        "sls.alert.alert_policy" => AlertPolicy::parse(value).map(drop),
        "sls.alert.action_policy" => ActionPolicy::parse(value).map(drop),
        "sls.alert.content_template" => {
            Fields::of(value)?;
            let checked = ContentTemplate::parse(value).and_then(|template| template.check());
            checked.map_err(|wrong| {
                let line = wrong.line.map_or_else(String::new, |line| format!("line {line}: "));
                RecordError::new(wrong.field, "", format!("{line}{}", wrong.message))
            })
        }
        "sls.alert.global_config" => {
            let fields = Fields::of(value)?;
            fields.text("config_id")?;
            fields.object_or_absent("config_detail")
        }
        other if other.starts_with("sls.") => {
            Err(RecordError::new("resource", other, "there is no such resource of Log Service"))
        }
        _ => Ok(()),
    }
}

/// The id and the tag a value itself names, when it is one of alert management.
pub fn identity(resource: &str, value: &Json) -> Option<(String, String)> {
    let resource = RESOURCES.iter().find(|known| known.name == resource)?;
    let text = |field: &str| value.get(field).and_then(Json::as_str).map(str::to_owned);
    Some((text(resource.id)?, text(resource.tag).unwrap_or_default()))
}

/// A record that is there by itself and cannot be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Builtin {
    /// The resource it is in.
    pub resource: &'static str,
    /// Its id.
    pub id: String,
    /// Its tag.
    pub tag: String,
    /// What it says.
    pub value: Json,
}

/// The built-in records of a resource.
pub fn builtin_in(resource: &str) -> Vec<Builtin> {
    builtin().into_iter().filter(|record| record.resource == resource).collect()
}

/// All built-in records.
pub fn builtin() -> Vec<Builtin> {
    let of = |resource: &'static str, values: Vec<Json>| {
        values.into_iter().filter_map(move |value| {
            let (id, tag) = identity(resource, &value)?;
            Some(Builtin { resource, id, tag, value })
        })
    };
    let config = json!({ "config_id": "default_config", "config_name": "Default config", "config_detail": {} });
    let templates = template::builtin_records().into_iter().map(|(_, _, value)| value.clone()).collect();
    of("sls.alert.alert_policy", merge::builtin::records())
        .chain(of("sls.alert.content_template", templates))
        .chain(of("sls.alert.action_policy", action::builtin::records()))
        .chain(of("sls.alert.global_config", vec![config]))
        .collect()
}

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod tests;
