//! Writing a segment: the Parquet file, the index over it, both durable under their final names.

use std::io;
use std::path::{Path, PathBuf};

use host::Disk;
use model::{AccountId, Attribute, Event, Seq, Timestamp};

use super::account_codes;
use super::arrangement;
use super::columns;
use super::format::{ParquetFile, Section, Summary, encode, shift_time};
use super::gather::{Gathered, gather};
use super::key_words::KeyWords;
use super::packed::pack;
use super::pages::{self, PageEntry};
use super::term_table::{self, PLACE_BITS, pair, sort_pairs};
use super::unplain;
use crate::StoreError;
use crate::terms::{NESTED_ESCAPE_MARK, cut, for_each_key_and_value, id_hash, token_hash};

/// An event on its way into a segment.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) seq: Seq,
    pub(crate) account: AccountId,
    pub(crate) received: Timestamp,
    pub(crate) event: Event,
}

impl Row {
    fn key(&self) -> (AccountId, Timestamp, Seq) {
        (self.account, self.event.time(), self.seq)
    }
}

/// A segment that was written.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// File name without extension.
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) first: Seq,
    pub(crate) last: Seq,
    pub(crate) min_time: Timestamp,
    pub(crate) max_time: Timestamp,
    pub(crate) oldest_received: Timestamp,
    /// Of both files.
    pub(crate) bytes: u64,
}

/// The most rows a segment can have: places take 24 bits.
pub(crate) const ROWS_MAX: usize = 1 << PLACE_BITS;

/// The paths of a segment's Parquet file and index.
pub(crate) fn paths(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{name}.parquet")), folder.join(format!("{name}.index")))
}

/// Writes the rows, which must not be empty, as a segment of this level. Both files are durable when this returns;
/// they count once the manifest names them. Blocks.
pub(crate) fn build(disk: &dyn Disk, folder: &Path, level: u32, rows: &[Row]) -> Result<Built, StoreError> {
    assert!(!rows.is_empty() && rows.len() <= ROWS_MAX, "a segment has 1 to {ROWS_MAX} rows");
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_unstable_by_key(|row| row.key());
    let Gathered { at_place, attributes, texts } = gather(&rows);
    let arranged = Arranged::new(rows, at_place);
    let rows = &arranged.rows;
    let first = rows.iter().map(|row| row.seq).min().expect("not empty");
    let last = rows.iter().map(|row| row.seq).max().expect("not empty");
    let name = format!("{:020}-{:020}-{level}", first.0, last.0);
    let (parquet_path, index_path) = paths(folder, &name);
    let (parquet, pages) =
        write_file(disk, &parquet_path, |path, file| columns::write(path, file, &arranged.placed, texts))?;
    let index = encode_index(&arranged, attributes, &pages, parquet);
    let index_bytes = write_index(disk, &index_path, &index)?;
    disk.sync_folder(folder).map_err(|source| StoreError::Disk { action: "sync", path: folder.to_owned(), source })?;
    Ok(Built {
        name,
        rows: rows.len() as u64,
        first,
        last,
        min_time: rows.iter().map(|row| row.event.time()).min().expect("not empty"),
        max_time: rows.iter().map(|row| row.event.time()).max().expect("not empty"),
        oldest_received: rows.iter().map(|row| row.received).min().expect("not empty"),
        bytes: parquet.bytes + index_bytes,
    })
}

/// Writes an index, in place of one of the same name. Gives its length.
pub(super) fn write_index(disk: &dyn Disk, path: &Path, index: &[u8]) -> Result<u64, StoreError> {
    write_file(disk, path, |path, file| {
        file.append(index).map_err(|source| StoreError::Disk { action: "write", path: path.to_owned(), source })?;
        Ok(index.len() as u64)
    })
}

