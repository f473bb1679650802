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
pub(crate) const BLOCK_ROWS: u32 = 2048;

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

/// Whether every row is in its own block.
pub(super) fn is_sound(at_place: &[u32]) -> bool {
    at_place.iter().enumerate().all(|(place, row)| place as u32 / BLOCK_ROWS == row / BLOCK_ROWS)
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
        self.place_of(row, self.offsets.get(row as usize))
    }

    /// The place of a row whose offset was read already.
    pub(crate) fn place_of(self, row: u32, offset: u64) -> u32 {
        (row / BLOCK_ROWS * BLOCK_ROWS + offset as u32 % BLOCK_ROWS).min(self.rows.saturating_sub(1))
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::{AccountId, Event, Seq, Timestamp};

    use super::*;

    fn row(n: u64) -> Row {
        let account: AccountId = ["11", "22", "33"][n as usize / 1800 % 3].parse().expect("digits");
        let json = format!(
            r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:30:00Z","eventName":"N{}","userIdentity":{{"userName":"u{}"}}}}"#,
            n % 7,
            n % 13
        );
        let event = Event::parse(Bytes::from(json)).expect("valid");
        Row { seq: Seq(n), account, received: Timestamp(0), event }
    }

    #[test]
    fn every_row_has_one_place_in_its_block_and_likes_lie_together() {
        let rows: Vec<Row> = (0..5000).map(row).collect();
        let rows: Vec<&Row> = rows.iter().collect();
        let mut at_place = Vec::new();
        for (block, in_block) in rows.chunks(BLOCK_ROWS as usize).enumerate() {
            at_place.extend(arrange(in_block).into_iter().map(|row| row + block as u32 * BLOCK_ROWS));
        }
        assert!(is_sound(&at_place));
        let packed = encode(&at_place);
        let arrangement = Arrangement::open(Packed::open(&packed).expect("whole"), 5000);
        assert_eq!(arrangement.rows_in_places().collect::<Vec<u32>>(), at_place);
        assert!((0..5000).all(|row| at_place[arrangement.place(row) as usize] == row));

        let kind = |place: &u32| {
            let row = rows[*place as usize];
            (row.account, row.event.first(Attribute::User), row.event.first(Attribute::EventName))
        };
        let changes = at_place.windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count();
        assert!(changes < 91 * 6, "{changes} times another kind follows");
        let blocks: Vec<Range<u32>> = arrangement.blocks_of(&(2047..2049)).collect();
        assert_eq!(blocks, [0..2048, 2048..4096]);
        assert_eq!(arrangement.blocks_of(&(4999..5000)).collect::<Vec<_>>(), vec![4096..5000]);
    }
}
