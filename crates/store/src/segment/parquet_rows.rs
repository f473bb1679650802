//! Reading a segment's rows from its Parquet file alone, with a Parquet reader and without the index.
//!
//! Used by the check of a segment, as an account of it that does not depend on the index, and to build a lost index
//! anew. Each row's typed columns must say what its JSON says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use host::Disk;
use model::{AccountId, Event, Seq, Timestamp};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use super::build::Row;
use super::columns::{TEXT_COLUMNS, is_list, locate_pages};
use super::format::ParquetFile;
use super::pages::PageEntry;
use crate::StoreError;

/// What a Parquet file holds.
pub(super) struct Contents {
    /// In the order of the file.
    pub(super) rows: Vec<Row>,
    /// The pages of the JSON column.
    pub(super) pages: Vec<PageEntry>,
    pub(super) file: ParquetFile,
}

/// The file's length and checksum. Blocks.
pub(super) fn measure(disk: &dyn Disk, path: &Path) -> Result<ParquetFile, StoreError> {
    let bytes = disk.read_whole(path);
    let bytes = bytes.map_err(|source| StoreError::Disk { action: "read", path: path.to_owned(), source })?;
    Ok(measured(&bytes))
}

fn measured(bytes: &[u8]) -> ParquetFile {
    ParquetFile { bytes: bytes.len() as u64, crc: crc32c::crc32c(bytes) }
}

/// Reads everything. Blocks, and holds the segment's events in memory, as a merge does.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Result<Contents, StoreError> {
    let disk_error = |source| StoreError::Disk { action: "read", path: path.to_owned(), source };
    let damaged = |what: String| StoreError::Damaged { path: path.to_owned(), what };
    let bytes = Bytes::from(disk.read_whole(path).map_err(disk_error)?);
    let file = measured(&bytes);
    // The reader's code was written for files that are what they say; a damaged one may make it panic.
    let reading = catch_unwind(AssertUnwindSafe(|| read_columns(bytes)));
    let (columns, reader) = match reading {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => return Err(damaged(format!("a Parquet reader cannot read it: {error}"))),
        Err(_) => return Err(damaged("a Parquet reader cannot read it".to_owned())),
    };
    let handle = disk.open(path).map_err(disk_error)?;
    let pages = locate_pages(&*handle, reader.metadata()).map_err(disk_error)?;
    let pages = pages.ok_or_else(|| damaged("its JSON pages are not where its footer says".to_owned()))?;
    Ok(Contents { rows: columns.into_rows().map_err(damaged)?, pages, file })
}

/// The columns, one entry a row.
struct Columns {
    seqs: Vec<i64>,
    times: Vec<i64>,
    received: Vec<i64>,
    accounts: Vec<ByteArray>,
    /// In the order of [`TEXT_COLUMNS`]: each row's values.
    texts: Vec<Vec<Vec<ByteArray>>>,
    json: Vec<ByteArray>,
}

fn read_columns(bytes: Bytes) -> Result<(Columns, SerializedFileReader<Bytes>), ParquetError> {
    let options = ReadOptionsBuilder::new().with_page_index().build();
    let reader = SerializedFileReader::new_with_options(bytes, options)?;
    if reader.num_row_groups() != 1 {
        return Err(ParquetError::General(format!("it has {} row groups, not one", reader.num_row_groups())));
    }
    let group = reader.get_row_group(0)?;
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let columns = Columns {
        seqs: numbers(&*group, 0, rows)?,
        times: numbers(&*group, 1, rows)?,
        received: numbers(&*group, 2, rows)?,
        accounts: required(&*group, 3, rows)?,
        texts: (0..TEXT_COLUMNS.len()).map(|column| texts(&*group, 4 + column, rows)).collect::<Result<_, _>>()?,
        json: required(&*group, 4 + TEXT_COLUMNS.len(), rows)?,
    };
    drop(group);
    Ok((columns, reader))
}

