//! The values of an answer as texts, as Log Service shows them: what its clients get, and what conditions of rules see.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};
use serde_json::Value;

const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_null("null")
    .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
    .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
    .with_date_format(Some("%Y-%m-%d"))
    .with_duration_format(DurationFormat::Pretty);

/// The texts of a batch's first rows, at most so many, each row's in the order of the columns. A list, a map or a
/// structure is JSON; no value is `null`.
pub fn texts(batch: &RecordBatch, rows_max: usize) -> Result<Vec<Vec<String>>, ArrowError> {
    let formatters: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &OPTIONS)).collect::<Result<_, _>>()?;
    let text = |(column, formatter): (&ArrayRef, &ArrayFormatter<'_>), row: usize| match column.data_type() {
        kind if kind.is_nested() && column.is_valid(row) => Ok(nested(column, row)?.to_string()),
        _ => formatter.value(row).try_to_string(),
    };
    let rows = 0..batch.num_rows().min(rows_max);
    rows.map(|row| batch.columns().iter().zip(&formatters).map(|each| text(each, row)).collect()).collect()
}

/// A list, a map or a structure as JSON.
fn nested(column: &ArrayRef, index: usize) -> Result<Value, ArrowError> {
    if column.is_null(index) {
        return Ok(Value::Null);
    }
    let each = |values: &ArrayRef| (0..values.len()).map(|index| nested(values, index)).collect::<Result<Vec<_>, _>>();
    match column.data_type() {
        DataType::List(_) => Ok(each(&column.as_list::<i32>().value(index))?.into()),
        DataType::LargeList(_) => Ok(each(&column.as_list::<i64>().value(index))?.into()),
        DataType::FixedSizeList(..) => Ok(each(&column.as_fixed_size_list().value(index))?.into()),
        DataType::Struct(fields) => {
            let values = fields.iter().zip(column.as_struct().columns());
            let values = values.map(|(field, values)| Ok((field.name().clone(), nested(values, index)?)));
            Ok(Value::Object(values.collect::<Result<_, ArrowError>>()?))
        }
        DataType::Map(..) => {
            let pairs = column.as_map().value(index);
            let (names, values) = (pairs.column(0), pairs.column(1));
            let names = ArrayFormatter::try_new(names, &OPTIONS)?;
            let pairs =
                (0..values.len()).map(|index| Ok((names.value(index).try_to_string()?, nested(values, index)?)));
            Ok(Value::Object(pairs.collect::<Result<_, ArrowError>>()?))
        }
        kind => {
            let text = ArrayFormatter::try_new(column, &OPTIONS)?.value(index).try_to_string()?;
            let is_plain = kind.is_numeric() || *kind == DataType::Boolean;
            Ok(if is_plain { serde_json::from_str(&text).unwrap_or(Value::String(text)) } else { Value::String(text) })
        }
    }
}
