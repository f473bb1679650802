//! The Parquet file: typed columns any engine can read, and the JSON as it was sent.
//!
//! Columns are named after the event's fields. Those with few distinct values are dictionary-encoded; ids that are
//! unique (eventId, requestId) have no column, they are in the JSON. One row group; JSON in small pages, so a lookup
//! decompresses little.

use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use host::DiskFile;
use model::Attribute;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type};

use super::build::Row;
use super::format::ParquetFile;
use super::gather::Texts;
use super::pages::{PageEntry, split_page};
use crate::StoreError;

/// Uncompressed bytes of a JSON page: about 100 events. Half as much compresses a tenth worse, and each doubling doubles
/// what a scattered page of results decompresses; see docs/benchmarks.md.
const JSON_PAGE_BYTES: usize = 128 << 10;
/// How often the writer looks whether a JSON page is full, in rows.
const JSON_BATCH_ROWS: usize = 8;
/// Arranged rows compress better at level 2 than at 3, in less time; from 4 on a level costs more than twice that.
const JSON_ZSTD_LEVEL: i32 = 2;
/// Rows handed to the writer at once.
const CHUNK_ROWS: usize = 4096;

const JSON_COLUMN: &str = "event";

/// Text columns and the attribute each holds, in the order of the schema.
pub(super) const TEXT_COLUMNS: [(&str, Attribute); 16] = [
    ("event_name", Attribute::EventName),
    ("service_name", Attribute::ServiceName),
    ("event_rw", Attribute::EventRw),
    ("event_type", Attribute::EventType),
    ("event_category", Attribute::EventCategory),
    ("acs_region", Attribute::Region),
    ("error_code", Attribute::ErrorCode),
    ("source_ip_address", Attribute::SourceIpAddress),
    ("sensitive_action", Attribute::SensitiveAction),
    ("user_type", Attribute::UserType),
    ("user_name", Attribute::User),
    ("principal_id", Attribute::PrincipalId),
    ("access_key_id", Attribute::EventAccessKeyId),
    ("role_name", Attribute::RoleName),
    ("resource_type", Attribute::ResourceType),
    ("resource_name", Attribute::ResourceName),
];

static SCHEMA: LazyLock<Arc<Type>> = LazyLock::new(|| {
    let mut message = String::from(
        "message event { required int64 seq (INTEGER(64, false)); required int64 event_time (TIMESTAMP(MILLIS, true));
         required int64 received (TIMESTAMP(MILLIS, true)); required binary account_id (STRING);",
    );
    for (name, attribute) in TEXT_COLUMNS {
        let repetition = if is_list(attribute) { "repeated" } else { "optional" };
        message.push_str(&format!("{repetition} binary {name} (STRING);"));
    }
    message.push_str(&format!("required binary {JSON_COLUMN} (JSON); }}"));
    Arc::new(parse_message_type(&message).expect("the schema is valid"))
});

