//! Cairn audits itself: every call of a known caller leaves an event in the caller's account.
//!
//! A call that changes something is answered once its event is durable. A reading call must not wait for the disk: it
//! takes a place in a bounded queue before it starts, and one task writes what has gathered in batches. No place, no
//! call: it is answered 503 rather than left unrecorded. When the journal has failed, nothing is taken on at all.

mod record;
mod tail_memory;

use std::time::Duration;

use api::{WireError, codes};
use host::Shutdown;
use journal::{AppendError, Entry, Writer};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::metrics::GatewayMetrics;

pub(crate) use record::{Recorded, record, record_in, shortened};
pub(crate) use tail_memory::TailMemory;

/// Events written in one append of the queue's task: below a quarter of the journal's own group.
const BATCH_EVENTS_MAX: usize = 500;
/// How long a changing call waits for a busy journal before it says so; below the SDKs' read timeout of ten seconds.
const CHANGE_PATIENCE: Duration = Duration::from_secs(8);
/// Between attempts when the disk refuses.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// After stopping has begun, the queue is closed when nothing came for this long.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Writes audit events.
#[derive(Clone)]
pub(crate) struct Auditor {
    writer: Writer,
    queue: mpsc::Sender<Entry>,
    metrics: GatewayMetrics,
}

/// A reading call's place in the queue.
pub(crate) struct Place {
    place: mpsc::OwnedPermit<Entry>,
    metrics: GatewayMetrics,
}

impl Place {
    /// Hands the event over.
    pub(crate) fn fill(self, entry: Entry) {
        self.metrics.audit_queued();
        self.place.send(entry);
    }
}

impl Auditor {
    /// Starts the task that writes the queue; it ends soon after `shutdown` begins, with the queue written.
    pub(crate) fn start(writer: Writer, queue_max: usize, shutdown: &Shutdown, metrics: GatewayMetrics) -> Auditor {
        let (queue, waiting) = mpsc::channel(queue_max.max(1));
        let task = write_queue(writer.clone(), waiting, shutdown.clone(), metrics.clone());
        shutdown.spawn("self-audit", task);
        Auditor { writer, queue, metrics }
    }

    /// Refuses a call whose event could not be written anyway.
    pub(crate) fn check_ready(&self) -> Result<(), WireError> {
        match &*self.writer.failed().borrow() {
            None => Ok(()),
            Some(_) => Err(codes::SERVICE_UNAVAILABLE
                .because("The journal has failed and calls cannot be recorded; the node must be restarted.")),
        }
    }

    /// A place for a reading call's event.
    pub(crate) fn reserve(&self) -> Result<Place, WireError> {
        let full = |_| {
            codes::SERVICE_UNAVAILABLE
                .because("Too many calls wait to be recorded; try again in a second.")
                .retry_after(RETRY_PAUSE)
        };
        let place = self.queue.clone().try_reserve_owned().map_err(full)?;
        Ok(Place { place, metrics: self.metrics.clone() })
    }

    /// Writes a changing call's event; it is durable when this returns.
    pub(crate) async fn write(&self, entry: Entry) -> Result<(), AppendError> {
        let deadline = Instant::now() + CHANGE_PATIENCE;
        loop {
            match self.writer.append(vec![entry.clone()]).await {
                Ok(_) => {
                    self.metrics.audit_written(1);
                    return Ok(());
                }
                Err(AppendError::Throttled { retry_after }) if Instant::now() + retry_after < deadline => {
                    tokio::time::sleep(retry_after).await;
                }
                Err(error) => {
                    self.metrics.audit_lost(1);
                    return Err(error);
                }
            }
        }
    }
}

async fn write_queue(writer: Writer, mut waiting: mpsc::Receiver<Entry>, shutdown: Shutdown, metrics: GatewayMetrics) {
    let mut batch = Vec::with_capacity(BATCH_EVENTS_MAX);
    loop {
        tokio::select! {
            taken = waiting.recv_many(&mut batch, BATCH_EVENTS_MAX) => {
                if taken == 0 {
                    return;
                }
            }
            () = quiet_after(&shutdown), if !waiting.is_closed() => waiting.close(),
        }
        let (events, taken) = (batch.len(), std::time::Instant::now());
        append_patiently(&writer, &mut batch, &metrics).await;
        metrics.audit_done(events, taken);
    }
}

/// Resolves when stopping has begun and nothing more has come for a while: requests in work may still end.
async fn quiet_after(shutdown: &Shutdown) {
    shutdown.begun().await;
    tokio::time::sleep(LAST_WORDS).await;
}

/// Tries until the events are written or the journal is gone for good. Meanwhile the queue fills and calls are refused.
async fn append_patiently(writer: &Writer, batch: &mut Vec<Entry>, metrics: &GatewayMetrics) {
    while !batch.is_empty() {
        match writer.append(batch.clone()).await {
            Ok(_) => {
                metrics.audit_written(batch.len());
                batch.clear();
            }
            Err(AppendError::Throttled { retry_after }) => tokio::time::sleep(retry_after).await,
            Err(AppendError::Refused { reason }) => {
                warn!(events = batch.len(), reason, "audit events wait for the journal");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(failure @ (AppendError::Unknown { .. } | AppendError::Stopped { .. })) => {
                error!(events = batch.len(), error = %failure, "audit events of answered calls were not written");
                metrics.audit_lost(batch.len());
                batch.clear();
            }
        }
    }
}
