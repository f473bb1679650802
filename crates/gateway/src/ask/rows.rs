//! Rows on their way out: Arrow IPC, one message a batch, written when the client took the one before.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use query::{Answer, Cut, Meter, QueryError, Ticket};
use serde_json::json;

use super::refused;

/// The answer's body. It ends with one JSON object: `{"Complete":true,...}`, or what cut it short.
pub(super) fn body(answer: Answer, meter: Arc<Meter>, ticket: Ticket) -> Result<Body, ArrowError> {
    let schema: &Schema = &answer.schema;
    let writer = StreamWriter::try_new(Vec::new(), schema)?;
    let state = Some(Writing { answer, writer, meter, rows: 0, _ticket: ticket });
    let parts = stream::unfold(state, |state| async move {
        let mut writing = state?;
        let (bytes, goes_on) = writing.next().await;
        Some((Ok::<Bytes, std::convert::Infallible>(bytes), goes_on.then_some(writing)))
    });
    Ok(Body::from_stream(parts))
}

struct Writing {
    answer: Answer,
    writer: StreamWriter<Vec<u8>>,
    meter: Arc<Meter>,
    rows: usize,
    /// Held until the last row is out.
    _ticket: Ticket,
}

impl Writing {
    /// The next bytes, and whether more follow.
    async fn next(&mut self) -> (Bytes, bool) {
        let most = self.meter.limits().rows;
        let left = self.meter.limits().time.saturating_sub(self.meter.elapsed());
        let next = tokio::time::timeout(left, self.answer.batches.next()).await;
        let end = match next {
            Err(_) => Some(QueryError::Cut(Cut::Time(self.meter.limits().time))),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some(error),
            Ok(Some(Ok(batch))) => {
                let fits = batch.num_rows().min(most - self.rows);
                self.rows += fits;
                match (self.write(&batch.slice(0, fits)), fits == batch.num_rows()) {
                    (Ok(()), true) => return (self.taken(), true),
                    (Ok(()), false) => Some(QueryError::Cut(Cut::Rows(most))),
                    (Err(error), _) => {
                        Some(QueryError::Failed { kind: model::ErrorKind::Bug, source: Box::new(error) })
                    }
                }
            }
        };
        (self.finished(end), false)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.writer.write(batch)
    }

    fn taken(&mut self) -> Bytes {
        std::mem::take(self.writer.get_mut()).into()
    }

    fn finished(&mut self, end: Option<QueryError>) -> Bytes {
        // Into memory, which does not fail; should it, the client misses the end and says so.
        let _ = self.writer.finish();
        let mut said = json!({
            "Complete": end.is_none(),
            "Rows": self.rows,
            "ScannedRows": self.meter.rows(),
            "ScannedBytes": self.meter.bytes(),
            "ElapsedMilliseconds": u64::try_from(self.meter.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        if let Some(end) = end {
            let error = refused(&end);
            said["Code"] = json!(error.code);
            said["Message"] = json!(error.message);
        }
        let mut bytes = std::mem::take(self.writer.get_mut());
        bytes.extend_from_slice(said.to_string().as_bytes());
        bytes.into()
    }
}
