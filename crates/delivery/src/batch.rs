//! Gathering a batch: what lies between the cursor and the journal's head, counted but not kept.
//!
//! Events are looked at as they arrive and only their count, size and age are remembered, so a thousand waiting trails
//! cost nothing; when the batch is closed its range is read once more to be encoded. Sizes are those of the selected
//! events: a trail that selects little still writes few and full objects.

use model::trail::Interval;
use model::{Seq, Timestamp};
use store::StretchOfMany;

/// How much is looked at for one batch, as a multiple of its size, before it closes with what it has. A selector that
/// picks one event in a million must not read for hours before anything is written.
const LOOKED_AT_MAX: usize = 16;

/// What was found so far in one interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The interval it belongs to.
    pub(crate) interval: i64,
    /// Before its first event.
    pub(crate) after: Seq,
    /// Everything up to here was looked at.
    pub(crate) through: Seq,
    /// Selected events in `(after, through]`.
    pub(crate) events: usize,
    bytes: usize,
    looked_at: usize,
    /// The earliest receipt of a selected event.
    pub(crate) oldest: Option<Timestamp>,
}

/// What to do with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is selected so far.
    Empty,
    /// Write it now.
    Close,
    /// Wait for more.
    Open,
}

impl Batch {
    /// Nothing looked at yet.
    pub(crate) fn new(interval: i64, after: Seq) -> Batch {
        Batch { interval, after, through: after, events: 0, bytes: 0, looked_at: 0, oldest: None }
    }

    /// Looks at what was read, up to the event that makes the batch full.
    pub(crate) fn look_at(&mut self, stretch: &StretchOfMany, interval: &Interval, bytes_max: usize) {
        for found in stretch.events.iter().map(|owned| &owned.found) {
            self.looked_at += found.event.raw().len();
            self.through = found.seq;
            if interval.selector.selects(&found.event) {
                self.events += 1;
                self.bytes += found.event.raw().len();
                self.oldest = Some(self.oldest.map_or(found.received, |oldest| oldest.min(found.received)));
            }
            if self.is_full(bytes_max) {
                return;
            }
        }
        self.through = stretch.through;
        if self.events == 0 {
            // The range starts as late as possible, so that a restart reads less.
            self.after = self.through;
            self.looked_at = 0;
        }
    }

    /// Whether it must close whatever comes next.
    pub(crate) fn is_full(&self, bytes_max: usize) -> bool {
        let read_enough = self.looked_at >= bytes_max.saturating_mul(LOOKED_AT_MAX);
        self.events > 0 && (self.bytes >= bytes_max || read_enough)
    }

    /// What to do once everything there is was looked at. `is_last`: nothing more can come in its interval.
    pub(crate) fn verdict(&self, is_last: bool, is_old: bool, bytes_max: usize) -> Verdict {
        match self.events {
            0 => Verdict::Empty,
            _ if is_last || is_old || self.is_full(bytes_max) => Verdict::Close,
            _ => Verdict::Open,
        }
    }
}
