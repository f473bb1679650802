//! What delivery counts. Trails are not labels: there may be thousands.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use host::metrics::{Counter, Gauge, Histogram, Metrics, exponential_buckets, latency_histogram};
use model::Seq;
use parking_lot::Mutex;
use tokio::sync::watch;

/// How delivery stands over all trails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Trails that are looked after.
    pub trails: usize,
    /// Trails whose last attempt failed.
    pub failing: usize,
    /// What the slowest trail has yet to look at or deliver, in events of all accounts.
    pub lag_events: u64,
}

#[derive(Clone)]
pub(crate) struct DeliveryMetrics {
    objects: Counter,
    events: Counter,
    bytes: Counter,
    failures: Counter,
    panics: Counter,
    trails: Gauge,
    failing_trails: Gauge,
    lag_events: Gauge,
    put_seconds: Histogram,
    delay_seconds: Histogram,
    board: Arc<Mutex<HashMap<i64, Place>>>,
    committed: watch::Receiver<Seq>,
}

/// Where one trail stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    failing: bool,
    /// Everything up to here is delivered or not selected; `None` while the trail has nothing to deliver.
    at: Option<Seq>,
}

impl DeliveryMetrics {
    pub(crate) fn register(metrics: &Metrics, committed: watch::Receiver<Seq>) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        // From 0.1 s to about a day: the upper end is a bucket that was broken over night.
        let delays = Histogram::new(exponential_buckets(0.1, 2.0, 20));
        DeliveryMetrics {
            objects: counter("delivery_objects", "Objects written to buckets"),
            events: counter("delivery_events", "Events in the objects written"),
            bytes: counter("delivery_bytes", "Bytes of the objects written, compressed"),
            failures: counter("delivery_failed_attempts", "Attempts that failed and will be repeated"),
            panics: counter("delivery_panics", "Trails whose worker broke and was restarted"),
            trails: gauge("delivery_trails", "Trails that are looked after"),
            failing_trails: gauge("delivery_failing_trails", "Trails whose last attempt failed"),
            lag_events: gauge("delivery_lag_events", "Events the slowest trail has yet to deliver or pass over"),
            put_seconds: metrics.register("delivery_put_seconds", "One put of an object", latency_histogram()),
            delay_seconds: metrics.register(
                "delivery_delay_seconds",
                "From the receipt of a batch's oldest event to its delivery",
                delays,
            ),
            board: Arc::default(),
            committed,
        }
    }

    pub(crate) fn object_put(&self, bytes: usize, took: Duration) {
        self.objects.inc();
        self.bytes.inc_by(bytes as u64);
        self.put_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn batch_delivered(&self, events: usize, delay: Duration) {
        self.events.inc_by(events as u64);
        self.delay_seconds.observe(delay.as_secs_f64());
    }

    pub(crate) fn worker_panicked(&self) {
        self.panics.inc();
    }

    /// Everything up to `at` is delivered or not selected; `None`: the trail has nothing to deliver.
    pub(crate) fn trail_at(&self, trail: i64, at: Option<Seq>) {
        self.place(trail, |place| place.at = at);
    }

    pub(crate) fn trail_works(&self, trail: i64) {
        self.place(trail, |place| place.failing = false);
    }

    pub(crate) fn trail_failed(&self, trail: i64) {
        self.failures.inc();
        self.place(trail, |place| place.failing = true);
    }

    pub(crate) fn trail_started(&self, trail: i64) {
        self.board.lock().insert(trail, Place::default());
        self.show();
    }

    pub(crate) fn trail_gone(&self, trail: i64) {
        self.board.lock().remove(&trail);
        self.show();
    }

    pub(crate) fn standing(&self) -> Standing {
        let head = *self.committed.borrow();
        let board = self.board.lock();
        let lags = board.values().filter_map(|place| place.at).map(|at| head.0.saturating_sub(at.0));
        Standing {
            trails: board.len(),
            failing: board.values().filter(|place| place.failing).count(),
            lag_events: lags.max().unwrap_or(0),
        }
    }

    /// Brings the gauges up to date: a trail that hangs reports nothing itself.
    pub(crate) fn show(&self) {
        let standing = self.standing();
        self.trails.set(standing.trails as i64);
        self.failing_trails.set(standing.failing as i64);
        self.lag_events.set(standing.lag_events as i64);
    }

    fn place(&self, trail: i64, change: impl FnOnce(&mut Place)) {
        // A worker that is being stopped must not put its trail back.
        if let Some(place) = self.board.lock().get_mut(&trail) {
            change(place);
        }
        self.show();
    }
}
