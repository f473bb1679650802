//! The whole object of `/jobs` and `/alerts`: a rule with its name, its texts, its schedule and whether it runs.

use serde_json::Value;

use super::reader::Reader;
use super::{Rule, RuleError};
use crate::schedule::Schedule;

/// A rule as it is made.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Unique in its project.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// For people; may be empty.
    pub description: String,
    /// When it runs.
    pub schedule: Schedule,
    /// What it does.
    pub rule: Rule,
    /// Whether it runs.
    pub is_enabled: bool,
}

impl Definition {
    /// Reads a body of `POST /jobs` or `POST /alerts`.
    pub fn parse(body: &Value) -> Result<Definition, RuleError> {
        let reader = Reader::new("", body)?;
        if reader.text("type")?.is_some_and(|kind| kind != "Alert") {
            return Err(reader.error("type", "must be Alert"));
        }
        let name = reader.required_text("name")?;
        check_name(&name)?;
        let display_name = reader.required_text("displayName")?;
        let is_long_enough = display_name.len() >= 4;
        if !is_long_enough || display_name.chars().count() > 100 {
            return Err(reader.error("displayName", "must be 4 to 100 characters long"));
        }
        let description = reader.text("description")?.unwrap_or_default();
        if description.chars().count() > 256 {
            return Err(reader.error("description", "must not be longer than 256 characters"));
        }
        let schedule = Schedule::parse(reader.get("schedule").ok_or_else(|| reader.error("schedule", "is required"))?)?;
        let configuration = reader.get("configuration").ok_or_else(|| reader.error("configuration", "is required"))?;
        let rule = Rule::parse(configuration)?;
        let is_enabled = match reader.text("state")?.unwrap_or_default().as_str() {
            "" | "Enabled" => true,
            "Disabled" => false,
            _ => return Err(reader.error("state", "must be Enabled or Disabled")),
        };
        Ok(Definition { name, display_name, description, schedule, rule, is_enabled })
    }
}

/// Whether a rule can be called this.
pub fn check_name(name: &str) -> Result<(), RuleError> {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let is_name = (4..=64).contains(&bytes.len())
        && is_edge(bytes[0])
        && is_edge(bytes[bytes.len() - 1])
        && bytes.iter().all(|byte| is_edge(*byte) || *byte == b'_' || *byte == b'-');
    if is_name {
        return Ok(());
    }
    let message =
        "must be 4 to 64 lower-case letters, digits, hyphens and underscores, with a letter or digit at both ends";
    Err(RuleError::new("name", &Value::String(name.to_owned()), message))
}
