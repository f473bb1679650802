//! Inhibition: an alert that explains others keeps them quiet, within a merge set.
//!
//! `inhibit(source="alert.severity >= 8", target="alert.severity <= 4", equal=["alert.labels.user"])`: a firing alert that
//! meets `source` and not `target` keeps those quiet that meet `target` and have the same values of the fields in `equal`.

use super::AlertPolicy;
use super::policy::reached;
use crate::script::{self, Call, Condition, Field, Scope, Value};
use crate::{Alert, Reason, Status};

struct Inhibition {
    source: Condition,
    target: Condition,
    equal: Vec<Field>,
}

pub(super) fn check(call: &Call) -> Result<(), String> {
    read(call).map(drop)
}

fn read(call: &Call) -> Result<Inhibition, String> {
    let condition = |name: &str| match call.arguments.get(name) {
        Some(Value::Text(text)) => script::condition(text).map_err(|wrong| format!("{name}: {wrong}")),
        _ => Err(format!("inhibit() wants {name}=\"...\", a condition in quotes")),
    };
    let equal = match call.arguments.get("equal") {
        None => Vec::new(),
        Some(Value::List(names)) => names.iter().map(field).collect::<Result<_, _>>()?,
        Some(_) => return Err("equal is a list of fields, such as [\"alert.labels.user\"]".into()),
    };
    Ok(Inhibition { source: condition("source")?, target: condition("target")?, equal })
}

/// A field as `alert.project` or in quotes.
fn field(name: &Value) -> Result<Field, String> {
    match name {
        Value::Field(field) => Ok(field.clone()),
        Value::Text(text) => Field::parse(Scope::Any, text.strip_prefix("alert.").unwrap_or(text)),
        _ => Err("equal is a list of fields, such as [\"alert.labels.user\"]".into()),
    }
}

/// For each alert of a set why others keep it quiet, if they do.
pub(super) fn inhibited<'a>(policies: impl Iterator<Item = &'a AlertPolicy>, alerts: &[&Alert]) -> Vec<Option<Reason>> {
    let mut rules = Vec::new();
    for policy in policies {
        // Checked when the policy was read.
        reached(&policy.inhibit, alerts, &mut |call| rules.extend(read(call).ok()));
    }
    let explains = |source: &Alert, target: &Alert, rule: &Inhibition| {
        source.status == Status::Firing
            && rule.source.meets(source)
            && !rule.target.meets(source)
            && rule.equal.iter().all(|field| field.of(source) == field.of(target))
    };
    let mut reasons = Vec::new();
    for target in alerts {
        let mut meant = rules.iter().filter(|rule| rule.target.meets(target));
        let source = meant.find_map(|rule| alerts.iter().find(|source| explains(source, target, rule)));
        reasons.push(source.map(|source| {
            Reason::new(
                "inhibited",
                format!("the alert of {} ({}) in the same set explains it", source.rule, source.fingerprint.0),
            )
        }));
    }
    reasons
}
