//! Checking one segment: both files against each other, against their checksums and against the manifest.
//!
//! The Parquet file is read without the index, and every row of it must then be found through the index: its number,
//! account, times, id, attributes and tokens, and the page it lies in. So whatever a lookup asks, it is not led past
//! an event. A problem of the index alone can be repaired, because an index is made from its Parquet file.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::Disk;
use journal::merkle::{Hash, leaf_hash};
use model::{Attribute, Seq};

use super::arrangement;
use super::build::{Arranged, Row, encode_index, paths, write_index};
use super::caches::Caches;
use super::format::{ParquetFile, Section, Table};
use super::gather::index_attributes;
use super::pages::PageEntry;
use super::parquet_rows::{Contents, measure, read};
use super::reader::Segment;
use crate::StoreError;
use crate::terms::{NESTED_ESCAPE_MARK, cut, for_each_key_and_value, token_hash};

/// What is wrong with a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentProblem {
    /// The file.
    pub path: PathBuf,
    /// In words, with the place.
    pub what: String,
    /// Whether a new index, made from the Parquet file, would put it right.
    pub new_index_helps: bool,
}

/// What a check of a segment found.
#[derive(Debug, Clone, Default)]
pub struct CheckedSegment {
    /// What is wrong; empty when nothing is.
    pub problems: Vec<SegmentProblem>,
    /// The Merkle leaves of its events by their numbers, as far as its Parquet file can be read.
    pub leaves: Vec<(Seq, Hash)>,
}

/// The rows are gone through in the order of places, so the last few pages are enough.
const PAGES_BYTES: u64 = 1 << 20;
/// After this many rows the index misses, the rest are not listed.
const MISSED_MAX: usize = 5;

/// Checks everything about a segment of the manifest. Blocks, and holds the segment's events in memory.
pub fn check_segment(disk: &dyn Disk, folder: &Path, entry: &catalog::Segment) -> CheckedSegment {
    let (parquet_path, index_path) = paths(folder, &entry.file);
    let mut check = Check { parquet_path, index_path, checked: CheckedSegment::default() };
    check.run(disk, folder, entry);
    check.checked
}

struct Check {
    parquet_path: PathBuf,
    index_path: PathBuf,
    checked: CheckedSegment,
}

impl Check {
    fn run(&mut self, disk: &dyn Disk, folder: &Path, entry: &catalog::Segment) {
        let stated = self.index(disk);
        let is_index_sound = self.checked.problems.is_empty();
        let opened = Segment::open(disk, folder, entry.clone(), Arc::new(Caches::of_bytes(PAGES_BYTES, 0)));
        let segment = opened.map_err(|error| self.index_error(&error)).ok().filter(|_| is_index_sound);
        // Page by page first: it says where a changed file has changed.
        let is_whole = segment.as_ref().is_none_or(|segment| self.pages(segment));
        let is_stated = stated.is_none_or(|stated| self.parquet_is(disk, stated));
        if !is_stated || !is_whole {
            return;
        }
        let contents = match read(disk, &self.parquet_path) {
            Ok(contents) => contents,
            Err(error) => return self.parquet_problem(&error),
        };
        self.checked.leaves = leaves(&contents.rows);
        if let Some(what) = unlike(entry, &contents.rows) {
            self.checked.problems.push(problem(&self.parquet_path, what, false));
        } else if let Some(segment) = segment {
            self.bytes_are(disk, entry, &contents);
            self.rows(&segment, &contents.rows);
        }
    }

