//! What the gateway counts. Labels come from closed sets: operations of the table, codes of ours, never an account.

use std::sync::Arc;
use std::time::{Duration, Instant};

use host::metrics::{Counter, Family, Gauge, Histogram, Lag, Metrics, Queue, latency_histogram};
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

/// Records of reading calls that are not on disk yet.
#[derive(Default)]
struct AuditQueue {
    events: u64,
    /// Since when: the first of them came, or the last batch before them was written. None waits longer than this.
    since: Option<Instant>,
}

/// The gateway's metrics.
#[derive(Clone)]
pub(crate) struct GatewayMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Family<OperationLabel, Histogram>,
    accepted: Counter,
    duplicates: Counter,
    refused: Family<CodeLabel, Counter>,
    ingest_bytes: Counter,
    audit: Arc<Mutex<AuditQueue>>,
    ready: Gauge,
    audit_written: Counter,
    audit_lost: Counter,
}

impl GatewayMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        GatewayMetrics {
            requests: metrics.register("gateway_requests", "Requests answered", Family::default()),
            seconds: metrics.register(
                "gateway_request_seconds",
                "Time from a request's head to its reply",
                Family::new_with_constructor(latency_histogram),
            ),
            accepted: metrics.register("gateway_events_accepted", "Events put and stored", Counter::default()),
            duplicates: metrics.register(
                "gateway_events_duplicate",
                "Events put that were stored already",
                Counter::default(),
            ),
            refused: metrics.register("gateway_events_refused", "Events put and refused", Family::default()),
            ingest_bytes: metrics.register(
                "gateway_events_bytes",
                "Decompressed bytes of events put",
                Counter::default(),
            ),
            audit: Arc::default(),
            ready: metrics.register("gateway_ready", "1 when requests can be served, else 0", Gauge::default()),
            audit_written: metrics.register("gateway_audit_written", "Audit events written", Counter::default()),
            audit_lost: metrics.register(
                "gateway_audit_lost",
                "Audit events that could not be written; their calls were answered with an error or had been answered",
                Counter::default(),
            ),
        }
    }

    pub(crate) fn answered(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { operation, status }).inc();
        self.seconds.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
    }

    pub(crate) fn events_put(&self, accepted: usize, duplicates: usize, bytes: usize) {
        self.accepted.inc_by(accepted as u64);
        self.duplicates.inc_by(duplicates as u64);
        self.ingest_bytes.inc_by(bytes as u64);
    }

    pub(crate) fn event_refused(&self, code: &str) {
        self.refused.get_or_create(&CodeLabel { code: code.to_owned() }).inc();
    }

    pub(crate) fn ready(&self, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
    }

    pub(crate) fn audit_queued(&self) {
        let mut audit = self.audit.lock();
        audit.events += 1;
        audit.since.get_or_insert_with(Instant::now);
    }

    /// These left the queue, written or lost; they were taken from it then.
    pub(crate) fn audit_done(&self, events: usize, taken: Instant) {
        let mut audit = self.audit.lock();
        audit.events = audit.events.saturating_sub(events as u64);
        audit.since = (audit.events > 0).then_some(taken);
    }

    /// Shows the queue of audit events whenever the metrics are read.
    pub(crate) fn show_audit(&self, metrics: &Metrics, events_max: usize) {
        let (lag, queue): (Lag, Queue) = (metrics.lag("self_audit"), metrics.queue("audit_events", events_max));
        let audit = self.audit.clone();
        metrics.before_reading(move || {
            let audit = audit.lock();
            queue.used(audit.events as usize);
            lag.is(audit.events, audit.since.map_or(0.0, |since| since.elapsed().as_secs_f64()));
        });
    }

    pub(crate) fn audit_written(&self, events: usize) {
        self.audit_written.inc_by(events as u64);
    }

    pub(crate) fn audit_lost(&self, events: usize) {
        self.audit_lost.inc_by(events as u64);
    }
}
