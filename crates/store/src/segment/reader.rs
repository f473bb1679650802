//! Reading a segment: which rows an account has, which of them hold a term, and the events themselves.

mod many_rows;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use host::{Disk, DiskFile, Mapped};
use model::{AccountId, Event, Seq, Timestamp};

use super::arrangement::Arrangement;
use super::build::{Row, paths};
use super::caches::Caches;
use super::format::{Section, Summary, Table, read_u32, read_u64, unshift_time};
use super::packed::Packed;
use super::pages::{Pages, value_at, values};
use super::postings::partition;
use super::term_table::{HASH_BITS, Occurrences, PLACE_BITS, TermTable};
use crate::StoreError;
use crate::lookup::{Found, Position};
use crate::terms::{attribute_hash, id_hash};

pub(crate) use many_rows::OpenPage;

const ACCOUNT_ROW_BYTES: usize = 32;
/// Bytes of ids read at once; a multiple of eight.
const ID_READ_BYTES: usize = 1 << 20;
/// A page is closed at 128 KiB and may then hold one event more, of at most 256 KiB. What a damaged index says beyond
/// this is not believed.
const PAGE_BYTES_MAX: u32 = 1 << 20;

/// An open segment. Its index is mapped; the Parquet file is read page by page.
pub(crate) struct Segment {
    /// Its row in the manifest.
    pub(crate) entry: catalog::Segment,
    pub(crate) summary: Summary,
    parquet_path: PathBuf,
    parquet: Arc<dyn DiskFile>,
    index_path: PathBuf,
    index: Mapped,
    table: Table,
    rows: u32,
    caches: Arc<Caches>,
}