    /// Checks the index by its own checksums. Gives what it says about the Parquet file.
    fn index(&mut self, disk: &dyn Disk) -> Option<ParquetFile> {
        let bytes = match disk.read_whole(&self.index_path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.index_problem(if error.kind() == io::ErrorKind::NotFound {
                    "it is missing".to_owned()
                } else {
                    format!("it cannot be read: {error}")
                });
                return None;
            }
        };
        let bytes = bytes.as_slice();
        let table = match Table::read(bytes) {
            Ok(table) => table,
            Err(what) => {
                self.index_problem(what);
                return None;
            }
        };
        let changed = table.changed(bytes);
        for section in &changed {
            let at = table.range(*section).start;
            self.index_problem(format!("section {section:?} at byte {at} has changed"));
        }
        let is_known = !changed.contains(&Section::Parquet);
        ParquetFile::decode(&bytes[table.range(Section::Parquet)]).filter(|_| is_known)
    }

    /// Whether the Parquet file is the one the index was made for.
    fn parquet_is(&mut self, disk: &dyn Disk, stated: ParquetFile) -> bool {
        match measure(disk, &self.parquet_path) {
            Ok(found) if found == stated => true,
            Ok(found) if found.bytes != stated.bytes => {
                let what = format!("it has {} bytes, its index says {}", found.bytes, stated.bytes);
                self.checked.problems.push(problem(&self.parquet_path, what, false));
                false
            }
            Ok(_) => {
                let what = "its bytes are not those its index was made for".to_owned();
                self.checked.problems.push(problem(&self.parquet_path, what, false));
                false
            }
            Err(error) => {
                self.parquet_problem(&error);
                false
            }
        }
    }

    /// Reads every page as a lookup does. Names the first that has changed.
    fn pages(&mut self, segment: &Segment) -> bool {
        let read = segment.read_all(|_| {});
        if let Err(error) = &read {
            match error {
                StoreError::Damaged { path, .. } if *path == self.index_path => self.index_error(error),
                other => self.parquet_problem(other),
            }
        }
        read.is_ok() || self.checked.problems.iter().all(|problem| problem.new_index_helps)
    }

    /// The manifest knows the length of the index that was written first; one made anew by a later version has another.
    fn bytes_are(&mut self, disk: &dyn Disk, entry: &catalog::Segment, contents: &Contents) {
        let length = |path: &Path| disk.open(path).and_then(|file| file.len()).unwrap_or(0);
        let found = length(&self.parquet_path) + length(&self.index_path);
        let made_anew = || index_of(&contents.rows, &contents.pages, contents.file).len() as u64;
        if found != entry.bytes && length(&self.index_path) != made_anew() {
            self.index_problem(format!(
                "it and its Parquet file have {found} bytes, the manifest says {}",
                entry.bytes
            ));
        }
    }

    /// Every row must be found by all that a lookup may ask.
    fn rows(&mut self, segment: &Segment, placed: &[Row]) {
        let Arranged { at_place, .. } = Arranged::of_placed(placed);
        let mut missed = Vec::new();
        let mut tokens = HashSet::new();
        let mut page = u32::MAX;
        let unplain = Attribute::ALL.into_iter().filter_map(|each| Some((each, segment.unplain(each)?)));
        let unplain: Vec<(Attribute, Vec<u32>)> = unplain.collect();
        for (row, each) in at_place.into_iter().zip(placed) {
            if segment.page_of_row(row) != page {
                page = segment.page_of_row(row);
                tokens.clear();
            }
            let what = missing(segment, row, each)
                .or_else(|| missing_token(segment, page, each, &mut tokens))
                .or_else(|| taken_for_plain(row, each, &unplain));
            if let Some(what) = what {
                missed.push(format!("it does not lead to event {} (row {row}) by its {what}", each.seq));
                if missed.len() == MISSED_MAX {
                    missed.push("further rows were not looked at".to_owned());
                    break;
                }
            }
        }
        missed.into_iter().for_each(|what| self.index_problem(what));
    }

    fn index_problem(&mut self, what: String) {
        self.checked.problems.push(problem(&self.index_path, what, true));
    }

    /// Said once: a file that is missing or whose table is broken was named already.
    fn index_error(&mut self, error: &StoreError) {
        match error {
            StoreError::Disk { path, .. } if *path == self.parquet_path => self.parquet_problem(error),
            _ if !self.checked.problems.is_empty() => {}
            StoreError::Damaged { what, .. } => self.index_problem(what.clone()),
            other => self.index_problem(other.to_string()),
        }
    }

    fn parquet_problem(&mut self, error: &StoreError) {
        let what = match error {
            StoreError::Damaged { what, .. } => what.clone(),
            StoreError::Disk { source, .. } if source.kind() == io::ErrorKind::NotFound => "it is missing".to_owned(),
            StoreError::Disk { source, .. } => format!("it cannot be read: {source}"),
            other => other.to_string(),
        };
        let problem = problem(&self.parquet_path, what, false);
        if !self.checked.problems.contains(&problem) {
            self.checked.problems.push(problem);
        }
    }
}

fn problem(path: &Path, what: String, new_index_helps: bool) -> SegmentProblem {
    SegmentProblem { path: path.to_owned(), what, new_index_helps }
}

fn leaves(rows: &[Row]) -> Vec<(Seq, Hash)> {
    let mut leaves: Vec<(Seq, Hash)> =
        rows.iter().map(|row| (row.seq, leaf_hash(row.account, row.received, row.event.raw()))).collect();
    leaves.sort_unstable();
    leaves
}

