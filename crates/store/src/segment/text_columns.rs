//! Reading a segment's text columns for counting: each value as a small number.
//!
//! A reader goes through a column once, in the order of places, and passes over what nobody asks for. Values are told
//! apart by where they lie first: a column with a dictionary hands out the same bytes again and again.

use std::collections::HashMap;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use host::DiskFile;
use model::Attribute;
use parking_lot::Mutex;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};

use super::columns::{TEXT_COLUMNS, is_list};
use super::reader::Segment;
use crate::StoreError;

/// Columns before the first text column: number, event time, receipt time, account.
pub(super) const COLUMNS_BEFORE_TEXTS: usize = 4;
/// A page's header is a few dozen bytes, and is read byte by byte.
const HEADER_BUFFER_BYTES: usize = 512;

/// Whether an attribute has a column.
pub(crate) fn has_column(attribute: Attribute) -> bool {
    TEXT_COLUMNS.iter().any(|(_, each)| *each == attribute)
}

/// Some columns of a segment, being read.
pub(crate) struct TextColumns {
    guard: Guard,
    columns: Vec<Column>,
}

struct Column {
    reader: ColumnReaderImpl<ByteArrayType>,
    is_list: bool,
    /// The place read next.
    next: u32,
}

/// The values of a column at some places. Codes count from 1; 0 means no value.
pub(crate) struct ColumnValues {
    values: Vec<String>,
    codes: Vec<u32>,
    /// Where the codes of each place end.
    ends: Vec<u32>,
}

impl ColumnValues {
    /// The codes of a place, counted from the first place that was read.
    pub(crate) fn codes(&self, place: u32) -> &[u32] {
        let place = place as usize;
        let start = if place == 0 { 0 } else { self.ends.get(place - 1).copied().unwrap_or(0) };
        let end = self.ends.get(place).copied().unwrap_or(start);
        self.codes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// What a code stands for.
    pub(crate) fn value(&self, code: u32) -> Option<&str> {
        self.values.get((code as usize).checked_sub(1)?).map(String::as_str)
    }

    /// The first value at a place.
    pub(crate) fn first(&self, place: u32) -> Option<&str> {
        self.codes(place).first().and_then(|code| self.value(*code))
    }

    /// The code of a value, if it occurs.
    pub(crate) fn code_of(&self, value: &str) -> Option<u32> {
        self.values.iter().position(|each| each == value).map(|at| at as u32 + 1)
    }
}

impl TextColumns {
    /// Opens the columns of these attributes, which all have one. Blocks.
    pub(crate) fn open(segment: &Segment, attributes: &[Attribute]) -> Result<TextColumns, StoreError> {
        let guard = Guard::of(segment);
        let chunks = FileChunks::open(segment, &guard)?;
        let columns = guard.run(|| open_columns(chunks, attributes))?;
        Ok(TextColumns { guard, columns })
    }

    /// The values at these places, which lie behind those read before. One entry a column. Blocks.
    pub(crate) fn read(&mut self, places: Range<u32>) -> Result<Vec<ColumnValues>, StoreError> {
        let mut columns = std::mem::take(&mut self.columns);
        let values = self.guard.run(|| columns.iter_mut().map(|column| column.read(&places)).collect());
        self.columns = columns;
        values
    }
}

/// The Parquet reader's code was written for files that are what they say; a damaged one may make it panic.
pub(super) struct Guard {
    path: PathBuf,
    failure: Failure,
}

impl Guard {
    pub(super) fn of(segment: &Segment) -> Guard {
        Guard { path: segment.parquet_file().1.to_owned(), failure: Failure::default() }
    }

