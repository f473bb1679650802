//! Putting the events: several connections, NDJSON, each batch timed from request to acknowledgement.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use client::{Client, Encoding, MediaType};
use tokio::sync::{Mutex, mpsc};

use crate::options::Options;

/// How it went.
pub(crate) struct Load {
    pub(crate) took: Duration,
    /// Bytes of the events as sent.
    pub(crate) bytes: u64,
    /// One per batch.
    pub(crate) acknowledgements: Vec<Duration>,
}

/// Puts the events of these positions in the stream, each connection one batch at a time.
pub(crate) async fn put(options: &Options, client: &Client, range: Range<u64>) -> Result<Load> {
    // Ahead by a few batches, so that making events does not hold a connection up.
    let (send, receive) = mpsc::channel(2 * options.connections);
    let batches = batches(options, range);
    let making = std::thread::spawn(move || batches.into_iter().try_for_each(|batch| send.blocking_send(batch)));
    let receive = Arc::new(Mutex::new(receive));
    let started = Instant::now();
    let mut connections = Vec::new();
    for _ in 0..options.connections {
        let (client, receive) = (client.clone(), receive.clone());
        connections.push(tokio::spawn(async move {
            let (mut bytes, mut times) = (0, Vec::new());
            loop {
                let Some(Batch { body, events }) = receive.lock().await.recv().await else { break };
                bytes += body.len() as u64;
                let sent = Instant::now();
                let reply = client.put_events(Some("from-event"), body, MediaType::NdJson, Encoding::Identity).await?;
                times.push(sent.elapsed());
                ensure!(reply.accepted == events, "{} of {events} events were taken", reply.accepted);
            }
            anyhow::Ok((bytes, times))
        }));
    }
    let mut load = Load { took: Duration::ZERO, bytes: 0, acknowledgements: Vec::new() };
    for connection in connections {
        let (bytes, times) = connection.await.context("a connection's task panicked")??;
        load.bytes += bytes;
        load.acknowledgements.extend(times);
    }
    load.took = started.elapsed();
    // Every batch was received, so the thread has ended.
    let _ = making.join();
    Ok(load)
}

struct Batch {
    body: Bytes,
    events: u64,
}

fn batches(options: &Options, range: Range<u64>) -> impl IntoIterator<Item = Batch> + use<> {
    let mut generator = options.generator();
    let mut skipped = String::new();
    for _ in 0..range.start {
        skipped.clear();
        generator.write_event(&mut skipped);
    }
    let batch = options.batch as u64;
    let mut left = range.end - range.start;
    std::iter::from_fn(move || {
        let events = left.min(batch);
        left -= events;
        let mut body = String::with_capacity(events as usize * 1400);
        for _ in 0..events {
            generator.write_event(&mut body);
            body.push('\n');
        }
        (events > 0).then(|| Batch { body: body.into(), events })
    })
}
