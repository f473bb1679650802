//! Sequence numbers: an event's place in the journal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An event's place in the journal. The first event of a node is 1; 0 is "before the first", so a cursor that has
/// read nothing is `Seq(0)`. Numbers are dense: each stored event has exactly one, with no holes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Seq = Seq(0);

    /// The next place.
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
