//! What is looked for: attribute values, and tokens anywhere in an event. Both become 64-bit hashes.
//!
//! Tokens are cut as Simple Log Service cuts them by default: letters, digits, `-`, `_`, `.` and everything outside
//! ASCII belong to a token, all else separates; ASCII case does not matter. Words of keys are kept apart from those of
//! values. The hash is XXH3-64 with a seed per kind; it is part of the segment format.

use model::Attribute;
use query::search::bytes::{contains_ignoring_case, unicode_escape};
use twox_hash::XxHash3_64;

/// Seeds below 256 are attribute numbers.
const TOKEN_SEED: u64 = 0x100;
/// Longer tokens (encoded blobs) are known by their first bytes.
const TOKEN_BYTES_MAX: usize = 128;

/// The hash of an attribute's value.
pub(crate) fn attribute_hash(attribute: Attribute, value: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(attribute as u64, value.as_bytes())
}

/// The hash of an account's event id, for finding duplicates.
pub(crate) fn id_hash(account: model::AccountId, id: &str) -> u64 {
    let account = XxHash3_64::oneshot_with_seed(TOKEN_SEED + 1, account.as_bytes());
    attribute_hash(Attribute::EventId, id) ^ account.rotate_left(17)
}

pub(crate) fn token_hash(token: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(TOKEN_SEED, token)
}

/// Each byte's lower case if it belongs to a token, else 0.
const TOKEN_BYTE: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let each = byte as u8;
        if each.is_ascii_alphanumeric() || matches!(each, b'-' | b'_' | b'.') || each >= 0x80 {
            table[byte] = each.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

/// Cuts a text into tokens, in lower case.
pub(crate) fn cut(text: &[u8], mut take: impl FnMut(&[u8])) {
    let mut token = [0; TOKEN_BYTES_MAX];
    let mut len = 0;
    for byte in text {
        let byte = TOKEN_BYTE[usize::from(*byte)];
        if byte == 0 {
            if len > 0 {
                take(&token[..len]);
                len = 0;
            }
        } else if len < TOKEN_BYTES_MAX {
            token[len] = byte;
            len += 1;
        }
    }
    if len > 0 {
        take(&token[..len]);
    }
}

/// Calls `take` with each value of valid JSON: unescaped texts, and numbers, `true`, `false` as they are written.
pub(crate) fn for_each_value(json: &[u8], mut take: impl FnMut(&[u8])) {
    let mut unescaped = Vec::new();
    for_each_raw_value(json, |value| take(value.plain(&mut unescaped)));
}

/// A value as it stands in the JSON, without quotes.
#[derive(Clone, Copy)]
pub(crate) struct RawValue<'j> {
    pub(crate) text: &'j [u8],
    has_escape: bool,
}

impl<'j> RawValue<'j> {
    /// The value without escapes, in `buffer` if it has any.
    pub(crate) fn plain<'b>(self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'j: 'b,
    {
        if !self.has_escape {
            return self.text;
        }
        unescape(self.text, buffer);
        buffer
    }

    /// Whether the value, once unescaped, has escapes of letters itself, as a JSON text within a text may have: words
    /// inside such a text are not those that are cut here.
    pub(crate) fn has_nested_escape(self) -> bool {
        self.has_escape
            && memchr::memmem::find_iter(self.text, br"\\").any(|at| {
                self.text
                    .get(at + 2)
                    .is_some_and(|letter| matches!(letter, b'b' | b'f' | b'n' | b'r' | b't' | b'u' | b'\\'))
            })
    }
}

/// Noted as a token of the pages where [`RawValue::has_nested_escape`] is true of a value.
pub(crate) const NESTED_ESCAPE_MARK: u64 = 0x6e65_7374_6564_5c5c;

/// Like [`for_each_value`], for those who may not need every value unescaped.
pub(crate) fn for_each_raw_value<'j>(json: &'j [u8], take: impl FnMut(RawValue<'j>)) {
    for_each_key_and_value(json, |_| {}, take);
}

/// Shows each key and each value as it stands in valid JSON.
pub(crate) fn for_each_key_and_value<'j>(
    json: &'j [u8],
    mut take_key: impl FnMut(RawValue<'j>),
    mut take: impl FnMut(RawValue<'j>),
) {
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => {
                let (end, has_escape) = text_end(json, at + 1);
                let text = &json[at + 1..end.min(json.len())];
                at = end + 1;
                let after = json[at.min(json.len())..].iter().find(|byte| !byte.is_ascii_whitespace());
                let text = RawValue { text, has_escape };
                if after == Some(&b':') { take_key(text) } else { take(text) }
            }
            byte if TOKEN_BYTE[usize::from(byte)] != 0 => {
                let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                let end = json[at..].iter().position(is_end).map_or(json.len(), |len| at + len);
                take(RawValue { text: &json[at..end], has_escape: false });
                at = end;
            }
            _ => at += 1,
        }
    }
}

