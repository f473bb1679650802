//! Reading values out of an event's JSON by their paths: several paths in one pass, nothing built that is not asked for.
//!
//! Keys compare without regard to ASCII case, but an exact key goes before another; of equal keys the last counts, as it
//! does for the indexed facts. A key may itself hold dots. A path goes on into a text that is a JSON object, because
//! `requestParameterJson` is one.

use std::borrow::Cow;

use super::FieldPath;
use super::json::{Members, Part, Text};

/// A value of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'j> {
    /// `null`
    Null,
    /// A number, `true` or `false`, as it is written.
    Bare(Cow<'j, str>),
    /// A text, unescaped.
    Text(Cow<'j, str>),
    /// An object or a list: its JSON, as it is written.
    Nested(Cow<'j, str>),
}

impl<'j> Value<'j> {
    /// The value as text; `None` for `null`.
    pub fn into_text(self) -> Option<Cow<'j, str>> {
        match self {
            Value::Null => None,
            Value::Bare(text) | Value::Text(text) | Value::Nested(text) => Some(text),
        }
    }

    fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Value::Null => Value::Null,
            Value::Bare(text) => Value::Bare(owned(text)),
            Value::Text(text) => Value::Text(owned(text)),
            Value::Nested(text) => Value::Nested(owned(text)),
        }
    }
}

impl<'j> From<Part<'j>> for Value<'j> {
    fn from(part: Part<'j>) -> Value<'j> {
        match part {
            Part::Null => Value::Null,
            Part::Bare(bytes) => Value::Bare(String::from_utf8_lossy(bytes)),
            Part::Text(text) => Value::Text(text_of(text)),
            Part::Nested(bytes) => Value::Nested(String::from_utf8_lossy(bytes)),
        }
    }
}

fn text_of(text: Text<'_>) -> Cow<'_, str> {
    match text.unescaped() {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
    }
}

/// Paths made ready to be read together.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    dotted: Vec<Box<str>>,
}

/// A path of which some keys were found already.
#[derive(Clone, Copy)]
struct Active {
    path: usize,
    /// What is left of the path begins here.
    from: usize,
    is_exact: bool,
}

/// The best value so far, and whether every key on its way was exact.
type Slot<'j> = Option<(bool, Value<'j>)>;

impl Paths {
    /// Makes them ready.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p FieldPath>) -> Paths {
        Paths { dotted: paths.into_iter().map(|path| path.to_string().into_boxed_str()).collect() }
    }

    /// The value at each path, in their order; `None` where there is nothing.
    pub fn values<'j>(&self, json: &'j [u8]) -> Vec<Option<Value<'j>>> {
        let mut slots: Vec<Slot<'j>> = vec![None; self.dotted.len()];
        let active: Vec<Active> = (0..self.dotted.len()).map(|path| Active { path, from: 0, is_exact: true }).collect();
        self.walk(json, &active, &mut slots);
        slots.into_iter().map(|slot| slot.map(|(_, value)| value)).collect()
    }

    fn walk<'j>(&self, json: &'j [u8], active: &[Active], slots: &mut [Slot<'j>]) {
        let mut deeper: Vec<Active> = Vec::new();
        for (key, part) in Members::of(json) {
            let key = key.unescaped();
            deeper.clear();
            for each in active {
                let Some((from, is_exact)) = self.step(*each, &key) else { continue };
                if is_exact {
                    // The last of equal keys counts, even if the path ends nowhere behind it.
                    slots[each.path] = None;
                }
                if from > self.dotted[each.path].len() {
                    put(&mut slots[each.path], is_exact, || Value::from(part));
                } else {
                    deeper.push(Active { path: each.path, from, is_exact });
                }
            }
            if !deeper.is_empty() {
                self.descend(part, &deeper, slots);
            }
        }
    }

    /// What is left of the path behind this key, if it begins with it; beyond the path's end if nothing is left.
    fn step(&self, active: Active, key: &[u8]) -> Option<(usize, bool)> {
        let rest = &self.dotted[active.path].as_bytes()[active.from..];
        let head = rest.get(..key.len())?;
        if !head.eq_ignore_ascii_case(key) || !matches!(rest.get(key.len()), None | Some(b'.')) {
            return None;
        }
        Some((active.from + key.len() + 1, active.is_exact && head == key))
    }

    fn descend<'j>(&self, part: Part<'j>, active: &[Active], slots: &mut [Slot<'j>]) {
        match part {
            Part::Nested(json) => self.walk(json, active, slots),
            Part::Text(text) => {
                let text = text.unescaped();
                let mut inside: Vec<Slot<'_>> = vec![None; slots.len()];
                self.walk(&text, active, &mut inside);
                for (slot, found) in slots.iter_mut().zip(inside) {
                    if let Some((is_exact, value)) = found {
                        put(slot, is_exact, || value.into_owned());
                    }
                }
            }
            Part::Null | Part::Bare(_) => {}
        }
    }
}

