//! Whether events are the ones that were acknowledged: their Merkle leaves against the journal and the roots.

use std::collections::BTreeMap;

use journal::SUBTREE_EVENTS;
use journal::merkle::{Frontier, Hash};
use model::Seq;

/// Puts leaves, given in order, together to the roots of runs of 256.
#[derive(Default)]
pub(crate) struct Runs {
    next: u64,
    tree: Frontier,
    /// The roots of complete runs, by the run's number from 0.
    pub(crate) roots: BTreeMap<u64, Hash>,
}

impl Runs {
    /// Gives the run that this leaf completes.
    pub(crate) fn push(&mut self, seq: Seq, leaf: Hash) -> Option<(u64, Hash)> {
        let is_start = (seq.0 - 1).is_multiple_of(SUBTREE_EVENTS);
        if is_start {
            self.tree = Frontier::default();
        } else if seq.0 != self.next || self.next == 0 {
            // The run began before what is there: it cannot be put together.
            self.next = 0;
            return None;
        }
        self.next = seq.0 + 1;
        let root = self.tree.push(leaf)?;
        let run = (seq.0 - 1) / SUBTREE_EVENTS;
        self.roots.insert(run, root);
        Some((run, root))
    }
}

/// The events of a run.
pub(crate) fn events_of(run: u64) -> (u64, u64) {
    (run * SUBTREE_EVENTS + 1, (run + 1) * SUBTREE_EVENTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_needs_all_its_leaves() {
        let leaf = |seq: u64| [seq as u8; 32];
        let mut whole = Runs::default();
        (1..=600).for_each(|seq| _ = whole.push(Seq(seq), leaf(seq)));
        assert_eq!(whole.roots.keys().copied().collect::<Vec<_>>(), [0, 1]);
        let mut late = Runs::default();
        (100..=600).for_each(|seq| _ = late.push(Seq(seq), leaf(seq)));
        assert_eq!(late.roots.keys().copied().collect::<Vec<_>>(), [1]);
        assert_eq!(late.roots[&1], whole.roots[&1]);
        let mut holed = Runs::default();
        (1..=600).filter(|seq| *seq != 300).for_each(|seq| _ = holed.push(Seq(seq), leaf(seq)));
        assert_eq!(holed.roots.keys().copied().collect::<Vec<_>>(), [0]);
    }
}
