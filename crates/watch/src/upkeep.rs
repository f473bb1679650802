//! Forgets what is over, and ends what no rule keeps going any more.

use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, CatalogError};
use host::{Clock, Shutdown};
use model::Timestamp;
use tracing::{info, warn};

use crate::config::Config;
use crate::metrics::WatchMetrics;

const EVERY: Duration = Duration::from_secs(60);
/// Between two times of forgetting.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

pub(crate) struct Upkeep {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Arc<Config>,
    pub(crate) metrics: WatchMetrics,
}

impl Upkeep {
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut changes = self.catalog.alert_rules_version();
        let mut forgot: Option<Timestamp> = None;
        loop {
            let now = self.clock.now();
            let is_time = forgot.is_none_or(|at| now.since(at) >= FORGET_EVERY);
            match self.tidy(now, is_time).await {
                Ok(()) if is_time => forgot = Some(now),
                Ok(()) => {}
                Err(error) => warn!(%error, "could not tidy up after alerting"),
            }
            tokio::select! {
                () = shutdown.begun() => return,
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn tidy(&self, now: Timestamp, forgets: bool) -> Result<(), CatalogError> {
        let ended = self.catalog.incidents_end_orphans(now).await?;
        if ended > 0 {
            info!(incidents = ended, "incidents of rules that are gone or switched off have ended");
        }
        self.metrics.incidents(&self.catalog.incident_totals().await?);
        if forgets {
            let rows = self.catalog.alert_forget(now.minus(self.config.keep)).await?;
            if rows > 0 {
                info!(rows, "what alerting had kept long enough was forgotten");
            }
        }
        Ok(())
    }
}
