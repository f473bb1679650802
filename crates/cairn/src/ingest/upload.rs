//! Sends batches, a few at once, and takes the answers in the order of the file.

use anyhow::Context;
use client::{Client, PutReply};
use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::ingest::Addressee;
use crate::ingest::batch::{Batch, ReadFailure};
use crate::ingest::refused::Refused;

/// Requests on their way. One waits for the node's disk while the next travels and a third is read; more would only
/// wait in the same queue.
const IN_FLIGHT: usize = 3;

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// Events it covers.
    pub(crate) events: u64,
    /// New ones.
    pub(crate) accepted: u64,
    /// Known ones.
    pub(crate) duplicates: u64,
    /// Refused ones, in the order of the file.
    pub(crate) refused: Vec<Refused>,
}

/// Sends every batch. `answered` is called in the order of the file; when it is, the events are durable.
pub(crate) async fn send(
    client: &Client,
    addressee: Option<&Addressee>,
    mut batches: mpsc::Receiver<Result<Batch, ReadFailure>>,
    mut answered: impl FnMut(Answered) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let account = addressee.map(Addressee::as_str);
    let answers = stream::poll_fn(|context| batches.poll_recv(context)).map(|batch| async move {
        let batch = batch?;
        let reply = match batch.is_empty() {
            true => PutReply::default(),
            false => client
                .put_events(account, batch.body.clone(), batch.media_type, batch.encoding)
                .await
                .context("could not put the events")?,
        };
        anyhow::Ok(read(batch, reply))
    });
    let mut answers = answers.buffered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        answered(answer?)?;
    }
    Ok(())
}

fn read(mut batch: Batch, reply: PutReply) -> Answered {
    let mut refused = std::mem::take(&mut batch.refused);
    for each in reply.refused {
        refused.extend(batch.refused_by_node(each.index, each.code, each.message));
    }
    refused.sort_by_key(|each| each.index);
    Answered { events: batch.events, accepted: reply.accepted, duplicates: reply.duplicates, refused }
}
