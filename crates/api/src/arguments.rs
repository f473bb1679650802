//! From what a client sent to the typed arguments of an operation, by the table.
//!
//! Parameters the table does not name are left alone: official clients send a few that mean nothing here. Everything
//! it names is checked, and the first wrong one is refused with its code and a sentence that names rule and value.

use std::collections::BTreeMap;

use model::Timestamp;

use crate::codes::{self, ErrorCode};
use crate::error::WireError;
use crate::param::{Absent, Kind, Param};

/// Characters of a refused value that a message repeats.
const SHOWN_CHARACTERS_MAX: usize = 64;

/// The parameters of a request: query and form, decoded, in the order they came. A parameter of the table that is given
/// twice with different values is refused when it is checked: a signature covers the values, but not their order.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pairs: Vec<(String, String)>,
}

impl Given {
    /// Takes the decoded pairs.
    pub fn new(pairs: Vec<(String, String)>) -> Given {
        Given { pairs }
    }

    /// The value of a parameter; of several the last.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// A value of this name that is another one than [`Given::get`] gives.
    pub fn other_value(&self, name: &str) -> Option<&str> {
        let counted = self.get(name)?;
        self.pairs().find(|(each, value)| *each == name && *value != counted).map(|(_, value)| value)
    }

    /// Every pair in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Checked arguments. The getters answer for parameters of the row that was checked; any other name is simply absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    values: BTreeMap<&'static str, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Bool(bool),
    Integer(i64),
    Time(Timestamp),
    List(Vec<Arguments>),
}

impl Arguments {
    /// Checks what was given against the parameters. `usual` is the code for a wrong value whose parameter names none,
    /// `callers_name` what [`Absent::CallersName`] stands for.
    pub fn check(
        params: &'static [Param],
        given: &Given,
        usual: ErrorCode,
        callers_name: Option<&str>,
    ) -> Result<Arguments, WireError> {
        let mut arguments = Arguments::default();
        for param in params {
            let found = match param.kind {
                Kind::List { fields, entries_max } => {
                    let entries = list_entries(param, fields, given, usual, entries_max)?;
                    (!entries.is_empty()).then_some(Value::List(entries))
                }
                _ if given.other_value(param.name).is_some() => return Err(given_twice(param.name, usual)),
                _ => match given.get(param.name).filter(|text| param.keeps_empty || !text.is_empty()) {
                    Some("") => Some(Value::Text(String::new())),
                    Some(text) => Some(read(param, param.name, text, usual)?),
                    None => None,
                },
            };
            let value = match (found, param.absent) {
                (Some(value), _) => Some(value),
                (None, Absent::Nothing) => None,
                (None, Absent::Refused) => return Err(missing(param.name)),
                (None, Absent::Value(text)) => Some(read(param, param.name, text, usual)?),
                (None, Absent::CallersName) => callers_name.map(|name| Value::Text(name.to_owned())),
            };
            if let Some(value) = value {
                arguments.values.insert(param.name, value);
            }
        }
        Ok(arguments)
    }

    /// A text. Empty only for a parameter that keeps empty values.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a required parameter, or of one with a default.
    pub fn required(&self, name: &str) -> &str {
        self.text(name).expect("the table requires this parameter, so the check refused its absence")
    }

    /// A text that is given and not empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Whether the parameter was given, or has a default.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// True or false; absent is false.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Value::Bool(true)))
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// A point in time.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        match self.values.get(name) {
            Some(Value::Time(time)) => Some(*time),
            _ => None,
        }
    }

    /// The entries of a list, in their order.
    pub fn list(&self, name: &str) -> &[Arguments] {
        match self.values.get(name) {
            Some(Value::List(entries)) => entries,
            _ => &[],
        }
    }
}

fn missing(name: &str) -> WireError {
    codes::MISSING_PARAMETER.because(format!("The parameter {name} is required and was not given or is empty."))
}

fn given_twice(name: &str, usual: ErrorCode) -> WireError {
    usual.because(format!("The parameter {name} is given twice with different values; give it once."))
}

fn refused(param: &Param, name: &str, text: &str, usual: ErrorCode, rule: &str) -> WireError {
    let shown: String = if param.secret { "***".into() } else { text.chars().take(SHOWN_CHARACTERS_MAX).collect() };
    let code = param.refusal.unwrap_or(usual);
    code.because(format!("The value {shown:?} of {name} is not valid; it must be {rule}."))
}

/// `name` is the parameter's name on the wire, which for a list's field has its number.
fn read(param: &Param, name: &str, text: &str, usual: ErrorCode) -> Result<Value, WireError> {
    let refuse = |rule: &str| refused(param, name, text, usual, rule);
    match param.kind {
        Kind::Text(rule) if rule.accepts(text) => Ok(Value::Text(text.to_owned())),
        Kind::Text(rule) => Err(refuse(rule.words)),
        Kind::Choice(words) if words.contains(&text) => Ok(Value::Text(text.to_owned())),
        Kind::Choice(words) => Err(refuse(&format!("one of {}", words.join(", ")))),
        Kind::Bool if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        Kind::Bool if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        Kind::Bool => Err(refuse("true or false")),
        Kind::Integer { min, max } => match text.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(Value::Integer(number)),
            _ => Err(refuse(&format!("a whole number from {min} to {max}"))),
        },
        Kind::Time => match Timestamp::parse(text) {
            Ok(time) => Ok(Value::Time(time)),
            Err(_) => Err(refuse("a time written YYYY-MM-DDThh:mm:ssZ (UTC)")),
        },
        Kind::Unsupported(reason) => {
            let code = param.refusal.unwrap_or(codes::UNSUPPORTED_PARAMETER);
            Err(code.because(format!("The parameter {name} is not supported yet: {reason}. Leave it out.")))
        }
        Kind::List { .. } => unreachable!("a list has no value of its own, and the table nests none"),
    }
}

/// The entries `Name.<n>.<Field>` in the order of their numbers.
fn list_entries(
    param: &Param,
    fields: &'static [Param],
    given: &Given,
    usual: ErrorCode,
    entries_max: usize,
) -> Result<Vec<Arguments>, WireError> {
    let mut entries: BTreeMap<u32, Arguments> = BTreeMap::new();
    for (wire_name, text) in given.pairs() {
        let Some(rest) = wire_name.strip_prefix(param.name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let Some((number, field_name)) = rest.split_once('.') else { continue };
        let (Ok(number), Some(field)) = (number.parse(), fields.iter().find(|field| field.name == field_name)) else {
            continue;
        };
        let entry = entries.entry(number).or_default();
        if !text.is_empty() {
            let value = read(field, wire_name, text, usual)?;
            if entry.values.get(field.name).is_some_and(|earlier| *earlier != value) {
                return Err(given_twice(wire_name, usual));
            }
            entry.values.insert(field.name, value);
        }
        if entries.len() > entries_max {
            let code = param.refusal.unwrap_or(usual);
            return Err(code.because(format!("{} has more than {entries_max} entries; send fewer.", param.name)));
        }
    }
    for (number, entry) in &entries {
        let absent =
            fields.iter().find(|field| field.absent == Absent::Refused && !entry.values.contains_key(field.name));
        if let Some(field) = absent {
            return Err(missing(&format!("{}.{number}.{}", param.name, field.name)));
        }
    }
    Ok(entries.into_values().collect())
}

#[cfg(test)]
mod tests;
