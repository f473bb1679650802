//! Fields of a JSON object by name, with errors that say which field and why.
//!
//! Clients differ: numbers come as texts, flags as texts, and what is not set as `null` or the empty text. All of that is
//! read; what cannot be meant is refused.

use serde_json::Value;

use super::RuleError;

/// An object at a path of the configuration.
pub(crate) struct Reader<'v> {
    path: String,
    value: &'v Value,
}

impl<'v> Reader<'v> {
    pub(crate) fn new(path: &str, value: &'v Value) -> Result<Reader<'v>, RuleError> {
        if !value.is_object() {
            return Err(RuleError::new(path, value, "must be an object"));
        }
        Ok(Reader { path: path.to_owned(), value })
    }

    /// The path of a field below this object.
    pub(crate) fn path(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    pub(crate) fn error(&self, field: &str, message: &str) -> RuleError {
        RuleError::new(&self.path(field), self.get(field).unwrap_or(&Value::Null), message)
    }

    /// The field's value, unless it is `null`.
    pub(crate) fn get(&self, field: &str) -> Option<&'v Value> {
        self.value.get(field).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, field: &str) -> Result<Option<String>, RuleError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.error(field, "must be a text")),
        }
    }

    /// The text, which may not be empty.
    pub(crate) fn required_text(&self, field: &str) -> Result<String, RuleError> {
        let text = self.text(field)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.error(field, "is required"))
    }

    pub(crate) fn integer(&self, field: &str) -> Result<Option<i64>, RuleError> {
        let number = match self.get(field) {
            None => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => {
                // A double of a JavaScript client may be 60.0.
                number.as_i64().or_else(|| number.as_f64().filter(|each| each.fract() == 0.0).map(|each| each as i64))
            }
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| self.error(field, "must be a whole number"))
    }

    pub(crate) fn flag(&self, field: &str) -> Result<Option<bool>, RuleError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "" => Ok(None),
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                _ => Err(self.error(field, "must be true or false")),
            },
            Some(_) => Err(self.error(field, "must be true or false")),
        }
    }

    /// The objects of a list; none when there is no list.
    pub(crate) fn objects(&self, field: &str) -> Result<Vec<Reader<'v>>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(Vec::new()) };
        let Some(items) = value.as_array() else { return Err(self.error(field, "must be a list")) };
        let item = |(index, item)| Reader::new(&format!("{}[{index}]", self.path(field)), item);
        items.iter().enumerate().map(item).collect()
    }

    pub(crate) fn object(&self, field: &str) -> Result<Option<Reader<'v>>, RuleError> {
        self.get(field).map(|value| Reader::new(&self.path(field), value)).transpose()
    }

    pub(crate) fn texts(&self, field: &str) -> Result<Vec<String>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        });
        texts.ok_or_else(|| self.error(field, "must be a list of texts"))
    }
}
