//! An engine for tests: one row, which says how many tables there were and what was asked.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt;
use model::Timestamp;
use query::{Answer, Cut, Engine, QueryError, Question, Source, Window, WindowAnswers};

/// Answers with one row.
pub(crate) struct Tally;

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false), text("sql"), text("nothing")]))
}

#[async_trait]
impl Engine for Tally {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        match question.sql.as_str() {
            "syntax" => return Err(QueryError::Syntax { position: 2, message: "found syntax".into() }),
            sql if sql.starts_with("delete") => return Err(QueryError::ReadOnly { statement: "DELETE".into() }),
            "slow" => return Err(QueryError::Cut(Cut::Time(question.meter.limits().time))),
            _ => {}
        }
        assert!(question.from < question.before && question.before <= Timestamp(i64::MAX));
        let Source::Events(view) = &question.tables[0].source else { panic!("a table of events") };
        assert!(!view.parts().is_empty());
        let n = Int64Array::from(vec![question.tables.len() as i64]);
        let (sql, nothing) = (StringArray::from(vec![question.sql.as_str()]), StringArray::from(vec![None::<&str>]));
        let batch =
            RecordBatch::try_new(schema(), vec![Arc::new(n), Arc::new(sql), Arc::new(nothing)]).expect("a batch");
        Ok(Answer { schema: schema(), batches: futures::stream::iter([Ok(batch)]).boxed() })
    }

    async fn answer_windows(&self, _: Question, _: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        unreachable!("only rules are tried over windows")
    }

    async fn describe(&self, _: Question) -> Result<SchemaRef, QueryError> {
        Ok(schema())
    }
}
