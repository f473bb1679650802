//! A column of numbers, packed: blocks of 128 values, each block's smallest value and the bits its largest
//! difference needs. Any value is read in constant time.
//!
//! ```text
//! count u64   then for each block  base u64, bit offset of its differences u32, width u8, 3 zero bytes
//! then the differences, `width` bits each, and 8 zero bytes
//! ```

use super::format::{read_u32, read_u64};

const BLOCK: usize = 128;
const BLOCK_HEADER_BYTES: usize = 16;

/// Packs the values.
pub(crate) fn pack(values: &[u64]) -> Vec<u8> {
    let blocks = values.len().div_ceil(BLOCK);
    let mut headers = Vec::with_capacity(8 + blocks * BLOCK_HEADER_BYTES);
    headers.extend_from_slice(&(values.len() as u64).to_le_bytes());
    let mut bits = BitWriter::default();
    for block in values.chunks(BLOCK) {
        let base = block.iter().min().copied().unwrap_or(0);
        let widest = block.iter().map(|value| value - base).max().unwrap_or(0);
        // A read takes eight bytes from a byte boundary, so 56 bits fit at any of the eight bit positions.
        let width = (64 - widest.leading_zeros()).next_multiple_of(if widest >> 56 == 0 { 1 } else { 64 });
        headers.extend_from_slice(&base.to_le_bytes());
        if width == 64 {
            bits.align();
        }
        headers.extend_from_slice(&(bits.len as u32).to_le_bytes());
        headers.extend_from_slice(&[width as u8, 0, 0, 0]);
        block.iter().for_each(|value| bits.push(value - base, width));
    }
    headers.extend_from_slice(&bits.into_bytes());
    headers.extend_from_slice(&[0; 8]);
    headers
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    /// Bits not yet in `bytes`, lowest first, and how many.
    pending: u128,
    pending_bits: u32,
    len: usize,
}

impl BitWriter {
    fn align(&mut self) {
        let padding = self.len.next_multiple_of(8) - self.len;
        self.push(0, padding as u32);
    }

    fn push(&mut self, value: u64, width: u32) {
        self.pending |= u128::from(value) << self.pending_bits;
        self.pending_bits += width;
        self.len += width as usize;
        while self.pending_bits >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_bits -= 8;
        }
    }

    fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

/// A packed column in a mapped file.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'b> {
    bytes: &'b [u8],
    bits_start: usize,
    len: usize,
}

impl<'b> Packed<'b> {
    /// `None` when the bytes cannot be such a column.
    pub(crate) fn open(bytes: &'b [u8]) -> Option<Packed<'b>> {
        let len = usize::try_from(read_u64(bytes, 0)?).ok()?;
        let bits_start = 8 + len.div_ceil(BLOCK).checked_mul(BLOCK_HEADER_BYTES)?;
        (bits_start + 8 <= bytes.len()).then_some(Packed { bytes, bits_start, len })
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// The value at `index`, which is below `len`. A damaged column gives wrong numbers, never a panic.
    pub(crate) fn get(self, index: usize) -> u64 {
        let header = 8 + index / BLOCK * BLOCK_HEADER_BYTES;
        let base = read_u64(self.bytes, header).unwrap_or(0);
        let start = read_u32(self.bytes, header + 8).unwrap_or(0) as usize;
        let width = usize::from(self.bytes.get(header + 12).copied().unwrap_or(0));
        let bit = start + index % BLOCK * width;
        let word = read_u64(self.bytes, self.bits_start + bit / 8).unwrap_or(0) >> (bit % 8);
        let mask = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
        base.wrapping_add(word & mask)
    }

    /// The values of a range, which ends at `len` or before. Reads each block's header once.
    pub(crate) fn range(self, range: std::ops::Range<usize>) -> Vec<u64> {
        let mut values = Vec::with_capacity(range.len());
        let mut index = range.start;
        while index < range.end {
            let header = 8 + index / BLOCK * BLOCK_HEADER_BYTES;
            let base = read_u64(self.bytes, header).unwrap_or(0);
            let start = read_u32(self.bytes, header + 8).unwrap_or(0) as usize;
            let width = usize::from(self.bytes.get(header + 12).copied().unwrap_or(0));
            let mask = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
            let end = range.end.min((index / BLOCK + 1) * BLOCK);
            let bits = self.bytes.get(self.bits_start..).unwrap_or_default();
            values.extend((index..end).map(|index| {
                let bit = start + index % BLOCK * width;
                let word = read_u64(bits, bit / 8).unwrap_or(0) >> (bit % 8);
                base.wrapping_add(word & mask)
            }));
            index = end;
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_value_comes_back(
            mut values in proptest::collection::vec(proptest::num::u64::ANY, 0..300),
            shift in 0u32..64,
        ) {
            values.iter_mut().for_each(|value| *value >>= shift);
            let bytes = pack(&values);
            let packed = Packed::open(&bytes).expect("whole");
            proptest::prop_assert_eq!(packed.len(), values.len());
            for (index, value) in values.iter().enumerate() {
                proptest::prop_assert_eq!(packed.get(index), *value);
            }
            let middle = values.len() / 3..values.len() - values.len() / 5;
            proptest::prop_assert_eq!(packed.range(middle.clone()), &values[middle]);
        }
    }

    #[test]
    fn near_values_take_few_bytes() {
        let times: Vec<u64> = (0..10_000).map(|n| 1_768_465_800_000 + n * 250).collect();
        assert!(pack(&times).len() < times.len() * 5 / 2, "{}", pack(&times).len());
    }
}
