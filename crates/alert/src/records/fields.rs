//! Reading the fields of a record, with the rules that ids and names have everywhere.

use serde_json::{Map, Value as Json};

/// Ids begin with a letter and have this many characters.
const ID_LENGTH: std::ops::RangeInclusive<usize> = 5..=60;
/// Characters that no name may have.
const NOT_IN_NAMES: &str = "\"\\$|~?&<>{}`'";

/// A field that a record may not have as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct RecordError {
    /// Which.
    pub field: String,
    /// What it was, cut to 128 characters.
    pub value: String,
    /// What is wrong with it.
    pub message: String,
}

impl RecordError {
    /// Something is wrong with a field.
    pub fn new(field: impl Into<String>, value: &str, message: impl Into<String>) -> RecordError {
        RecordError { field: field.into(), value: value.chars().take(128).collect(), message: message.into() }
    }

    /// The kind of every such error.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// The fields of a record. `null` is the same as nothing: Terraform writes it for what is not set.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    map: &'a Map<String, Json>,
}

impl<'a> Fields<'a> {
    /// Of a record, which is an object.
    pub fn of(record: &'a Json) -> Result<Fields<'a>, RecordError> {
        let map = record.as_object();
        map.map(|map| Fields { map })
            .ok_or_else(|| RecordError::new("value", &record.to_string(), "a record is a JSON object"))
    }

    /// A field that is there.
    pub fn get(&self, field: &str) -> Option<&'a Json> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// A text that has to be there.
    pub fn text(&self, field: &str) -> Result<String, RecordError> {
        match self.get(field) {
            Some(Json::String(text)) if !text.is_empty() => Ok(text.clone()),
            Some(other) => Err(RecordError::new(field, &other.to_string(), "should be a text")),
            None => Err(RecordError::new(field, "", "is missing")),
        }
    }

    /// A text, or this one.
    pub fn text_or(&self, field: &str, usual: &str) -> Result<String, RecordError> {
        match self.get(field) {
            None => Ok(usual.to_owned()),
            Some(Json::String(text)) => Ok(text.clone()),
            Some(Json::Number(number)) => Ok(number.to_string()),
            Some(other) => Err(RecordError::new(field, &other.to_string(), "should be a text")),
        }
    }

    /// A switch, or its usual position.
    pub fn flag_or(&self, field: &str, usual: bool) -> Result<bool, RecordError> {
        match self.get(field) {
            None => Ok(usual),
            Some(Json::Bool(is)) => Ok(*is),
            Some(other) => Err(RecordError::new(field, &other.to_string(), "should be true or false")),
        }
    }

    /// A whole number, or this one.
    pub fn number_or(&self, field: &str, usual: i64) -> Result<i64, RecordError> {
        match self.get(field) {
            None => Ok(usual),
            Some(value) => {
                let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
                number.ok_or_else(|| RecordError::new(field, &value.to_string(), "should be a whole number"))
            }
        }
    }

    /// A list; nothing is an empty one.
    pub fn list(&self, field: &str) -> Result<&'a [Json], RecordError> {
        match self.get(field) {
            None => Ok(&[]),
            Some(Json::Array(values)) => Ok(values),
            Some(other) => Err(RecordError::new(field, &other.to_string(), "should be a list")),
        }
    }

    /// A list of texts.
    pub fn texts(&self, field: &str) -> Result<Vec<String>, RecordError> {
        let text = |value: &Json| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| RecordError::new(field, &value.to_string(), "should be a list of texts"))
        };
        self.list(field)?.iter().map(text).collect()
    }

    /// An object, or nothing.
    pub fn object_or_absent(&self, field: &str) -> Result<(), RecordError> {
        match self.get(field) {
            None | Some(Json::Object(_)) => Ok(()),
            Some(other) => Err(RecordError::new(field, &other.to_string(), "should be an object")),
        }
    }

    /// An id: 5 to 60 characters, a letter first, then letters, digits, `_`, `-` and `.`.
    pub fn id(&self, field: &str) -> Result<String, RecordError> {
        let id = self.text(field)?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let begins = id.starts_with(|c: char| c.is_ascii_alphabetic());
        if begins && ID_LENGTH.contains(&id.len()) && id.chars().all(is_part) {
            return Ok(id);
        }
        let rule =
            "should have 5 to 60 characters, a letter first, then letters, digits, underscores, hyphens and periods";
        Err(RecordError::new(field, &id, rule))
    }

    /// A name: at least one character and none that could end a quoted text or a tag.
    pub fn name(&self, field: &str, characters_max: usize) -> Result<String, RecordError> {
        let name = self.text(field)?;
        if name.chars().count() > characters_max {
            return Err(RecordError::new(field, &name, format!("should have 1 to {characters_max} characters")));
        }
        match name.chars().find(|c| NOT_IN_NAMES.contains(*c) || c.is_control()) {
            Some(found) => Err(RecordError::new(field, &name, format!("should not contain {found:?}"))),
            None => Ok(name),
        }
    }
}
