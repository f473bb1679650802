//! Writing JSON text straight into a `String`, in the order the fields come.
//!
//! A tree of values would cost more than the event is worth: a measurement must spend its time in the server, not
//! here. Names are ours and need no escaping; values are escaped.

use std::fmt::Write;

/// Appends `value` with `"` and `\` escaped. Sample text holds no control characters.
pub(crate) fn escape(out: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = rest.find(['"', '\\']) {
        out.push_str(&rest[..at]);
        out.push('\\');
        out.push(char::from(rest.as_bytes()[at]));
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Appends `"name":`, with a comma before it unless it opens an object.
pub(crate) fn name(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

/// Appends `"name":"value"`.
pub(crate) fn text(out: &mut String, name: &str, value: &str) {
    text_with(out, name, |out| escape(out, value));
}

/// Appends `"name":"..."` where `write` appends the value, which needs no escaping.
pub(crate) fn text_with(out: &mut String, name: &str, write: impl FnOnce(&mut String)) {
    self::name(out, name);
    out.push('"');
    write(out);
    out.push('"');
}

/// Appends `"name":value` for a number or boolean.
pub(crate) fn plain(out: &mut String, name: &str, value: impl std::fmt::Display) {
    self::name(out, name);
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// Appends `"name":{...}` where `write` appends the fields.
pub(crate) fn object(out: &mut String, name: &str, write: impl FnOnce(&mut String)) {
    self::name(out, name);
    out.push('{');
    write(out);
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_joined_and_values_escaped() {
        let mut out = String::from("{");
        text(&mut out, "a", r#"say "hi" \ bye"#);
        object(&mut out, "b", |out| {
            plain(out, "c", 1);
            plain(out, "d", true);
        });
        out.push('}');
        assert_eq!(out, r#"{"a":"say \"hi\" \\ bye","b":{"c":1,"d":true}}"#);
    }
}
