//! An answer on its way out, under its limits.
//!
//! The query runs on the engine's own threads and sends batch after batch through a short channel. Time and cancellation are
//! checked while it computes, not only when it has something; rows beyond the limit are not sent. When the receiving side is
//! dropped the query is aborted and its readers end at their next step.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use query::{Cut, Meter, QueryError};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::AbortHandle;

use crate::error::query_error;

/// How often a computing query is asked whether it may go on.
const CHECK_EVERY: Duration = Duration::from_millis(50);
/// Batches that wait for the client.
const WAITING_BATCHES: usize = 2;

pub(crate) type Batch = Result<RecordBatch, QueryError>;

pub(crate) fn channel() -> (Sender<Batch>, Receiver<Batch>) {
    mpsc::channel(WAITING_BATCHES)
}

/// Sends the rows until they, the limits or the receiver end.
pub(crate) async fn send(mut rows: SendableRecordBatchStream, meter: Arc<Meter>, sender: Sender<Batch>) {
    let mut left = meter.limits().rows;
    loop {
        let next = match next_batch(&mut rows, &meter).await {
            Ok(Some(batch)) => batch,
            Ok(None) => return,
            Err(error) => {
                let _ = sender.send(Err(error)).await;
                return;
            }
        };
        let is_too_long = next.num_rows() > left;
        let next = next.slice(0, next.num_rows().min(left));
        left -= next.num_rows();
        if next.num_rows() > 0 && sender.send(Ok(next)).await.is_err() {
            return;
        }
        if is_too_long {
            let _ = sender.send(Err(QueryError::Cut(Cut::Rows(meter.limits().rows)))).await;
            return;
        }
    }
}

async fn next_batch(rows: &mut SendableRecordBatchStream, meter: &Meter) -> Result<Option<RecordBatch>, QueryError> {
    loop {
        meter.check().map_err(QueryError::Cut)?;
        if let Ok(next) = tokio::time::timeout(CHECK_EVERY, rows.next()).await {
            return next.transpose().map_err(|error| query_error(error, meter.limits().memory_bytes));
        }
    }
}

/// The receiving side; dropping it ends the query.
pub(crate) fn receive<T: Send + 'static>(receiver: Receiver<T>, running: Running) -> BoxStream<'static, T> {
    stream::unfold((receiver, running), |(mut receiver, running)| async move {
        receiver.recv().await.map(|item| (item, (receiver, running)))
    })
    .boxed()
}

/// A running query, aborted when dropped.
pub(crate) struct Running {
    pub(crate) task: AbortHandle,
    pub(crate) meter: Arc<Meter>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The meter of a finished query may still be in use.
        if !self.task.is_finished() {
            self.meter.cancel();
            self.task.abort();
        }
    }
}
