//! A success as clients see it: the fields of the operation plus `RequestId`, in JSON or XML.

use serde_json::Value;

use crate::xml;

/// The two body formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// What every current client asks for.
    #[default]
    Json,
    /// For old ones.
    Xml,
}

impl Format {
    /// The content type; the official SDK parses an XML error only with exactly this one.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json;charset=utf-8",
            Format::Xml => "text/xml;charset=utf-8",
        }
    }
}

/// What an operation answers: a JSON object without `RequestId`.
///
/// Kept as text, because a lookup's events go out byte for byte as they came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    fields: String,
}

impl Success {
    /// Nothing but the request id.
    pub fn empty() -> Self {
        Success { fields: "{}".into() }
    }

    /// The fields of a JSON object.
    pub fn from_object(fields: &Value) -> Self {
        debug_assert!(fields.is_object());
        Success { fields: fields.to_string() }
    }

    /// The text of a JSON object.
    pub fn from_text(fields: String) -> Self {
        debug_assert!(fields.starts_with('{') && fields.ends_with('}'));
        Success { fields }
    }

    /// The fields, for the audit event.
    pub fn fields(&self) -> &str {
        &self.fields
    }

    /// The body.
    pub fn body(&self, format: Format, operation: &str, request_id: &str) -> String {
        let separator = if self.fields == "{}" { "" } else { "," };
        let id = Value::from(request_id);
        let json = format!("{{\"RequestId\":{id}{separator}{}", &self.fields[1..]);
        match format {
            Format::Json => json,
            Format::Xml => xml::document(&format!("{operation}Response"), &json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_id_comes_first_and_the_rest_is_untouched() {
        let success = Success::from_text(r#"{"Events":[{"n":1e400, "n":2}]}"#.into());
        assert_eq!(
            success.body(Format::Json, "LookupEvents", "R"),
            r#"{"RequestId":"R","Events":[{"n":1e400, "n":2}]}"#
        );
        assert_eq!(Success::empty().body(Format::Json, "DeleteTrail", "R"), r#"{"RequestId":"R"}"#);
        assert_eq!(
            Success::empty().body(Format::Xml, "DeleteTrail", "R"),
            "<?xml version='1.0' encoding='UTF-8'?><DeleteTrailResponse><RequestId>R</RequestId></DeleteTrailResponse>"
        );
    }
}
