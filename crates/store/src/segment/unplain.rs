//! The rows whose typed columns do not say what the JSON says at the column's path; see `model::Event::is_plain`.
//!
//! ```text
//! columns u32, then for each  attribute u8, 3 zero bytes, offset u32, length u32   then the postings
//! ```
//! A column that is listed with no bytes is plain in every row; one that is not listed is plain in none.

use model::Attribute;

use super::account_codes;
use super::build::Row;
use super::codes::has_codes;
use super::format::read_u32;
use super::postings::{self, Postings};

const ENTRY_BYTES: usize = 12;

/// Whether an attribute has a path and codes to compare with what is there.
pub(crate) fn is_listed(attribute: Attribute) -> bool {
    let is_kept = has_codes(attribute) || account_codes::section_of(attribute).is_some();
    attribute.path().is_some() && is_kept
}

/// The section, of rows in the order of their numbers.
pub(super) fn encode(rows: &[&Row]) -> Vec<u8> {
    let columns: Vec<Attribute> = Attribute::ALL.into_iter().filter(|each| is_listed(*each)).collect();
    let mut unplain: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
    for (row, each) in rows.iter().enumerate() {
        if each.event.is_plain_throughout() {
            continue;
        }
        for (attribute, rows) in columns.iter().zip(&mut unplain) {
            if !each.event.is_plain(*attribute) {
                rows.push(row as u32);
            }
        }
    }
    let mut entries = (columns.len() as u32).to_le_bytes().to_vec();
    let mut posted = Vec::new();
    let start = 4 + columns.len() * ENTRY_BYTES;
    for (attribute, rows) in columns.iter().zip(&unplain) {
        let offset = start + posted.len();
        if !rows.is_empty() {
            postings::encode(&mut posted, rows);
        }
        entries.extend_from_slice(&[*attribute as u8, 0, 0, 0]);
        entries.extend_from_slice(&(offset as u32).to_le_bytes());
        entries.extend_from_slice(&((start + posted.len() - offset) as u32).to_le_bytes());
    }
    entries.extend_from_slice(&posted);
    entries
}

fn entry(section: &[u8], attribute: Attribute) -> Option<&[u8]> {
    let columns = read_u32(section, 0)? as usize;
    let mut entries = section.get(4..)?.chunks_exact(ENTRY_BYTES).take(columns);
    entries.find(|entry| entry[0] == attribute as u8)
}

/// Whether [`rows`] has something to say of an attribute.
pub(super) fn is_known(section: &[u8], attribute: Attribute) -> bool {
    entry(section, attribute).is_some()
}

/// The rows in which the attribute's column is not plain; `None` when nothing is known.
pub(super) fn rows(section: &[u8], attribute: Attribute, rows: u32) -> Option<Vec<u32>> {
    let entry = entry(section, attribute)?;
    let (offset, length) = (read_u32(entry, 4)? as usize, read_u32(entry, 8)? as usize);
    let mut unplain = Vec::new();
    if length > 0 {
        Postings::open(section.get(offset..offset.checked_add(length)?)?).places_in(0..rows, &mut unplain);
    }
    Some(unplain)
}
