//! What the warehouse counts, over all tables.

use host::metrics::{Counter, Metrics};

use crate::{Appended, Upkeep};

/// What is counted. One of a node, whatever locations it opens.
#[derive(Clone)]
pub struct WarehouseMetrics {
    events: Counter,
    present_events: Counter,
    bytes: Counter,
    merged_files: Counter,
    removed_files: Counter,
    upkeep_failures: Counter,
}

impl WarehouseMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> WarehouseMetrics {
        let counter = |name: &str, help: &str| metrics.register(name, help, Counter::default());
        WarehouseMetrics {
            events: counter("warehouse_events", "Events appended to tables"),
            present_events: counter("warehouse_present_events", "Events not appended because their table had them"),
            bytes: counter("warehouse_bytes", "Bytes of the files appended to tables"),
            merged_files: counter("warehouse_merged_files", "Small files of tables that were merged into larger ones"),
            removed_files: counter("warehouse_removed_files", "Files of tables removed because no version needs them"),
            upkeep_failures: counter("warehouse_upkeep_failures", "Tables that could not be looked after"),
        }
    }

    pub(crate) fn appended(&self, appended: Appended) {
        self.events.inc_by(appended.added as u64);
        self.present_events.inc_by(appended.present as u64);
        self.bytes.inc_by(appended.bytes);
    }

    pub(crate) fn looked_after(&self, upkeep: &Upkeep) {
        self.merged_files.inc_by(upkeep.merged_files);
        self.removed_files.inc_by(upkeep.removed_files);
    }

    pub(crate) fn upkeep_failed(&self) {
        self.upkeep_failures.inc();
    }
}
