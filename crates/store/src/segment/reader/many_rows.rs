//! Reading a segment by many rows at once: numbers a block at a time, events a page at a time.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use model::{Attribute, Timestamp};

use super::super::format::{Section, read_u32, unshift_time};
use super::super::{Kept, RowCodes, Values, account_codes, key_words, unplain};
use super::Segment;
use crate::StoreError;

impl Segment {
    /// The numbers of these rows.
    pub(crate) fn seqs_in(&self, rows: Range<u32>) -> Vec<u64> {
        self.column(Section::Seqs).range(rows.start as usize..rows.end as usize)
    }

    /// When the events of these rows happened; quick when the rows are near each other.
    pub(crate) fn times_of(&self, rows: impl Iterator<Item = u32> + Clone) -> Vec<Timestamp> {
        let (Some(first), Some(last)) = (rows.clone().min(), rows.clone().max()) else { return Vec::new() };
        let column = self.column(Section::Times);
        let shown = |shifted| Timestamp(unshift_time(shifted));
        if (last - first) as usize > rows.clone().count().saturating_mul(4) {
            return rows.map(|row| shown(column.get(row as usize))).collect();
        }
        let times = column.range(first as usize..last as usize + 1);
        rows.map(|row| shown(times[(row - first) as usize])).collect()
    }

    /// Where these rows lie in the Parquet file.
    pub(crate) fn places_in(&self, rows: Range<u32>) -> Vec<u32> {
        let arrangement = self.arrangement();
        let offsets = self.column(Section::Arrangement).range(rows.start as usize..rows.end as usize);
        rows.zip(offsets).map(|(row, offset)| arrangement.place_of(row, offset)).collect()
    }

    /// Whether a word may be part of a key.
    pub(crate) fn may_have_key_word(&self, hash: u64) -> bool {
        key_words::may_have(self.section(Section::KeyWords), hash)
    }

    /// Whether pages with escapes within escapes are marked.
    pub(crate) fn marks_nested_escapes(&self) -> bool {
        !self.section(Section::KeyWords).is_empty()
    }

    /// Whether it is known where an attribute's column says what the JSON does.
    pub(crate) fn knows_plain(&self, attribute: Attribute) -> bool {
        let is_missing = account_codes::section_of(attribute).is_some_and(|section| self.section(section).is_empty());
        !is_missing && unplain::is_known(self.section(Section::Unplain), attribute)
    }

    /// The rows where an attribute's column does not say what the JSON does; `None` when that is not known.
    pub(crate) fn unplain(&self, attribute: Attribute) -> Option<Vec<u32>> {
        if account_codes::section_of(attribute).is_some_and(|section| self.section(section).is_empty()) {
            return None;
        }
        unplain::rows(self.section(Section::Unplain), attribute, self.rows)
    }

    /// The codes, in the order of rows, of an attribute that has them in the index.
    pub(crate) fn indexed_codes(&self, attribute: Attribute) -> Option<(Vec<u32>, Values)> {
        account_codes::decode(self.section(account_codes::section_of(attribute)?), self.rows as usize)
    }

    /// A column that was read lately.
    pub(crate) fn kept_column(&self, which: Kept) -> Option<Arc<RowCodes>> {
        self.caches.columns.get(&(self.entry.id, which))
    }

    /// Keeps a column for those who ask next.
    pub(crate) fn keep_column(&self, which: Kept, column: Arc<RowCodes>) {
        self.caches.columns.insert((self.entry.id, which), column);
    }

    /// The rows of the window that lie on one of these pages, ascending.
    pub(crate) fn rows_on(&self, pages: &[u32], window: &Range<u32>) -> Vec<u32> {
        let arrangement = self.arrangement();
        let places: Vec<Range<u32>> = pages.iter().map(|page| self.places_on_page(*page)).collect();
        let mut rows = Vec::new();
        for block in arrangement.blocks_of(window) {
            let start = places.partition_point(|places| places.end <= block.start);
            let end = start + places[start..].partition_point(|places| places.start < block.end);
            let on_pages = &places[start..end];
            if on_pages.is_empty() {
                continue;
            }
            let in_window = block.start.max(window.start)..block.end.min(window.end);
            rows.extend(in_window.filter(|row| {
                let place = arrangement.place(*row);
                let page = on_pages.partition_point(|places| places.end <= place);
                on_pages.get(page).is_some_and(|places| places.contains(&place))
            }));
        }
        rows
    }
}

/// A page of JSON, kept open while its rows are read. Not from the cache and not into it: who reads many rows would only
/// drive out what others come back to.
#[derive(Default)]
pub(crate) struct OpenPage {
    places: Range<u32>,
    bytes: Bytes,
    /// Where each value starts and ends.
    values: Vec<(u32, u32)>,
}

impl OpenPage {
    /// The JSON at a place. Whoever reads places in order decompresses each page once. Also gives the bytes that had to be
    /// decompressed for it.
    pub(crate) fn raw(&mut self, segment: &Segment, place: u32) -> Result<(Bytes, u64), StoreError> {
        let mut decompressed = 0;
        if !self.places.contains(&place) {
            let page = segment.pages().of_place(place) as u32;
            self.bytes = segment.read_page(page)?;
            self.places = segment.places_on_page(page);
            self.values = values(&self.bytes);
            decompressed = self.bytes.len() as u64;
        }
        let at = place.checked_sub(self.places.start).and_then(|at| self.values.get(at as usize));
        let (start, end) = at.ok_or_else(|| segment.damaged(format!("no page has place {place}")))?;
        Ok((self.bytes.slice(*start as usize..*end as usize), decompressed))
    }
}

fn values(page: &[u8]) -> Vec<(u32, u32)> {
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(length) = read_u32(page, at) {
        let start = at + 4;
        at = start + length as usize;
        if at > page.len() {
            break;
        }
        values.push((start as u32, at as u32));
    }
    values
}
