use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_ipc::writer::StreamWriter;

use super::*;

fn answer(end: &str) -> Vec<Bytes> {
    let fields = vec![Field::new("name", DataType::Utf8, true), Field::new("n", DataType::Int64, true)];
    let schema = Arc::new(Schema::new(fields));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    for start in [0, 2] {
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a\"b,\x1b[2J"), None]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![start, start + 1]));
        writer.write(&RecordBatch::try_new(schema.clone(), vec![names, numbers]).unwrap()).unwrap();
    }
    let mut bytes = writer.into_inner().unwrap();
    bytes.extend_from_slice(end.as_bytes());
    bytes.chunks(7).map(Bytes::copy_from_slice).collect()
}

#[allow(clippy::disallowed_methods, reason = "a client's own file")]
fn in_file(format: Format, end: &str) -> (anyhow::Result<End>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows");
    let parts = answer(end);
    let (sender, receiver) = sync_channel(parts.len());
    for part in parts {
        sender.send(part).unwrap();
    }
    drop(sender);
    let end = written(receiver, format, Some(&file));
    (end, std::fs::read(&file).unwrap_or_default())
}

const WHOLE: &str = r#"{"Complete":true,"Rows":4}"#;

#[test]
fn rows_are_written_in_each_form() {
    let text = |format| String::from_utf8(in_file(format, WHOLE).1).unwrap();
    assert_eq!(text(Format::Table), "NAME      N\na\"b, [2J  0\n          1\na\"b, [2J  2\n          3\n");
    let json = text(Format::Json);
    assert_eq!(json.lines().next(), Some(r#"{"name":"a\"b,\u001b[2J","n":0}"#));
    assert_eq!(json.lines().nth(1), Some(r#"{"name":null,"n":1}"#));
    assert_eq!(text(Format::Csv), "name,n\n\"a\"\"b,\x1b[2J\",0\n,1\n\"a\"\"b,\x1b[2J\",2\n,3\n");
    let (_, parquet) = in_file(Format::Parquet, WHOLE);
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(Bytes::from(parquet), 100).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 4);
}

#[test]
fn what_is_not_whole_is_said() {
    let (end, _) = in_file(Format::Csv, r#"{"Complete":false,"Rows":4,"Message":"too long"}"#);
    let end = end.unwrap();
    assert!(!end.complete);
    assert_eq!((end.message.as_str(), end.rows), ("too long", 4));
    let (broken, file) = in_file(Format::Csv, "");
    assert!(broken.unwrap_err().to_string().contains("broke off"));
    assert!(file.is_empty(), "a broken answer leaves no file of the name");
}
