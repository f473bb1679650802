//! An event as a row: what conditions, groups and templates name.

use model::Event;
use query::search::holds::{SOURCE, TOPICS};
use query::search::values::{Shown, for_each_value};

use crate::Row;

/// Fields of a row; an event that has more shows the first of them.
pub const ROW_FIELDS_MAX: usize = 512;
/// A field's text is cut here, as Log Service cuts it.
pub const FIELD_CHARACTERS_MAX: usize = 1024;
/// Nothing is looked for below a path this long, so nesting has an end.
const PATH_BYTES_MAX: usize = 256;

/// The event's values by their dotted paths, as text: `eventName`, `userIdentity.accessKeyId`. Objects are shown by what is in
/// them, lists as their JSON; a text that is an object's JSON is shown itself and by what is in it. `null` is left out. With
/// them come `__time__` in seconds, `__topic__` and `__source__`, as in every row of a Logstore.
pub fn row(event: &Event) -> Row {
    let mut row = Row::new();
    row.insert("__time__".into(), event.time().0.div_euclid(1000).to_string());
    row.insert("__topic__".into(), TOPICS[0].into());
    row.insert("__source__".into(), SOURCE.into());
    for_each_value(event.raw(), &mut |path, value| {
        let is_object = |bytes: &[u8]| bytes.trim_ascii_start().first() == Some(&b'{');
        let (text, is_inside): (Option<&[u8]>, bool) = match value {
            Shown::Null => (None, false),
            Shown::Bare(bytes) => (Some(bytes), false),
            Shown::Text(text) => (Some(text), is_object(text)),
            Shown::Nested(bytes) if is_object(bytes) => (None, true),
            Shown::Nested(bytes) => (Some(bytes), false),
        };
        if let Some(text) = text {
            put(&mut row, path, text);
        }
        is_inside && path.len() <= PATH_BYTES_MAX && row.len() < ROW_FIELDS_MAX
    });
    row
}

fn put(row: &mut Row, path: &[u8], text: &[u8]) {
    let path = String::from_utf8_lossy(path).into_owned();
    if row.len() < ROW_FIELDS_MAX || row.contains_key(&path) {
        // More bytes than that cannot matter: a character has at most four.
        let text = String::from_utf8_lossy(&text[..text.len().min(4 * FIELD_CHARACTERS_MAX)]);
        row.insert(path, text.chars().take(FIELD_CHARACTERS_MAX).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_row_of_its_values() {
        let long = "é".repeat(2000);
        let json = format!(
            r#"{{"eventId":"1","eventTime":"2026-01-02T00:00:00.900Z","userIdentity":{{"userName":"Al\u0069ce","n":null}},
                "list":[1,{{"a":2}}],"size":1.50,"requestParameterJson":"{{\"Foo\":{{\"Bar\":true}}}}","long":"{long}"}}"#
        );
        let row = row(&Event::parse(json.into_bytes().into()).unwrap());
        let fields: Vec<(&str, &str)> =
            row.iter().filter(|(name, _)| *name != "long").map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(
            fields,
            [
                ("__source__", "actiontrail_internal"),
                ("__time__", "1767312000"),
                ("__topic__", "actiontrail_audit_event"),
                ("eventId", "1"),
                ("eventTime", "2026-01-02T00:00:00.900Z"),
                ("list", r#"[1,{"a":2}]"#),
                ("requestParameterJson", r#"{"Foo":{"Bar":true}}"#),
                ("requestParameterJson.Foo.Bar", "true"),
                ("size", "1.50"),
                ("userIdentity.userName", "Alice"),
            ]
        );
        assert_eq!(row["long"].chars().count(), FIELD_CHARACTERS_MAX);
    }

    #[test]
    fn a_row_has_an_end() {
        let fields: Vec<String> = (0..2000).map(|number| format!(r#""f{number}":{number}"#)).collect();
        let json = format!(r#"{{"eventId":"1","eventTime":"2026-01-02T00:00:00Z",{}}}"#, fields.join(","));
        assert_eq!(row(&Event::parse(json.into_bytes().into()).unwrap()).len(), ROW_FIELDS_MAX);
    }
}
