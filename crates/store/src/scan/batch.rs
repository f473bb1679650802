//! Making a batch: values of rows as Arrow arrays.

use std::sync::Arc;

use arrow_array::builder::{StringDictionaryBuilder, StringViewBuilder};
use arrow_array::types::UInt32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int64Array, RecordBatch, RecordBatchOptions, TimestampMillisecondArray, UInt32Array,
    UInt64Array,
};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use model::{AccountId, Timestamp};
use query::extract::{Paths, Value};
use query::{Column, FieldPath, Meter};

use super::scan_schema;
use crate::StoreError;
use crate::scope::Columns;
use crate::segment::{Row, RowCodes, Segment, Values};

/// The columns of a scan.
pub(super) struct Wanted {
    columns: Vec<Column>,
    schema: SchemaRef,
    /// Those that are paths.
    fields: Vec<FieldPath>,
    paths: Paths,
}

/// What a segment's typed columns give of them.
#[derive(Clone)]
pub(super) struct TypedColumns {
    /// One entry a path.
    typed: Vec<Option<Arc<RowCodes>>>,
    /// Whether each row's JSON is needed.
    always: bool,
}

impl TypedColumns {
    pub(super) fn never_need_json(&self) -> bool {
        let is_plain = |column: &Arc<RowCodes>| column.unplain.as_ref().is_some_and(Vec::is_empty);
        !self.always && self.typed.iter().flatten().all(is_plain)
    }

    pub(super) fn need_json(&self, row: u32) -> bool {
        let is_unplain = |column: &Arc<RowCodes>| !column.unplain_in(&(row..row + 1)).is_empty();
        self.always || self.typed.iter().flatten().any(is_unplain)
    }
}

impl Wanted {
    pub(super) fn new(columns: &[Column]) -> Wanted {
        let field = |column: &Column| if let Column::Field(path) = column { Some(path.clone()) } else { None };
        let fields: Vec<FieldPath> = columns.iter().filter_map(field).collect();
        let paths = Paths::new(&fields);
        let schema = scan_schema(columns);
        Wanted { columns: columns.to_vec(), schema, fields, paths }
    }

    pub(super) fn columns_of(&self, columns: &mut Columns, meter: &Meter) -> Result<TypedColumns, StoreError> {
        let typed = self.fields.iter().map(|path| columns.at(path, meter)).collect::<Result<Vec<_>, _>>()?;
        let always = self.columns.contains(&Column::Raw) || typed.iter().any(Option::is_none);
        Ok(TypedColumns { typed, always })
    }

    pub(super) fn batch_of_rows(&self, rows: &[Row]) -> Result<RecordBatch, StoreError> {
        let time = |row: &Row| row.event.time();
        let texts = self.texts(rows.iter().map(|row| Some(row.event.raw())));
        let mut field = 0;
        let array = |column: &Column| -> ArrayRef {
            match column {
                Column::Seconds => seconds(rows.iter().map(time)),
                Column::Time => times(rows.iter().map(time)),
                Column::Received => times(rows.iter().map(|row| row.received)),
                Column::Seq => Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.seq.0))),
                Column::Account => dictionary(rows.iter().map(|row| Some(row.account.as_str()))),
                Column::Raw => raws(rows.iter().map(|row| row.event.raw())),
                Column::Field(_) => {
                    field += 1;
                    dictionary(texts.iter().map(|texts| texts[field - 1].as_deref()))
                }
            }
        };
        Ok(self.batch(self.columns.iter().map(array).collect(), rows.len()))
    }

    /// The rows, and the JSON of those that need it.
    pub(super) fn batch_of_segment(
        &self,
        segment: &Segment,
        account: AccountId,
        columns: &TypedColumns,
        rows: &[(u32, Option<Bytes>)],
    ) -> Result<RecordBatch, StoreError> {
        let happened = || segment.times_of(rows.iter().map(|(row, _)| *row)).into_iter();
        let texts = self.texts(rows.iter().map(|(row, raw)| raw.as_ref().filter(|_| columns.need_json(*row))));
        let mut field = 0;
        let array = |column: &Column| -> ArrayRef {
            match column {
                Column::Seconds => seconds(happened()),
                Column::Time => times(happened()),
                Column::Received => times(rows.iter().map(|(row, _)| segment.received(*row))),
                Column::Seq => Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(row, _)| segment.seq(*row).0))),
                Column::Account => dictionary(rows.iter().map(|_| Some(account.as_str()))),
                Column::Raw => raws(rows.iter().filter_map(|(_, raw)| raw.as_ref())),
                Column::Field(_) => {
                    field += 1;
                    Self::field(field - 1, columns, rows, &texts)
                }
            }
        };
        Ok(self.batch(self.columns.iter().map(array).collect(), rows.len()))
    }

    fn field(
        field: usize,
        columns: &TypedColumns,
        rows: &[(u32, Option<Bytes>)],
        texts: &[Vec<Option<String>>],
    ) -> ArrayRef {
        let Some(column) = &columns.typed[field] else {
            return dictionary(texts.iter().map(|texts| texts[field].as_deref()));
        };
        let code = |row: u32| column.of_row.get(row);
        let is_unplain = |row: u32| !column.unplain_in(&(row..row + 1)).is_empty();
        if rows.iter().any(|(row, _)| is_unplain(*row)) {
            let text = |((row, _), texts): (&(u32, Option<Bytes>), &'_ Vec<Option<String>>)| {
                if is_unplain(*row) { texts[field].clone() } else { text_of(&column.values, code(*row)) }
            };
            let all: Vec<Option<String>> = rows.iter().zip(texts).map(text).collect();
            return dictionary(all.iter().map(Option::as_deref));
        }
        let keys: UInt32Array = rows.iter().map(|(row, _)| code(*row).checked_sub(1)).collect();
        let array = DictionaryArray::<UInt32Type>::try_new(keys, column.dictionary());
        Arc::new(array.expect("every code has a value"))
    }

    /// The text at each path of each row that has JSON.
    fn texts<'r>(&self, raws: impl Iterator<Item = Option<&'r Bytes>>) -> Vec<Vec<Option<String>>> {
        let nothing = || vec![None; self.fields.len()];
        if self.fields.is_empty() {
            return raws.map(|_| nothing()).collect();
        }
        let text = |value: Option<Value<'_>>| value.and_then(Value::into_text).map(|text| text.into_owned());
        let read = |raw: &Bytes| self.paths.values(raw).into_iter().map(text).collect();
        raws.map(|raw| raw.map_or_else(nothing, read)).collect()
    }

    fn batch(&self, arrays: Vec<ArrayRef>, rows: usize) -> RecordBatch {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        batch.expect("the arrays were made for this schema")
    }
}

fn text_of(values: &Values, code: u32) -> Option<String> {
    values.get(code).map(|text| String::from_utf8_lossy(text).into_owned())
}

fn seconds(times: impl Iterator<Item = Timestamp>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(times.map(|time| time.0.div_euclid(1000))))
}

fn times(times: impl Iterator<Item = Timestamp>) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(times.map(|time| time.0)).with_timezone("UTC"))
}

fn raws<'r>(raws: impl Iterator<Item = &'r Bytes>) -> ArrayRef {
    let mut builder = StringViewBuilder::new();
    raws.for_each(|raw| builder.append_value(String::from_utf8_lossy(raw)));
    Arc::new(builder.finish())
}

pub(crate) fn dictionary<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<UInt32Type>::new();
    texts.for_each(|text| builder.append_option(text));
    Arc::new(builder.finish())
}
