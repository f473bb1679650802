//! Entries by a word that an event must have, or by how such a word begins.
//!
//! Looking up a word costs one hash for the word and one for each length of beginnings that is in use; words of a length
//! nobody asks for cost none. Texts here are in lower case.

use std::collections::HashMap;

/// Beginnings are told apart up to here.
pub(super) const PREFIX_BYTES_MAX: usize = 16;
/// Words are told apart by length up to here.
const LENGTHS: usize = 64;

/// Which entry of the index.
pub(super) type EntryId = u32;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct WordTable {
    exact: HashMap<Box<[u8]>, Vec<EntryId>>,
    prefixes: HashMap<Box<[u8]>, Vec<EntryId>>,
    /// How many texts of each length there are; the last for all that are longer.
    exact_lengths: Lengths,
    prefix_lengths: Lengths,
}

/// Counts by length, and a bit for each that is not 0.
#[derive(Debug)]
struct Lengths {
    counts: [u32; LENGTHS],
    used: u64,
}

impl Default for Lengths {
    fn default() -> Lengths {
        Lengths { counts: [0; LENGTHS], used: 0 }
    }
}

impl Lengths {
    fn bit(length: usize) -> usize {
        length.min(LENGTHS - 1)
    }

    fn add(&mut self, length: usize) {
        self.counts[Self::bit(length)] += 1;
        self.used |= 1 << Self::bit(length);
    }

    fn remove(&mut self, length: usize) {
        let count = &mut self.counts[Self::bit(length)];
        *count -= 1;
        if *count == 0 {
            self.used &= !(1 << Self::bit(length));
        }
    }

    fn has(&self, length: usize) -> bool {
        self.used & (1 << Self::bit(length)) != 0
    }
}

/// What of a beginning is filed.
pub(super) fn filed_prefix(prefix: &[u8]) -> &[u8] {
    &prefix[..prefix.len().min(PREFIX_BYTES_MAX)]
}

impl WordTable {
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty()
    }

    pub(super) fn add_word(&mut self, word: &[u8], entry: EntryId) {
        self.exact_lengths.add(word.len());
        self.exact.entry(word.into()).or_default().push(entry);
    }

    pub(super) fn add_prefix(&mut self, prefix: &[u8], entry: EntryId) {
        let prefix = filed_prefix(prefix);
        self.prefix_lengths.add(prefix.len());
        self.prefixes.entry(prefix.into()).or_default().push(entry);
    }

    pub(super) fn remove_word(&mut self, word: &[u8], entry: EntryId) {
        self.exact_lengths.remove(word.len());
        remove(&mut self.exact, word, entry);
    }

    pub(super) fn remove_prefix(&mut self, prefix: &[u8], entry: EntryId) {
        let prefix = filed_prefix(prefix);
        self.prefix_lengths.remove(prefix.len());
        remove(&mut self.prefixes, prefix, entry);
    }

    /// Tells the entries that this word of an event, in lower case, is for.
    pub(super) fn look_up(&self, word: &[u8], tell: &mut dyn FnMut(&[EntryId])) {
        if self.exact_lengths.has(word.len())
            && let Some(entries) = self.exact.get(word)
        {
            tell(entries);
        }
        let mut lengths = self.prefix_lengths.used;
        while lengths != 0 {
            let length = lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            let Some(beginning) = word.get(..length) else { break };
            if let Some(entries) = self.prefixes.get(beginning) {
                tell(entries);
            }
        }
    }
}

fn remove(table: &mut HashMap<Box<[u8]>, Vec<EntryId>>, text: &[u8], entry: EntryId) {
    let Some(entries) = table.get_mut(text) else { return };
    if let Some(at) = entries.iter().position(|each| *each == entry) {
        entries.swap_remove(at);
    }
    if entries.is_empty() {
        table.remove(text);
    }
}
