//! What the journal counts.

use std::time::Duration;

use host::metrics::{Counter, Gauge, Histogram, Metrics, latency_histogram};

#[derive(Clone)]
pub(crate) struct JournalMetrics {
    events: Counter,
    duplicates: Counter,
    bytes: Counter,
    throttled: Counter,
    failures: Counter,
    in_flight_bytes: Gauge,
    head: Gauge,
    append_seconds: Histogram,
    sync_seconds: Histogram,
    group_events: Histogram,
}

impl JournalMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        JournalMetrics {
            events: counter("journal_events", "Events made durable"),
            duplicates: counter("journal_duplicate_events", "Events not stored because their id was there already"),
            bytes: counter("journal_bytes", "Bytes written to journal files"),
            throttled: counter("journal_throttled_appends", "Appends refused because too much was waiting"),
            failures: counter("journal_failed_writes", "Group commits the disk refused or failed"),
            in_flight_bytes: gauge("journal_in_flight_bytes", "Bytes of events waiting to become durable"),
            head: gauge("journal_head", "Number of the last durable event"),
            append_seconds: metrics.register(
                "journal_append_seconds",
                "From append to durable and visible",
                latency_histogram(),
            ),
            sync_seconds: metrics.register(
                "journal_sync_seconds",
                "One write and sync of a group",
                latency_histogram(),
            ),
            group_events: metrics.register(
                "journal_group_events",
                "Events per group commit",
                Histogram::new(host::metrics::exponential_buckets(1.0, 4.0, 10)),
            ),
        }
    }

    pub(crate) fn group_written(&self, events: usize, bytes: usize, took: Duration) {
        self.events.inc_by(events as u64);
        self.bytes.inc_by(bytes as u64);
        self.sync_seconds.observe(took.as_secs_f64());
        self.group_events.observe(events as f64);
    }

    pub(crate) fn duplicates_dropped(&self, events: usize) {
        self.duplicates.inc_by(events as u64);
    }

    pub(crate) fn write_failed(&self) {
        self.failures.inc();
    }

    pub(crate) fn append_throttled(&self) {
        self.throttled.inc();
    }

    pub(crate) fn append_acknowledged(&self, waited: Duration) {
        self.append_seconds.observe(waited.as_secs_f64());
    }

    pub(crate) fn in_flight(&self, bytes: usize) {
        self.in_flight_bytes.set(bytes as i64);
    }

    pub(crate) fn head_at(&self, head: u64) {
        self.head.set(head as i64);
    }
}
