//! The words of the keys of a segment's events. A search for a word also finds events that have it as a key; most words
//! are none, and then nothing but the pages of the word need be looked at.
//!
//! ```text
//! state u8 (1: these and no others, 0: too many to list)  3 zero bytes  count u32  then sorted hashes u64
//! ```

use std::collections::BTreeSet;

use super::format::{read_u32, read_u64};
use super::postings::partition;
use crate::terms::{RawValue, cut, token_hash};

/// A segment's events have a few thousand keys; where more occur, keys are made up by machines and listing them is no help.
const WORDS_MAX: usize = 1 << 16;
/// Keys remembered, so that each is cut once and not once an event.
const SLOTS: usize = 1 << 11;

/// The words seen so far.
pub(super) struct KeyWords {
    hashes: BTreeSet<u64>,
    slots: Vec<Box<[u8]>>,
    is_full: bool,
}

impl Default for KeyWords {
    fn default() -> Self {
        KeyWords { hashes: BTreeSet::new(), slots: vec![Box::default(); SLOTS], is_full: false }
    }
}

impl KeyWords {
    pub(super) fn see(&mut self, key: RawValue<'_>) {
        let text = key.text;
        let head = text.first_chunk::<4>().map_or(0, |head| u32::from_le_bytes(*head));
        let tail = text.last_chunk::<4>().map_or(0, |tail| u32::from_le_bytes(*tail));
        let mixed = (head ^ tail.rotate_left(13) ^ text.len() as u32).wrapping_mul(0x9e37_79b9);
        let slot = &mut self.slots[(mixed >> 21) as usize];
        if **slot == *text || self.is_full {
            return;
        }
        *slot = text.into();
        cut(key.plain(&mut Vec::new()), |token| {
            self.hashes.insert(token_hash(token));
        });
        self.is_full = self.hashes.len() > WORDS_MAX;
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let hashes: Vec<u64> = if self.is_full { Vec::new() } else { self.hashes.iter().copied().collect() };
        let mut bytes = vec![u8::from(!self.is_full), 0, 0, 0];
        bytes.extend_from_slice(&(hashes.len() as u32).to_le_bytes());
        hashes.iter().for_each(|hash| bytes.extend_from_slice(&hash.to_le_bytes()));
        bytes
    }
}

/// Whether a word may be one of a key; an empty section knows nothing.
pub(super) fn may_have(section: &[u8], hash: u64) -> bool {
    if section.first() != Some(&1) {
        return true;
    }
    let count = (read_u32(section, 4).unwrap_or(0) as usize).min(section.len() / 8);
    let at = |index: usize| read_u64(section, 8 + index * 8).unwrap_or(u64::MAX);
    let index = partition(count, |index| at(index) < hash);
    index < count && at(index) == hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::for_each_key_and_value;

    #[test]
    fn words_of_keys_are_listed_and_others_not() {
        let mut words = KeyWords::default();
        let json = br#"{"userIdentity":{"access key-Id":"secret"},"k\u0065y":[{"Inner":1}]}"#;
        for_each_key_and_value(json, |key| words.see(key), |_| {});
        let section = words.encode();
        for (word, is_there) in [
            ("useridentity", true),
            ("access", true),
            ("key-id", true),
            ("key", true),
            ("inner", true),
            ("secret", false),
        ] {
            assert_eq!(may_have(&section, token_hash(word.as_bytes())), is_there, "{word}");
        }
        assert!(may_have(&[], 1));
        assert!(!may_have(&KeyWords::default().encode(), 1));
    }

    #[test]
    fn too_many_words_are_all_possible() {
        let mut words = KeyWords::default();
        for n in 0..WORDS_MAX + 2 {
            let json = format!(r#"{{"key{n}":1}}"#);
            for_each_key_and_value(json.as_bytes(), |key| words.see(key), |_| {});
        }
        assert!(may_have(&words.encode(), 1));
    }
}
