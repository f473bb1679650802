//! JSON text to XML text, for clients that ask for `Format=XML`.
//!
//! A list becomes its element repeated, as Alibaba Cloud does. The JSON is walked as raw text, so numbers keep every
//! digit and keys their order. A key that is no XML name has the odd characters replaced and keeps itself in an
//! attribute `name`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A document: `root` holds the fields of a JSON object. The text must be JSON that we wrote or checked.
pub(crate) fn document(root: &str, json: &str) -> String {
    let mut xml = String::with_capacity(json.len() * 2 + 64);
    xml.push_str("<?xml version='1.0' encoding='UTF-8'?>");
    element(&mut xml, root, json.trim());
    xml
}

fn element(xml: &mut String, name: &str, json: &str) {
    if json.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
        for item in items {
            element(xml, name, item.get());
        }
        return;
    }
    let tag = xml_name(name);
    xml.push('<');
    xml.push_str(&tag);
    if tag != name {
        xml.push_str(" name=\"");
        push_escaped(xml, name);
        xml.push('"');
    }
    xml.push('>');
    content(xml, json);
    xml.push_str("</");
    xml.push_str(&tag);
    xml.push('>');
}

fn content(xml: &mut String, json: &str) {
    match json.as_bytes().first() {
        Some(b'{') => {
            for (name, value) in fields(json) {
                element(xml, &name, value.get());
            }
        }
        Some(b'"') => push_escaped(xml, &serde_json::from_str::<Text>(json).unwrap_or_default().0),
        Some(b'n') | None => {}
        Some(_) => push_escaped(xml, json),
    }
}

/// The fields of an object in the order they were written, also those whose key occurs twice.
fn fields(json: &str) -> Vec<(String, &RawValue)> {
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some((Text(name), value)) = map.next_entry()? {
                fields.push((name, value));
            }
            Ok(fields)
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(InOrder).unwrap_or_default()
}

/// A text of JSON. It may hold half a surrogate pair, as events are kept as they were sent; XML has no such character,
/// so it is replaced and costs nothing else of the reply.
#[derive(Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        json.deserialize_bytes(Bytes)
    }
}

fn xml_name(key: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut name: String = key.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}

fn push_escaped(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            // XML 1.0 has no way to write the other control characters, not even escaped.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => xml.push('\u{FFFD}'),
            '\u{FFFE}' | '\u{FFFF}' => xml.push('\u{FFFD}'),
            c => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_repeat_and_odd_keys_keep_their_text() {
        let json = r#"{"TrailList":[{"Name":"a"},{"Name":"b"}],"Empty":[],"None":null,"Big":123456789012345678901234567890,
            "Tag.1.Key":"x","ACS::ECS::Disk":["d-1"],"1st":true,"Nested":{"b":1,"a":2}}"#;
        assert_eq!(
            document("R", json),
            "<?xml version='1.0' encoding='UTF-8'?><R><TrailList><Name>a</Name></TrailList>\
             <TrailList><Name>b</Name></TrailList><None></None><Big>123456789012345678901234567890</Big>\
             <Tag.1.Key>x</Tag.1.Key><ACS__ECS__Disk name=\"ACS::ECS::Disk\">d-1</ACS__ECS__Disk>\
             <_1st name=\"1st\">true</_1st><Nested><b>1</b><a>2</a></Nested></R>"
        );
    }

    #[test]
    fn half_a_surrogate_pair_costs_only_itself() {
        let xml = document("R", r#"{"Events":[{"a":"x\ud800y","\udc00k":1}],"Next":"中"}"#);
        assert!(xml.contains("<a>x\u{FFFD}") && xml.contains("y</a>") && xml.contains(">1</"), "{xml}");
        assert!(xml.ends_with("<Next>中</Next></R>"), "{xml}");
    }

    #[test]
    fn text_that_xml_cannot_hold_is_replaced_and_the_rest_is_well_formed() {
        let xml = document("R", r#"{"M":"a<b>&\"' \u0007 中文 \n"}"#);
        assert!(xml.contains("<M>a&lt;b&gt;&amp;&quot;&apos; \u{FFFD} 中文 \n</M>"), "{xml}");
        let mut reader = quick_xml::Reader::from_str(&xml);
        loop {
            match reader.read_event().expect("well-formed") {
                quick_xml::events::Event::Eof => break,
                _ => continue,
            }
        }
    }
}
