//! Action policies: who hears of a set of alerts, and how.
//!
//! A policy has two scripts. The primary one is run when a merge set is told; the secondary one when an incident of it waits
//! too long for somebody (`escalation`). Running a script (`plan`) gives notifications to make, and says why. A script can be
//! drawn as a graph of Condition, Action Group and End nodes and be made from one (`graph`). `watch` runs policies, the
//! gateway checks and draws them.

pub mod builtin;
mod escalation;
mod graph;
mod plan;

use std::time::Duration;

use serde_json::Value as Json;

pub use escalation::{Due, EscalationKind, Incident, escalations, next_escalation};
pub use graph::{Expression, Graph, GraphError, Match, NODES_MAX, Node, NodeKind, Term};
pub use plan::{Inline, Planned, Receiver, Run, Step, run};

use crate::Alert;
use crate::records::{Fields, RecordError};
use crate::script::{self, Block, Call, ScriptError, Value};

/// How many `fire()` a script may have. Each is a message to be rendered and sent.
pub const FIRES_MAX: usize = 200;

/// What `fire(type=...)` may say.
pub const TYPES: [&str; 9] =
    ["sms", "voice", "email", "webhook_integration", "message_center", "event_bridge", "fc", "dingtalk", "webhook"];

/// A policy, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionPolicy {
    /// `action_policy_id`
    pub id: String,
    /// `action_policy_name`
    pub name: String,
    /// What happens when a set is told.
    pub primary: Block,
    /// What happens when an incident is escalated.
    pub secondary: Block,
    /// Escalate what nobody has confirmed after this long.
    pub start_timeout: Option<Duration>,
    /// Escalate what was confirmed this long ago and is not done.
    pub in_progress_timeout: Option<Duration>,
    /// Escalate what has gone on this long, confirmed or not.
    pub timeout: Option<Duration>,
}

/// Which script of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The primary policy.
    Primary,
    /// The secondary policy.
    Secondary,
}

impl ActionPolicy {
    /// Reads a record of `sls.alert.action_policy`.
    pub fn parse(record: &Json) -> Result<ActionPolicy, RecordError> {
        let fields = Fields::of(record)?;
        let id = fields.id("action_policy_id")?;
        let name = fields.name("action_policy_name", 40)?;
        let script = |field: &'static str| -> Result<Block, RecordError> {
            let text = fields.text_or(field, "")?;
            parse(&text).map_err(|wrong| RecordError::new(field, &text, wrong.to_string()))
        };
        let timeout = |enabled: &'static str, field: &'static str, usual: &str| -> Result<_, RecordError> {
            let text = fields.text_or(field, usual)?;
            let text = if text.is_empty() { usual.to_owned() } else { text };
            let length = script::duration(&text).map_err(|wrong| RecordError::new(field, &text, wrong))?;
            Ok(fields.flag_or(enabled, false)?.then_some(length))
        };
        fields.flag_or("is_default", false)?;
        fields.object_or_absent("labels")?;
        Ok(ActionPolicy {
            id,
            name,
            primary: script("primary_policy_script")?,
            secondary: script("secondary_policy_script")?,
            start_timeout: timeout("escalation_start_enabled", "escalation_start_timeout", "10m")?,
            in_progress_timeout: timeout("escalation_inprogress_enabled", "escalation_inprogress_timeout", "30m")?,
            timeout: timeout("escalation_enabled", "escalation_timeout", "4h")?,
        })
    }

    /// What is to be sent about these alerts, and why.
    pub fn run(&self, stage: Stage, alerts: &[&Alert]) -> Run {
        match stage {
            Stage::Primary => run(&self.primary, alerts),
            Stage::Secondary => run(&self.secondary, alerts),
        }
    }
}

/// Reads the script of an action policy and checks its calls.
pub fn parse(text: &str) -> Result<Block, ScriptError> {
    let block = script::parse(text, &["fire", "stop"])?;
    check(&block)?;
    Ok(block)
}

/// Whether each call of the script means something.
pub(crate) fn check(block: &[script::Statement]) -> Result<(), ScriptError> {
    let calls = script::calls(block);
    if let Some(one_too_many) = calls.iter().filter(|call| call.name == "fire").nth(FIRES_MAX) {
        return Err(ScriptError::at_line(one_too_many.line, format!("a script has at most {FIRES_MAX} fire()")));
    }
    for call in calls {
        let checked = if call.name == "stop" { check_stop(call) } else { check_fire(call) };
        checked.map_err(|message| ScriptError::at_line(call.line, message))?;
    }
    Ok(())
}

fn check_stop(call: &Call) -> Result<(), String> {
    if call.arguments.is_empty() { Ok(()) } else { Err("stop() takes no arguments".into()) }
}

fn check_fire(call: &Call) -> Result<(), String> {
    let text = |name: &str| call.arguments.get(name).and_then(Value::text);
    // A field of the alert may fill it in.
    let is_given = |name: &str| match call.arguments.get(name) {
        None => false,
        Some(Value::Field(_)) => true,
        Some(value) => value.text().is_some_and(|text| !text.is_empty()),
    };
    let kind = text("type").ok_or("fire() wants a type, such as type=\"email\"")?;
    if !TYPES.contains(&kind.as_str()) {
        return Err(format!("type {kind:?} is none of {}", TYPES.join(", ")));
    }
    let lists = ["users", "groups", "oncall_groups"];
    if let Some(list) = lists.iter().find(|list| call.arguments.get(**list).is_some_and(|value| !is_names(value))) {
        return Err(format!("{list} wants a list of ids"));
    }
    let one_of = |name: &str, known: &[&str]| match call.arguments.get(name).map(Value::text) {
        None => Ok(()),
        Some(Some(value)) if value.is_empty() || known.contains(&value.as_str()) => Ok(()),
        Some(_) => Err(format!("{name} is one of {}", known.join(", "))),
    };
    one_of("period", &crate::calendar::Period::NAMES)?;
    one_of("receiver_type", &["static", "dynamic"])?;
    one_of("integration_type", &["dingtalk", "wechat", "lark", "slack", "custom"])?;
    one_of("check_quota", &["true", "false"])?;
    if text("receiver_type").as_deref() == Some("dynamic") && !is_given("external_url") {
        return Err("dynamic recipients want an external_url".into());
    }
    if kind == "webhook_integration" && !is_given("webhook_id") {
        return Err("webhook_integration wants a webhook_id".into());
    }
    Ok(())
}

fn is_names(value: &Value) -> bool {
    let is_name = |value: &Value| matches!(value, Value::Text(_) | Value::Field(_));
    matches!(value, Value::List(names) if names.iter().all(is_name))
}

#[cfg(test)]
mod tests;
