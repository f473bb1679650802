//! Rows of a window as bits.

use std::ops::Range;

/// Some rows of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowSet {
    window: Range<u32>,
    words: Vec<u64>,
}

/// What is known of a condition: the rows that fulfil it, and those that may.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) surely: RowSet,
    /// All of `surely` and perhaps more.
    pub(crate) perhaps: RowSet,
}

impl RowSet {
    pub(crate) fn none(window: &Range<u32>) -> RowSet {
        RowSet { window: window.clone(), words: vec![0; window.len().div_ceil(64)] }
    }

    pub(crate) fn all(window: &Range<u32>) -> RowSet {
        let mut all = RowSet { window: window.clone(), words: vec![u64::MAX; window.len().div_ceil(64)] };
        all.trim();
        all
    }

    /// The rows whose entry is true; one entry a row of the window.
    pub(crate) fn of_entries<T: Copy>(window: &Range<u32>, entries: &[T], is_in: impl Fn(T) -> bool) -> RowSet {
        let word = |some: &[T]| some.iter().rev().fold(0, |word, entry| word << 1 | u64::from(is_in(*entry)));
        RowSet { window: window.clone(), words: entries.chunks(64).map(word).collect() }
    }

    /// Rows that follow each other, all in the window.
    pub(crate) fn of_range(window: &Range<u32>, rows: Range<u32>) -> RowSet {
        let mut set = RowSet::none(window);
        if rows.is_empty() {
            return set;
        }
        let (start, last) = ((rows.start - window.start) as usize, (rows.end - 1 - window.start) as usize);
        set.words[start / 64..=last / 64].fill(u64::MAX);
        set.words[start / 64] &= u64::MAX << (start % 64);
        set.words[last / 64] &= u64::MAX >> (63 - last % 64);
        set
    }

    /// Bits behind the window's end stay zero.
    fn trim(&mut self) {
        let rest = self.window.len() % 64;
        if rest > 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << rest) - 1;
        }
    }

    pub(crate) fn insert(&mut self, row: u32) {
        let at = (row - self.window.start) as usize;
        self.words[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn remove(&mut self, row: u32) {
        let at = (row - self.window.start) as usize;
        self.words[at / 64] &= !(1 << (at % 64));
    }

    pub(crate) fn contains(&self, row: u32) -> bool {
        let at = (row - self.window.start) as usize;
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// How many rows of this part of the window are in the set.
    pub(crate) fn count_in(&self, rows: Range<u32>) -> u64 {
        let clamp = |row: u32| (row.clamp(self.window.start, self.window.end) - self.window.start) as usize;
        let (start, end) = (clamp(rows.start), clamp(rows.end));
        if start >= end {
            return 0;
        }
        let bits = |word: u64| u64::from(word.count_ones());
        let from_start = u64::MAX << (start % 64);
        let to_end = u64::MAX >> (63 - (end - 1) % 64);
        let (first, last) = (start / 64, (end - 1) / 64);
        if first == last {
            return bits(self.words[first] & from_start & to_end);
        }
        let between: u64 = self.words[first + 1..last].iter().map(|word| bits(*word)).sum();
        bits(self.words[first] & from_start) + between + bits(self.words[last] & to_end)
    }

    pub(crate) fn window(&self) -> &Range<u32> {
        &self.window
    }

    pub(crate) fn and(&mut self, other: &RowSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn or(&mut self, other: &RowSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn not(mut self) -> RowSet {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
        self
    }

    /// The rows, ascending.
    pub(crate) fn to_vec(&self) -> Vec<u32> {
        if self.count() == self.window.len() as u64 { self.window.clone().collect() } else { self.iter().collect() }
    }

    /// The rows, ascending, one after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(move |(at, word)| {
            let first = self.window.start + at as u32 * 64;
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    first + bit
                })
            })
        })
    }
}

impl Bounds {
    /// Nothing is known.
    pub(crate) fn unknown(window: &Range<u32>) -> Bounds {
        Bounds { surely: RowSet::none(window), perhaps: RowSet::all(window) }
    }

    /// The same for every row.
    pub(crate) fn constant(window: &Range<u32>, holds: bool) -> Bounds {
        Bounds::exact(if holds { RowSet::all(window) } else { RowSet::none(window) })
    }

    /// Nothing is known of these rows, and that the others do not belong.
    pub(crate) fn perhaps(window: &Range<u32>, rows: &[u32]) -> Bounds {
        let mut bounds = Bounds::constant(window, false);
        rows.iter().for_each(|row| bounds.perhaps.insert(*row));
        bounds
    }

    /// Known of every row.
    pub(crate) fn exact(rows: RowSet) -> Bounds {
        Bounds { perhaps: rows.clone(), surely: rows }
    }

    pub(crate) fn and(mut self, other: Bounds) -> Bounds {
        self.surely.and(&other.surely);
        self.perhaps.and(&other.perhaps);
        self
    }

    pub(crate) fn or(mut self, other: Bounds) -> Bounds {
        self.surely.or(&other.surely);
        self.perhaps.or(&other.perhaps);
        self
    }

    pub(crate) fn not(self) -> Bounds {
        Bounds { surely: self.perhaps.not(), perhaps: self.surely.not() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn sets_are_those_of_a_list(entries in proptest::collection::vec(proptest::bool::ANY, 1..300), start in 0u32..99) {
            let window = start..start + entries.len() as u32;
            let set = RowSet::of_entries(&window, &entries, |is_in| is_in);
            let expected: Vec<u32> = window.clone().filter(|row| entries[(row - start) as usize]).collect();
            proptest::prop_assert_eq!(set.iter().collect::<Vec<u32>>(), expected.clone());
            proptest::prop_assert_eq!(set.count() as usize, expected.len());
            let outside: Vec<u32> = window.clone().filter(|row| !entries[(row - start) as usize]).collect();
            proptest::prop_assert_eq!(set.clone().not().iter().collect::<Vec<u32>>(), outside);
            for start in window.clone().step_by(7) {
                for end in (start..=window.end + 1).step_by(5) {
                    let inside = expected.iter().filter(|row| (start..end).contains(*row)).count() as u64;
                    proptest::prop_assert_eq!(set.count_in(start..end), inside);
                }
            }
            let mut copy = RowSet::none(&window);
            expected.iter().for_each(|row| copy.insert(*row));
            proptest::prop_assert_eq!(&copy, &set);
        }
    }
}