/// An exact key goes before another; of two alike the later.
fn put<'j>(slot: &mut Slot<'j>, is_exact: bool, value: impl FnOnce() -> Value<'j>) {
    if is_exact || !matches!(slot, Some((true, _))) {
        *slot = Some((is_exact, value()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"eventName":"A","Eventname":"other","n":12345678901234567890.50,"t":true,"z":null,"e":"",
        "userIdentity":{"type":"ram-user","sessionContext":{"attributes":{"mfaAuthenticated":"false"}}},
        "requestParameters":{"LookupAttribute.1.Key":"EventRW","list":[1,{"a":"b"}]},
        "requestParameterJson":"{\"Foo\":{\"Bar\":\"x\\\"y\"},\"n\":0}","same":1,"same":2}"#;

    fn read(path: &str) -> Option<String> {
        let path = FieldPath::parse(path).unwrap();
        let mut values = Paths::new([&path]).values(EVENT.as_bytes());
        values.pop().unwrap().and_then(Value::into_text).map(Cow::into_owned)
    }

    #[test]
    fn values_are_found_by_path() {
        for (path, expected) in [
            ("eventName", Some("A")),
            ("EVENTNAME", Some("other")),
            ("Eventname", Some("other")),
            ("n", Some("12345678901234567890.50")),
            ("t", Some("true")),
            ("z", None),
            ("e", Some("")),
            ("useridentity.TYPE", Some("ram-user")),
            ("userIdentity.sessionContext.attributes.mfaAuthenticated", Some("false")),
            ("requestParameters.LookupAttribute.1.Key", Some("EventRW")),
            ("requestParameters.list", Some(r#"[1,{"a":"b"}]"#)),
            ("requestParameterJson.foo.bar", Some("x\"y")),
            ("requestParameterJson.n", Some("0")),
            ("same", Some("2")),
            ("eventName.more", None),
            (
                "userIdentity",
                Some(r#"{"type":"ram-user","sessionContext":{"attributes":{"mfaAuthenticated":"false"}}}"#),
            ),
            ("user", None),
            ("absent.a.b", None),
        ] {
            assert_eq!(read(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn several_paths_are_read_in_one_pass() {
        let paths =
            ["userIdentity.type", "absent", "z", "userIdentity.type"].map(|path| FieldPath::parse(path).unwrap());
        let values = Paths::new(&paths).values(EVENT.as_bytes());
        let text = Some(Value::Text("ram-user".into()));
        assert_eq!(values, [text.clone(), None, Some(Value::Null), text]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(
            json in proptest::collection::vec(proptest::sample::select(b"{}[]\",:\\ aA.1".to_vec()), 0..80),
            path in "[aA.1]{1,6}",
        ) {
            Paths::new([&FieldPath::parse(&path).unwrap()]).values(&json);
        }

        /// A value that was put at a path is found there, whatever its text.
        #[test]
        fn what_was_put_is_found(keys in proptest::collection::vec("[a-z]{1,4}", 1..4), text in "\\PC{0,20}") {
            let mut json = serde_json::json!(text);
            for key in keys.iter().rev() {
                json = serde_json::json!({ key: json });
            }
            let path = FieldPath::new(keys);
            let json = json.to_string();
            let values = Paths::new([&path]).values(json.as_bytes());
            assert_eq!(values, [Some(Value::Text(text.into()))]);
        }
    }
}