/// Writes under a temporary name, syncs, and renames. What a crash left behind is replaced.
fn write_file<T>(
    disk: &dyn Disk,
    path: &Path,
    write: impl FnOnce(&Path, &mut dyn host::DiskFile) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let disk_error = |action| move |source| StoreError::Disk { action, path: path.to_owned(), source };
    let temporary = path.with_extension("writing");
    match disk.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk_error("remove")(error)),
        _ => {}
    }
    let mut file = disk.create(&temporary).map_err(disk_error("create"))?;
    let written = write(&temporary, &mut *file);
    let result = written.and_then(|result| file.sync().map_err(disk_error("sync")).map(|()| result));
    match result {
        Ok(result) => {
            disk.rename(&temporary, path).map_err(disk_error("rename"))?;
            Ok(result)
        }
        Err(error) => {
            // A full disk should get its space back; the error that counts is the first.
            let _ = disk.remove(&temporary);
            Err(error)
        }
    }
}

/// Rows in both orders.
pub(super) struct Arranged<'r> {
    /// By number.
    pub(super) rows: Vec<&'r Row>,
    /// The row at each place.
    pub(super) at_place: Vec<u32>,
    /// By place.
    pub(super) placed: Vec<&'r Row>,
}

impl<'r> Arranged<'r> {
    fn new(rows: Vec<&'r Row>, at_place: Vec<u32>) -> Arranged<'r> {
        let placed = at_place.iter().map(|row| rows[*row as usize]).collect();
        Arranged { rows, at_place, placed }
    }

    /// From rows in the order of places.
    pub(super) fn of_placed(placed: &'r [Row]) -> Arranged<'r> {
        let mut at_row: Vec<u32> = (0..placed.len() as u32).collect();
        at_row.sort_unstable_by_key(|place| placed[*place as usize].key());
        let mut at_place = vec![0; placed.len()];
        at_row.iter().enumerate().for_each(|(row, place)| at_place[*place as usize] = row as u32);
        let rows = at_row.iter().map(|place| &placed[*place as usize]).collect();
        Arranged { rows, at_place, placed: placed.iter().collect() }
    }
}

/// The index. `attributes` as [`super::gather::index_attributes`] gives them.
pub(super) fn encode_index(
    arranged: &Arranged<'_>,
    attributes: Vec<u64>,
    pages: &[PageEntry],
    parquet: ParquetFile,
) -> Vec<u8> {
    let Arranged { rows, at_place, placed } = arranged;
    let column = |number: &dyn Fn(&Row) -> u64| pack(&rows.iter().map(|row| number(row)).collect::<Vec<_>>());
    let summary = Summary {
        rows: rows.len() as u64,
        raw_bytes: rows.iter().map(|row| row.event.raw().len() as u64).sum(),
        received_min: rows.iter().map(|row| row.received.0).min().unwrap_or(0),
        received_max: rows.iter().map(|row| row.received.0).max().unwrap_or(0),
    };
    let (tokens, key_words) = encode_tokens(placed, pages);
    encode(&[
        (Section::Summary, summary.encode()),
        (Section::Accounts, encode_accounts(rows)),
        (Section::Times, column(&|row| shift_time(row.event.time().0))),
        (Section::Seqs, column(&|row| row.seq.0)),
        (Section::Received, column(&|row| shift_time(row.received.0))),
        (Section::Pages, pages::encode(pages)),
        (Section::Ids, encode_ids(rows)),
        (Section::Attributes, encode_terms(attributes, rows.len())),
        (Section::Tokens, tokens),
        (Section::Arrangement, arrangement::encode(at_place)),
        (Section::Parquet, parquet.encode()),
        (Section::KeyWords, key_words.encode()),
        (Section::Unplain, unplain::encode(rows)),
        (Section::IdentityAccounts, account_codes::encode(rows, Attribute::IdentityAccountId)),
        (Section::RecipientAccounts, account_codes::encode(rows, Attribute::RecipientAccountId)),
    ])
}

fn encode_accounts(rows: &[&Row]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut start = 0_u32;
    for run in rows.chunk_by(|a, b| a.account == b.account) {
        let account = run[0].account.as_bytes();
        let mut id = [0; 24];
        id[..account.len()].copy_from_slice(account);
        id[20] = account.len() as u8;
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(&start.to_le_bytes());
        start += run.len() as u32;
        bytes.extend_from_slice(&start.to_le_bytes());
    }
    bytes
}

fn encode_ids(rows: &[&Row]) -> Vec<u8> {
    let of_row = |(row, each): (usize, &&Row)| pair(id_hash(each.account, each.event.id()), row as u32);
    let mut ids: Vec<u64> = rows.iter().enumerate().map(of_row).collect();
    ids.sort_unstable();
    ids.iter().flat_map(|id| id.to_le_bytes()).collect()
}

/// `pairs` of terms and places, in the order of places.
fn encode_terms(mut pairs: Vec<u64>, places: usize) -> Vec<u8> {
    sort_pairs(&mut pairs);
    term_table::build(&pairs, places as u32)
}

/// The words of values, and those of keys.
fn encode_tokens(placed: &[&Row], pages: &[PageEntry]) -> (Vec<u8>, KeyWords) {
    let mut pairs = Vec::with_capacity(placed.len() * 10);
    let mut key_words = KeyWords::default();
    let mut seen = SeenOnPage::default();
    let mut values = ValuesOfPage::default();
    let mut unescaped = Vec::new();
    for (page, entry) in pages.iter().enumerate() {
        let end = pages.get(page + 1).map_or(placed.len(), |next| next.first_place as usize);
        seen.next_page();
        values.next_page();
        for row in &placed[entry.first_place as usize..end] {
            let raw = row.event.raw();
            for_each_key_and_value(
                raw,
                |key| key_words.see(key),
                |value| {
                    if !values.is_new(value.text) {
                        return;
                    }
                    let mut see = |hash| {
                        if seen.is_new(hash) {
                            pairs.push(pair(hash, page as u32));
                        }
                    };
                    if value.has_nested_escape() {
                        see(NESTED_ESCAPE_MARK);
                    }
                    cut(value.plain(&mut unescaped), |token| see(token_hash(token)));
                },
            );
        }
    }
    (encode_terms(pairs, pages.len()), key_words)
}

/// The values of a page, so that each is cut once: neighbours share most of theirs. Like [`SeenOnPage`] it may forget.
struct ValuesOfPage<'r> {
    slots: Vec<&'r [u8]>,
}

impl Default for ValuesOfPage<'_> {
    fn default() -> Self {
        ValuesOfPage { slots: vec![&[]; 1 << 10] }
    }
}

