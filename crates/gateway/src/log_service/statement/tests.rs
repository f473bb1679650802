use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, MapBuilder, RecordBatch, StringArray,
};
use arrow::array::{Int64Builder, StringBuilder, TimestampMillisecondArray};
use serde_json::json;

use super::*;

#[test]
fn every_value_is_a_text_and_what_nests_is_json() {
    let mut names = ListBuilder::new(StringBuilder::new());
    names.values().append_value("a\"b");
    names.append(true);
    names.append(false);
    let mut counts = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    counts.keys().append_value("x");
    counts.values().append_value(2);
    counts.append(true).expect("a pair");
    counts.append(true).expect("an empty map");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from(vec![Some(9_007_199_254_740_993), None]))),
        ("f", Arc::new(Float64Array::from(vec![0.5, 2.0]))),
        ("b", Arc::new(BooleanArray::from(vec![true, false]))),
        ("t", Arc::new(TimestampMillisecondArray::from(vec![1_700_000_000_123, 0]))),
        ("s", Arc::new(StringArray::from(vec!["ü", ""]))),
        ("names", Arc::new(names.finish())),
        ("counts", Arc::new(counts.finish())),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let keys: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut rows = Vec::new();
    append(&batch, &keys, &mut rows).expect("rows");
    let expected = json!([
        {
            "n": "9007199254740993", "f": "0.5", "b": "true", "t": "2023-11-14 22:13:20.123", "s": "ü",
            "names": "[\"a\\\"b\"]", "counts": "{\"x\":2}",
        },
        {
            "n": "null", "f": "2.0", "b": "false", "t": "1970-01-01 00:00:00.000", "s": "",
            "names": "null", "counts": "{}",
        },
    ]);
    assert_eq!(Value::Array(rows), expected);
    let types: Vec<_> = batch.schema().fields().iter().map(|field| type_name(field.data_type())).collect();
    assert_eq!(types, ["bigint", "double", "boolean", "timestamp", "varchar", "array", "map"]);
}

#[test]
fn a_position_is_told_in_the_whole_query() {
    let error = QueryError::Syntax { position: 7, message: "found FORM, expected FROM".into() };
    let fault = told(error, 4);
    assert_eq!((fault.code.name, &*fault.message), ("ParameterInvalid", "found FORM, expected FROM at position 11"));
    let cut = told(QueryError::Cut(Cut::ScannedBytes(1 << 20)), 0);
    assert_eq!((cut.code.name, cut.code.status), ("ExceedQuota", 400));
}
