//! One trail's delivery to one kind of destination, moved by hand, for simulations that decide what happens when.

use std::sync::Arc;

use catalog::DeliveryId;
use host::metrics::Metrics;
use model::trail::{DestinationKind, Trail};
use tokio::sync::Semaphore;

use crate::worker::{Next, Worker};
use crate::{Config, DeliveryError, Parts, Shared, metrics};

/// What [`crate::Delivery`] runs for each trail. Dropping it in the middle of a step is what a crash does.
pub struct Stepper(Worker);

impl Stepper {
    /// A run that knows nothing but the catalog.
    pub fn new(parts: Parts, config: Config, trail: Trail, kind: DestinationKind) -> Stepper {
        let slots_max = config.encoders.max(1);
        let (committed, clock) = (parts.committed.clone(), parts.clock.clone());
        let metrics = metrics::DeliveryMetrics::register(&Metrics::default(), committed, clock, slots_max);
        metrics.trail_started(DeliveryId { trail: trail.id, kind });
        let slots = Arc::new(Semaphore::new(slots_max));
        let shared = Shared { parts, config, metrics, slots: slots.clone(), job_slots: slots };
        Stepper(Worker::new(Arc::new(shared), trail, kind, Arc::default()))
    }

    /// One bounded piece of work, and whether there is more. A failure is recorded where the trail's owner sees it and
    /// waited out, as a node does.
    pub async fn step(&mut self) -> Result<bool, DeliveryError> {
        match self.0.step().await {
            Ok(next) => Ok(next == Next::Continue),
            Err(error) => {
                self.0.fail(&error).await;
                Err(error)
            }
        }
    }
}
