//! Alert policies: which alerts make a set, when a set is told, what is inhibited or silenced.
//!
//! A policy's group script gives an alert its routes (`policy`): an action policy and a key. Alerts of one key gather in a
//! `MergeSet`, a state machine with explicit time. A set is told after its group wait, again after its group interval when
//! something changed, and after its repeat interval when the same goes on. Whatever is not told is suppressed with a reason.
//! `watch` keeps one row per set and asks it when it is due.

pub mod builtin;
mod inhibit;
mod policy;
mod set;
mod silence;

use std::collections::BTreeMap;

use model::Timestamp;

pub use policy::{AlertPolicy, Route, SetKey};
pub use set::{ALERTS_MAX, Added, Effect, MergeSet, Quiet, Suppressed, Telling, Why};
pub use silence::{Matcher, Silence, SilenceError, Silences};

use crate::{Alert, Reason, Status};

/// All merge sets of an account, in memory: for dry runs and tests. A running node keeps each set in its own row.
#[derive(Debug, Clone, Default)]
pub struct MergeSets {
    sets: BTreeMap<SetKey, MergeSet>,
}

impl MergeSets {
    /// Where an alert goes: one that is over to the sets that hold it, every other where its policy says.
    pub fn routes(
        &self,
        policy: &AlertPolicy,
        parent: Option<&AlertPolicy>,
        alert: &Alert,
    ) -> Result<Vec<Route>, Reason> {
        let is_over = alert.status == Status::Resolved;
        let holding = self.sets.values().filter(|set| is_over && set.holds(&alert.fingerprint));
        let routes: Vec<Route> = holding.map(MergeSet::route).collect();
        if routes.is_empty() { policy.routes(parent, alert) } else { Ok(routes) }
    }

    /// Puts an alert into the set of a route.
    pub fn add(&mut self, route: &Route, alert: Alert, now: Timestamp) -> Added {
        let set = self.sets.entry(route.key.clone()).or_insert_with(|| MergeSet::new(route));
        set.add(route, alert, now)
    }

    /// Tells what is due. `quiet` gives what keeps a set of this policy quiet.
    pub fn due<'a>(&mut self, now: Timestamp, quiet: &dyn Fn(&str) -> Quiet<'a>) -> Vec<Telling> {
        let mut tellings = Vec::new();
        for set in self.sets.values_mut() {
            tellings.extend(set.take(now, &quiet(set.policy())));
        }
        self.sets.retain(|_, set| !set.is_over(now));
        tellings
    }

    /// When the next set falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sets.values().filter_map(MergeSet::due_at).min()
    }

    /// The sets there are.
    pub fn sets(&self) -> impl Iterator<Item = &MergeSet> {
        self.sets.values()
    }
}

#[cfg(test)]
mod tests;
