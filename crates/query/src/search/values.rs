//! Showing the values of an event's JSON one after another, each with its dotted path, and the words of a value.
//!
//! Whatever [`super::extract::Paths`] could find at a path is shown here with that path, in the keys' own spelling; so is
//! what it would pass over (of equal keys the last counts there, here each is shown). Whoever looks for candidates needs
//! no more, and no less.

use std::borrow::Cow;

use super::json::{Members, Part, for_each_scalar};
use super::tokens::words_of;

/// A value, as it stands in the JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'j> {
    /// `null`
    Null,
    /// A number, `true` or `false`.
    Bare(&'j [u8]),
    /// A text, unescaped. It may itself be an object's JSON.
    Text(Cow<'j, [u8]>),
    /// An object or a list, brackets included.
    Nested(&'j [u8]),
}

impl Shown<'_> {
    /// The words a condition on this value may be about, in any case; of nested JSON those of keys too.
    pub fn for_each_word(&self, show: &mut dyn FnMut(&[u8])) {
        match self {
            Shown::Null => {}
            Shown::Bare(bytes) => words_of(bytes).for_each(show),
            Shown::Text(text) => words_of(text).for_each(show),
            Shown::Nested(json) => for_each_word(json, show),
        }
    }
}

/// The words of all keys and values of a JSON.
pub fn for_each_word(json: &[u8], show: &mut dyn FnMut(&[u8])) {
    for_each_scalar(json, &mut |part| match part {
        Part::Null => show(b"null"),
        Part::Bare(bytes) => words_of(bytes).for_each(&mut *show),
        Part::Text(text) => words_of(&text.unescaped()).for_each(&mut *show),
        Part::Nested(_) => {}
    });
}

/// Shows each member of the object, then those inside it where `show` says so: of objects, and of texts that are
/// objects. The caller bounds how deep that goes.
pub fn for_each_value(json: &[u8], show: &mut dyn FnMut(&[u8], &Shown<'_>) -> bool) {
    walk(json, &mut Vec::with_capacity(64), true, show);
}

fn walk(json: &[u8], path: &mut Vec<u8>, is_root: bool, show: &mut dyn FnMut(&[u8], &Shown<'_>) -> bool) {
    let length = path.len();
    for (key, part) in Members::of(json) {
        if !is_root {
            path.push(b'.');
        }
        path.extend_from_slice(&key.unescaped());
        let shown = match part {
            Part::Null => Shown::Null,
            Part::Bare(bytes) => Shown::Bare(bytes),
            Part::Text(text) => Shown::Text(text.unescaped()),
            Part::Nested(bytes) => Shown::Nested(bytes),
        };
        if show(path, &shown) {
            match &shown {
                Shown::Nested(inner) => walk(inner, path, false, show),
                Shown::Text(inner) => walk(inner, path, false, show),
                Shown::Null | Shown::Bare(_) => {}
            }
        }
        path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FieldPath;
    use crate::search::extract::Paths;

    fn shown(json: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for_each_value(json.as_bytes(), &mut |path, value| {
            let text = match value {
                Shown::Null => "null".into(),
                Shown::Bare(bytes) | Shown::Nested(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Shown::Text(text) => String::from_utf8_lossy(text).into_owned(),
            };
            all.push((String::from_utf8_lossy(path).into_owned(), text));
            true
        });
        all
    }

    #[test]
    fn every_value_is_shown_with_its_path() {
        let json = r#"{"a":{"B":1,"c.d":null},"list":[{"x":2}],"text":"{\"in\":\"s\\u0069de\"}"}"#;
        let expected = [
            ("a", r#"{"B":1,"c.d":null}"#),
            ("a.B", "1"),
            ("a.c.d", "null"),
            ("list", r#"[{"x":2}]"#),
            ("text", r#"{"in":"s\u0069de"}"#),
            ("text.in", "side"),
        ];
        assert_eq!(shown(json), expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    }

    #[test]
    fn words_of_values() {
        let words = |json: &str| {
            let mut words = Vec::new();
            for_each_word(json.as_bytes(), &mut |word| words.push(String::from_utf8_lossy(word).into_owned()));
            words
        };
        assert_eq!(words(r#"{"k-1":[null,2,"a\/b"],"x":true}"#), ["k-1", "null", "2", "a", "b", "x", "true"]);
    }

    proptest::proptest! {
        /// Whatever is read at a path is shown with that path.
        #[test]
        fn what_is_found_is_shown(
            json in proptest::collection::vec(proptest::sample::select(b"{}[]\",:\\ aA.1".to_vec()), 0..80),
            path in "[aA.1]{1,6}",
        ) {
            let path = FieldPath::parse(&path).unwrap();
            let found = Paths::new([&path]).values(&json).pop().unwrap();
            let mut is_shown = false;
            let mut depth = 0;
            for_each_value(&json, &mut |at, _| {
                depth += 1;
                is_shown |= at.eq_ignore_ascii_case(path.to_string().as_bytes());
                depth < 1000
            });
            assert!(is_shown || found.is_none(), "{found:?}");
        }
    }
}
