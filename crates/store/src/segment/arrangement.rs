//! Where rows lie in the file.
//!
//! Everywhere in the index a row's number is its rank by (account, time, number). In the Parquet file the rows of a
//! block of 2,048 lie grouped by account, user and event name instead: neighbours resemble each other, which saves a
//! fifth of the JSON's bytes and compresses faster, while the newest rows of an account still lie on few pages. A
//! row's *place* is its position in the file; it is always in the row's own block.
//!
//! The section holds, for each row, its place's offset within the block, packed.

use std::ops::Range;

use model::Attribute;

use super::build::Row;
use super::packed::{Packed, pack};
use crate::terms::attribute_hash;

/// Larger blocks compress a little better and scatter a page of results over more pages.
pub(super) const BLOCK_ROWS: u32 = 2048;

/// Which row of a block lies at each place, both counted from the block's first.
pub(super) fn arrange(block: &[&Row]) -> Vec<u32> {
    let mut at_place: Vec<u32> = (0..block.len() as u32).collect();
    let hash = |row: u32, attribute| {
        let value = block[row as usize].event.first(attribute);
        value.map_or(0, |value| attribute_hash(attribute, value))
    };
    for run in at_place.chunk_by_mut(|a, b| block[*a as usize].account == block[*b as usize].account) {
        // Any order that puts equals together will do; hashes are the cheapest to compare.
        run.sort_by_cached_key(|row| (hash(*row, Attribute::User), hash(*row, Attribute::EventName), *row));
    }
    at_place
}

/// The section.
pub(super) fn encode(at_place: &[u32]) -> Vec<u8> {
    let mut offsets = vec![0; at_place.len()];
    for (place, row) in at_place.iter().enumerate() {
        offsets[*row as usize] = place as u64 % u64::from(BLOCK_ROWS);
    }
    pack(&offsets)
}

/// The section in a mapped file.
#[derive(Clone, Copy)]
pub(crate) struct Arrangement<'b> {
    offsets: Packed<'b>,
    rows: u32,
}

impl<'b> Arrangement<'b> {
    pub(super) fn open(offsets: Packed<'b>, rows: u32) -> Arrangement<'b> {
        Arrangement { offsets, rows }
    }

    /// The place of a row.
    pub(crate) fn place(self, row: u32) -> u32 {
        let offset = self.offsets.get(row as usize) as u32 % BLOCK_ROWS;
        (row / BLOCK_ROWS * BLOCK_ROWS + offset).min(self.rows.saturating_sub(1))
    }

    /// The blocks these rows are in, as rows, which are also the places they lie at.
    pub(crate) fn blocks_of(self, rows: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
        let first = rows.start / BLOCK_ROWS * BLOCK_ROWS;
        let end = self.rows;
        (first..rows.end.min(end)).step_by(BLOCK_ROWS as usize).map(move |start| start..(start + BLOCK_ROWS).min(end))
    }

    /// The row at each place, from the first place to the last.
    pub(crate) fn rows_in_places(self) -> impl Iterator<Item = u32> {
        self.blocks_of(&(0..self.rows)).flat_map(move |block| {
            let mut at_place = vec![block.start; block.len()];
            for row in block.clone() {
                if let Some(each) = at_place.get_mut((self.place(row) - block.start) as usize) {
                    *each = row;
                }
            }
            at_place
        })
    }
}
