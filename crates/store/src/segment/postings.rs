//! The places a repeated term occurs at, ascending, in as few bytes as their density allows.
//!
//! ```text
//! varint  count * 2 + 1 when dense
//! dense:   varint bytes of the bitmap, then the bitmap, from place 0 to the last
//! sparse:  with more than 128 places, for each block of 128: its first place u32, the offset of its bytes u32
//!          then each block: the first place's difference to 0 (one block) or nothing, then varint differences
//! ```

use std::ops::Range;

use super::format::{read_u32, read_varint, write_varint};

const BLOCK: usize = 128;

/// Appends the places to `into`.
pub(crate) fn encode(into: &mut Vec<u8>, places: &[u32]) {
    let last = places.last().copied().unwrap_or(0);
    // A difference takes at least a byte, so a bitmap is smaller from one place in eight on.
    let is_dense = places.len() as u64 * 8 > u64::from(last);
    write_varint(into, (places.len() as u32) << 1 | u32::from(is_dense));
    if is_dense {
        write_varint(into, last / 8 + 1);
        let start = into.len();
        into.resize(start + last as usize / 8 + 1, 0);
        places.iter().for_each(|place| into[start + *place as usize / 8] |= 1 << (place % 8));
        return;
    }
    let mut bytes = Vec::new();
    for block in places.chunks(BLOCK) {
        if places.len() > BLOCK {
            into.extend_from_slice(&block[0].to_le_bytes());
            into.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        } else {
            write_varint(&mut bytes, block[0]);
        }
        block.windows(2).for_each(|pair| write_varint(&mut bytes, pair[1] - pair[0]));
    }
    into.extend_from_slice(&bytes);
}

/// Encoded places.
#[derive(Clone, Copy)]
pub(crate) struct Postings<'b> {
    bytes: &'b [u8],
    count: usize,
    is_dense: bool,
}

impl<'b> Postings<'b> {
    pub(crate) fn open(bytes: &'b [u8]) -> Postings<'b> {
        let mut at = 0;
        let head = read_varint(bytes, &mut at);
        Postings { bytes: bytes.get(at..).unwrap_or_default(), count: (head >> 1) as usize, is_dense: head & 1 == 1 }
    }

    /// How many places there are in all.
    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// Appends the places within the range, ascending.
    pub(crate) fn places_in(self, range: Range<u32>, into: &mut Vec<u32>) {
        if self.is_dense {
            return self.dense_places_in(range, into);
        }
        if self.count <= BLOCK {
            let mut at = 0;
            let first = read_varint(self.bytes, &mut at);
            return self.block_places_in(first, &self.bytes[at.min(self.bytes.len())..], self.count, &range, into);
        }
        let blocks = self.count.div_ceil(BLOCK);
        let first_of = |block: usize| read_u32(self.bytes, block * 8).unwrap_or(u32::MAX);
        // The last block that begins at or before the range may reach into it.
        let start = partition(blocks, |block| first_of(block) <= range.start).saturating_sub(1);
        for block in start..blocks {
            let first = first_of(block);
            if first >= range.end {
                break;
            }
            let offset = blocks * 8 + read_u32(self.bytes, block * 8 + 4).unwrap_or(0) as usize;
            let count = BLOCK.min(self.count - block * BLOCK);
            self.block_places_in(first, self.bytes.get(offset..).unwrap_or_default(), count, &range, into);
        }
    }

    fn block_places_in(self, first: u32, bytes: &[u8], count: usize, range: &Range<u32>, into: &mut Vec<u32>) {
        let mut place = first;
        let mut at = 0;
        for index in 0..count {
            if index > 0 {
                place = place.saturating_add(read_varint(bytes, &mut at));
            }
            if place >= range.end {
                return;
            }
            if place >= range.start {
                into.push(place);
            }
        }
    }

    fn dense_places_in(self, range: Range<u32>, into: &mut Vec<u32>) {
        let mut at = 0;
        let bytes = read_varint(self.bytes, &mut at) as usize;
        let bitmap = self.bytes.get(at..at + bytes).unwrap_or_default();
        let end = range.end.min(bitmap.len() as u32 * 8);
        let mut place = range.start;
        while place < end {
            let byte = bitmap[place as usize / 8] >> (place % 8);
            if byte == 0 {
                place = (place / 8 + 1) * 8;
                continue;
            }
            place += byte.trailing_zeros();
            if place < end {
                into.push(place);
            }
            place += 1;
        }
    }
}

/// The first index for which `is_before` is false; it must be true for all before and false for all after.
pub(crate) fn partition(len: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    proptest::proptest! {
        #[test]
        fn any_range_of_any_places(
            places in proptest::collection::btree_set(0u32..4_000, 1..1500),
            spread in 1u32..200,
            start in 0u32..1_000_000,
            len in 0u32..1_000_000,
        ) {
            let places: BTreeSet<u32> = places.into_iter().map(|place| place * spread).collect();
            let all: Vec<u32> = places.iter().copied().collect();
            let mut bytes = Vec::new();
            encode(&mut bytes, &all);
            bytes.extend_from_slice(&[0xff; 16]); // others follow in the file
            let postings = Postings::open(&bytes);
            proptest::prop_assert_eq!(postings.count(), all.len());
            let mut found = Vec::new();
            postings.places_in(start..start.saturating_add(len), &mut found);
            let expected: Vec<u32> = places.range(start..start.saturating_add(len)).copied().collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
