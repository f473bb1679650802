//! Words: how texts are cut into them, and whether a word fits a pattern.
//!
//! Letters, digits, `-`, `_`, `.` and everything outside ASCII belong to a word, all else separates; ASCII case does not
//! matter. The store's index cuts in the same way, so that it can propose every event a search holds for.

use super::{Word, Words};

/// Whether this byte belongs to a word.
pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') || byte >= 0x80
}

/// Whether this character belongs to a word.
pub(crate) fn is_word_character(character: char) -> bool {
    u8::try_from(character).map_or(true, is_word_byte)
}

/// The words of a text, in their order, as they are written.
pub fn words_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_word_byte(*byte)).filter(|word| !word.is_empty())
}

impl Word {
    /// Whether a word of a text, in whatever case, is this one.
    pub fn fits(&self, word: &[u8]) -> bool {
        match self {
            Word::Exact(text) => word.eq_ignore_ascii_case(text.as_bytes()),
            Word::Like { prefix, pattern } => {
                let head = word.get(..prefix.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes())) && fits(pattern.as_bytes(), word)
            }
        }
    }

    /// What every word that fits begins with, in lower case.
    pub(crate) fn beginning(&self) -> &str {
        match self {
            Word::Exact(text) => text,
            Word::Like { prefix, .. } => prefix,
        }
    }
}

/// Whether a word fits a pattern in which `*` is any characters and `?` is one.
fn fits(pattern: &[u8], word: &[u8]) -> bool {
    let (mut p, mut w) = (0, 0);
    // Where to go on when the characters after the last `*` do not fit: that star takes one more.
    let mut retry: Option<(usize, usize)> = None;
    while w < word.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, w));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                w += character_bytes(word[w]);
            }
            Some(byte) if byte.eq_ignore_ascii_case(&word[w]) => {
                p += 1;
                w += 1;
            }
            _ => match retry {
                Some((after_star, taken)) => {
                    retry = Some((after_star, taken + 1));
                    p = after_star;
                    w = taken + 1;
                }
                None => return false,
            },
        }
    }
    w == word.len() && pattern[p..].iter().all(|byte| *byte == b'*')
}

fn character_bytes(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// Looks for words in one text after another.
pub(crate) struct Finder<'w> {
    words: &'w Words,
    /// A bit for each of the first 64 words that was seen.
    seen: u64,
    /// How far each place of the present text would have matched the phrase.
    runs: Vec<usize>,
    is_done: bool,
}

impl<'w> Finder<'w> {
    /// No words are found in whatever text.
    pub(crate) fn new(words: &'w Words) -> Finder<'w> {
        debug_assert!(words.words.len() <= Words::MAX, "the parser refuses longer ones");
        Finder { words, seen: 0, runs: Vec::new(), is_done: words.words.is_empty() }
    }

    /// Whether they all were found.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Looks through a text.
    pub(crate) fn look_at(&mut self, text: &[u8]) {
        self.runs.clear();
        for word in words_of(text) {
            if self.is_done {
                return;
            }
            if self.words.in_order { self.continue_phrase(word) } else { self.see(word) }
        }
    }

    fn see(&mut self, word: &[u8]) {
        let all = self.words.words.len();
        for (at, wanted) in self.words.words.iter().enumerate() {
            if self.seen & (1 << at) == 0 && wanted.fits(word) {
                self.seen |= 1 << at;
            }
        }
        self.is_done = self.seen.count_ones() as usize == all;
    }

    fn continue_phrase(&mut self, word: &[u8]) {
        let wanted = &self.words.words;
        let is_done = &mut self.is_done;
        self.runs.push(0);
        self.runs.retain_mut(|length| {
            let fits = wanted[*length].fits(word);
            *length += usize::from(fits);
            *is_done |= *length == wanted.len();
            fits && *length < wanted.len()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_separators() {
        let words: Vec<_> = words_of("acs:ram::12:role/Admin a.b-c_d 中文, x".as_bytes()).collect();
        assert_eq!(words, ["acs", "ram", "12", "role", "Admin", "a.b-c_d", "中文", "x"].map(str::as_bytes));
    }

    #[test]
    fn patterns() {
        let like = |pattern: &str| {
            let prefix = pattern.split(['*', '?']).next().unwrap().to_owned();
            Word::Like { prefix, pattern: pattern.to_owned() }
        };
        for (pattern, word, expected) in [
            ("action*", "ActionTrail", true),
            ("action*", "action", true),
            ("action*", "actio", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("a?c", "abc", true),
            ("a?c", "a中c", true),
            ("a?c", "ac", false),
            ("a??", "a中", false),
            ("nopermission.*", "NoPermission.X", true),
        ] {
            assert_eq!(like(pattern).fits(word.as_bytes()), expected, "{pattern} {word}");
        }
    }
}