/// How the rows differ from what the manifest says of them.
fn unlike(entry: &catalog::Segment, rows: &[Row]) -> Option<String> {
    if rows.len() as u64 != entry.rows {
        return Some(format!("it holds {} rows, the manifest says {}", rows.len(), entry.rows));
    }
    let mut seqs: Vec<u64> = rows.iter().map(|row| row.seq.0).collect();
    seqs.sort_unstable();
    let is_range = seqs.iter().copied().eq(entry.first.0..=entry.last.0);
    if !is_range {
        return Some(format!("its rows are not the events {} to {} that the manifest says", entry.first, entry.last));
    }
    let times = || rows.iter().map(|row| row.event.time());
    let stated = (Some(entry.min_time), Some(entry.max_time), Some(entry.oldest_received));
    if (times().min(), times().max(), rows.iter().map(|row| row.received).min()) != stated {
        return Some("the times of its rows are not those that the manifest says".to_owned());
    }
    (!arrangement::is_sound(&Arranged::of_placed(rows).at_place)).then(|| "its rows are not in order".to_owned())
}

/// What of a row the index does not lead to.
fn missing(segment: &Segment, row: u32, each: &Row) -> Option<String> {
    let position = segment.position(row);
    if position.seq != each.seq {
        return Some("number".to_owned());
    }
    if position.time != each.event.time() {
        return Some("event time".to_owned());
    }
    if !segment.rows_of(each.account).contains(&row) {
        return Some("account".to_owned());
    }
    if segment.received(row) != each.received {
        return Some("receipt time".to_owned());
    }
    if !segment.id(each.account, each.event.id()).contains(&row) {
        return Some("id".to_owned());
    }
    let is_indexed = |attribute: Attribute| attribute != Attribute::EventId;
    let mut found = Vec::new();
    for (attribute, value) in each.event.attributes().filter(|(attribute, _)| is_indexed(*attribute)) {
        found.clear();
        segment.attribute(attribute, value).places_in(row..row + 1, &mut found);
        if found.is_empty() {
            return Some(attribute.as_str().to_owned());
        }
    }
    match segment.raw(row) {
        Ok(raw) if raw == *each.event.raw() => None,
        _ => Some("page".to_owned()),
    }
}

/// A word of the row that the index does not have for its page. `known` are those of the page that were asked for.
fn missing_token(segment: &Segment, page: u32, each: &Row, known: &mut HashSet<u64>) -> Option<String> {
    let (mut missing, mut missing_key) = (None, None);
    let (mut unescaped, mut unescaped_key) = (Vec::new(), Vec::new());
    let mut found = Vec::new();
    let mut look_for = |hash| {
        if missing.is_none() && known.insert(hash) {
            found.clear();
            segment.token(hash).places_in(page..page + 1, &mut found);
            if found.is_empty() {
                missing = Some("words".to_owned());
            }
        }
    };
    for_each_key_and_value(
        each.event.raw(),
        |key| {
            cut(key.plain(&mut unescaped_key), |token| {
                if !segment.may_have_key_word(token_hash(token)) {
                    missing_key = Some("keys".to_owned());
                }
            });
        },
        |value| {
            if value.has_nested_escape() && segment.marks_nested_escapes() {
                look_for(NESTED_ESCAPE_MARK);
            }
            cut(value.plain(&mut unescaped), |token| look_for(token_hash(token)));
        },
    );
    missing.or(missing_key)
}

/// Whether a column of the row is taken for plain and is not.
fn taken_for_plain(row: u32, each: &Row, unplain: &[(Attribute, Vec<u32>)]) -> Option<String> {
    let is_wrong = |(attribute, rows): &&(Attribute, Vec<u32>)| {
        !each.event.is_plain(*attribute) && rows.binary_search(&row).is_err()
    };
    unplain.iter().find(is_wrong).map(|(attribute, _)| format!("JSON for {}", attribute.as_str()))
}

/// Makes a segment's index anew from its Parquet file, which must hold what the manifest says. The bytes are those
/// that were written with the Parquet file. Blocks.
pub fn rebuild_index(disk: &dyn Disk, folder: &Path, entry: &catalog::Segment) -> Result<(), StoreError> {
    let (parquet_path, index_path) = paths(folder, &entry.file);
    let damaged = |what: String| StoreError::Damaged { path: parquet_path.clone(), what };
    let Contents { rows, pages, file } = read(disk, &parquet_path)?;
    if let Some(what) = unlike(entry, &rows) {
        return Err(damaged(what));
    }
    write_index(disk, &index_path, &index_of(&rows, &pages, file))?;
    disk.sync_folder(folder).map_err(|source| StoreError::Disk { action: "sync", path: folder.to_owned(), source })
}

/// The index over rows in the order of places.
fn index_of(placed: &[Row], pages: &[PageEntry], file: ParquetFile) -> Vec<u8> {
    let arranged = Arranged::of_placed(placed);
    let mut attributes = Vec::new();
    index_attributes(0, &arranged.rows, &mut attributes);
    encode_index(&arranged, attributes, pages, file)
}

#[cfg(test)]
mod tests;
