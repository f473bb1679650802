//! The registry metrics are counted in. Each crate has a `metrics.rs` that registers its own.
//!
//! Two families are shared by all crates, because every reader has a lag and every queue a limit: [`Lag`] and
//! [`Queue`]. What can only be read when somebody asks (free disk space, the age of what waits) is brought up to date
//! by [`Metrics::before_reading`].

use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::registry::{Metric, Registry};

pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// A gauge that is not a whole number.
pub type FloatGauge = Gauge<f64, std::sync::atomic::AtomicU64>;

/// One node's metrics. Names get the prefix `cairn_`; counters end in `_total` when written.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Mutex<Registry>,
    updates: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
    queue_used: Family<QueueLabel, Gauge>,
    queue_limit: Family<QueueLabel, Gauge>,
    lag_events: Family<ReaderLabel, Gauge>,
    lag_seconds: Family<ReaderLabel, FloatGauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabel {
    queue: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReaderLabel {
    reader: &'static str,
}

/// How full something with a limit is. Its name ends in what is counted: `journal_bytes`.
#[derive(Clone)]
pub struct Queue(Gauge);

/// How far a reader is behind what is durable.
#[derive(Clone)]
pub struct Lag {
    events: Gauge,
    seconds: FloatGauge,
}

impl Queue {
    /// This much is in it now.
    pub fn used(&self, used: usize) {
        self.0.set(used as i64);
    }

    /// This much came in.
    pub fn enter(&self, more: usize) {
        self.0.inc_by(more as i64);
    }

    /// This much went out.
    pub fn leave(&self, less: usize) {
        self.0.dec_by(less as i64);
    }
}

impl Lag {
    /// Events it has yet to read, and the age of the oldest of them in seconds.
    pub fn is(&self, events: u64, seconds: f64) {
        self.events.set(i64::try_from(events).unwrap_or(i64::MAX));
        self.seconds.set(seconds);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Metrics(Arc::new(Shared {
            registry: Mutex::new(Registry::with_prefix("cairn")),
            updates: Mutex::default(),
            queue_used: Family::default(),
            queue_limit: Family::default(),
            lag_events: Family::default(),
            lag_seconds: Family::default(),
        }));
        let shared = &metrics.0;
        metrics.register("queue_used", "What is in a queue now, in what its name ends in", shared.queue_used.clone());
        metrics.register("queue_limit", "What a queue takes at most", shared.queue_limit.clone());
        metrics.register(
            "reader_lag_events",
            "Durable events a reader has yet to read, of all accounts",
            shared.lag_events.clone(),
        );
        metrics.register(
            "reader_lag_seconds",
            "Age of the oldest event a reader has yet to read",
            shared.lag_seconds.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Registers a metric and returns it. `name` has neither the prefix nor `_total`.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        self.0.registry.lock().register(name, help, metric.clone());
        metric
    }

    /// The gauge of a queue that takes at most `limit`.
    pub fn queue(&self, queue: &'static str, limit: usize) -> Queue {
        let label = QueueLabel { queue };
        self.0.queue_limit.get_or_create(&label).set(i64::try_from(limit).unwrap_or(i64::MAX));
        Queue(self.0.queue_used.get_or_create_owned(&label))
    }

    /// The gauges of a reader.
    pub fn lag(&self, reader: &'static str) -> Lag {
        let label = ReaderLabel { reader };
        Lag {
            events: self.0.lag_events.get_or_create_owned(&label),
            seconds: self.0.lag_seconds.get_or_create_owned(&label),
        }
    }

    /// Runs `update` each time before the metrics are read. It must be quick and must not keep anything alive that
    /// holds these metrics.
    pub fn before_reading(&self, update: impl Fn() + Send + Sync + 'static) {
        self.0.updates.lock().push(Box::new(update));
    }

    /// The text of `/metrics` as OpenMetrics 1.0. May look at the disk.
    pub fn encode(&self) -> String {
        self.0.updates.lock().iter().for_each(|update| update());
        let mut text = String::new();
        let registry = self.0.registry.lock();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("writing to a String cannot fail");
        text
    }

    /// The same in Prometheus' own text format 0.0.4, for readers that do not ask for OpenMetrics. The two differ in
    /// where a counter's `_total` stands and in the mark at the end.
    pub fn encode_plain(&self) -> String {
        plain(&self.encode())
    }
}

fn plain(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len() + 1024);
    let mut lines = open_metrics.lines().peekable();
    while let Some(line) = lines.next() {
        let described = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' '));
        if let Some((name, help)) = described
            && lines.peek().is_some_and(|next| *next == format!("# TYPE {name} counter"))
        {
            lines.next();
            text.push_str(&format!("# HELP {name}_total {help}\n# TYPE {name}_total counter\n"));
        } else if line != "# EOF" {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Buckets for latencies: 100 µs to about 50 s, each twice the one before.
pub fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_and_readers_share_their_families() {
        let metrics = Metrics::default();
        let (one, other) = (metrics.queue("one_bytes", 10), metrics.queue("other_events", usize::MAX));
        one.enter(7);
        one.leave(2);
        other.used(3);
        metrics.lag("store").is(4, 1.5);
        let text = metrics.encode();
        for line in [
            "cairn_queue_used{queue=\"one_bytes\"} 5",
            "cairn_queue_limit{queue=\"one_bytes\"} 10",
            "cairn_queue_used{queue=\"other_events\"} 3",
            "cairn_reader_lag_events{reader=\"store\"} 4",
            "cairn_reader_lag_seconds{reader=\"store\"} 1.5",
        ] {
            assert!(text.lines().any(|each| each == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn what_is_read_is_brought_up_to_date_first() {
        let metrics = Metrics::default();
        let gauge: Gauge = metrics.register("now", "Now", Gauge::default());
        metrics.before_reading(move || {
            gauge.inc();
        });
        metrics.encode();
        assert!(metrics.encode().contains("cairn_now 2"));
    }

    #[test]
    fn the_plain_format_names_counters_in_full_and_has_no_end_mark() {
        let metrics = Metrics::default();
        metrics.register("things", "Things", Counter::<u64>::default()).inc();
        metrics.register("took_seconds", "Took", latency_histogram()).observe(0.5);
        let text = metrics.encode_plain();
        assert!(
            text.contains(
                "# HELP cairn_things_total Things.\n# TYPE cairn_things_total counter\ncairn_things_total 1\n"
            )
        );
        assert!(
            text.contains("# TYPE cairn_took_seconds histogram\n") && text.contains("cairn_took_seconds_count 1\n")
        );
        assert!(!text.contains("# EOF") && text.ends_with('\n'), "{text}");
    }
}