/// Where the text that starts at `start` ends (its closing quote), and whether it has escapes.
fn text_end(json: &[u8], start: usize) -> (usize, bool) {
    let mut at = start;
    let mut has_escape = false;
    loop {
        match quote_or_backslash(json.get(at..).unwrap_or_default()) {
            Some(found) if json[at + found] == b'"' => return (at + found, has_escape),
            Some(found) => {
                has_escape = true;
                at += found + 2;
            }
            None => return (json.len(), has_escape),
        }
    }
}

/// The first quote or backslash. Most texts have a dozen bytes: eight at a time beat a search made for long ones.
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // A byte's high bit is set where the byte is zero; above the first such byte it may be set wrongly.
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let mut words = bytes.chunks_exact(8);
    let mut at = 0;
    for word in words.by_ref().take(WORDS_BEFORE_MEMCHR) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        let found = zeros(word ^ (LOW * b'"' as u64)) | zeros(word ^ (LOW * b'\\' as u64));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr2(b'"', b'\\', &bytes[at..]).map(|found| at + found)
}

const WORDS_BEFORE_MEMCHR: usize = 8;

fn unescape(text: &[u8], into: &mut Vec<u8>) {
    into.clear();
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            into.push(text[at]);
            at += 1;
            continue;
        }
        match text.get(at + 1) {
            Some(b'n' | b'r' | b't' | b'b' | b'f') => into.push(b' '),
            Some(b'u') => {
                let (symbol, len) = unicode_escape(&text[at..]);
                into.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
                at += len;
                continue;
            }
            Some(byte) => into.push(*byte),
            None => {}
        }
        at += 2;
    }
}

/// The tokens of a phrase that is searched for; they must follow each other within one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    tokens: Vec<Vec<u8>>,
}

impl Phrase {
    pub(crate) fn parse(text: &str) -> Phrase {
        let mut tokens = Vec::new();
        cut(text.as_bytes(), |token| tokens.push(token.to_vec()));
        Phrase { tokens }
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.tokens.iter().map(|token| token_hash(token))
    }

    /// Whether a value of this event has the tokens one after the other. A phrase without tokens is in every event.
    pub(crate) fn is_in(&self, json: &[u8]) -> bool {
        if self.tokens.is_empty() {
            return true;
        }
        if !self.may_be_in(json) {
            return false;
        }
        let mut found = false;
        // The last tokens seen, as how many of the phrase's each position would have matched.
        let mut matched: Vec<usize> = Vec::new();
        for_each_value(json, |value| {
            matched.clear();
            cut(value, |token| {
                if found {
                    return;
                }
                matched.push(0);
                matched.retain_mut(|length| {
                    let fits = self.tokens[*length] == token;
                    *length += usize::from(fits);
                    found |= fits && *length == self.tokens.len();
                    fits && *length < self.tokens.len()
                });
            });
        });
        found
    }
}

impl Phrase {
    /// Whether the bytes of the longest token occur at all, which is much cheaper to tell than where tokens end.
    /// Letters may be written as `\uXXXX`; then nothing is known.
    fn may_be_in(&self, json: &[u8]) -> bool {
        let longest = self.tokens.iter().max_by_key(|token| token.len());
        longest.is_none_or(|token| contains_ignoring_case(json, token) || memchr::memmem::find(json, br"\u").is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(json: &str) -> Vec<String> {
        let mut all = Vec::new();
        for_each_value(json.as_bytes(), |value| {
            cut(value, |token| all.push(String::from_utf8(token.to_vec()).unwrap()));
        });
        all
    }

    #[test]
    fn values_are_cut_and_keys_are_not() {
        let json = r#"{"Key One": "Alpha beta/GAMMA-1", "n": -12.5e3, "t": true, "o": {"k" : ["x:y", 7, null]},
            "json": "{\"Host\":\"a.b.c\"}", "esc": "tab\there \u4e2d\u6587 \ud83d\ude00"}"#;
        let expected = [
            "alpha", "beta", "gamma-1", "-12.5e3", "true", "x", "y", "7", "null", "host", "a.b.c", "tab", "here",
            "中文", "😀",
        ];
        assert_eq!(tokens(json), expected);
    }

    #[test]
    fn a_phrase_must_follow_within_one_value() {
        let json = br#"{"a":"acs:ram::12:role/Admin","b":["admin","x admin admin y"],"Secret":"1"}"#;
        for there in ["role/admin", "RAM", "12:role", "admin admin y", "", "acs:ram::12:role/Admin"] {
            assert!(Phrase::parse(there).is_in(json), "{there}");
        }
        for absent in ["admin x", "rol", "secret", "admin/role", "y 1"] {
            assert!(!Phrase::parse(absent).is_in(json), "{absent}");
        }
    }

    proptest::proptest! {
        /// Whatever the bytes, cutting them ends and does not panic.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            for_each_value(&bytes, |value| cut(value, |_| {}));
        }

        /// Every token of a text that was put into JSON is found again.
        #[test]
        fn every_token_is_found(text in "\\PC{0,40}") {
            let json = serde_json::json!({ "key": [text] }).to_string();
            cut(text.as_bytes(), |token| {
                let token = String::from_utf8_lossy(token).into_owned();
                assert!(Phrase::parse(&token).is_in(json.as_bytes()), "{token:?} in {json}");
            });
        }
    }
}
