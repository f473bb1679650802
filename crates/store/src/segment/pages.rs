//! The pages of the JSON column: where each is in the Parquet file, and how one is read without a Parquet reader.
//!
//! ```text
//! one row a page: offset of the compressed bytes u64, their length u32, uncompressed length u32, first place u32,
//!                 crc32c of the compressed bytes u32
//! ```
//! A page is Parquet's data page V1 of a required column in PLAIN encoding, compressed with zstd: uncompressed, it is
//! each value's length (u32) and bytes, one after the other. So a positioned read, a checksum and a decompression
//! give its rows; Parquet's own page header before it is skipped.

use bytes::Bytes;

use super::format::{read_u32, read_u64, read_varint};
use super::postings::partition;

const ROW_BYTES: usize = 24;

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageEntry {
    pub(crate) offset: u64,
    pub(crate) compressed: u32,
    pub(crate) uncompressed: u32,
    pub(crate) first_place: u32,
    pub(crate) crc: u32,
}

pub(crate) fn encode(pages: &[PageEntry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pages.len() * ROW_BYTES);
    for page in pages {
        bytes.extend_from_slice(&page.offset.to_le_bytes());
        for field in [page.compressed, page.uncompressed, page.first_place, page.crc] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
    }
    bytes
}

/// The pages section of a mapped file.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'b>(pub(crate) &'b [u8]);

impl Pages<'_> {
    pub(crate) fn len(self) -> usize {
        self.0.len() / ROW_BYTES
    }

    pub(crate) fn get(self, page: usize) -> Option<PageEntry> {
        let row = self.0.get(page * ROW_BYTES..(page + 1) * ROW_BYTES)?;
        Some(PageEntry {
            offset: read_u64(row, 0)?,
            compressed: read_u32(row, 8)?,
            uncompressed: read_u32(row, 12)?,
            first_place: read_u32(row, 16)?,
            crc: read_u32(row, 20)?,
        })
    }

    /// The page that holds the place.
    pub(crate) fn of_place(self, place: u32) -> usize {
        let first_of = |page| read_u32(self.0, page * ROW_BYTES + 16).unwrap_or(u32::MAX);
        partition(self.len(), |page| first_of(page) <= place).saturating_sub(1)
    }

    /// The places on a page; `rows` is the segment's number of rows.
    pub(crate) fn places_on(self, page: usize, rows: u32) -> std::ops::Range<u32> {
        let first_of = |page| read_u32(self.0, page * ROW_BYTES + 16);
        first_of(page).unwrap_or(rows)..first_of(page + 1).unwrap_or(rows)
    }
}

/// The length of a Parquet page header and of what follows it, from the header's first bytes.
///
/// A header is a Thrift compact struct that begins with three i32 fields: page type, uncompressed size, compressed
/// size. The page's size with its header is known from the offset index, so the rest need not be understood.
pub(crate) fn split_page(page_bytes: u32, head: &[u8]) -> Option<(u32, u32, u32)> {
    let mut at = 0;
    let mut field = || -> Option<u32> {
        // Field header: id one more than the one before (upper half 1), type i32 (lower half 5).
        (head.get(at) == Some(&0x15)).then(|| {
            at += 1;
            let zigzag = read_varint(head, &mut at);
            zigzag >> 1
        })
    };
    let (_page_type, uncompressed, compressed) = (field()?, field()?, field()?);
    Some((page_bytes.checked_sub(compressed)?, compressed, uncompressed))
}

/// The value at `position` of an uncompressed page.
pub(crate) fn value_at(page: &Bytes, position: u32) -> Option<Bytes> {
    let mut at = 0;
    for _ in 0..position {
        at += 4 + read_u32(page, at)? as usize;
    }
    let len = read_u32(page, at)? as usize;
    let end = at.checked_add(4)?.checked_add(len)?;
    (end <= page.len()).then(|| page.slice(at + 4..end))
}

/// Every value of an uncompressed page.
pub(crate) fn values(page: &Bytes) -> impl Iterator<Item = Bytes> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let len = read_u32(page, at)? as usize;
        let start = at + 4;
        at = start.checked_add(len)?;
        (at <= page.len()).then(|| page.slice(start..at))
    })
}
