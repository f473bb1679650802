//! The bytes of events before anything of them is parsed: looking for a text, undoing an escape.

/// Whether `text` occurs; it is in lower case and has at least a byte.
pub fn contains_ignoring_case(bytes: &[u8], text: &[u8]) -> bool {
    // Looking for the byte that is rarest in events skips most of them.
    let rarest = (0..text.len()).min_by_key(|at| frequency(text[*at])).unwrap_or(0);
    let Some(byte) = text.get(rarest) else { return true };
    memchr::memchr2_iter(*byte, byte.to_ascii_uppercase(), bytes).any(|at| {
        let around = at.checked_sub(rarest).and_then(|start| bytes.get(start..start + text.len()));
        around.is_some_and(|around| around.eq_ignore_ascii_case(text))
    })
}

/// A rank of how often a byte occurs in events: field names and hexadecimal ids make up most of them.
fn frequency(byte: u8) -> u8 {
    match byte {
        b'e' | b'a' | b'c' | b's' | b'r' | b't' | b'n' | b'i' | b'o' => 3,
        b'0'..=b'9' | b'd' | b'b' | b'f' | b'u' | b'p' | b'm' | b'l' => 2,
        b'-' | b'.' | b'h' | b'g' | b'v' | b'y' => 1,
        _ => 0,
    }
}

/// The character of a `\uXXXX`, or of a surrogate pair of them, and its length in the text.
pub fn unicode_escape(text: &[u8]) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
            let symbol = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(symbol).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        (Some(symbol), _) => (char::from_u32(symbol).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        (None, _) => (char::REPLACEMENT_CHARACTER, 2),
    }
}
