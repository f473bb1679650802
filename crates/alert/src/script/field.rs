//! Fields of alerts, as scripts and silences name them: `alert.severity`, `alert.labels["odd name"]`, `alert.entity.actor`.
//!
//! The names are those of Log Service's template variables. `entity` is Cairn's own: who or what an alert is about, found in
//! its labels, or in its rows when these agree, whatever the rule called the column.

use std::fmt;

use crate::{Alert, Row};

/// Whether any alert of a set is meant, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `alert.x`
    Any,
    /// `alerts.x`
    All,
}

/// A field of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Any or all.
    pub scope: Scope,
    /// What follows `alert.`: `["severity"]`, `["labels", "user"]`.
    pub path: Vec<String>,
}

/// Fields that have no parts of their own.
const PLAIN: [&str; 20] = [
    "aliuid",
    "account",
    "region",
    "project",
    "alert_id",
    "alert_name",
    "alert_type",
    "alert_instance_id",
    "fingerprint",
    "status",
    "severity",
    "alert_time",
    "fire_time",
    "resolve_time",
    "next_eval_interval",
    "fire_results_count",
    "condition",
    "raw_condition",
    "dashboard",
    "title",
];
/// Fields of the rule's policy configuration.
const POLICY: [&str; 3] = ["alert_policy_id", "action_policy_id", "repeat_interval"];

impl Field {
    /// A field by what follows `alert.`, for silences and graphs. The error says which names there are.
    pub fn parse(scope: Scope, text: &str) -> Result<Field, String> {
        let path = split(text)?;
        let field = Field { scope, path };
        field.check()?;
        Ok(field)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let is_known = match parts[..] {
            [plain] => PLAIN.contains(&plain),
            ["labels" | "annotations", _] => true,
            ["policy", name] => POLICY.contains(&name),
            ["entity", name] => Entity::parse(name).is_some(),
            _ => false,
        };
        if is_known {
            return Ok(());
        }
        Err(format!(
            "alerts have no field {:?}; there are {}, labels.<name>, annotations.<name>, policy.<{}>, entity.<actor|key|resource|address>",
            self.name(),
            PLAIN.join(", "),
            POLICY.join("|"),
        ))
    }

    /// What follows `alert.`, as it is written.
    pub fn name(&self) -> String {
        let mut text = String::new();
        for part in &self.path {
            if is_plain(part) {
                let dot = if text.is_empty() { "" } else { "." };
                text.push_str(dot);
                text.push_str(part);
            } else {
                text.push('[');
                text.push_str(&super::print::quoted(part));
                text.push(']');
            }
        }
        text
    }

    /// Its value in this alert, empty when it has none.
    pub fn of(&self, alert: &Alert) -> String {
        let seconds = |at: model::Timestamp| at.0.div_euclid(1000).to_string();
        let parts: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match parts[..] {
            ["aliuid" | "account"] => alert.account.to_string(),
            ["region"] => alert.region.clone(),
            ["project"] => alert.project.clone(),
            ["alert_id"] => alert.rule.clone(),
            ["alert_name"] => alert.rule_title.clone(),
            ["alert_type"] => "sls_alert".into(),
            ["alert_instance_id" | "fingerprint"] => alert.fingerprint.0.clone(),
            ["status"] => alert.status.to_string(),
            ["severity"] => alert.severity.number().to_string(),
            ["alert_time"] => seconds(alert.alert_time),
            ["fire_time"] => seconds(alert.fire_time),
            ["resolve_time"] => alert.resolve_time.map_or_else(|| "0".into(), seconds),
            ["next_eval_interval"] => alert.next_eval_interval.to_string(),
            ["fire_results_count"] => alert.fire_results_count.to_string(),
            ["condition"] => alert.condition.clone(),
            ["raw_condition"] => alert.raw_condition.clone(),
            ["dashboard"] => alert.dashboard.clone(),
            ["title"] => alert.annotations.get("title").cloned().unwrap_or_default(),
            ["labels", name] => alert.labels.get(name).cloned().unwrap_or_default(),
            ["annotations", name] => alert.annotations.get(name).cloned().unwrap_or_default(),
            ["policy", "alert_policy_id"] => alert.alert_policy.clone(),
            ["policy", "action_policy_id"] => alert.action_policy.clone(),
            ["policy", "repeat_interval"] => alert.repeat_interval.clone(),
            ["entity", name] => Entity::parse(name).and_then(|entity| entity.of(alert)).unwrap_or_default(),
            _ => String::new(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.scope {
            Scope::Any => "alert",
            Scope::All => "alerts",
        };
        write!(f, "{prefix}.{}", self.name())
    }
}

/// Whether a part of a field may be written without brackets.
fn is_plain(part: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    part.starts_with(|c: char| c.is_alphabetic() || c == '_') && part.chars().all(is_letter)
}

/// `labels.user` and `labels["odd name"]` into their parts.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('[') {
            let mut names = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
            let name = names.next().and_then(Result::ok);
            let after = quoted.get(names.byte_offset()..).and_then(|after| after.strip_prefix(']'));
            let (Some(name), Some(after)) = (name, after) else {
                return Err(format!("{text:?} names no field: a part in brackets is a text in quotes"));
            };
            parts.push(name);
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err(format!("{text:?} names no field"));
            }
            parts.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    Ok(parts)
}

/// Who or what an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// Who acted.
    Actor,
    /// The access key that was used.
    Key,
    /// What was acted on.
    Resource,
    /// The address it came from.
    Address,
}

impl Entity {
    /// By its name in scripts.
    pub fn parse(name: &str) -> Option<Entity> {
        Some(match name {
            "actor" => Entity::Actor,
            "key" => Entity::Key,
            "resource" => Entity::Resource,
            "address" => Entity::Address,
            _ => return None,
        })
    }

    /// What the columns are called that hold it, the most telling first. Events' own names come after a leading `event.`, too.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Entity::Actor => &[
                "actor",
                "ram_user_id",
                "user_id",
                "ram_account_id",
                "user_name",
                "principal_name",
                "operator",
                "userIdentity.principalId",
                "userIdentity.userName",
                "userName",
            ],
            Entity::Key => &["access_key_id", "userIdentity.accessKeyId", "accessKeyId", "key"],
            Entity::Resource => &[
                "resource",
                "instance_id",
                "db_instance_id",
                "disk_id",
                "disk_ids",
                "bucket",
                "bucket_name",
                "flow_log_id",
                "policy_name",
                "role_name",
                "asset_ip",
                "uuid",
                "resource_name",
                "resourceName",
            ],
            Entity::Address => &["source_ip", "ip", "client_ip", "address", "sourceIpAddress", "source_ip_address"],
        }
    }

    /// From the alert's labels, or else from the rows that made it fire, when all of them say the same.
    pub fn of(self, alert: &Alert) -> Option<String> {
        let look = |row: &Row| {
            let of = |column: &&str| {
                let found = row.get(*column).or_else(|| row.get(&format!("event.{column}")));
                found.filter(|value| !value.is_empty() && *value != "null")
            };
            self.columns().iter().find_map(of).cloned()
        };
        look(&alert.labels).or_else(|| {
            let first = look(alert.fire_results.first()?)?;
            alert.fire_results.iter().all(|row| look(row).as_ref() == Some(&first)).then_some(first)
        })
    }
}
