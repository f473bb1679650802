#![allow(clippy::unwrap_used, reason = "a test may panic")]

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use query::{Answer, Window, WindowAnswers};

use super::*;
use crate::scene::{AT, LOGSTORE, PROJECT, Scene, account};

/// Has a million rows, of which it gives as many as may be given, and then says that it was cut.
struct Endless;

#[async_trait]
impl Engine for Endless {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        let rows = question.meter.limits().rows;
        let numbers: arrow::array::ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
        let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
        let schema = batch.schema();
        let told = [Ok(batch), Err(QueryError::Cut(Cut::Rows(rows)))];
        Ok(Answer { schema, batches: futures::stream::iter(told).boxed() })
    }

    async fn answer_windows(&self, _: Question, _: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        unreachable!("one window is asked")
    }

    async fn describe(&self, _: Question) -> Result<SchemaRef, QueryError> {
        unreachable!("rules do not ask for columns")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_more_rows_than_are_looked_at_is_cut_and_no_failure() {
    let scene = Scene::open().await;
    let limits = Limits { time: Duration::from_secs(60), rows: 9, scanned_bytes: 1 << 40, memory_bytes: 512 << 20 };
    let (catalog, store) = (scene.catalog.clone(), scene.store.clone());
    let asker = Asker::new(catalog, store, Some(Arc::new(Endless)), Admission::new(8), limits);
    let asked = Asked {
        store_type: "log".to_owned(),
        region: String::new(),
        project: PROJECT.to_owned(),
        store: LOGSTORE.to_owned(),
        query: "* | SELECT n LIMIT 1000000".to_owned(),
        from: AT,
        before: Timestamp(AT.0 + 1000),
        role: String::new(),
        rows_max: 1000,
    };
    let told = asker.ask(account(), &asked, AT).await.unwrap();
    assert_eq!((told.rows.len(), told.found.row_count, told.found.is_truncated), (1000, 1000, true));
}