impl<'r> ValuesOfPage<'r> {
    fn next_page(&mut self) {
        self.slots.fill(&[]);
    }

    fn is_new(&mut self, value: &'r [u8]) -> bool {
        // Both ends and the length tell values apart well enough, whatever their length.
        let head = value.first_chunk().map_or(0, |head| u64::from_le_bytes(*head));
        let tail = value.last_chunk().map_or_else(|| short(value), |tail| u64::from_le_bytes(*tail));
        let mixed = (head ^ tail.rotate_left(29) ^ value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        std::mem::replace(&mut self.slots[(mixed >> 54) as usize], value) != value
    }
}

/// Fewer than eight bytes as a number.
fn short(value: &[u8]) -> u64 {
    value.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The tokens of a page, so that each is noted once. A fixed table that may forget (two hashes share a slot): what is
/// noted twice is told apart when the pairs are sorted.
struct SeenOnPage {
    slots: Vec<(u64, u32)>,
    page: u32,
}

impl Default for SeenOnPage {
    fn default() -> Self {
        SeenOnPage { slots: vec![(0, 0); 1 << 11], page: 0 }
    }
}

impl SeenOnPage {
    fn next_page(&mut self) {
        self.page += 1;
    }

    fn is_new(&mut self, hash: u64) -> bool {
        let slot = (hash >> 53) as usize;
        std::mem::replace(&mut self.slots[slot], (hash, self.page)) != (hash, self.page)
    }
}
