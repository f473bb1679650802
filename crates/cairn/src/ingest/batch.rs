//! Gathers events into request bodies, on a thread that may block.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use client::{Encoding, MediaType};
use model::event::Refusal;
use tokio::sync::mpsc;

use crate::ingest::reader::{EventReader, Form, Piece};
use crate::ingest::refused::Refused;
use crate::ingest::shift;

/// JSON of one request. Below the node's limit of 10 MiB, so that one more event of the largest size still fits, and
/// small enough that several on their way are little memory.
const BODY_BYTES_MAX: usize = 4 << 20;
/// Batches that are read ahead.
const READ_AHEAD: usize = 2;
/// zstd's fastest: an eighth of the bytes for a few milliseconds.
const ZSTD_LEVEL: i32 = 1;

/// What to gather.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The file, or `-`.
    pub(crate) path: PathBuf,
    /// Events at its beginning that were acknowledged before.
    pub(crate) skip: u64,
    /// Events of one request at most.
    pub(crate) batch_events: usize,
    /// By how much to move events in time.
    pub(crate) shift_milliseconds: Option<i64>,
    /// Whether bodies are compressed.
    pub(crate) compress: bool,
}

/// A request body and what it is made of.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Events of the file this covers, those refused here included.
    pub(crate) events: u64,
    /// The body, perhaps compressed; empty when every event was refused here.
    pub(crate) body: Bytes,
    /// How it is written.
    pub(crate) media_type: MediaType,
    /// How it is compressed.
    pub(crate) encoding: Encoding,
    /// Events that cannot be sent.
    pub(crate) refused: Vec<Refused>,
    /// The same events as in the body, with their places in the file.
    sent: Vec<(u64, Vec<u8>)>,
}

/// The file cannot be read any further.
#[derive(Debug, thiserror::Error)]
#[error("could not read {path} after event {after}")]
pub(crate) struct ReadFailure {
    path: String,
    after: u64,
    #[source]
    source: io::Error,
}

impl Batch {
    /// The event at this place of the body, as the node refused it.
    pub(crate) fn refused_by_node(&mut self, index: usize, code: String, message: String) -> Option<Refused> {
        let (index, event) = self.sent.get_mut(index)?;
        Some(Refused { index: *index, code, message, event: std::mem::take(event) })
    }
}

/// Starts a thread that gathers; the last item is an error when the file could not be read to its end. `read` counts
/// bytes of the file.
pub(crate) fn gather(plan: Plan, read: Arc<AtomicU64>) -> mpsc::Receiver<Result<Batch, ReadFailure>> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut place = 0;
        if let Err(source) = run(&plan, read, &sender, &mut place) {
            let failure = ReadFailure { path: plan.path.display().to_string(), after: place, source };
            // Nobody waits for it when the upload failed first.
            let _ = sender.blocking_send(Err(failure));
        }
    });
    receiver
}

fn run(
    plan: &Plan,
    read: Arc<AtomicU64>,
    sender: &mpsc::Sender<Result<Batch, ReadFailure>>,
    place: &mut u64,
) -> io::Result<()> {
    let mut reader = EventReader::open(&plan.path, read)?;
    let form = reader.form();
    let mut gathered = Gathered::default();
    loop {
        let piece = match reader.next_piece() {
            Ok(piece) => piece,
            Err(error) => {
                // What was whole before the damage is sent all the same.
                let _ = gathered.send(plan, form, sender);
                return Err(error);
            }
        };
        let Some(piece) = piece else {
            gathered.send(plan, form, sender)?;
            return Ok(());
        };
        *place += 1;
        if *place <= plan.skip {
            continue;
        }
        gathered.add(piece, *place - 1, form, plan.shift_milliseconds);
        if gathered.events as usize >= plan.batch_events || gathered.bytes >= BODY_BYTES_MAX {
            let is_wanted = std::mem::take(&mut gathered).send(plan, form, sender)?;
            if !is_wanted {
                return Ok(());
            }
        }
    }
}

#[derive(Default)]
struct Gathered {
    events: u64,
    bytes: usize,
    sent: Vec<(u64, Vec<u8>)>,
    refused: Vec<Refused>,
}

impl Gathered {
    fn add(&mut self, piece: Piece, index: u64, form: Form, shift_milliseconds: Option<i64>) {
        self.events += 1;
        let (event, refusal) = match piece {
            Piece::TooLarge(bytes) => {
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                (Vec::new(), Some(Refusal::EventTooLarge { bytes }))
            }
            // A broken value would break the array it is sent in.
            Piece::Event(event) if form == Form::Values => {
                match serde_json::from_slice::<serde::de::IgnoredAny>(&event) {
                    Ok(_) => (event, None),
                    Err(error) => (event, Some(Refusal::MalformedJson { reason: error.to_string() })),
                }
            }
            Piece::Event(event) => (event, None),
        };
        if let Some(refusal) = refusal {
            let (code, message) = (refusal.code().to_owned(), refusal.to_string());
            self.refused.push(Refused { index, code, message, event });
            return;
        }
        let event = match shift_milliseconds {
            Some(by) => shift::moved(event, by),
            None => event,
        };
        self.bytes += event.len() + 1;
        self.sent.push((index, event));
    }

    /// Hands the batch over, and says whether more is wanted.
    fn send(self, plan: &Plan, form: Form, sender: &mpsc::Sender<Result<Batch, ReadFailure>>) -> io::Result<bool> {
        if self.events == 0 {
            return Ok(true);
        }
        let mut body = Vec::with_capacity(self.bytes + 2);
        let (media_type, before, between, after): (_, &[u8], u8, &[u8]) = match form {
            Form::Lines => (MediaType::NdJson, b"", b'\n', b"\n"),
            Form::Values => (MediaType::Json, b"[", b',', b"]"),
        };
        body.extend_from_slice(before);
        for (place, (_, event)) in self.sent.iter().enumerate() {
            if place > 0 {
                body.push(between);
            }
            body.extend_from_slice(event);
        }
        body.extend_from_slice(after);
        if self.sent.is_empty() {
            body.clear();
        }
        let (body, encoding) = match plan.compress {
            true => (zstd::bulk::compress(&body, ZSTD_LEVEL)?, Encoding::Zstd),
            false => (body, Encoding::Identity),
        };
        let batch = Batch {
            events: self.events,
            body: body.into(),
            media_type,
            encoding,
            refused: self.refused,
            sent: self.sent,
        };
        Ok(sender.blocking_send(Ok(batch)).is_ok())
    }
}

impl Batch {
    /// Whether there is anything to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }
}
