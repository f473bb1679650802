//! Terms by a word that an event must have, or by how such a word begins.
//!
//! Looking up a word costs one hash for the word and one for each length of beginnings that is in use; words of a length
//! nobody asks for cost none. Texts here are in lower case.

use std::collections::HashMap;

/// Beginnings are told apart up to here.
const PREFIX_BYTES_MAX: usize = 16;
/// Words are told apart by length up to here.
const LENGTHS: usize = 64;

/// A key of the index, by number.
pub(super) type TermId = u32;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct WordTable {
    exact: Texts,
    prefixes: Texts,
}

/// Terms by their text.
#[derive(Debug, Default)]
struct Texts {
    terms: HashMap<Box<[u8]>, TermId>,
    /// How many texts of each length there are; the last for all that are longer.
    lengths: Lengths,
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

impl WordTable {
    pub(super) fn is_empty(&self) -> bool {
        self.exact.terms.is_empty() && self.prefixes.terms.is_empty()
    }

    /// The term of a text; what `make` gives is put there if there is none.
    pub(super) fn term(&mut self, text: &[u8], is_prefix: bool, make: impl FnOnce() -> TermId) -> TermId {
        let (texts, text) = self.texts(text, is_prefix);
        if let Some(term) = texts.terms.get(text) {
            return *term;
        }
        let term = make();
        texts.lengths.add(text.len());
        texts.terms.insert(text.into(), term);
        term
    }

    pub(super) fn remove(&mut self, text: &[u8], is_prefix: bool) {
        let (texts, text) = self.texts(text, is_prefix);
        if texts.terms.remove(text).is_some() {
            texts.lengths.remove(text.len());
        }
    }

    /// Where a text is filed, and what of it.
    fn texts<'t>(&mut self, text: &'t [u8], is_prefix: bool) -> (&mut Texts, &'t [u8]) {
        if is_prefix {
            (&mut self.prefixes, &text[..text.len().min(PREFIX_BYTES_MAX)])
        } else {
            (&mut self.exact, text)
        }
    }

    /// Tells the terms that this word of an event, in lower case, is one of.
    pub(super) fn look_up(&self, word: &[u8], tell: &mut dyn FnMut(TermId)) {
        if self.exact.lengths.has(word.len())
            && let Some(term) = self.exact.terms.get(word)
        {
            tell(*term);
        }
        let mut lengths = self.prefixes.lengths.used;
        while lengths != 0 {
            let length = lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            let Some(beginning) = word.get(..length) else { break };
            if let Some(term) = self.prefixes.terms.get(beginning) {
                tell(*term);
            }
        }
    }
}
