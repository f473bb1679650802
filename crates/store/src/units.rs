//! The work of a question that several threads answer together: the parts of the store, each taken by one of them.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use query::{Meter, Scope};

use crate::recent::Recent;
use crate::scope::Asked;
use crate::segment::Segment;
use crate::store::State;

/// A part of the store.
pub(crate) enum Unit {
    Recent(Arc<Recent>),
    Segment(Arc<Segment>),
}

/// What is asked and what is left to do.
pub(crate) struct Units {
    pub(crate) asked: Asked,
    pub(crate) meter: Arc<Meter>,
    left: Mutex<VecDeque<Unit>>,
}

impl Units {
    /// Every part that can have something, the newest first.
    pub(crate) fn of(scope: &Scope, state: &State, meter: Arc<Meter>) -> Arc<Units> {
        let asked = Asked::new(scope);
        let recents = [&state.active].into_iter().chain(&state.sealing).cloned().map(Unit::Recent);
        let segments = state.segments.iter().rev().filter(|segment| asked.may_touch(segment));
        let left = recents.chain(segments.cloned().map(Unit::Segment)).collect();
        Arc::new(Units { asked, meter, left: Mutex::new(left) })
    }

    pub(crate) fn take(&self) -> Option<Unit> {
        self.left.lock().pop_front()
    }
}
