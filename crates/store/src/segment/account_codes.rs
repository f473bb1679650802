//! The accounts that events name, as small numbers in the order of rows. They have no Parquet column: nearly always it is
//! the same one, so this costs an eighth of a byte an event.
//!
//! ```text
//! values u32  for each  length u32, bytes   then zero bytes to a multiple of 8   then packed codes; 0: no value
//! ```
//! Empty when there are too many values to be worth it.

use std::collections::HashMap;

use model::Attribute;

use super::build::Row;
use super::codes::Values;
use super::format::{Section, read_u32};
use super::packed::{Packed, pack};

/// More than any account's events name, unless somebody makes them up.
const VALUES_MAX: usize = 4096;

/// The section of an attribute that is kept so.
pub(super) fn section_of(attribute: Attribute) -> Option<Section> {
    match attribute {
        Attribute::IdentityAccountId => Some(Section::IdentityAccounts),
        Attribute::RecipientAccountId => Some(Section::RecipientAccounts),
        _ => None,
    }
}

/// The section, of rows in the order of their numbers.
pub(super) fn encode(rows: &[&Row], attribute: Attribute) -> Vec<u8> {
    let mut known: HashMap<&str, u64> = HashMap::new();
    let mut values: Vec<&str> = Vec::new();
    let mut codes = Vec::with_capacity(rows.len());
    let mut last = ("", 0);
    for row in rows {
        let value = row.event.first(attribute).unwrap_or_default();
        if value != last.0 {
            let next = values.len() as u64 + 1;
            last = (value, if value.is_empty() { 0 } else { *known.entry(value).or_insert(next) });
            if last.1 == next {
                values.push(value);
            }
        }
        codes.push(last.1);
    }
    if values.len() > VALUES_MAX {
        return Vec::new();
    }
    let mut bytes = (values.len() as u32).to_le_bytes().to_vec();
    for value in values {
        bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        bytes.extend_from_slice(value.as_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend_from_slice(&pack(&codes));
    bytes
}

/// The values and each row's code; `None` when the section has none, or not for so many rows.
pub(super) fn decode(section: &[u8], rows: usize) -> Option<(Vec<u32>, Values)> {
    let count = read_u32(section, 0)?;
    let mut values = Values::default();
    let mut at = 4_usize;
    for _ in 0..count {
        let end = (at + 4).checked_add(read_u32(section, at)? as usize)?;
        values.push(section.get(at + 4..end)?);
        at = end;
    }
    let packed = Packed::open(section.get(at.next_multiple_of(8)..)?).filter(|packed| packed.len() == rows)?;
    let code = |code: u64| if code <= u64::from(count) { code as u32 } else { 0 };
    Some((packed.range(0..rows).into_iter().map(code).collect(), values))
}
