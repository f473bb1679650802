//! Rows as conditions see them: names and texts, from events, from a statement's answer, from resource records.

use alert::Row;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};
use serde_json::{Map, Value};

/// As Log Service's answers show values.
const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_null("null")
    .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
    .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
    .with_date_format(Some("%Y-%m-%d"))
    .with_duration_format(DurationFormat::Pretty);

/// Adds a batch's rows, at most so many.
pub(crate) fn append(batch: &RecordBatch, rows: &mut Vec<Row>, rows_max: usize) -> Result<(), ArrowError> {
    let formatters: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &OPTIONS)).collect::<Result<_, _>>()?;
    for index in 0..batch.num_rows().min(rows_max.saturating_sub(rows.len())) {
        let mut row = Row::new();
        for ((field, column), formatter) in batch.schema().fields().iter().zip(batch.columns()).zip(&formatters) {
            let text = match column.data_type() {
                kind if kind.is_nested() && column.is_valid(index) => nested(column, index)?.to_string(),
                _ => formatter.value(index).try_to_string()?,
            };
            row.insert(field.name().clone(), text);
        }
        rows.push(row);
    }
    Ok(())
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

/// A record of a resource: `id`, `tag`, and the members of its value, those of objects by dotted paths.
pub(crate) fn of_record(record: &catalog::ResourceRecord) -> Row {
    let mut row = Row::from([("id".to_owned(), record.id.clone()), ("tag".to_owned(), record.tag.clone())]);
    match serde_json::from_str(&record.value) {
        Ok(Value::Object(members)) => spread(&members, "", &mut row),
        _ => {
            row.insert("value".to_owned(), record.value.clone());
        }
    }
    row
}

fn spread(members: &Map<String, Value>, above: &str, row: &mut Row) {
    for (name, value) in members {
        let path = format!("{above}{name}");
        match value {
            Value::Null => {}
            Value::Object(inner) => spread(inner, &format!("{path}."), row),
            Value::String(text) => {
                row.insert(path, text.clone());
            }
            other => {
                row.insert(path, other.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListArray, StringArray};
    use arrow::datatypes::Int64Type;
    use model::Timestamp;

    use super::*;

    #[test]
    fn values_are_texts_and_lists_are_json() {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("count", Arc::new(Int64Array::from(vec![Some(7), None]))),
            ("name", Arc::new(StringArray::from(vec!["a", "b"]))),
            ("list", Arc::new(lists)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut rows = Vec::new();
        append(&batch, &mut rows, 5).unwrap();
        append(&batch, &mut rows, 3).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[0]["count"].as_str(), rows[0]["list"].as_str()), ("7", "[1,null]"));
        assert_eq!((rows[1]["count"].as_str(), rows[1]["list"].as_str()), ("null", "null"));
    }

    #[test]
    fn a_record_is_a_row_of_its_members() {
        let value = r#"{"cidr":"10.0.0.0/8","owner":{"name":"net"},"ports":[22],"note":null}"#;
        let record = catalog::ResourceRecord {
            id: "r1".into(),
            tag: "office".into(),
            value: value.into(),
            created: Timestamp(0),
            updated: Timestamp(0),
        };
        let row = of_record(&record);
        let pairs: Vec<(&str, &str)> = row.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let expected =
            [("cidr", "10.0.0.0/8"), ("id", "r1"), ("owner.name", "net"), ("ports", "[22]"), ("tag", "office")];
        assert_eq!(pairs, expected);
        assert_eq!(of_record(&catalog::ResourceRecord { value: "plain".into(), ..record })["value"], "plain");
    }
}
