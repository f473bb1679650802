//! The language of policies: a script says what happens to alerts.
//!
//! Statements are calls (`fire(type="email", groups=["ops"])`, `stop()`) and `if`, `elif`, `else` with blocks by indentation.
//! Conditions compare fields of alerts with values. `alert.x` asks whether any alert meets the condition, `alerts.x` whether
//! all do. One grammar serves action policies, merging, inhibition and silence; they differ in the calls they know.
//! Parsing and printing are inverse: what is printed parses to the same tree, in one canonical layout.

mod condition;
mod duration;
mod field;
mod parse;
mod print;
mod token;

use std::collections::BTreeMap;

pub use condition::{Comparison, Condition, Held, Operand, Operator, Pattern};
pub use duration::{DURATION_MAX, duration};
pub use field::{Entity, Field, Scope};
pub use parse::{condition, parse};
pub use print::print;

/// The longest script, in bytes. A policy with a branch for each of a hundred teams stays below a tenth of it.
pub const SCRIPT_BYTES_MAX: usize = 64 * 1024;
/// How deep blocks, parentheses and values may nest. People stop reading at five.
pub const DEPTH_MAX: usize = 32;
/// How many `elif` a script may have. Each is a level of the tree, though not of the page.
pub const ELIFS_MAX: usize = 200;
/// How large a compiled pattern may become.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A script, or a block of one.
pub type Block = Vec<Statement>;

/// One step of a script.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// Does something.
    Call(Call),
    /// Does one thing or another.
    If(Branch),
}

/// `if condition:` with its two blocks. An `elif` is an `else` with nothing but an `if` in it.
#[derive(Debug, Clone)]
pub struct Branch {
    /// What is asked.
    pub condition: Condition,
    /// What happens when it holds. Empty for `pass`.
    pub then: Block,
    /// What happens when it does not.
    pub otherwise: Block,
    /// Where it stands.
    pub line: usize,
}

/// `name(key=value, ...)`.
#[derive(Debug, Clone)]
pub struct Call {
    /// `fire`, `stop`, `inhibit` or `silence`.
    pub name: String,
    /// What it is given. Names that nobody knows are kept.
    pub arguments: BTreeMap<String, Value>,
    /// Where it stands.
    pub line: usize,
}

// Where something stands is for messages and traces; two scripts that say the same are equal.
impl PartialEq for Branch {
    fn eq(&self, other: &Branch) -> bool {
        self.condition == other.condition && self.then == other.then && self.otherwise == other.otherwise
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Call) -> bool {
        self.name == other.name && self.arguments == other.arguments
    }
}

/// A value of an argument, or of one side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `"ops"`
    Text(String),
    /// `8`
    Number(serde_json::Number),
    /// `true`
    Bool(bool),
    /// `null`
    Null,
    /// `[...]`
    List(Vec<Value>),
    /// `{"key": value}`
    Map(BTreeMap<String, Value>),
    /// `alert.project`
    Field(Field),
}

impl Value {
    /// As text, the way it is compared: a text as it is, everything else as it is written. `None` for a field.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text.clone()),
            Value::Null => Some(String::new()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is) => Some(is.to_string()),
            Value::List(_) | Value::Map(_) => self.json().map(|json| json.to_string()),
            Value::Field(_) => None,
        }
    }

    /// As JSON. `None` when a field of an alert is in it.
    pub fn json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Value::Text(text) => serde_json::Value::String(text.clone()),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Bool(is) => serde_json::Value::Bool(*is),
            Value::Null => serde_json::Value::Null,
            Value::List(values) => values.iter().map(Value::json).collect::<Option<_>>()?,
            Value::Map(values) => {
                let pairs = values.iter().map(|(key, value)| Some((key.clone(), value.json()?)));
                serde_json::Value::Object(pairs.collect::<Option<_>>()?)
            }
            Value::Field(_) => return None,
        })
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(is) => Value::Bool(*is),
            serde_json::Value::Number(number) => Value::Number(number.clone()),
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(values) => Value::List(values.iter().map(Value::from).collect()),
            serde_json::Value::Object(values) => {
                Value::Map(values.iter().map(|(key, value)| (key.clone(), Value::from(value))).collect())
            }
        }
    }
}

/// A script that cannot be read, or means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ScriptError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl ScriptError {
    /// The kind of every such error: the script is wrong.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }

    /// Something is wrong with the statement at `line`.
    pub fn at_line(line: usize, message: impl Into<String>) -> ScriptError {
        ScriptError { line, column: 1, message: message.into() }
    }
}

/// Every call of a block, in order, also those in branches.
pub fn calls(block: &[Statement]) -> Vec<&Call> {
    let mut found = Vec::new();
    let mut open: Vec<&Statement> = block.iter().rev().collect();
    while let Some(statement) = open.pop() {
        match statement {
            Statement::Call(call) => found.push(call),
            Statement::If(branch) => {
                open.extend(branch.otherwise.iter().rev());
                open.extend(branch.then.iter().rev());
            }
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod tests;
