//! From events to the columns of one day's file.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use model::{AccountId, Attribute, Event, Seq, Timestamp};

use crate::schema::{COLUMNS, Kind, element, file_schema};

const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// An event of a batch.
#[derive(Debug, Clone)]
pub struct Row {
    /// Whose it is.
    pub account: AccountId,
    /// Its number.
    pub seq: Seq,
    /// When it was received.
    pub received: Timestamp,
    /// The event.
    pub event: Event,
}

/// A day of UTC, as it stands in a path: `2026-01-02`.
pub(crate) fn day_of(time: Timestamp) -> String {
    let midnight = Timestamp(time.0.div_euclid(DAY_MILLISECONDS) * DAY_MILLISECONDS);
    let text = midnight.to_string();
    text.split_once('T').map_or(text.clone(), |(day, _)| day.to_owned())
}

/// The rows of each day, in order.
pub(crate) fn by_day(rows: Vec<Row>) -> BTreeMap<String, Vec<Row>> {
    let mut days: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
    for row in rows {
        days.entry(row.event.time().0.div_euclid(DAY_MILLISECONDS)).or_default().push(row);
    }
    days.into_iter().map(|(day, rows)| (day_of(Timestamp(day * DAY_MILLISECONDS)), rows)).collect()
}

/// The columns of these rows.
pub(crate) fn columns(rows: &[Row]) -> RecordBatch {
    let arrays = COLUMNS.iter().map(|(_, kind)| column(*kind, rows)).collect();
    RecordBatch::try_new(file_schema(), arrays).expect("each array is built for its column")
}

fn column(kind: Kind, rows: &[Row]) -> ArrayRef {
    match kind {
        Kind::EventTime => times(rows.iter().map(|row| row.event.time())),
        Kind::ReceivedTime => times(rows.iter().map(|row| row.received)),
        Kind::Seq => {
            let mut builder = Int64Builder::with_capacity(rows.len());
            rows.iter().for_each(|row| builder.append_value(row.seq.0.cast_signed()));
            Arc::new(builder.finish())
        }
        Kind::Account => texts(rows.iter().map(|row| Some(row.account.to_string()))),
        Kind::One(Attribute::EventId) => texts(rows.iter().map(|row| Some(row.event.id()))),
        Kind::One(attribute) => texts(rows.iter().map(|row| row.event.first(attribute))),
        Kind::All(attribute) => lists(rows, attribute),
        // An event is accepted only if its bytes are UTF-8.
        Kind::Event => texts(rows.iter().map(|row| Some(String::from_utf8_lossy(row.event.raw())))),
    }
}

fn times(times: impl Iterator<Item = Timestamp>) -> ArrayRef {
    let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    times.for_each(|time| builder.append_value(time.0.saturating_mul(1000)));
    Arc::new(builder.finish())
}

fn texts<T: AsRef<str>>(texts: impl Iterator<Item = Option<T>>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    texts.for_each(|text| builder.append_option(text));
    Arc::new(builder.finish())
}

fn lists(rows: &[Row], attribute: Attribute) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(element());
    for row in rows {
        let mut is_empty = true;
        for value in row.event.values(attribute) {
            builder.values().append_value(value);
            is_empty = false;
        }
        builder.append(!is_empty);
    }
    Arc::new(builder.finish())
}
