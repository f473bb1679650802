//! What delivery counts.
//!
//! There may be thousands of trails and `/metrics` is for everybody, so trails are counted together, and only the few
//! that are furthest behind are shown one by one, under the number the log has them by.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use catalog::DeliveryId;
use host::Clock;
use host::metrics::{
    Counter, Family, FloatGauge, Gauge, Histogram, Lag, Metrics, Queue, exponential_buckets, latency_histogram,
};
use model::{Seq, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

/// Trails shown one by one.
const SHOWN_TRAILS_MAX: usize = 10;

/// How delivery stands over all trails.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    /// Trails that are looked after.
    pub trails: usize,
    /// Trails whose last attempt failed.
    pub failing: usize,
    /// What the slowest trail has yet to look at or deliver, in events of all accounts.
    pub lag_events: u64,
    /// The age in seconds of the oldest event that a trail has selected and not delivered.
    pub lag_seconds: f64,
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
    lag: Lag,
    trail_lag: Family<[(&'static str, String); 2], FloatGauge>,
    slots: Queue,
    put_seconds: Histogram,
    delay_seconds: Histogram,
    jobs: Gauge,
    job_events: Counter,
    job_failures: Counter,
    routed_events: Counter,
    woken_trails: Counter,
    /// Up to where events were looked at for trails that wait.
    looked: Arc<Mutex<Seq>>,
    board: Arc<Mutex<HashMap<DeliveryId, Place>>>,
    committed: watch::Receiver<Seq>,
    clock: Arc<dyn Clock>,
}

/// Where one trail stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    failing: bool,
    /// Everything up to here is delivered or not selected; `None` while the trail has nothing to deliver.
    at: Option<Seq>,
    /// The earliest receipt of an event that is selected and not delivered, as far as it was looked.
    oldest: Option<Timestamp>,
    /// Since when events are known to wait that nobody looked at.
    ignored_since: Option<Timestamp>,
    /// The worker holds nothing and sleeps until it is woken.
    waits: bool,
}

impl Place {
    fn lag_events(&self, head: Seq, looked: Seq) -> u64 {
        // Whoever is not woken is behind by what nobody has looked at for it.
        let reached = |at: Seq| if self.waits { at.max(looked) } else { at };
        self.at.map_or(0, |at| head.0.saturating_sub(reached(at).0))
    }

    fn lag_seconds(&self, now: Timestamp) -> f64 {
        let earliest = [self.oldest, self.ignored_since].into_iter().flatten().min();
        earliest.map_or(0.0, |earliest| now.since(earliest).as_secs_f64())
    }
}

impl DeliveryMetrics {
    pub(crate) fn register(
        metrics: &Metrics,
        committed: watch::Receiver<Seq>,
        clock: Arc<dyn Clock>,
        slots_max: usize,
    ) -> Self {
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
            lag: metrics.lag("delivery"),
            trail_lag: metrics.register(
                "delivery_trail_lag_seconds",
                "Age of the oldest event a trail has selected and not delivered, for the trails furthest behind",
                Family::default(),
            ),
            slots: metrics.queue("delivery_slots", slots_max),
            put_seconds: metrics.register("delivery_put_seconds", "One put of an object", latency_histogram()),
            delay_seconds: metrics.register(
                "delivery_delay_seconds",
                "From the receipt of a batch's oldest event to its delivery",
                delays,
            ),
            jobs: gauge("delivery_jobs", "Delivery history jobs that are not finished"),
            job_events: counter("delivery_job_events", "Events written by delivery history jobs"),
            job_failures: counter(
                "delivery_job_failed_attempts",
                "Attempts of delivery history jobs that failed and will be repeated",
            ),
            routed_events: counter("delivery_routed_events", "Events looked at once for all trails"),
            woken_trails: counter("delivery_woken_trails", "Times a trail was woken by events it may select"),
            looked: Arc::default(),
            board: Arc::default(),
            committed,
            clock,
        }
    }

    /// Brings the gauges up to date whenever the metrics are read: a trail that hangs reports nothing itself.
    pub(crate) fn show_when_read(&self, metrics: &Metrics, slots: Arc<Semaphore>, slots_max: usize) {
        let this = self.clone();
        metrics.before_reading(move || {
            this.slots.used(slots_max - slots.available_permits().min(slots_max));
            this.show();
        });
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

    pub(crate) fn unfinished_jobs(&self, jobs: usize) {
        self.jobs.set(jobs as i64);
    }

    pub(crate) fn job_wrote(&self, events: u64) {
        self.job_events.inc_by(events);
    }

    pub(crate) fn job_failed(&self) {
        self.job_failures.inc();
    }

    /// Everything up to `at` is delivered or not selected; `None`: the trail has nothing to deliver.
    pub(crate) fn trail_at(&self, trail: DeliveryId, at: Option<Seq>) {
        self.place(trail, |place| {
            if at.is_none() || at > place.at {
                // Until the next look nothing is known of what lies behind the new place.
                place.oldest = None;
            }
            (place.at, place.ignored_since) = (at, None);
        });
    }

    /// The same as the catalog has it, before anything was looked at.
    pub(crate) fn trail_stands_at(&self, trail: DeliveryId, at: Option<Seq>) {
        self.place(trail, |place| place.at = at);
    }

    /// What was looked at holds selected events, the oldest received then; or none.
    pub(crate) fn trail_holds(&self, trail: DeliveryId, oldest: Option<Timestamp>) {
        self.place(trail, |place| place.oldest = oldest);
    }

    /// The worker of the trail begins or ends to sleep with nothing to deliver.
    pub(crate) fn trail_waits(&self, trail: DeliveryId, waits: bool) {
        self.place(trail, |place| place.waits = waits);
    }

    pub(crate) fn routed(&self, events: u64, woken: usize) {
        self.routed_events.inc_by(events);
        self.woken_trails.inc_by(woken as u64);
    }

    /// Events up to here were looked at for the trails that wait.
    pub(crate) fn looked_through(&self, looked: Seq) {
        *self.looked.lock() = looked;
    }

    pub(crate) fn trail_works(&self, trail: DeliveryId) {
        self.place(trail, |place| place.failing = false);
    }

    pub(crate) fn trail_failed(&self, trail: DeliveryId) {
        self.failures.inc();
        self.place(trail, |place| place.failing = true);
    }

    pub(crate) fn trail_started(&self, trail: DeliveryId) {
        self.board.lock().insert(trail, Place::default());
    }

    pub(crate) fn trail_gone(&self, trail: DeliveryId) {
        self.board.lock().remove(&trail);
    }

    pub(crate) fn standing(&self) -> Standing {
        let (head, now) = (*self.committed.borrow(), self.clock.now());
        let looked = *self.looked.lock();
        let board = self.board.lock();
        Standing {
            trails: board.len(),
            failing: board.values().filter(|place| place.failing).count(),
            lag_events: board.values().map(|place| place.lag_events(head, looked)).max().unwrap_or(0),
            lag_seconds: board.values().map(|place| place.lag_seconds(now)).fold(0.0, f64::max),
        }
    }

    fn show(&self) {
        let (head, now) = (*self.committed.borrow(), self.clock.now());
        let looked = *self.looked.lock();
        for place in self.board.lock().values_mut() {
            if place.lag_events(head, looked) > 0 {
                place.ignored_since.get_or_insert(now);
            } else if place.waits {
                place.ignored_since = None;
            }
        }
        let standing = self.standing();
        self.trails.set(standing.trails as i64);
        self.failing_trails.set(standing.failing as i64);
        self.lag.is(standing.lag_events, standing.lag_seconds);
        self.trail_lag.clear();
        for (trail, seconds) in self.furthest_behind() {
            self.trail_lag
                .get_or_create(&[("trail", trail.trail.to_string()), ("to", trail.kind.to_string())])
                .set(seconds);
        }
    }

    fn furthest_behind(&self) -> Vec<(DeliveryId, f64)> {
        let now = self.clock.now();
        let lag = |(trail, place): (&DeliveryId, &Place)| (*trail, place.lag_seconds(now));
        let mut behind: Vec<(DeliveryId, f64)> = self.board.lock().iter().map(lag).collect();
        behind.retain(|(_, seconds)| *seconds > 0.0);
        behind.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        behind.truncate(SHOWN_TRAILS_MAX);
        behind
    }

    fn place(&self, trail: DeliveryId, change: impl FnOnce(&mut Place)) {
        // A worker that is being stopped must not put its trail back.
        if let Some(place) = self.board.lock().get_mut(&trail) {
            change(place);
        }
    }
}
