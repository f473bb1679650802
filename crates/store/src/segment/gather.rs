//! One look at the facts of every event of a segment.
//!
//! Events lie all over the memory, so each look costs cache misses; a look per column and index would cost more than
//! compressing the JSON. Rows are taken a block at a time: index entries in the order of row numbers, then, while the
//! block is still in the processor's cache, the columns' values in the order of places.

use bytes::Bytes;
use model::Attribute;
use parquet::data_type::ByteArray;

use super::arrangement::{BLOCK_ROWS, arrange};
use super::build::Row;
use super::columns::{TEXT_COLUMNS, is_list};
use super::term_table::pair;
use crate::terms::attribute_hash;

/// What was seen.
pub(super) struct Gathered {
    /// The row at each place.
    pub(super) at_place: Vec<u32>,
    /// Each indexed attribute value with its row, in the order of rows.
    pub(super) attributes: Vec<u64>,
    /// The values of each text column, in the order of places.
    pub(super) texts: Vec<Texts>,
}

/// Looks at the rows, which are in the order of their numbers.
pub(super) fn gather(rows: &[&Row]) -> Gathered {
    let mut attributes = Vec::with_capacity(rows.len() * 14);
    let mut at_place = Vec::with_capacity(rows.len());
    let mut texts: Vec<Texts> = TEXT_COLUMNS.iter().map(|_| Texts::default()).collect();
    let mut column_of = [None; 256];
    for (column, (_, attribute)) in TEXT_COLUMNS.iter().enumerate() {
        column_of[*attribute as usize] = Some((column, is_list(*attribute)));
    }
    for (block, in_block) in rows.chunks(BLOCK_ROWS as usize).enumerate() {
        let first = block as u32 * BLOCK_ROWS;
        index_attributes(first, in_block, &mut attributes);
        for offset in arrange(in_block) {
            at_place.push(first + offset);
            for (attribute, value) in in_block[offset as usize].event.attributes() {
                if let Some((column, is_list)) = column_of[attribute as usize] {
                    texts[column].push(value.as_bytes(), is_list);
                }
            }
            texts.iter_mut().for_each(Texts::end_row);
        }
    }
    Gathered { at_place, attributes, texts }
}

/// Appends each attribute value that has an index with its row; the first row's number is `first`.
pub(super) fn index_attributes(first: u32, rows: &[&Row], into: &mut Vec<u64>) {
    for (row, each) in (first..).zip(rows) {
        let indexed = each.event.attributes().filter(|(attribute, _)| *attribute != Attribute::EventId);
        into.extend(indexed.map(|(attribute, value)| pair(attribute_hash(attribute, value), row)));
    }
}

/// The values of a column, one after the other.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    lens: Vec<u32>,
    /// How many values each row has.
    counts: Vec<u32>,
    of_row: u32,
}

impl Texts {
    fn push(&mut self, value: &[u8], is_list: bool) {
        if is_list || self.of_row == 0 {
            self.bytes.extend_from_slice(value);
            self.lens.push(value.len() as u32);
            self.of_row += 1;
        }
    }

    fn end_row(&mut self) {
        self.counts.push(std::mem::take(&mut self.of_row));
    }

    /// Hands out the values in chunks of rows, with each row's number of values.
    pub(super) fn into_chunks(self, rows: usize) -> impl Iterator<Item = (Vec<ByteArray>, Vec<u32>)> {
        let bytes = Bytes::from(self.bytes);
        let (mut value, mut start) = (0, 0);
        let mut counts = self.counts.into_iter();
        std::iter::from_fn(move || {
            let of_rows: Vec<u32> = counts.by_ref().take(rows).collect();
            let values = of_rows.iter().sum::<u32>() as usize;
            let lens = &self.lens[value..value + values];
            value += values;
            let cut = |len: &u32| {
                let end = start + *len as usize;
                ByteArray::from(bytes.slice(std::mem::replace(&mut start, end)..end))
            };
            (!of_rows.is_empty()).then(|| (lens.iter().map(cut).collect(), of_rows))
        })
    }
}
