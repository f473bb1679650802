//! Reading policy documents.

use serde_json::{Map, Value};

use super::condition::Condition;
use super::{Patterns, Statement};

/// A document that is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct PolicyError {
    /// Where, for example `Statement[1].Effect`.
    pub place: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

pub(super) fn error(place: impl Into<String>, reason: impl Into<String>) -> PolicyError {
    PolicyError { place: place.into(), reason: reason.into() }
}

/// Reads the frame of a document, and each of its statements with `read`, which is told the statement's place.
pub(super) fn statements<S>(
    document: &str,
    bytes_max: usize,
    read: impl Fn(&Value, &str) -> Result<S, PolicyError>,
) -> Result<Vec<S>, PolicyError> {
    if document.len() > bytes_max {
        let reason = format!("it has {} bytes, the limit is {bytes_max}", document.len());
        return Err(error("document", reason));
    }
    let value: Value =
        serde_json::from_str(document).map_err(|cause| error("document", format!("not JSON: {cause}")))?;
    let document = value.as_object().ok_or_else(|| error("document", "it must be an object"))?;
    only(document, "document", &["Version", "Statement"])?;
    if document.get("Version").and_then(Value::as_str) != Some("1") {
        return Err(error("Version", "it must be \"1\""));
    }
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => return Err(error("Statement", "it must be an object or a list of them")),
    };
    if statements.is_empty() {
        return Err(error("Statement", "it must not be empty"));
    }
    statements.into_iter().enumerate().map(|(n, value)| read(value, &format!("Statement[{n}]"))).collect()
}

/// Whether a statement denies.
pub(super) fn is_deny(statement: &Map<String, Value>, place: &str) -> Result<bool, PolicyError> {
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Ok(false),
        Some("Deny") => Ok(true),
        _ => Err(error(format!("{place}.Effect"), "it must be \"Allow\" or \"Deny\"")),
    }
}

/// A statement's conditions.
pub(super) fn conditions_of(statement: &Map<String, Value>, place: &str) -> Result<Vec<Condition>, PolicyError> {
    let place = format!("{place}.Condition");
    match statement.get("Condition") {
        None => Ok(Vec::new()),
        Some(Value::Object(operators)) => conditions(operators, &place),
        Some(_) => Err(error(place, "it must be an object")),
    }
}

pub(super) fn statement(value: &Value, place: &str) -> Result<Statement, PolicyError> {
    let object = value.as_object().ok_or_else(|| error(place, "it must be an object"))?;
    only(object, place, &["Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
    let is_deny = is_deny(object, place)?;
    let mut actions = patterns(object, place, "Action", "NotAction")?;
    for action in &mut actions.patterns {
        if action != "*" && !action.contains(':') {
            let reason = format!("{action:?} must be \"*\" or service:Operation, for example actiontrail:LookupEvents");
            return Err(error(format!("{place}.Action"), reason));
        }
        // Actions are compared without regard to case.
        action.make_ascii_lowercase();
    }
    let resources = patterns(object, place, "Resource", "NotResource")?;
    for resource in &resources.patterns {
        if resource != "*" && !resource.starts_with("acs:") {
            let reason =
                format!("{resource:?} must be \"*\" or begin with acs:, for example acs:actiontrail:*:*:trail/*");
            return Err(error(format!("{place}.Resource"), reason));
        }
    }
    let conditions = conditions_of(object, place)?;
    Ok(Statement { is_deny, actions, resources, conditions })
}

fn conditions(operators: &Map<String, Value>, place: &str) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let place = format!("{place}.{operator}");
        // An operator without keys would hold always, and turn a slip into a permission.
        let keys = keys.as_object().filter(|keys| !keys.is_empty());
        let keys = keys.ok_or_else(|| error(&place, "it must be an object of keys and values"))?;
        for (key, values) in keys {
            let place = format!("{place}.{key}");
            conditions.push(Condition::parse(operator, key, &texts(values, &place)?, &place)?);
        }
    }
    Ok(conditions)
}

fn patterns(object: &Map<String, Value>, place: &str, plain: &str, negated: &str) -> Result<Patterns, PolicyError> {
    match (object.get(plain), object.get(negated)) {
        (Some(value), None) => Ok(Patterns { patterns: texts(value, &format!("{place}.{plain}"))?, is_negated: false }),
        (None, Some(value)) => {
            Ok(Patterns { patterns: texts(value, &format!("{place}.{negated}"))?, is_negated: true })
        }
        _ => Err(error(place, format!("it must have {plain} or {negated}, and not both"))),
    }
}

/// A text, or a list of them that is not empty. Booleans count as texts.
pub(super) fn texts(value: &Value, place: &str) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let texts = match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    };
    texts.filter(|texts| !texts.is_empty()).ok_or_else(|| error(place, "it must be a text or a list of texts"))
}

pub(super) fn only(object: &Map<String, Value>, place: &str, known: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(error(format!("{place}.{key}"), format!("unknown; known are {}", known.join(", ")))),
        None => Ok(()),
    }
}