fn numbers(group: &dyn RowGroupReader, column: usize, rows: usize) -> Result<Vec<i64>, ParquetError> {
    match group.get_column_reader(column)? {
        ColumnReader::Int64ColumnReader(mut reader) => all::<Int64Type>(&mut reader, column, rows),
        _ => Err(ParquetError::General(format!("column {column} is of another type"))),
    }
}

fn required(group: &dyn RowGroupReader, column: usize, rows: usize) -> Result<Vec<ByteArray>, ParquetError> {
    match group.get_column_reader(column)? {
        ColumnReader::ByteArrayColumnReader(mut reader) => all::<ByteArrayType>(&mut reader, column, rows),
        _ => Err(ParquetError::General(format!("column {column} is of another type"))),
    }
}

fn all<T: DataType>(reader: &mut ColumnReaderImpl<T>, column: usize, rows: usize) -> Result<Vec<T::T>, ParquetError> {
    let mut values = Vec::with_capacity(rows);
    while values.len() < rows {
        let (records, ..) = reader.read_records(rows - values.len(), None, None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General(format!("column {column} has {} rows, not {rows}", values.len())));
        }
    }
    Ok(values)
}

/// The values of each row of an optional or repeated column.
fn texts(group: &dyn RowGroupReader, column: usize, rows: usize) -> Result<Vec<Vec<ByteArray>>, ParquetError> {
    let ColumnReader::ByteArrayColumnReader(mut reader) = group.get_column_reader(column)? else {
        return Err(ParquetError::General(format!("column {column} is of another type")));
    };
    let is_repeated = is_list(TEXT_COLUMNS[column - 4].1);
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    let mut read = 0;
    while read < rows {
        let levels = is_repeated.then_some(&mut repeated);
        let (records, ..) = reader.read_records(rows - read, Some(&mut defined), levels, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General(format!("column {column} has {read} rows, not {rows}")));
        }
        read += records;
    }
    let mut values = values.into_iter();
    let mut of_rows: Vec<Vec<ByteArray>> = Vec::with_capacity(rows);
    for (index, defined) in defined.iter().enumerate() {
        if !is_repeated || repeated.get(index) == Some(&0) {
            of_rows.push(Vec::new());
        }
        if *defined > 0
            && let (Some(row), Some(value)) = (of_rows.last_mut(), values.next())
        {
            row.push(value);
        }
    }
    if of_rows.len() != rows {
        return Err(ParquetError::General(format!("column {column} has {} rows, not {rows}", of_rows.len())));
    }
    Ok(of_rows)
}

impl Columns {
    fn into_rows(self) -> Result<Vec<Row>, String> {
        let mut rows = Vec::with_capacity(self.json.len());
        for (row, json) in self.json.iter().enumerate() {
            let event = Event::parse(Bytes::copy_from_slice(json.data()))
                .map_err(|refusal| format!("row {row} is no event: {refusal}"))?;
            if event.time().0 != self.times[row] {
                return Err(format!("row {row}: the column event_time is not the JSON's"));
            }
            for ((name, attribute), column) in TEXT_COLUMNS.iter().zip(&self.texts) {
                let most = if is_list(*attribute) { usize::MAX } else { 1 };
                let stated = event.attributes().filter(|(each, _)| each == attribute).take(most);
                if !stated.map(|(_, value)| value.as_bytes()).eq(column[row].iter().map(ByteArray::data)) {
                    return Err(format!("row {row}: the column {name} is not the JSON's"));
                }
            }
            let account = std::str::from_utf8(self.accounts[row].data()).ok().and_then(|id| id.parse().ok());
            let account: AccountId = account.ok_or_else(|| format!("row {row} belongs to no account"))?;
            rows.push(Row { seq: Seq(self.seqs[row] as u64), account, received: Timestamp(self.received[row]), event });
        }
        Ok(rows)
    }
}
