//! Putting the events: several connections, NDJSON, each batch timed from request to acknowledgement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use client::{Client, Encoding, MediaType};
use sample::Generator;
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

/// The run's events from the first on, made as they are needed.
pub(crate) struct Stream {
    generator: Generator,
}

/// Events as NDJSON.
pub(crate) struct Batch {
    pub(crate) body: Bytes,
    pub(crate) events: u64,
}

impl Stream {
    pub(crate) fn new(options: &Options) -> Stream {
        Stream { generator: options.generator() }
    }

    /// Other events of the same accounts, in the thirty days after the run's.
    pub(crate) fn of_later(options: &Options) -> Stream {
        Stream { generator: options.later_generator() }
    }

    /// The next events.
    pub(crate) fn batch(&mut self, events: u64) -> Batch {
        let mut body = String::with_capacity(events as usize * 1400);
        for _ in 0..events {
            self.generator.write_event(&mut body);
            body.push('\n');
        }
        Batch { body: body.into(), events }
    }
}

/// Puts the next `events` of the stream, each connection one batch at a time. Gives the stream back for the rest.
pub(crate) async fn put(options: &Options, client: &Client, mut stream: Stream, events: u64) -> Result<(Load, Stream)> {
    // Ahead by a few batches, so that making events does not hold a connection up.
    let (send, receive) = mpsc::channel(2 * options.connections);
    let size = options.batch as u64;
    let making = std::thread::spawn(move || {
        let mut left = events;
        while left > 0 {
            let batch = stream.batch(left.min(size));
            left -= batch.events;
            if send.blocking_send(batch).is_err() {
                break;
            }
        }
        stream
    });
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
    // The thread stops when nobody receives any more.
    drop(receive);
    let mut load = Load { took: Duration::ZERO, bytes: 0, acknowledgements: Vec::new() };
    for connection in connections {
        let (bytes, times) = connection.await.context("a connection's task panicked")??;
        load.bytes += bytes;
        load.acknowledgements.extend(times);
    }
    load.took = started.elapsed();
    let stream = making.join().ok().context("the thread that makes events panicked")?;
    Ok((load, stream))
}
