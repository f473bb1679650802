//! A text column as small numbers: Parquet's own dictionary numbers, without a text for each row.
//!
//! A column's pages are decompressed by the Parquet reader and decoded here: runs and bit-packed groups go straight into an
//! array, in the order of places. Pages behind a full dictionary hold texts; those get numbers of their own.

use std::collections::HashMap;

use bytes::Bytes;
use model::Attribute;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::columns::{TEXT_COLUMNS, is_list};
use super::format::read_u32;
use super::reader::Segment;
use super::text_columns::{COLUMNS_BEFORE_TEXTS, FileChunks, Guard};
use crate::StoreError;

/// Whether an attribute has a column of at most one value a row.
pub(crate) fn has_codes(attribute: Attribute) -> bool {
    !is_list(attribute) && TEXT_COLUMNS.iter().any(|(_, each)| *each == attribute)
}

/// A column of a segment.
pub(crate) struct Codes {
    /// The code at each place; 0 means no value, others count from 1.
    pub(crate) at_place: Vec<u32>,
    pub(crate) values: Values,
    /// Bytes that were looked at.
    pub(crate) bytes: u64,
}

/// Texts by their codes.
#[derive(Default, Clone)]
pub(crate) struct Values {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Values {
    /// How many codes there are, that of no value included.
    pub(crate) fn codes(&self) -> usize {
        self.ends.len() + 1
    }

    /// The memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<u32>()
    }

    /// What a code stands for.
    pub(crate) fn get(&self, code: u32) -> Option<&[u8]> {
        let at = (code as usize).checked_sub(1)?;
        let end = *self.ends.get(at)? as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        self.bytes.get(start..end)
    }

    /// Appends a text; gives its code.
    pub(crate) fn push(&mut self, text: &[u8]) -> u32 {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
        self.ends.len() as u32
    }
}

impl Codes {
    /// Reads a column that [`has_codes`]. Blocks.
    pub(crate) fn read(segment: &Segment, attribute: Attribute) -> Result<Codes, StoreError> {
        let guard = Guard::of(segment);
        let chunks = FileChunks::open(segment, &guard)?;
        guard.run(|| {
            let reader = SerializedFileReader::new(chunks)?;
            let column = TEXT_COLUMNS.iter().position(|(_, each)| *each == attribute);
            let column = column.ok_or_else(|| general("it has no such column"))?;
            let mut pages = reader.get_row_group(0)?.get_column_page_reader(COLUMNS_BEFORE_TEXTS + column)?;
            decode(&mut *pages, segment.entry.rows as usize)
        })
    }
}

fn general(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn decode(pages: &mut dyn PageReader, rows: usize) -> Result<Codes, ParquetError> {
    let mut codes = Codes { at_place: Vec::with_capacity(rows), values: Values::default(), bytes: 0 };
    let mut interned: HashMap<Vec<u8>, u32> = HashMap::new();
    let (mut defined, mut present) = (Vec::new(), Vec::new());
    while let Some(page) = pages.get_next_page()? {
        codes.bytes += page.buffer().len() as u64;
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                for text in texts(&buf).take(num_values as usize) {
                    codes.values.push(text);
                }
            }
            Page::DataPage { buf, num_values, encoding, .. } => {
                let count = (num_values as usize).min(rows - codes.at_place.len());
                let (levels, values) = split(&buf).ok_or_else(|| general("a page is too short"))?;
                defined.clear();
                unpack_hybrid(levels, 1, count, &mut defined);
                let some = defined.iter().filter(|level| **level > 0).count();
                present.clear();
                match encoding {
                    Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                        let width = u32::from(values.first().copied().unwrap_or(0)).min(32);
                        unpack_hybrid(values.get(1..).unwrap_or_default(), width, some, &mut present);
                        let last = codes.values.ends.len() as u32;
                        present.iter_mut().for_each(|code| *code = code.saturating_add(1).min(last));
                    }
                    Encoding::PLAIN => {
                        for text in texts(values).take(some) {
                            let known = interned.get(text).copied();
                            present.push(known.unwrap_or_else(|| {
                                let code = codes.values.push(text);
                                interned.insert(text.to_owned(), code);
                                code
                            }));
                        }
                    }
                    other => return Err(general(&format!("a page has the encoding {other}"))),
                }
                if defined.len() != count || present.len() != some {
                    return Err(general("a page is too short"));
                }
                spread(&defined, &present, &mut codes.at_place);
            }
            Page::DataPageV2 { .. } => return Err(general("a page is of another version")),
        }
    }
    if codes.at_place.len() != rows { Err(general("a column is too short")) } else { Ok(codes) }
}

