//! Walking valid JSON without building it: the members of an object, where a value ends, what a text says.
//!
//! Events were checked when they were accepted; a text inside an event that only looks like JSON was not. So nothing here
//! panics or reads outside the bytes, whatever they are: broken JSON simply ends early.

use std::borrow::Cow;

use super::bytes::unicode_escape;

/// A value as it stands in the JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part<'j> {
    /// `null`
    Null,
    /// A number, `true` or `false`.
    Bare(&'j [u8]),
    /// A text, between its quotes.
    Text(Text<'j>),
    /// An object or a list, brackets included.
    Nested(&'j [u8]),
}

/// A text between its quotes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Text<'j> {
    bytes: &'j [u8],
    has_escape: bool,
}

impl<'j> Text<'j> {
    /// What it says.
    pub(crate) fn unescaped(self) -> Cow<'j, [u8]> {
        if self.has_escape { Cow::Owned(unescape(self.bytes)) } else { Cow::Borrowed(self.bytes) }
    }
}

/// The members of an object, in their order.
pub(crate) struct Members<'j> {
    json: &'j [u8],
    at: usize,
}

impl<'j> Members<'j> {
    /// Of the object these bytes begin with; none if they begin otherwise.
    pub(crate) fn of(json: &'j [u8]) -> Members<'j> {
        let start = skip_blanks(json, 0);
        let at = if json.get(start) == Some(&b'{') { start + 1 } else { json.len() };
        Members { json, at }
    }
}

impl<'j> Iterator for Members<'j> {
    type Item = (Text<'j>, Part<'j>);

    fn next(&mut self) -> Option<Self::Item> {
        let json = self.json;
        let mut at = skip_blanks(json, self.at);
        if json.get(at) == Some(&b',') {
            at = skip_blanks(json, at + 1);
        }
        if json.get(at) != Some(&b'"') {
            self.at = json.len();
            return None;
        }
        let (key, after) = text_at(json, at);
        let colon = skip_blanks(json, after);
        if json.get(colon) != Some(&b':') {
            self.at = json.len();
            return None;
        }
        let (value, after) = value_at(json, skip_blanks(json, colon + 1))?;
        self.at = after;
        Some((key, value))
    }
}

/// Shows every text and bare value of nested JSON, keys too.
pub(crate) fn for_each_scalar<'j>(json: &'j [u8], show: &mut dyn FnMut(Part<'j>)) {
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => at += 1,
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => match value_at(json, at) {
                Some((part, after)) => {
                    show(part);
                    at = after.max(at + 1);
                }
                None => at += 1,
            },
        }
    }
}

/// The value that begins here, and where it ends.
pub(crate) fn value_at(json: &[u8], at: usize) -> Option<(Part<'_>, usize)> {
    match json.get(at)? {
        b'"' => {
            let (text, after) = text_at(json, at);
            Some((Part::Text(text), after))
        }
        b'{' | b'[' => {
            let end = nested_end(json, at);
            Some((Part::Nested(&json[at..end]), end))
        }
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace();
            let end = json[at..].iter().position(is_end).map_or(json.len(), |len| at + len);
            let bare = &json[at..end];
            let part = if bare == b"null" { Part::Null } else { Part::Bare(bare) };
            (end > at).then_some((part, end))
        }
    }
}

fn skip_blanks(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The text whose opening quote is here, and the place behind its closing quote.
fn text_at(json: &[u8], quote: usize) -> (Text<'_>, usize) {
    let start = quote + 1;
    let mut at = start;
    let mut has_escape = false;
    while let Some(found) = memchr::memchr2(b'"', b'\\', json.get(at..).unwrap_or_default()) {
        at += found;
        if json[at] == b'"' {
            return (Text { bytes: &json[start..at], has_escape }, at + 1);
        }
        has_escape = true;
        at += 2;
    }
    (Text { bytes: json.get(start..).unwrap_or_default(), has_escape }, json.len())
}

/// The place behind the bracket that closes the one here.
fn nested_end(json: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at = text_at(json, at).1;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    json.len()
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut into = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let plain = memchr::memchr(b'\\', &text[at..]).map_or(text.len(), |found| at + found);
        into.extend_from_slice(&text[at..plain]);
        at = plain;
        let Some(escaped) = text.get(at + 1) else { break };
        match escaped {
            b'n' => into.push(b'\n'),
            b'r' => into.push(b'\r'),
            b't' => into.push(b'\t'),
            b'b' => into.push(8),
            b'f' => into.push(12),
            b'u' => {
                let (symbol, len) = unicode_escape(&text[at..]);
                into.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
                at += len;
                continue;
            }
            other => into.push(*other),
        }
        at += 2;
    }
    into
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        let json = r#"{"k\u0065y":"tab\t\"q\" \u4e2d \ud83d\ude00 \/ \ud83d"}"#;
        let (key, value) = Members::of(json.as_bytes()).next().unwrap();
        assert_eq!(key.unescaped(), b"key".as_slice());
        let Part::Text(text) = value else { panic!("{value:?}") };
        let unescaped = text.unescaped();
        assert_eq!(std::str::from_utf8(&unescaped).unwrap(), "tab\t\"q\" 中 😀 / \u{fffd}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(proptest::sample::select(b"{}[]\",:\\u12 an-".to_vec()), 0..60)) {
            for (key, _) in Members::of(&bytes) {
                key.unescaped();
            }
            for_each_scalar(&bytes, &mut |_| {});
        }
    }
}
