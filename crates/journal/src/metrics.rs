//! What the journal counts.

use std::time::Duration;

use host::metrics::{Counter, Gauge, Histogram, Metrics, Queue, latency_histogram};
use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct JournalMetrics {
    events: Counter,
    duplicates: Counter,
    bytes: Counter,
    throttled: Counter,
    failures: Counter,
    in_flight_bytes: Queue,
    head: Gauge,
    append_seconds: Histogram,
    sync_seconds: Histogram,
    group_events: Histogram,
}

impl JournalMetrics {
    pub(crate) fn register(metrics: &Metrics, in_flight_bytes_max: usize) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        JournalMetrics {
            events: counter("journal_events", "Events made durable"),
            duplicates: counter("journal_duplicate_events", "Events not stored because their id was there already"),
            bytes: counter("journal_bytes", "Bytes written to journal files"),
            throttled: counter("journal_throttled_appends", "Appends refused because too much was waiting"),
            failures: counter("journal_failed_writes", "Group commits the disk refused or failed"),
            in_flight_bytes: metrics.queue("journal_bytes", in_flight_bytes_max),
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

    /// Shows, whenever the metrics are read, whether the journal has failed and how many appends wait in its queue.
    pub(crate) fn show(
        metrics: &Metrics,
        failed: watch::Receiver<Option<String>>,
        waiting: impl Fn() -> usize + Send + Sync + 'static,
        waiting_max: usize,
    ) {
        let help = "1 when the journal takes no more until a restart, else 0";
        let gauge: Gauge = metrics.register("journal_failed", help, Gauge::default());
        let queue = metrics.queue("journal_appends", waiting_max);
        metrics.before_reading(move || {
            gauge.set(i64::from(failed.borrow().is_some()));
            queue.used(waiting());
        });
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

    pub(crate) fn admitted(&self, bytes: usize) {
        self.in_flight_bytes.enter(bytes);
    }

    pub(crate) fn released(&self, bytes: usize) {
        self.in_flight_bytes.leave(bytes);
    }

    pub(crate) fn head_at(&self, head: u64) {
        self.head.set(head as i64);
    }
}
