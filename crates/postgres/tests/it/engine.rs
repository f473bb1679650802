//! An engine that understands four words: it shows what it was asked, counts, waits, or fails.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use query::{Answer, Engine, QueryError, Question, Window, WindowAnswers};

pub(crate) struct TestEngine;

fn schema(names: &[(&str, DataType)]) -> SchemaRef {
    Arc::new(Schema::new(names.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>()))
}

fn one_text(name: &str, text: String) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
    RecordBatch::try_new(schema(&[(name, DataType::Utf8)]), vec![column]).unwrap()
}

#[async_trait]
impl Engine for TestEngine {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        let schema = self.describe(question.clone()).await?;
        let words: Vec<&str> = question.sql.split_whitespace().collect();
        let batches = match words.as_slice() {
            ["SELECT", "count", most] => {
                let most: i64 = most.parse().unwrap();
                let (schema, meter) = (schema.clone(), question.meter.clone());
                let starts = (0..most).step_by(1000);
                stream::iter(starts)
                    .map(move |start| {
                        meter.check().map_err(QueryError::Cut)?;
                        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(start..(start + 1000).min(most)));
                        Ok(RecordBatch::try_new(schema.clone(), vec![column]).unwrap())
                    })
                    .boxed()
            }
            ["SELECT", "forever"] => stream::pending().boxed(),
            ["SELECT", "tables"] => {
                let names: Vec<&str> = question.tables.iter().map(|table| table.name.as_str()).collect();
                stream::iter([Ok(one_text("tables", names.join(" ")))]).boxed()
            }
            _ => stream::iter([Ok(one_text("asked", question.sql.clone()))]).boxed(),
        };
        Ok(Answer { schema, batches })
    }

    async fn answer_windows(&self, _: Question, _: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        unreachable!("only rules are tried over windows")
    }

    async fn describe(&self, question: Question) -> Result<SchemaRef, QueryError> {
        let sql = &question.sql;
        if let Some(at) = sql.find("oops") {
            let position = sql[..at].chars().count();
            return Err(QueryError::Syntax { position, message: "oops is no word".to_owned() });
        }
        if sql.contains("nowhere") {
            return Err(QueryError::Invalid { message: "table nowhere not found".to_owned() });
        }
        Ok(match sql.split_whitespace().nth(1) {
            Some("count" | "forever") => schema(&[("n", DataType::Int64)]),
            Some("tables") => schema(&[("tables", DataType::Utf8)]),
            _ => schema(&[("asked", DataType::Utf8)]),
        })
    }
}
