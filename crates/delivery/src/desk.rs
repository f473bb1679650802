//! What a trail's worker and the router tell each other.
//!
//! The router rings: there may be something selected, or the trail was changed. The worker says that it has nothing open,
//! up to where it has looked, and how many rings it had heard before it looked. If a ring came since, what it said is
//! out of date, whichever of the two spoke last.

use model::Seq;
use parking_lot::Mutex;
use tokio::sync::watch;

/// One trail's.
#[derive(Debug)]
pub(crate) struct Desk {
    rings: watch::Sender<u64>,
    settled: Mutex<Option<Settled>>,
}

#[derive(Debug, Clone, Copy)]
struct Settled {
    rings: u64,
    through: Seq,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk { rings: watch::Sender::new(0), settled: Mutex::default() }
    }
}

impl Desk {
    /// The worker's end.
    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.rings.subscribe()
    }

    /// Wakes the worker, now or as soon as it would wait.
    pub(crate) fn ring(&self) {
        self.rings.send_modify(|rings| *rings += 1);
    }

    /// The worker has looked at everything through here, having heard this many rings before, and holds nothing.
    pub(crate) fn settle(&self, rings: u64, through: Seq) {
        *self.settled.lock() = Some(Settled { rings, through });
    }

    /// The worker works.
    pub(crate) fn unsettle(&self) {
        *self.settled.lock() = None;
    }

    /// Up to where the worker has looked, if it holds nothing and has heard every ring.
    pub(crate) fn settled_through(&self) -> Option<Seq> {
        let settled = *self.settled.lock();
        settled.filter(|settled| settled.rings == *self.rings.borrow()).map(|settled| settled.through)
    }
}