/// The definition levels of a page and its values.
fn split(page: &Bytes) -> Option<(&[u8], &[u8])> {
    let end = 4 + read_u32(page, 0)? as usize;
    Some((page.get(4..end)?, page.get(end..)?))
}

/// Texts with their lengths before them.
fn texts(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = read_u32(bytes, 0)? as usize;
        let text = bytes.get(4..4_usize.checked_add(length)?)?;
        bytes = &bytes[4 + length..];
        Some(text)
    })
}

fn spread(defined: &[u32], present: &[u32], into: &mut Vec<u32>) {
    if present.len() == defined.len() {
        into.extend_from_slice(present);
        return;
    }
    let mut next = present.iter();
    into.extend(defined.iter().map(|level| if *level == 0 { 0 } else { next.next().copied().unwrap_or(0) }));
}

/// Appends `count` numbers of so many bits from Parquet's mix of runs and bit-packed groups; fewer when the bytes end.
fn unpack_hybrid(mut bytes: &[u8], width: u32, count: usize, into: &mut Vec<u32>) {
    let end = into.len() + count;
    let value_bytes = width.div_ceil(8) as usize;
    while into.len() < end {
        let Some((head, after)) = varint(bytes) else { return };
        bytes = after;
        if head & 1 == 0 {
            let Some(stored) = bytes.get(..value_bytes) else { return };
            let value = stored.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            let run = ((head >> 1) as usize).min(end - into.len());
            into.resize(into.len() + run, value);
            bytes = &bytes[value_bytes..];
        } else {
            let groups = (head >> 1) as usize;
            let Some(length) = groups.checked_mul(width as usize).map(|length| length.min(bytes.len())) else { return };
            unpack(&bytes[..length], width, (groups.saturating_mul(8)).min(end - into.len()), into);
            bytes = &bytes[length..];
        }
        if head >> 1 == 0 {
            return;
        }
    }
}

/// Appends bit-packed numbers.
fn unpack(bytes: &[u8], width: u32, count: usize, into: &mut Vec<u32>) {
    if width == 0 {
        into.resize(into.len() + count, 0);
        return;
    }
    let count = count.min(bytes.len() * 8 / width as usize);
    let mask = (1_u64 << width) - 1;
    let (mut pending, mut bits) = (0_u64, 0_u32);
    let mut words = bytes.chunks_exact(4);
    let mut next = || match words.next() {
        Some(word) => (u64::from(u32::from_le_bytes(word.try_into().expect("four bytes"))), 32),
        None => {
            let rest = words.remainder().iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
            (rest, 32)
        }
    };
    into.extend((0..count).map(|_| {
        if bits < width {
            let (word, more) = next();
            pending |= word << bits;
            bits += more;
        }
        let value = (pending & mask) as u32;
        pending >>= width;
        bits -= width;
        value
    }));
}

fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0_u32;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        value |= u32::from(byte & 0x7f).wrapping_shl(at as u32 * 7);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Groups of eight as Parquet packs them, whatever their width.
        #[test]
        fn packed_numbers_come_back(
            width in 1u32..=32,
            numbers in proptest::collection::vec(proptest::num::u32::ANY, 1..100),
        ) {
            let numbers: Vec<u32> = numbers.iter().map(|n| (u64::from(*n) & ((1 << width) - 1)) as u32).collect();
            let groups = numbers.len().div_ceil(8);
            let mut bits = vec![0_u8; groups * width as usize];
            for (at, number) in numbers.iter().enumerate() {
                for bit in 0..width as usize {
                    let place = at * width as usize + bit;
                    bits[place / 8] |= ((number >> bit & 1) as u8) << (place % 8);
                }
            }
            let mut bytes = vec![(groups as u8) << 1 | 1];
            bytes.extend_from_slice(&bits);
            let mut found = Vec::new();
            unpack_hybrid(&bytes, width, numbers.len(), &mut found);
            proptest::prop_assert_eq!(found, numbers);
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60), width in 0u32..=32) {
            let mut found = Vec::new();
            unpack_hybrid(&bytes, width, 1000, &mut found);
            assert!(found.len() <= 1000);
        }
    }
}
