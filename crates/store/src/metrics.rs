//! What the store counts.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use host::metrics::{Counter, Gauge, Histogram, Metrics, Queue, latency_histogram};

use crate::store::Shared;

pub(crate) struct StoreMetrics {
    lookup_seconds: Histogram,
    lookup_failures: Counter,
    aggregate_seconds: Histogram,
    recent_bytes: Queue,
    segments: Gauge,
    segment_events: Gauge,
    segment_bytes: Gauge,
    sealed_events: Counter,
    seal_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    merged_events: Counter,
    merge_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    upkeep_failures: Counter,
    retired_events: Counter,
    lost_events: Counter,
    id_filter_hits: Counter,
    id_filter_errors: Counter,
}

impl StoreMetrics {
    /// `recent_bytes_max`: where the journal stops taking events.
    pub(crate) fn register(metrics: &Metrics, recent_bytes_max: usize) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        StoreMetrics {
            lookup_seconds: metrics.register("store_lookup_seconds", "One page of a lookup", latency_histogram()),
            lookup_failures: counter("store_failed_lookups", "Lookups that failed on the disk or on damaged bytes"),
            aggregate_seconds: metrics.register(
                "store_aggregate_seconds",
                "One question about how many",
                latency_histogram(),
            ),
            recent_bytes: metrics.queue("recent_bytes", recent_bytes_max),
            segments: gauge("store_segments", "Segments"),
            segment_events: gauge("store_segment_events", "Events in segments"),
            segment_bytes: gauge("store_segment_bytes", "Bytes of segments and their indexes"),
            sealed_events: counter("store_sealed_events", "Events written into a first segment"),
            seal_seconds: metrics.register("store_seal_seconds", "Time spent writing segments", Counter::default()),
            merged_events: counter("store_merged_events", "Events written again by a merge"),
            merge_seconds: metrics.register("store_merge_seconds", "Time spent merging segments", Counter::default()),
            upkeep_failures: counter("store_upkeep_failures", "Steps of the upkeep that failed and were retried"),
            retired_events: counter("store_retired_events", "Events removed because the history reaches no further"),
            lost_events: counter(
                "store_undelivered_events_lost",
                "Events removed with the history before a trail had delivered them, once per trail",
            ),
            id_filter_hits: counter("store_known_ids", "Event ids found in segments when they came again"),
            id_filter_errors: counter("store_id_filter_errors", "New event ids the filter took for known ones"),
        }
    }

    pub(crate) fn looked_up(&self, took: Duration, succeeded: bool) {
        self.lookup_seconds.observe(took.as_secs_f64());
        if !succeeded {
            self.lookup_failures.inc();
        }
    }

    pub(crate) fn aggregated(&self, took: Duration, succeeded: bool) {
        self.aggregate_seconds.observe(took.as_secs_f64());
        if !succeeded {
            self.lookup_failures.inc();
        }
    }

    pub(crate) fn recent_bytes(&self, bytes: usize) {
        self.recent_bytes.used(bytes);
    }

    pub(crate) fn segments<'s>(&self, segments: impl Iterator<Item = &'s catalog::Segment>) {
        let (mut count, mut events, mut bytes) = (0, 0, 0);
        for segment in segments {
            count += 1;
            events += segment.rows;
            bytes += segment.bytes;
        }
        self.segments.set(count);
        self.segment_events.set(events as i64);
        self.segment_bytes.set(bytes as i64);
    }

    pub(crate) fn sealed(&self, events: usize, took: Duration) {
        self.sealed_events.inc_by(events as u64);
        self.seal_seconds.inc_by(took.as_secs_f64());
    }

    pub(crate) fn merged(&self, events: usize, took: Duration) {
        self.merged_events.inc_by(events as u64);
        self.merge_seconds.inc_by(took.as_secs_f64());
    }

    pub(crate) fn retired(&self, events: u64, lost: u64) {
        self.retired_events.inc_by(events);
        self.lost_events.inc_by(lost);
    }

    pub(crate) fn upkeep_failed(&self) {
        self.upkeep_failures.inc();
    }

    pub(crate) fn id_filter_asked_segments(&self, known: bool) {
        if known {
            self.id_filter_hits.inc()
        } else {
            self.id_filter_errors.inc()
        };
    }
}

/// Shows, whenever the metrics are read, how far the store is behind the journal: what is in memory and no segment yet.
pub(crate) fn show_lag(metrics: &Metrics, shared: &Arc<Shared>) {
    let (lag, shared) = (metrics.lag("store"), Arc::downgrade(shared));
    metrics.before_reading(move || {
        let Some(shared) = shared.upgrade() else { return };
        let state = shared.state.load();
        let recents = || state.sealing.iter().chain([&state.active]);
        let oldest = recents().filter_map(|recent| recent.first_added()).min();
        let events: usize = recents().map(|recent| recent.len()).sum();
        lag.is(events as u64, oldest.map_or(0.0, |oldest| oldest.elapsed().as_secs_f64()));
        // Sealing empties it without an event coming in.
        shared.metrics.recent_bytes(shared.active_bytes.load(Ordering::Acquire));
    });
}
