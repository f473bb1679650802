//! An alert policy and what its group script makes of an alert: routes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{inhibit, silence};
use crate::records::{Fields, RecordError};
use crate::script::{self, Block, Call, ScriptError, Statement, Value};
use crate::{Alert, Reason};

/// How long a new set waits for more alerts, unless its route says otherwise.
const GROUP_WAIT: Duration = Duration::from_secs(15);
/// How long a told set gathers changes.
const GROUP_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// How long an unchanged set is quiet: what the built-in rules say.
const REPEAT_INTERVAL: Duration = Duration::from_secs(2 * 3600);
/// How many routes an alert may take. Each is a set and its notifications.
const ROUTES_MAX: usize = 20;

/// A record of `sls.alert.alert_policy`, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertPolicy {
    /// `policy_id`
    pub id: String,
    /// `policy_name`
    pub name: String,
    /// The policy whose scripts count first.
    pub parent: Option<String>,
    group: Block,
    pub(super) inhibit: Block,
    pub(super) silence: Block,
}

/// Which merge set: the same policy, action policy and values of the group give the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SetKey(pub String);

impl fmt::Display for SetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an alert goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The set.
    pub key: SetKey,
    /// The alert policy.
    pub policy: String,
    /// The action policy that is run when the set is told.
    pub action_policy: String,
    /// What the alerts of the set have in common.
    pub group: BTreeMap<String, String>,
    /// How long the set waits for more before it is first told.
    pub group_wait: Duration,
    /// How long it gathers changes after it was told.
    pub group_interval: Duration,
    /// How long it is quiet when nothing changes.
    pub repeat_interval: Duration,
}

impl AlertPolicy {
    /// Reads a record.
    pub fn parse(record: &Json) -> Result<AlertPolicy, RecordError> {
        let fields = Fields::of(record)?;
        fields.flag_or("is_default", false)?;
        let parent = fields.text_or("parent_id", "")?;
        let id = fields.id("policy_id")?;
        if parent == id {
            return Err(RecordError::new("parent_id", &parent, "a policy is not its own parent"));
        }
        type Check = fn(&Call) -> Result<(), String>;
        let script = |field: &'static str, calls: &[&str], check: Check| -> Result<Block, RecordError> {
            let text = fields.text_or(field, "")?;
            parse(&text, calls, check).map_err(|wrong| RecordError::new(field, &text, wrong.to_string()))
        };
        Ok(AlertPolicy {
            name: fields.name("policy_name", 40)?,
            parent: Some(parent).filter(|parent| !parent.is_empty()),
            group: script("group_script", &["fire", "stop"], check_group)?,
            inhibit: script("inhibit_script", &["inhibit", "stop"], inhibit::check)?,
            silence: script("silence_script", &["silence", "stop"], silence::check)?,
            id,
        })
    }

    /// The sets an alert goes into; those of the parent when this policy names none. Or why it goes nowhere.
    pub fn routes(&self, parent: Option<&AlertPolicy>, alert: &Alert) -> Result<Vec<Route>, Reason> {
        let mut routes = Vec::new();
        for policy in std::iter::once(self).chain(parent) {
            reached(&policy.group, &[alert], &mut |call| routes.extend(self.route(call, alert)));
            if !routes.is_empty() {
                break;
            }
        }
        if routes.is_empty() {
            return Err(Reason::new("no_route", format!("the alert policy {} has no action policy for it", self.id)));
        }
        if routes.iter().all(|route| route.action_policy.is_empty()) {
            return Err(Reason::new(
                "no_action_policy",
                "the rule names no action policy, and its alert policy wants it to",
            ));
        }
        routes.retain(|route| !route.action_policy.is_empty());
        routes.truncate(ROUTES_MAX);
        Ok(routes)
    }

    fn route(&self, call: &Call, alert: &Alert) -> Option<Route> {
        let text = |value: &Value| match value {
            Value::Field(field) => field.of(alert),
            other => other.text().unwrap_or_default(),
        };
        let wait = |name: &str, usual: Duration| {
            let written = call.arguments.get(name).map(text).filter(|text| !text.is_empty());
            written.and_then(|text| script::duration(&text).ok()).unwrap_or(usual)
        };
        let mut group: BTreeMap<String, String> = match call.arguments.get("group") {
            Some(Value::Map(values)) => values.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            _ => BTreeMap::new(),
        };
        if call.arguments.get("group_by_all_labels").and_then(Value::text).as_deref() == Some("true") {
            group.extend(alert.labels.iter().map(|(name, value)| (format!("alert.labels.{name}"), value.clone())));
        }
        let action_policy = text(call.arguments.get("action_policy")?);
        Some(Route {
            key: SetKey::of(&self.id, &action_policy, &group),
            policy: self.id.clone(),
            action_policy,
            group,
            group_wait: wait("group_wait", GROUP_WAIT),
            group_interval: wait("group_interval", GROUP_INTERVAL),
            repeat_interval: wait("repeat_interval", REPEAT_INTERVAL),
        })
    }
}

impl SetKey {
    fn of(policy: &str, action_policy: &str, group: &BTreeMap<String, String>) -> SetKey {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(policy);
        add(action_policy);
        for (name, value) in group {
            add(name);
            add(value);
        }
        SetKey(hex::encode(&hash.finalize()[..16]))
    }
}

/// Reads a script and checks its calls.
fn parse(text: &str, calls: &[&str], check: fn(&Call) -> Result<(), String>) -> Result<Block, ScriptError> {
    let block = script::parse(text, calls)?;
    for call in script::calls(&block) {
        let checked = match call.name.as_str() {
            "stop" if call.arguments.is_empty() => Ok(()),
            "stop" => Err("stop() takes no arguments".into()),
            _ => check(call),
        };
        checked.map_err(|message| ScriptError::at_line(call.line, message))?;
    }
    Ok(block)
}

fn check_group(call: &Call) -> Result<(), String> {
    if !matches!(call.arguments.get("action_policy"), Some(Value::Text(_) | Value::Field(_))) {
        return Err("fire() wants the id of an action policy, action_policy=\"...\"".into());
    }
    if !matches!(call.arguments.get("group"), None | Some(Value::Map(_))) {
        return Err("group is a map, such as {\"alert.project\": alert.project}".into());
    }
    let all = call.arguments.get("group_by_all_labels").map(Value::text);
    if !matches!(all.as_ref().map(Option::as_deref), None | Some(Some("true" | "false"))) {
        return Err("group_by_all_labels is true or false".into());
    }
    for name in ["group_wait", "group_interval", "repeat_interval"] {
        match call.arguments.get(name) {
            None | Some(Value::Field(_)) => {}
            Some(value) => drop(script::duration(&value.text().unwrap_or_default())?),
        }
    }
    Ok(())
}

/// Calls `act` for each call that a script reaches over these alerts. False when it stopped.
pub(super) fn reached(block: &[Statement], alerts: &[&Alert], act: &mut dyn FnMut(&Call)) -> bool {
    for statement in block {
        match statement {
            Statement::Call(call) if call.name == "stop" => return false,
            Statement::Call(call) => act(call),
            Statement::If(branch) => {
                let taken = if branch.condition.holds(alerts) { &branch.then } else { &branch.otherwise };
                if !reached(taken, alerts, act) {
                    return false;
                }
            }
        }
    }
    true
}