impl Segment {
    /// Opens a segment of the manifest and checks that its index is one and fits the manifest.
    pub(crate) fn open(
        disk: &dyn Disk,
        folder: &Path,
        entry: catalog::Segment,
        caches: Arc<Caches>,
    ) -> Result<Segment, StoreError> {
        let (parquet_path, index_path) = paths(folder, &entry.file);
        let open_error = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Disk { action: "open", path, source }
        };
        let parquet = disk.open(&parquet_path).map_err(open_error(&parquet_path))?;
        let index = disk.map(&index_path).map_err(open_error(&index_path))?;
        let damaged = |what: String| StoreError::Damaged { path: index_path.clone(), what };
        let table = Table::read((*index).as_ref()).map_err(damaged)?;
        let summary = Summary::decode(&(*index).as_ref()[table.range(Section::Summary)]);
        let summary = summary.ok_or_else(|| damaged("its summary is too short".to_owned()))?;
        if summary.rows != entry.rows {
            return Err(damaged(format!("it has {} rows, the manifest says {}", summary.rows, entry.rows)));
        }
        let rows = entry.rows as u32;
        let segment = Segment {
            entry,
            summary,
            parquet_path,
            parquet: Arc::from(parquet),
            index_path: index_path.clone(),
            index,
            table,
            rows,
            caches,
        };
        for section in [Section::Times, Section::Seqs, Section::Received, Section::Arrangement] {
            if Packed::open(segment.section(section)).is_none_or(|column| column.len() != rows as usize) {
                return Err(damaged(format!("section {section:?} does not have {rows} values")));
            }
        }
        Ok(segment)
    }

    fn section(&self, section: Section) -> &[u8] {
        (*self.index).as_ref().get(self.table.range(section)).unwrap_or_default()
    }

    fn column(&self, section: Section) -> Packed<'_> {
        Packed::open(self.section(section)).expect("checked when the segment was opened")
    }

    /// The Parquet file, for reading its columns.
    pub(super) fn parquet_file(&self) -> (Arc<dyn DiskFile>, &Path) {
        (self.parquet.clone(), &self.parquet_path)
    }

    /// No event's position is before the first of these or behind the second.
    pub(crate) fn span(&self) -> (Position, Position) {
        let begin = Position { time: self.entry.min_time, seq: Seq::ZERO };
        (begin, Position { time: self.entry.max_time, seq: Seq(u64::MAX) })
    }

    /// The account's rows, in order of time.
    pub(crate) fn rows_of(&self, account: AccountId) -> Range<u32> {
        let accounts = self.section(Section::Accounts);
        let mut wanted = [0; 20];
        wanted[..account.as_bytes().len()].copy_from_slice(account.as_bytes());
        let id_of =
            |index: usize| accounts.get(index * ACCOUNT_ROW_BYTES..index * ACCOUNT_ROW_BYTES + 20).unwrap_or(&[]);
        let count = accounts.len() / ACCOUNT_ROW_BYTES;
        let index = partition(count, |index| id_of(index) < &wanted[..]);
        if index == count || id_of(index) != wanted {
            return 0..0;
        }
        let row = index * ACCOUNT_ROW_BYTES;
        let end = read_u32(accounts, row + 28).unwrap_or(0).min(self.rows);
        read_u32(accounts, row + 24).unwrap_or(0).min(end)..end
    }

    /// The part of `rows` (of one account) within a range of positions.
    pub(crate) fn rows_between(&self, rows: Range<u32>, from: Position, before: Position) -> Range<u32> {
        let len = (rows.end - rows.start) as usize;
        let at = |index: usize| self.position(rows.start + index as u32);
        let start = partition(len, |index| at(index) < from);
        let end = partition(len, |index| at(index) < before).max(start);
        rows.start + start as u32..rows.start + end as u32
    }

    /// A row's place in the order of results.
    pub(crate) fn position(&self, row: u32) -> Position {
        let time = unshift_time(self.column(Section::Times).get(row as usize));
        Position { time: Timestamp(time), seq: self.seq(row) }
    }

    pub(crate) fn seq(&self, row: u32) -> Seq {
        Seq(self.column(Section::Seqs).get(row as usize))
    }

    pub(crate) fn received(&self, row: u32) -> Timestamp {
        Timestamp(unshift_time(self.column(Section::Received).get(row as usize)))
    }

    /// The rows that hold an attribute's value, perhaps with a few that do not.
    pub(crate) fn attribute(&self, attribute: model::Attribute, value: &str) -> Occurrences<'_> {
        TermTable::open(self.section(Section::Attributes), self.rows).find(attribute_hash(attribute, value))
    }

    /// The pages that hold a token, perhaps with a few that do not.
    pub(crate) fn token(&self, hash: u64) -> Occurrences<'_> {
        TermTable::open(self.section(Section::Tokens), self.pages().len() as u32).find(hash)
    }

    /// The rows whose event may have this id, in the account.
    pub(crate) fn id(&self, account: AccountId, id: &str) -> Vec<u32> {
        let ids = self.section(Section::Ids);
        let wanted = id_hash(account, id) >> (64 - HASH_BITS);
        let hash_at = |index: usize| read_u64(ids, index * 8).unwrap_or(u64::MAX) >> PLACE_BITS;
        let count = ids.len() / 8;
        // Hashes are spread evenly, so the first guess is near; a binary search around it finishes.
        let guess = ((wanted as u128 * count as u128) >> HASH_BITS) as usize;
        let reach = (4 * (count as f64).sqrt() as usize).max(64);
        let (mut low, mut high) = (guess.saturating_sub(reach), (guess + reach).min(count));
        if low > 0 && hash_at(low) >= wanted {
            low = 0;
        }
        if high < count && hash_at(high) < wanted {
            high = count;
        }
        let start = low + partition(high - low, |index| hash_at(low + index) < wanted);
        (start..count)
            .take_while(|index| hash_at(*index) == wanted)
            .map(|index| (read_u64(ids, index * 8).unwrap_or(0) & ((1 << PLACE_BITS) - 1)) as u32)
            .collect()
    }

    /// Shows the upper 40 bits of every id's hash, in the upper bits of a number. Reads them from the file, one after
    /// the other: the mapped index is for reading here and there.
    pub(crate) fn for_each_id_hash(&self, disk: &dyn Disk, mut take: impl FnMut(u64)) -> Result<(), StoreError> {
        let read_error = |source| StoreError::Disk { action: "read", path: self.index_path.clone(), source };
        let file = disk.open(&self.index_path).map_err(read_error)?;
        let mut rest = self.table.range(Section::Ids);
        let mut bytes = vec![0; ID_READ_BYTES.min(rest.len())];
        while !rest.is_empty() {
            let some = &mut bytes[..ID_READ_BYTES.min(rest.len())];
            file.read_exact_at(some, rest.start as u64).map_err(read_error)?;
            rest.start += some.len();
            some.chunks_exact(8).for_each(|id| take(read_u64(id, 0).unwrap_or(0) >> PLACE_BITS << PLACE_BITS));
        }
        Ok(())
    }

    fn pages(&self) -> Pages<'_> {
        Pages(self.section(Section::Pages))
    }

    /// Where rows lie in the Parquet file.
    pub(crate) fn arrangement(&self) -> Arrangement<'_> {
        Arrangement::open(self.column(Section::Arrangement), self.rows)
    }

    /// The page that holds a row.
    pub(crate) fn page_of_row(&self, row: u32) -> u32 {
        self.pages().of_place(self.arrangement().place(row)) as u32
    }

    /// The places on a page.
    pub(crate) fn places_on_page(&self, page: u32) -> Range<u32> {
        self.pages().places_on(page as usize, self.rows)
    }

    /// The event of a row.
    pub(crate) fn event(&self, row: u32) -> Result<Found, StoreError> {
        self.found(row, self.raw(row)?)
    }

    /// The JSON of a row.
    pub(crate) fn raw(&self, row: u32) -> Result<Bytes, StoreError> {
        let place = self.arrangement().place(row);
        let page = self.pages().of_place(place) as u32;
        let first = self.places_on_page(page).start;
        let bytes = self.page(page)?;
        value_at(&bytes, place.saturating_sub(first))
            .ok_or_else(|| self.damaged(format!("page {page} has no row {row}")))
    }

    /// The event of a row whose JSON was read already.
    pub(crate) fn found(&self, row: u32, raw: Bytes) -> Result<Found, StoreError> {
        let event =
            Event::parse(raw).map_err(|refusal| self.damaged(format!("row {row} cannot be read: {refusal}")))?;
        let position = self.position(row);
        if position.time != event.time() {
            let what = format!("row {row} has the event time {}, its event says {}", position.time, event.time());
            return Err(self.damaged(what));
        }
        Ok(Found { seq: position.seq, received: self.received(row), event })
    }

    /// Every row, in the order of places, for merging. Bypasses the page cache. Checks the whole index first: damage
    /// must not go on into a new segment with fresh checksums.
    pub(crate) fn read_all(&self, mut take: impl FnMut(Row)) -> Result<(), StoreError> {
        self.table.verify((*self.index).as_ref()).map_err(|what| self.damaged(what))?;
        let accounts = self.accounts().ok_or_else(|| self.damaged("its accounts cannot be read".to_owned()))?;
        let mut rows = self.arrangement().rows_in_places();
        let mut count = 0;
        for page in 0..self.pages().len() as u32 {
            let bytes = self.read_page(page)?;
            for raw in values(&bytes) {
                let row = rows.next().ok_or_else(|| self.damaged(format!("page {page} has too many rows")))?;
                let run = accounts.partition_point(|(_, end)| *end <= row);
                let account = accounts.get(run).map(|(account, _)| *account);
                let account = account.ok_or_else(|| self.damaged(format!("row {row} belongs to no account")))?;
                let found = self.found(row, raw)?;
                take(Row { seq: found.seq, account, received: found.received, event: found.event });
                count += 1;
            }
        }
        if count != self.rows {
            return Err(self.damaged(format!("it holds {count} rows, the manifest says {}", self.rows)));
        }
        Ok(())
    }

    /// Each account and the end of its rows; `None` when the section is damaged.
    fn accounts(&self) -> Option<Vec<(AccountId, u32)>> {
        let rows = self.section(Section::Accounts).chunks_exact(ACCOUNT_ROW_BYTES);
        rows.map(|row| {
            let id = std::str::from_utf8(&row[..usize::from(row[20]).min(20)]).ok()?;
            Some((id.parse::<AccountId>().ok()?, read_u32(row, 28)?))
        })
        .collect()
    }

    fn page(&self, page: u32) -> Result<Bytes, StoreError> {
        let key = (self.entry.id, page);
        if let Some(bytes) = self.caches.pages.get(&key) {
            return Ok(bytes);
        }
        let bytes = self.read_page(page)?;
        self.caches.pages.insert(key, bytes.clone());
        Ok(bytes)
    }

    fn read_page(&self, page: u32) -> Result<Bytes, StoreError> {
        let entry = self.pages().get(page as usize);
        let entry = entry.ok_or_else(|| self.damaged(format!("it has no page {page}")))?;
        if entry.compressed.max(entry.uncompressed) > PAGE_BYTES_MAX {
            return Err(self.damaged(format!("page {page} has {} bytes", entry.compressed.max(entry.uncompressed))));
        }
        let mut compressed = vec![0; entry.compressed as usize];
        self.parquet.read_exact_at(&mut compressed, entry.offset).map_err(|source| StoreError::Disk {
            action: "read",
            path: self.parquet_path.clone(),
            source,
        })?;
        if crc32c::crc32c(&compressed) != entry.crc {
            let what = format!("page {page} at byte {} has changed", entry.offset);
            return Err(StoreError::Damaged { path: self.parquet_path.clone(), what });
        }
        let bytes = zstd::bulk::decompress(&compressed, entry.uncompressed as usize);
        bytes.map(Bytes::from).map_err(|error| StoreError::Damaged {
            path: self.parquet_path.clone(),
            what: format!("page {page} cannot be decompressed: {error}"),
        })
    }

    fn damaged(&self, what: String) -> StoreError {
        StoreError::Damaged { path: self.index_path.clone(), what }
    }
}
