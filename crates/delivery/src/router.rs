//! The router: looks at each new event once and wakes the trails that may select it.
//!
//! It decides nothing. What it must never do is let a trail sleep that has something to deliver, so where it cannot look,
//! or learns that a trail has changed, it wakes. The order in a pass matters: the head is read first, then the trails if
//! they have changed, then the events up to that head are looked at. So an event accepted after a change was made is looked at
//! with the change; one looked at without it was there when the changed trail is woken.

mod index;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use catalog::{CatalogError, DeliveryId, Route, Routes};
use model::Seq;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::Shared;
use crate::desk::Desk;

pub use index::SelectionIndex;

/// See the module.
pub(crate) struct Router {
    shared: Arc<Shared>,
    pub(crate) desks: HashMap<DeliveryId, Arc<Desk>>,
    routes: Routes,
    index: SelectionIndex,
    /// Everything up to here was looked at or announced.
    looked: Seq,
    /// When cursors of quiet trails were last moved, and to where.
    recorded: (Instant, Seq),
}

impl Router {
    /// Knows no trail yet. Everything up to `head` is for the workers, which begin with what is there.
    pub(crate) fn new(shared: Arc<Shared>, head: Seq) -> Router {
        Router {
            shared,
            desks: HashMap::new(),
            routes: Routes::default(),
            index: SelectionIndex::default(),
            looked: head,
            recorded: (Instant::now(), head),
        }
    }

    /// Reads the trails again and wakes those that changed. New ones have no desk yet: their workers begin by looking.
    pub(crate) async fn reload(&mut self) -> Result<(), CatalogError> {
        let routes = self.shared.parts.catalog.delivery_routes().await?;
        let before: HashMap<DeliveryId, &Route> =
            self.routes.routes.iter().map(|route| (route.delivery, route)).collect();
        let members_changed = self.routes.version.members != routes.version.members;
        for route in &routes.routes {
            let is_same = before.get(&route.delivery).is_some_and(|before| *before == route);
            if !is_same || (members_changed && route.organization.is_some()) {
                self.ring(route.delivery);
            }
        }
        self.index = SelectionIndex::over(&routes);
        self.routes = routes;
        Ok(())
    }

    /// The deliveries there are.
    pub(crate) fn deliveries(&self) -> impl Iterator<Item = DeliveryId> {
        self.routes.routes.iter().map(|route| route.delivery)
    }

    /// Looks at what is new up to `head`.
    pub(crate) fn look(&mut self, head: Seq) {
        if head <= self.looked {
            return;
        }
        let index = &mut self.index;
        let mut events = 0;
        let is_shown = self.shared.parts.source.show_recent(self.looked, head, &mut |account, _, event| {
            events += 1;
            index.look_at(account, event);
        });
        let woken = if is_shown { self.index.take_marked() } else { self.logging() };
        for trail in &woken {
            self.ring(*trail);
        }
        self.shared.metrics.routed(events, woken.len());
        self.looked = head;
        self.shared.metrics.looked_through(head);
    }

    /// Whether events were looked at since cursors were last moved.
    pub(crate) fn is_unrecorded(&self) -> bool {
        self.recorded.1 < self.looked
    }

    /// Moves the cursors of the trails that have nothing, now and then.
    pub(crate) async fn record_quiet(&mut self) {
        let (at, through) = self.recorded;
        if at.elapsed() < self.shared.config.record_every || through >= self.looked {
            return;
        }
        let quiet = self.quiet();
        if !quiet.is_empty() {
            let version = self.routes.version;
            match self.shared.parts.catalog.delivery_pass_quiet(&quiet, self.looked, version).await {
                Ok(true) => {}
                // The change that was made meanwhile is about to be read.
                Ok(false) => return,
                Err(error) => warn!(%error, "could not record the cursors of quiet trails"),
            }
            debug!(trails = quiet.len(), through = self.looked.0, "cursors of quiet trails moved");
        }
        self.recorded = (Instant::now(), self.looked);
    }

    /// Trails whose open interval reaches up to where was looked, and that hold nothing.
    fn quiet(&self) -> Vec<DeliveryId> {
        let is_open = |route: &&Route| matches!(&route.intervals[..], [interval] if interval.through.is_none());
        let holds_nothing = |route: &&Route| {
            let settled = self.desks.get(&route.delivery).and_then(|desk| desk.settled_through());
            settled.is_some_and(|through| through < self.looked)
        };
        self.routes.routes.iter().filter(is_open).filter(holds_nothing).map(|route| route.delivery).collect()
    }

    fn logging(&self) -> BTreeSet<DeliveryId> {
        self.routes.routes.iter().filter(|route| !route.intervals.is_empty()).map(|route| route.delivery).collect()
    }

    fn ring(&self, trail: DeliveryId) {
        if let Some(desk) = self.desks.get(&trail) {
            desk.ring();
        }
    }
}
