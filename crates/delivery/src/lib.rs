//! Delivery: for each trail and each kind of its destinations a reader that writes the selected events there: objects to a
//! bucket, logs to a project of Log Service elsewhere, rows to a table.
//!
//! `jobs` write ranges of the history, each batch the same way, beside the trails and never in their place.
//!
//! Dramatis personae: the `supervisor` keeps one `worker` per trail and kind; the `router` looks at each new event once and wakes
//! the workers it may be for; a worker gathers a `batch`, records the
//! range it is about to write as a *plan* in the catalog, turns the range into objects (`encode`, named by
//! `object_layout`), puts them to the `destination` and only then moves the trail's cursor.
//!
//! What always holds: an object's name and content depend on its events alone, and a plan is fixed before its first
//! byte is written. So whatever is interrupted is written again under the same names, and every selected event is in
//! exactly one object. A destination that fails or hangs holds up its own trail's delivery to it and nothing else.

mod backoff;
mod batch;
mod config;
mod desk;
mod destination;
mod encode;
mod error;
mod jobs;
mod logs;
mod members;
mod metrics;
mod object_layout;
mod roles;
mod router;
mod source;
mod stepper;
mod supervisor;
pub mod tables;
mod target;
#[cfg(test)]
mod testing;
mod worker;

use std::sync::Arc;

use catalog::Catalog;
use host::metrics::Metrics;
use host::{Clock, Random, Shutdown};
use model::Seq;
use tokio::sync::{Semaphore, watch};

pub use config::Config;
pub use destination::{Buckets, Destination, Destinations, Unseal, UnsealError};
pub use error::DeliveryError;
pub use jobs::JobStepper;
pub use logs::{LogGroup, LogProject};
pub use metrics::Standing;
pub use roles::{IdentityRoles, Roles, SERVICE, check_log_role, check_role, check_table_role};
pub use router::SelectionIndex;
pub use source::Source;
pub use stepper::Stepper;
pub use tables::{Table, TableBatch, TableError, Tables};

/// What delivery works with.
#[derive(Clone)]
pub struct Parts {
    /// Trails, their intervals, plans and cursors.
    pub catalog: Catalog,
    /// Where events are read.
    pub source: Arc<dyn Source>,
    /// Where objects go: [`Buckets`] in a node.
    pub destinations: Arc<dyn Destinations>,
    /// Where rows go; `None`: the node writes no tables.
    pub tables: Option<Arc<dyn Tables>>,
    /// The last durable event.
    pub committed: watch::Receiver<Seq>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// For the jitter of retries.
    pub random: Arc<dyn Random>,
}

/// The running delivery. Cheap to clone.
#[derive(Clone)]
pub struct Delivery {
    metrics: metrics::DeliveryMetrics,
}

/// What every worker shares.
struct Shared {
    parts: Parts,
    config: Config,
    metrics: metrics::DeliveryMetrics,
    /// Slots for holding events in memory while they are encoded.
    slots: Arc<Semaphore>,
    /// The same for delivery history jobs, which must not take the trails' places.
    job_slots: Arc<Semaphore>,
}

impl Delivery {
    /// Starts delivering every trail that has something to deliver, until shutdown begins.
    pub fn start(parts: Parts, config: Config, metrics: &Metrics, shutdown: &Shutdown) -> Delivery {
        let slots_max = config.encoders.max(1);
        let slots = Arc::new(Semaphore::new(slots_max));
        let registry = metrics;
        let (committed, clock) = (parts.committed.clone(), parts.clock.clone());
        let metrics = metrics::DeliveryMetrics::register(registry, committed, clock, slots_max);
        metrics.show_when_read(registry, slots.clone(), slots_max);
        let job_slots = Arc::new(Semaphore::new(config.jobs.max(1)));
        let shared = Arc::new(Shared { parts, config, metrics: metrics.clone(), slots, job_slots });
        let stopping = shutdown.clone();
        shutdown.spawn("delivery", supervisor::run(shared.clone(), async move { stopping.begun().await }));
        let stopping = shutdown.clone();
        shutdown.spawn("delivery-jobs", jobs::run(shared, async move { stopping.begun().await }));
        Delivery { metrics }
    }

    /// How delivery stands over all trails.
    pub fn standing(&self) -> Standing {
        self.metrics.standing()
    }
}
