//! Rows of an answer, encoded one by one as the client takes them.

use std::sync::Arc;

use arrow_pg::row_encoder::RowEncoder;
use futures::{Stream, StreamExt, stream};
use pgwire::api::Type;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::data::DataRow;
use query::{Answer, Cut, Meter, Ticket};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::errors;

/// An answer on its way to the client.
pub(crate) struct Rows {
    pub(crate) answer: Answer,
    pub(crate) fields: Arc<Vec<FieldInfo>>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) deadline: Instant,
    pub(crate) cancelled: CancellationToken,
    /// Held until the last row is out.
    pub(crate) ticket: Ticket,
}

impl Rows {
    /// The rows; after an error there are none.
    pub(crate) fn stream(self) -> impl Stream<Item = PgWireResult<DataRow>> + Send + 'static {
        stream::try_unfold((self, None::<RowEncoder>, 0_usize), |(mut rows, mut encoder, mut given)| async move {
            loop {
                if let Some(row) = encoder.as_mut().and_then(RowEncoder::next_row) {
                    given += 1;
                    let most = rows.meter.limits().rows;
                    if given > most {
                        return Err(errors::cut(Cut::Rows(most)));
                    }
                    return Ok(Some((row?, (rows, encoder, given))));
                }
                let Some(batch) = rows.next_batch().await? else {
                    drop(rows.ticket);
                    return Ok::<_, PgWireError>(None);
                };
                encoder = Some(RowEncoder::new(batch, rows.fields.clone()));
            }
        })
    }

    async fn next_batch(&mut self) -> PgWireResult<Option<arrow::array::RecordBatch>> {
        let next = tokio::select! {
            biased;
            () = self.cancelled.cancelled() => return Err(errors::cut(Cut::Cancelled)),
            () = tokio::time::sleep_until(self.deadline) => {
                return Err(errors::cut(Cut::Time(self.meter.limits().time)));
            }
            next = self.answer.batches.next() => next,
        };
        next.transpose().map_err(|error| errors::query(error, |position| position))
    }
}

/// Rows of texts that are known already.
pub(crate) fn texts(names: &[&str], rows: Vec<Vec<String>>) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(text_fields(names));
    let mut encoder = DataRowEncoder::new(fields.clone());
    let mut encoded = Vec::with_capacity(rows.len());
    for row in rows {
        for value in row {
            encoder.encode_field(&value)?;
        }
        encoded.push(Ok(encoder.take_row()));
    }
    Ok(QueryResponse::new(fields, stream::iter(encoded)))
}

/// Columns of text.
pub(crate) fn text_fields(names: &[&str]) -> Vec<FieldInfo> {
    let field = |name: &&str| FieldInfo::new((*name).to_owned(), None, None, Type::TEXT, FieldFormat::Text);
    names.iter().map(field).collect()
}
