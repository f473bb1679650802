//! The index file: a header, sections, and how numbers are read from them. All integers are little endian.
//!
//! ```text
//! magic "CAIRNX01"  section count u32  crc32c of the section table u32
//! section table: for each  kind u32, crc32c of the section u32, offset u64, length u64
//! sections, each at a multiple of 8
//! ```
//! A reader maps the file and checks the table; sections are checked by the doctor (a start does not read them all).

use std::ops::Range;

pub(crate) const INDEX_MAGIC: &[u8; 8] = b"CAIRNX01";
const HEADER_BYTES: usize = 16;
const TABLE_ROW_BYTES: usize = 24;

/// The sections. The number is written to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Section {
    /// [`Summary`].
    Summary = 1,
    /// One row an account, sorted: id (20 bytes, zero-padded), its length u8, 3 zero bytes, first row u32, end row u32.
    Accounts = 2,
    /// Packed: event time, ms, shifted by 2^63.
    Times = 3,
    /// Packed: sequence numbers.
    Seqs = 4,
    /// Packed: receipt time, ms, shifted by 2^63.
    Received = 5,
    /// One row a page of the JSON column, see `pages`.
    Pages = 6,
    /// Sorted u64 an event: the upper 40 bits of its id's hash, then 24 bits of row.
    Ids = 7,
    /// Term table: attribute values to rows.
    Attributes = 8,
    /// Term table: tokens to pages.
    Tokens = 9,
    /// Packed: where each row lies in the Parquet file, see `arrangement`.
    Arrangement = 10,
    /// [`ParquetFile`].
    Parquet = 11,
    /// Words of keys, see `key_words`. Optional: earlier versions did not write it.
    KeyWords = 12,
    /// The rows whose columns are not plain, see `unplain`. Optional, too.
    Unplain = 13,
    /// Whose identities acted, see `account_codes`. Optional, too.
    IdentityAccounts = 14,
    /// Whose events they say they are, likewise.
    RecipientAccounts = 15,
}

const SECTIONS: [Section; 15] = [
    Section::Summary,
    Section::Accounts,
    Section::Times,
    Section::Seqs,
    Section::Received,
    Section::Pages,
    Section::Ids,
    Section::Attributes,
    Section::Tokens,
    Section::Arrangement,
    Section::Parquet,
    Section::KeyWords,
    Section::Unplain,
    Section::IdentityAccounts,
    Section::RecipientAccounts,
];
/// The first so many are in every file.
const REQUIRED: usize = 11;

/// Puts the file together.
pub(crate) fn encode(sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let table_end = HEADER_BYTES + sections.len() * TABLE_ROW_BYTES;
    let mut table = Vec::with_capacity(table_end);
    let mut body = Vec::new();
    for (section, bytes) in sections {
        table.extend_from_slice(&(*section as u32).to_le_bytes());
        table.extend_from_slice(&crc32c::crc32c(bytes).to_le_bytes());
        table.extend_from_slice(&((table_end + body.len()) as u64).to_le_bytes());
        table.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        body.extend_from_slice(bytes);
        body.resize(body.len().next_multiple_of(8), 0);
    }
    let mut file = Vec::with_capacity(table_end + body.len());
    file.extend_from_slice(INDEX_MAGIC);
    file.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    file.extend_from_slice(&crc32c::crc32c(&table).to_le_bytes());
    file.extend_from_slice(&table);
    file.extend_from_slice(&body);
    file
}

/// Where the sections of a file are.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    ranges: [Range<usize>; SECTIONS.len()],
    crcs: [u32; SECTIONS.len()],
}