    pub(super) fn run<T>(&self, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, StoreError> {
        let path = self.path.clone();
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(match self.failure.lock().take() {
                Some(source) => StoreError::Disk { action: "read", path, source },
                None => StoreError::Damaged { path, what: format!("its columns cannot be read: {error}") },
            }),
            Err(_) => Err(StoreError::Damaged { path, what: "its columns cannot be read".to_owned() }),
        }
    }
}

fn open_columns(chunks: FileChunks, attributes: &[Attribute]) -> Result<Vec<Column>, ParquetError> {
    let reader = SerializedFileReader::new(chunks)?;
    let group = reader.get_row_group(0)?;
    let open = |attribute: &Attribute| {
        let at = TEXT_COLUMNS.iter().position(|(_, each)| each == attribute);
        let at = at.ok_or_else(|| ParquetError::General(format!("{} has no column", attribute.as_str())))?;
        match group.get_column_reader(COLUMNS_BEFORE_TEXTS + at)? {
            ColumnReader::ByteArrayColumnReader(reader) => Ok(Column { reader, is_list: is_list(*attribute), next: 0 }),
            _ => Err(ParquetError::General(format!("the column of {} is of another type", attribute.as_str()))),
        }
    };
    attributes.iter().map(open).collect()
}

impl Column {
    fn read(&mut self, places: &Range<u32>) -> Result<ColumnValues, ParquetError> {
        let behind = places.start.saturating_sub(self.next) as usize;
        if self.reader.skip_records(behind)? != behind {
            return Err(ParquetError::General("a column is too short".to_owned()));
        }
        let wanted = places.len();
        let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        let mut read = 0;
        while read < wanted {
            let levels = self.is_list.then_some(&mut repeated);
            let (records, ..) = self.reader.read_records(wanted - read, Some(&mut defined), levels, &mut values)?;
            if records == 0 {
                return Err(ParquetError::General("a column is too short".to_owned()));
            }
            read += records;
        }
        self.next = places.end;
        Ok(coded(&values, &defined, self.is_list.then_some(&repeated), wanted))
    }
}

/// Gives each distinct value a code.
fn coded(values: &[ByteArray], defined: &[i16], repeated: Option<&Vec<i16>>, places: usize) -> ColumnValues {
    let mut coded = ColumnValues { values: Vec::new(), codes: Vec::new(), ends: Vec::with_capacity(places) };
    let mut by_address: HashMap<(usize, usize), u32> = HashMap::new();
    let mut by_value: HashMap<&[u8], u32> = HashMap::new();
    let mut last = ((0, 0), 0);
    let mut next = values.iter();
    for (index, defined) in defined.iter().enumerate() {
        let continues = repeated.and_then(|levels| levels.get(index)).is_some_and(|level| *level > 0);
        if !continues && index > 0 {
            coded.ends.push(coded.codes.len() as u32);
        }
        if *defined == 0 {
            continue;
        }
        let Some(bytes) = next.next().map(ByteArray::data) else { break };
        let address = (bytes.as_ptr() as usize, bytes.len());
        if last.0 != address {
            let code = *by_address.entry(address).or_insert_with(|| {
                *by_value.entry(bytes).or_insert_with(|| {
                    coded.values.push(String::from_utf8_lossy(bytes).into_owned());
                    coded.values.len() as u32
                })
            });
            last = (address, code);
        }
        coded.codes.push(last.1);
    }
    coded.ends.resize(places, coded.codes.len() as u32);
    coded
}

/// What the disk said, for the error: the Parquet reader's own wraps it in words.
type Failure = Arc<Mutex<Option<io::Error>>>;

/// The file as the Parquet reader wants it.
pub(super) struct FileChunks {
    file: Arc<dyn DiskFile>,
    bytes: u64,
    failure: Failure,
}

impl FileChunks {
    pub(super) fn open(segment: &Segment, guard: &Guard) -> Result<FileChunks, StoreError> {
        let (file, path) = segment.parquet_file();
        let bytes = file.len();
        let bytes = bytes.map_err(|source| StoreError::Disk { action: "read", path: path.to_owned(), source })?;
        Ok(FileChunks { file, bytes, failure: guard.failure.clone() })
    }
}

impl Length for FileChunks {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for FileChunks {
    type T = BufReader<FileFrom>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let from = FileFrom { file: self.file.clone(), at: start, end: self.bytes, failure: self.failure.clone() };
        Ok(BufReader::with_capacity(HEADER_BUFFER_BYTES, from))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not in the file")));
        }
        let mut bytes = vec![0; length];
        read_exact(&*self.file, &mut bytes, start, &self.failure)?;
        Ok(bytes.into())
    }
}

/// The file from a place on.
pub(super) struct FileFrom {
    file: Arc<dyn DiskFile>,
    at: u64,
    end: u64,
    failure: Failure,
}

impl Read for FileFrom {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let some = buffer.len().min(rest);
        read_exact(&*self.file, &mut buffer[..some], self.at, &self.failure)?;
        self.at += some as u64;
        Ok(some)
    }
}

fn read_exact(file: &dyn DiskFile, buffer: &mut [u8], at: u64, failure: &Failure) -> io::Result<()> {
    file.read_exact_at(buffer, at).inspect_err(|error| {
        // Kept in its own words; the copy for the Parquet reader only ends its work.
        *failure.lock() = Some(io::Error::new(error.kind(), error.to_string()));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_codes_and_places_their_own() {
        let value = |text: &str| ByteArray::from(text);
        // Places: [a], [], [b, a], [a]
        let values = [value("a"), value("b"), value("a"), value("a")];
        let coded = coded(&values, &[1, 0, 1, 1, 1], Some(&vec![0, 0, 0, 1, 0]), 4);
        let texts = |place| coded.codes(place).iter().filter_map(|code| coded.value(*code)).collect::<Vec<_>>();
        assert_eq!([texts(0), texts(1), texts(2), texts(3)], [vec!["a"], vec![], vec!["b", "a"], vec!["a"]]);
        assert_eq!((coded.code_of("b"), coded.code_of("c"), coded.value(0)), (Some(2), None, None));
        assert_eq!(coded.codes(9), &[] as &[u32]);
    }
}
