//! Numbers for pairs of numbers, in the order they are first seen. Combinations of many columns are pairs of a combination
//! and a code.

/// Entries of the table that is looked into directly: 4 MiB. Beyond it, pairs are hashed.
const DIRECT_MAX: usize = 1 << 20;
const NONE: u32 = u32::MAX;

/// See the module.
#[derive(Default)]
pub(crate) struct Pairs {
    pairs: Vec<(u32, u32)>,
    /// Right numbers are below this while pairs are looked up directly.
    width: usize,
    direct: Vec<u32>,
    hashed: Option<Hashed>,
}

/// An open table of pairs, at most half full.
struct Hashed {
    entries: Vec<(u64, u32)>,
    shift: u32,
}

impl Pairs {
    /// The pair of a number that was given.
    pub(crate) fn get(&self, number: u32) -> (u32, u32) {
        self.pairs[number as usize]
    }

    /// Replaces each left number by the number of its pair.
    pub(crate) fn number_all(&mut self, lefts: &mut [u32], rights: &[u32]) {
        let highest_left = lefts.iter().copied().max().unwrap_or(0) as usize;
        let highest_right = rights.iter().copied().max().unwrap_or(0) as usize;
        if self.hashed.is_none() && !self.make_room(highest_left, highest_right) {
            self.hash_all();
        }
        match &mut self.hashed {
            None => {
                for (left, right) in lefts.iter_mut().zip(rights) {
                    let entry = &mut self.direct[*left as usize * self.width + *right as usize];
                    if *entry == NONE {
                        *entry = self.pairs.len() as u32;
                        self.pairs.push((*left, *right));
                    }
                    *left = *entry;
                }
            }
            Some(hashed) => {
                for (left, right) in lefts.iter_mut().zip(rights) {
                    *left = hashed.number(&mut self.pairs, *left, *right);
                }
            }
        }
    }

    /// Whether pairs up to these numbers can be looked up directly.
    fn make_room(&mut self, left: usize, right: usize) -> bool {
        let width = self.width.max((right + 1).next_power_of_two());
        let Some(entries) = (left + 1).checked_mul(width).filter(|entries| *entries <= DIRECT_MAX) else {
            return false;
        };
        if width > self.width {
            self.width = width;
            self.direct.clear();
            let most = self.pairs.iter().map(|(left, _)| *left as usize + 1).max().unwrap_or(0) * width;
            if most > DIRECT_MAX {
                return false;
            }
            self.direct.resize(most.max(entries), NONE);
            for (number, (left, right)) in self.pairs.iter().enumerate() {
                self.direct[*left as usize * width + *right as usize] = number as u32;
            }
        } else if entries > self.direct.len() {
            self.direct.resize(entries, NONE);
        }
        true
    }

    fn hash_all(&mut self) {
        self.direct = Vec::new();
        let mut hashed = Hashed::with_room_for(self.pairs.len());
        for (number, (left, right)) in self.pairs.iter().enumerate() {
            let slot = hashed.slot(key(*left, *right));
            hashed.entries[slot] = (key(*left, *right), number as u32);
        }
        self.hashed = Some(hashed);
    }
}

fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

impl Hashed {
    fn with_room_for(pairs: usize) -> Hashed {
        let bits = (pairs.max(1 << 12) * 2).next_power_of_two().ilog2() + 1;
        Hashed { entries: vec![(0, NONE); 1 << bits], shift: u64::BITS - bits }
    }

    /// Where the pair is, or where it belongs.
    fn slot(&self, key: u64) -> usize {
        let mixed = (key ^ key >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slot = (mixed >> self.shift) as usize;
        while self.entries[slot].1 != NONE && self.entries[slot].0 != key {
            slot = (slot + 1) & (self.entries.len() - 1);
        }
        slot
    }

    fn number(&mut self, pairs: &mut Vec<(u32, u32)>, left: u32, right: u32) -> u32 {
        let slot = self.slot(key(left, right));
        if self.entries[slot].1 != NONE {
            return self.entries[slot].1;
        }
        let number = pairs.len() as u32;
        pairs.push((left, right));
        self.entries[slot] = (key(left, right), number);
        if pairs.len() * 2 > self.entries.len() {
            let mut larger = Hashed::with_room_for(pairs.len());
            for entry in self.entries.iter().filter(|entry| entry.1 != NONE) {
                let slot = larger.slot(entry.0);
                larger.entries[slot] = *entry;
            }
            *self = larger;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    proptest::proptest! {
        #[test]
        fn each_pair_has_its_number(
            windows in proptest::collection::vec(
                proptest::collection::vec((0u32..60, 0u32..60), 0..80), 1..6),
            (spread_left, spread_right) in (1u32..3000, 1u32..3000),
        ) {
            let mut pairs = Pairs::default();
            let mut expected: HashMap<(u32, u32), u32> = HashMap::new();
            for window in windows {
                let window: Vec<(u32, u32)> = window.iter().map(|(l, r)| (l * spread_left, r * spread_right)).collect();
                let mut numbers: Vec<u32> = window.iter().map(|(left, _)| *left).collect();
                let rights: Vec<u32> = window.iter().map(|(_, right)| *right).collect();
                pairs.number_all(&mut numbers, &rights);
                for (pair, number) in window.iter().zip(numbers) {
                    let next = expected.len() as u32;
                    proptest::prop_assert_eq!(*expected.entry(*pair).or_insert(next), number);
                    proptest::prop_assert_eq!(pairs.get(number), *pair);
                }
            }
        }
    }
}
