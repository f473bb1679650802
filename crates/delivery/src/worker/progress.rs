//! What the catalog knows about a delivery, kept in memory between steps.

use catalog::{Catalog, CatalogError, DeliveryId, Plan};
use model::Seq;
use model::trail::{DestinationKind, Interval, Trail};

use crate::members::Members;
use crate::target::Target;

/// Where a trail stands.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// Everything up to here is delivered or was not selected.
    pub(crate) cursor: Seq,
    /// Fixed before its first object was written, and perhaps written in part.
    pub(crate) plan: Option<Plan>,
    /// Those that go to this kind of destination, oldest first.
    pub(crate) intervals: Vec<Interval>,
    /// Where the trail writes as it is now.
    pub(crate) present: Option<Target>,
    /// Whose events it may see; `None`: its own account's.
    pub(crate) members: Option<Members>,
}

impl Progress {
    pub(crate) async fn load(
        catalog: &Catalog,
        trail: &Trail,
        kind: DestinationKind,
    ) -> Result<Progress, CatalogError> {
        let members = match &trail.organization {
            Some(directory) => {
                let (version, tenures) = catalog.tenures(directory).await?;
                Some(Members::new(version, tenures))
            }
            None => None,
        };
        let id = DeliveryId { trail: trail.id, kind };
        let state = catalog.delivery_state(id).await?;
        let intervals = catalog.intervals(id).await?;
        let present = catalog.trail_by_number(trail.id).await?;
        let present = present.and_then(|trail| Target::of(&trail.destinations, kind));
        Ok(Progress { cursor: state.cursor, plan: state.plan, intervals, present, members })
    }

    /// The first interval that is not wholly delivered.
    pub(crate) fn current(&self) -> Option<&Interval> {
        self.intervals.iter().find(|interval| interval.through.is_none_or(|through| through > self.cursor))
    }

    /// The cursor moved; the plan is done.
    pub(crate) fn advance(&mut self, through: Seq) {
        self.cursor = self.cursor.max(through);
        self.plan = None;
    }
}
