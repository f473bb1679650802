//! One Parquet file of one day: its bytes, its name and what the table's log states of it.
//!
//! The same rows give the same bytes and the same name; other bytes have another name.

use std::collections::HashMap;

use bytes::Bytes;
use deltalake_core::kernel::Add;
use model::{Seq, Timestamp};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::rows::{Row, columns};
use crate::schema::DAY;

/// Bytes of the hash in a name.
const HASH_BYTES: usize = 12;

/// Rows that are encoded in memory before they are written. At 2 KB an event 128 MiB, before compression.
const ROW_GROUP_ROWS: usize = 65_536;

/// A file that is not yet in the table.
#[derive(Debug)]
pub(crate) struct DataFile {
    /// Its path below the table.
    pub(crate) path: String,
    pub(crate) bytes: Bytes,
    /// What the log says of it.
    pub(crate) add: Add,
}

/// How every file of a table is written, merged ones too. Every JSON is another, so a dictionary of them is wasted work.
pub(crate) fn writer_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_dictionary_enabled("event".into(), false)
        .set_column_dictionary_enabled("event_id".into(), false)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by("cairn".to_owned())
        .build()
}

/// Encodes a day's rows of the batch that ends with `through`.
pub(crate) fn encode(day: &str, rows: &[Row], through: Seq, now: Timestamp) -> Result<DataFile, ParquetError> {
    let batch = columns(rows);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(writer_properties()))?;
    writer.write(&batch)?;
    let bytes = Bytes::from(writer.into_inner()?);
    let hash = hex::encode(&Sha256::digest(&bytes)[..HASH_BYTES]);
    let path = format!("{DAY}={day}/{:020}-{hash}.parquet", through.0);
    let add = Add {
        path: path.clone(),
        partition_values: HashMap::from([(DAY.to_owned(), Some(day.to_owned()))]),
        size: bytes.len() as i64,
        modification_time: now.0,
        data_change: true,
        stats: Some(stated(rows)),
        ..Add::default()
    };
    Ok(DataFile { path, bytes, add })
}

/// The statistics of [`crate::schema::STATED`].
fn stated(rows: &[Row]) -> String {
    let least_and_greatest = |of: fn(&Row) -> i64| {
        let values = rows.iter().map(of);
        (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default())
    };
    let (first, last) = least_and_greatest(|row| row.event.time().0);
    let (received_first, received_last) = least_and_greatest(|row| row.received.0);
    let (seq_first, seq_last) = least_and_greatest(|row| row.seq.0.cast_signed());
    let accounts = rows.iter().map(|row| row.account);
    let (account_first, account_last) = (accounts.clone().min(), accounts.max());
    let values = |time: i64, received: i64, seq: i64, account: Option<model::AccountId>| {
        json!({
            "event_time": milliseconds(Timestamp(time)),
            "received_time": milliseconds(Timestamp(received)),
            "seq": seq,
            "account_id": account.map(|account| account.to_string()),
        })
    };
    json!({
        "numRecords": rows.len(),
        "minValues": values(first, received_first, seq_first, account_first),
        "maxValues": values(last, received_last, seq_last, account_last),
        "nullCount": { "event_time": 0, "received_time": 0, "seq": 0, "account_id": 0 },
    })
    .to_string()
}

/// A time as Delta writes it, for example `2026-01-02T03:04:05.678Z`.
fn milliseconds(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{}.{:03}Z", text.trim_end_matches('Z'), time.0.rem_euclid(1000))
}