static PROPERTIES: LazyLock<Arc<WriterProperties>> = LazyLock::new(|| {
    let path = |name: &str| ColumnPath::from(name);
    let zstd = |level| Compression::ZSTD(ZstdLevel::try_new(level).expect("a valid level"));
    let json = path(JSON_COLUMN);
    let properties = WriterProperties::builder()
        .set_created_by("cairn".to_owned())
        .set_compression(zstd(1))
        .set_column_encoding(path("seq"), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(path("event_time"), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(path("received"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(path("seq"), false)
        .set_column_dictionary_enabled(path("event_time"), false)
        .set_column_dictionary_enabled(path("received"), false)
        .set_column_dictionary_enabled(json.clone(), false)
        .set_column_encoding(json.clone(), Encoding::PLAIN)
        .set_column_compression(json.clone(), zstd(JSON_ZSTD_LEVEL))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled(path("seq"), EnabledStatistics::Chunk)
        .set_column_statistics_enabled(path("event_time"), EnabledStatistics::Chunk)
        .set_column_statistics_enabled(path("received"), EnabledStatistics::Chunk)
        .set_column_statistics_enabled(path("account_id"), EnabledStatistics::Chunk)
        .set_column_data_page_size_limit(json, JSON_PAGE_BYTES)
        .build();
    Arc::new(properties)
});

/// Whether a row may have several values of it.
pub(super) fn is_list(attribute: Attribute) -> bool {
    matches!(attribute, Attribute::ResourceType | Attribute::ResourceName)
}

/// Writes the file through to the disk's file. Gives what was written and the pages of the JSON column.
///
/// `rows` and `texts` are in the order of places.
pub(super) fn write(
    path: &Path,
    file: &mut dyn DiskFile,
    rows: &[&Row],
    texts: Vec<Texts>,
) -> Result<(ParquetFile, Vec<PageEntry>), StoreError> {
    let parquet_error = |source| StoreError::Parquet { path: path.to_owned(), source };
    let disk_error = |source| StoreError::Disk { action: "write", path: path.to_owned(), source };
    let mut sink = Sink { file, buffer: Vec::with_capacity(SINK_BUFFER_BYTES), written: ParquetFile::default() };
    let metadata = write_columns(&mut sink, rows, texts).map_err(parquet_error)?;
    io::Write::flush(&mut sink).map_err(disk_error)?;
    let pages = locate_pages(sink.file, &metadata).map_err(disk_error)?;
    let written = sink.written;
    let pages = pages.ok_or_else(|| StoreError::Damaged {
        path: path.to_owned(),
        what: "the pages just written cannot be found again".to_owned(),
    })?;
    Ok((written, pages))
}

fn write_columns(sink: &mut Sink<'_>, rows: &[&Row], texts: Vec<Texts>) -> Result<ParquetMetaData, ParquetError> {
    let mut writer = SerializedFileWriter::new(sink, SCHEMA.clone(), PROPERTIES.clone())?;
    let mut group = writer.next_row_group()?;
    write_numbers(&mut group, rows, |row| row.seq.0 as i64)?;
    write_numbers(&mut group, rows, |row| row.event.time().0)?;
    write_numbers(&mut group, rows, |row| row.received.0)?;
    write_accounts(&mut group, rows)?;
    for ((_, attribute), texts) in TEXT_COLUMNS.into_iter().zip(texts) {
        write_texts(&mut group, texts, is_list(attribute))?;
    }
    write_json(&mut group, rows)?;
    group.close()?;
    writer.close()
}

type Group<'g, 'w, 's> = SerializedRowGroupWriter<'g, &'w mut Sink<'s>>;

fn write_numbers(
    group: &mut Group<'_, '_, '_>,
    rows: &[&Row],
    number: impl Fn(&Row) -> i64,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has this column");
    for chunk in rows.chunks(CHUNK_ROWS) {
        let values: Vec<i64> = chunk.iter().map(|row| number(row)).collect();
        column.typed::<Int64Type>().write_batch(&values, None, None)?;
    }
    column.close()
}

/// The JSON, a few rows at once: after each, the writer looks whether the page is full.
fn write_json(group: &mut Group<'_, '_, '_>, rows: &[&Row]) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has this column");
    let mut values = Vec::with_capacity(JSON_BATCH_ROWS);
    for chunk in rows.chunks(JSON_BATCH_ROWS) {
        values.clear();
        values.extend(chunk.iter().map(|row| ByteArray::from(row.event.raw().clone())));
        column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
    }
    column.close()
}

fn write_accounts(group: &mut Group<'_, '_, '_>, rows: &[&Row]) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has this column");
    for run in rows.chunk_by(|a, b| a.account == b.account) {
        let account = ByteArray::from(run[0].account.as_bytes());
        column.typed::<ByteArrayType>().write_batch(&vec![account; run.len()], None, None)?;
    }
    column.close()
}

fn write_texts(group: &mut Group<'_, '_, '_>, texts: Texts, is_list: bool) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has this column");
    let (mut defined, mut repeated) = (Vec::new(), Vec::new());
    for (values, counts) in texts.into_chunks(CHUNK_ROWS) {
        defined.clear();
        repeated.clear();
        for count in counts {
            defined.extend(std::iter::repeat_n(i16::from(count > 0), count.max(1) as usize));
            repeated.extend((0..count.max(1)).map(|position| i16::from(position > 0)));
        }
        let repetition = is_list.then_some(&repeated[..]);
        column.typed::<ByteArrayType>().write_batch(&values, Some(&defined), repetition)?;
    }
    column.close()
}

/// Reads the start of every page of the JSON column back and checks that it is what a lookup will expect.
pub(super) fn locate_pages(file: &dyn DiskFile, metadata: &ParquetMetaData) -> io::Result<Option<Vec<PageEntry>>> {
    let Some(locations) = metadata.offset_index().and_then(|index| index.first()?.last()) else {
        return Ok(None);
    };
    let mut pages = Vec::with_capacity(locations.page_locations().len());
    let mut bytes = Vec::new();
    for location in locations.page_locations() {
        bytes.resize(location.compressed_page_size as usize, 0);
        file.read_exact_at(&mut bytes, location.offset as u64)?;
        let Some((header, compressed, uncompressed)) = split_page(location.compressed_page_size as u32, &bytes) else {
            return Ok(None);
        };
        pages.push(PageEntry {
            offset: location.offset as u64 + u64::from(header),
            compressed,
            uncompressed,
            first_place: location.first_row_index as u32,
            crc: crc32c::crc32c(&bytes[header as usize..]),
        });
    }
    Ok(Some(pages))
}

const SINK_BUFFER_BYTES: usize = 1 << 20;

/// Gathers the Parquet writer's small writes.
struct Sink<'f> {
    file: &'f mut dyn DiskFile,
    buffer: Vec<u8>,
    written: ParquetFile,
}

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > SINK_BUFFER_BYTES {
            self.flush()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.append(&self.buffer)?;
        self.written.bytes += self.buffer.len() as u64;
        self.written.crc = crc32c::crc32c_append(self.written.crc, &self.buffer);
        self.buffer.clear();
        Ok(())
    }
}
