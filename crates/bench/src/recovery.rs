//! How long a node takes to be ready after `kill -9`, with a long journal to read back.
//!
//! With the defaults the journal stays far shorter than a gibibyte, because what is in segments is removed from it. So
//! the node is killed twice: once with the settings everybody has, while events are still arriving, and once after it
//! was told to keep everything in memory and in the journal. Both times it starts again with the defaults. What was in
//! the journal before and is in segments already does not count.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use client::Client;
use serde::Serialize;

use crate::load::{self, Stream};
use crate::options::Options;
use crate::process::Memory;
use crate::server::{SOON_IN_SEGMENTS, Server, Setting};

/// Nothing becomes a segment: eight gibibytes of memory and a day.
const ALL_IN_THE_JOURNAL: [Setting; 2] =
    [("CAIRN_STORE_RECENT_BYTES", "8589934592"), ("CAIRN_STORE_RECENT_AGE_SECONDS", "86400")];
/// Put between two looks at the journal's size.
const SLICE_EVENTS: u64 = 20_000;
/// How often the journal is looked at while events arrive.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// For the merging of what was put meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);
/// Put to find how long the journal becomes with the defaults: several segments' worth.
const WITH_DEFAULTS_EVENTS: u64 = 400_000;

/// A start after `kill -9`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Recovery {
    /// Read back; what was in segments already is not counted, where it is known.
    pub(crate) journal_bytes: u64,
    pub(crate) seconds_to_ready: f64,
    /// Of the process that read it back, when it was ready.
    pub(crate) memory: Memory,
}

/// Both starts: with the journal the defaults leave, and with as long a one as asked for.
pub(crate) struct Recoveries {
    pub(crate) with_defaults: Recovery,
    pub(crate) long: Recovery,
}

/// The server runs with the defaults before and after.
pub(crate) async fn measure(options: &Options, server: &mut Server) -> Result<Recoveries> {
    let (with_defaults, stream) = with_defaults(options, server, Stream::of_later(options)).await?;
    shorten(server).await?;
    let spent = server.journal_bytes()?;
    server.stop().await?;
    server.restart_with(&ALL_IN_THE_JOURNAL).await?;
    let producer = server.ingest_client().await?;
    fill(options, server, &producer, stream, spent + options.journal_bytes).await?;
    let long = kill_and_restart(server, spent).await?;
    ensure!(long.journal_bytes >= options.journal_bytes, "the journal was shortened");
    // The rest of the run must not share the machine with what the start left to do.
    server.quiet().await?;
    Ok(Recoveries { with_defaults, long })
}

/// Kills it under load, when the journal is about as long as it ever was.
async fn with_defaults(options: &Options, server: &mut Server, stream: Stream) -> Result<(Recovery, Stream)> {
    let producer = server.ingest_client().await?;
    let (mut longest, mut stream, mut left) = (0, stream, WITH_DEFAULTS_EVENTS);
    while left > 0 {
        let events = left.min(SLICE_EVENTS);
        left -= events;
        let put = load::put(options, &producer, stream, events);
        tokio::pin!(put);
        stream = loop {
            tokio::select! {
                put = &mut put => break put?.1,
                () = tokio::time::sleep(LOOK_EVERY) => longest = longest.max(server.journal_bytes()?),
            }
        };
        // In the second half, at a length close to the longest that was seen.
        if left < WITH_DEFAULTS_EVENTS / 2 && server.journal_bytes()? * 10 >= longest * 9 {
            break;
        }
    }
    Ok((kill_and_restart(server, 0).await?, stream))
}

/// Lets everything become segments. The journal then ends with a file that may still grow, and nothing else.
async fn shorten(server: &mut Server) -> Result<()> {
    server.stop().await?;
    server.restart_with(&[SOON_IN_SEGMENTS]).await?;
    let deadline = Instant::now() + PATIENCE;
    while server.journal_files()? > 1 {
        ensure!(Instant::now() < deadline, "the journal keeps what is in segments");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    server.quiet().await?;
    Ok(())
}

async fn fill(options: &Options, server: &Server, producer: &Client, mut stream: Stream, bytes: u64) -> Result<()> {
    while server.journal_bytes()? < bytes {
        (_, stream) = load::put(options, producer, stream, SLICE_EVENTS).await?;
    }
    Ok(())
}

async fn kill_and_restart(server: &mut Server, spent_bytes: u64) -> Result<Recovery> {
    let journal_bytes = server.journal_bytes()?.saturating_sub(spent_bytes);
    server.kill().await?;
    let took = server.restart_with(&[]).await?;
    Ok(Recovery { journal_bytes, seconds_to_ready: took.as_secs_f64(), memory: server.memory()? })
}
