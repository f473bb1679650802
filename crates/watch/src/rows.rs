//! Rows as conditions see them: names and texts, from events, from a statement's answer, from resource records.

use alert::Row;
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use serde_json::{Map, Value};

/// Adds a batch's rows, at most so many.
pub(crate) fn append(batch: &RecordBatch, rows: &mut Vec<Row>, rows_max: usize) -> Result<(), ArrowError> {
    let schema = batch.schema();
    let names = || schema.fields().iter().map(|field| field.name().clone());
    let texts = query::texts(batch, rows_max.saturating_sub(rows.len()))?;
    rows.extend(texts.into_iter().map(|texts| names().zip(texts).collect::<Row>()));
    Ok(())
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

    use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray};
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
