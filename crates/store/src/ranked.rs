//! Sources of a merging walk, ordered by the next position each has.

use std::cmp::Reverse;

use crate::lookup::Position;

/// A source and the next position it has, or may have. The greatest of a heap comes next: for oldest-first the order is
/// reversed.
pub(crate) struct Ranked<S> {
    rank: Result<Position, Reverse<Position>>,
    pub(crate) source: S,
}

impl<S> Ranked<S> {
    pub(crate) fn new(position: Position, newest_first: bool, source: S) -> Ranked<S> {
        Ranked { rank: if newest_first { Ok(position) } else { Err(Reverse(position)) }, source }
    }

    /// The position it is ranked by.
    pub(crate) fn position(&self) -> Position {
        let (Ok(position) | Err(Reverse(position))) = self.rank;
        position
    }
}

impl<S> PartialEq for Ranked<S> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<S> Eq for Ranked<S> {}

impl<S> PartialOrd for Ranked<S> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> Ord for Ranked<S> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}