impl Table {
    /// Reads and checks the table; says what is wrong otherwise.
    pub(crate) fn read(file: &[u8]) -> Result<Table, String> {
        if !file.starts_with(INDEX_MAGIC) {
            return Err("it does not begin with CAIRNX01".to_owned());
        }
        let count = read_u32(file, 8).ok_or("it is too short")? as usize;
        let crc = read_u32(file, 12).ok_or("it is too short")?;
        let rows = file.get(HEADER_BYTES..HEADER_BYTES + count.min(64) * TABLE_ROW_BYTES).ok_or("it is too short")?;
        if crc32c::crc32c(rows) != crc {
            return Err("its section table has changed".to_owned());
        }
        let mut table = Table { ranges: std::array::from_fn(|_| 0..0), crcs: [0; SECTIONS.len()] };
        for row in rows.chunks_exact(TABLE_ROW_BYTES) {
            let kind = read_u32(row, 0).unwrap_or(0);
            let offset = read_u64(row, 8).unwrap_or(0) as usize;
            let end = offset.saturating_add(read_u64(row, 16).unwrap_or(0) as usize);
            if end > file.len() {
                return Err(format!("section {kind} ends beyond the file"));
            }
            // A kind this version does not know was added by a later one and can be passed over.
            if let Some(index) = SECTIONS.iter().position(|section| *section as u32 == kind) {
                table.ranges[index] = offset..end;
                table.crcs[index] = read_u32(row, 4).unwrap_or(0);
            }
        }
        match SECTIONS[..REQUIRED].iter().find(|section| table.range(**section).is_empty()) {
            Some(missing) => Err(format!("section {missing:?} is missing")),
            None => Ok(table),
        }
    }

    pub(crate) fn range(&self, section: Section) -> Range<usize> {
        let index = SECTIONS.iter().position(|each| *each == section).expect("every section is listed");
        self.ranges[index].clone()
    }

    /// The sections that differ from their checksums.
    pub(crate) fn changed(&self, file: &[u8]) -> Vec<Section> {
        let is_changed = |index: &usize| {
            let bytes = file.get(self.ranges[*index].clone()).unwrap_or_default();
            crc32c::crc32c(bytes) != self.crcs[*index]
        };
        (0..SECTIONS.len()).filter(is_changed).map(|index| SECTIONS[index]).collect()
    }

    /// Names the first section that has changed, if any.
    pub(crate) fn verify(&self, file: &[u8]) -> Result<(), String> {
        self.changed(file).first().map_or(Ok(()), |section| Err(format!("section {section:?} has changed")))
    }
}

/// The index as versions before the optional sections wrote it.
#[cfg(test)]
pub(crate) fn without_optional_sections(file: &[u8]) -> Vec<u8> {
    let table = Table::read(file).expect("whole");
    let section = |section: &Section| (*section, file[table.range(*section)].to_vec());
    encode(&SECTIONS[..REQUIRED].iter().map(section).collect::<Vec<_>>())
}

/// The Parquet file the index belongs to: its length u64, crc32c of all its bytes u32, 4 zero bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ParquetFile {
    pub(crate) bytes: u64,
    pub(crate) crc: u32,
}

impl ParquetFile {
    pub(crate) fn encode(self) -> Vec<u8> {
        [&self.bytes.to_le_bytes()[..], &self.crc.to_le_bytes(), &[0; 4]].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<ParquetFile> {
        Some(ParquetFile { bytes: read_u64(bytes, 0)?, crc: read_u32(bytes, 8)? })
    }
}

/// The summary section: what the manifest does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) rows: u64,
    pub(crate) raw_bytes: u64,
    pub(crate) received_min: i64,
    pub(crate) received_max: i64,
}

impl Summary {
    pub(crate) fn encode(self) -> Vec<u8> {
        let fields = [self.rows, self.raw_bytes, self.received_min as u64, self.received_max as u64];
        fields.iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Summary> {
        Some(Summary {
            rows: read_u64(bytes, 0)?,
            raw_bytes: read_u64(bytes, 8)?,
            received_min: read_u64(bytes, 16)? as i64,
            received_max: read_u64(bytes, 24)? as i64,
        })
    }
}

/// Times are signed, packed numbers are not: shifted so that the order stays.
pub(crate) fn shift_time(milliseconds: i64) -> u64 {
    (milliseconds as u64) ^ (1 << 63)
}

/// The other way.
pub(crate) fn unshift_time(shifted: u64) -> i64 {
    (shifted ^ (1 << 63)) as i64
}

pub(crate) fn read_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(offset..offset + 4)?.try_into().ok()?))
}

pub(crate) fn read_u64(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(offset..offset + 8)?.try_into().ok()?))
}

/// Appends a number in 7-bit groups, lowest first.
pub(crate) fn write_varint(into: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Reads such a number and moves `at` behind it; 0 at the end of the bytes.
pub(crate) fn read_varint(bytes: &[u8], at: &mut usize) -> u32 {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = bytes.get(*at).copied().unwrap_or(0);
        *at += 1;
        value |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte < 0x80 {
            break;
        }
    }
    value
}
