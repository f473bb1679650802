//! What a query may cost, what it has cost so far, and why it was cut short.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one query may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From its first to its last step.
    pub time: Duration,
    /// Rows of the answer.
    pub rows: usize,
    /// Bytes of events and columns looked at, uncompressed.
    pub scanned_bytes: u64,
    /// Bytes the engine may hold at once.
    pub memory_bytes: usize,
}

impl Limits {
    /// None: for what has an end by itself.
    pub const NONE: Limits =
        Limits { time: Duration::MAX, rows: usize::MAX, scanned_bytes: u64::MAX, memory_bytes: usize::MAX };
}

/// Why an answer is not the whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It took this long.
    Time(Duration),
    /// It looked at this many bytes.
    ScannedBytes(u64),
    /// The answer has this many rows.
    Rows(usize),
    /// The caller gave up.
    Cancelled,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cut::Time(limit) => write!(f, "it took longer than {} s", limit.as_secs_f64()),
            Cut::ScannedBytes(limit) => write!(f, "it looked at more than {} MiB", limit >> 20),
            Cut::Rows(limit) => write!(f, "its answer has more than {limit} rows"),
            Cut::Cancelled => f.write_str("it was cancelled"),
        }
    }
}

/// What a query has cost so far. Shared by all who work for it; each asks [`Meter::check`] between two bounded steps.
#[derive(Debug)]
pub struct Meter {
    limits: Limits,
    started: Instant,
    rows: AtomicU64,
    bytes: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Meter {
    /// Starts to count.
    pub fn new(limits: Limits) -> Meter {
        Meter {
            limits,
            started: Instant::now(),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            is_cancelled: AtomicBool::new(false),
        }
    }

    /// The limits it was started with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts rows (events) and uncompressed bytes that were looked at.
    pub fn count(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Ends the query at its next check.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether to go on.
    pub fn check(&self) -> Result<(), Cut> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Err(Cut::Cancelled);
        }
        if self.bytes() > self.limits.scanned_bytes {
            return Err(Cut::ScannedBytes(self.limits.scanned_bytes));
        }
        if self.elapsed() > self.limits.time {
            return Err(Cut::Time(self.limits.time));
        }
        Ok(())
    }

    /// Rows looked at.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Bytes looked at.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_says_which_limit_was_reached() {
        let limits = Limits { time: Duration::from_secs(60), rows: 1, scanned_bytes: 10, memory_bytes: 1 };
        let meter = Meter::new(limits);
        meter.count(1, 10);
        assert_eq!(meter.check(), Ok(()));
        meter.count(1, 1);
        assert_eq!(meter.check(), Err(Cut::ScannedBytes(10)));
        meter.cancel();
        assert_eq!(meter.check(), Err(Cut::Cancelled));
        let meter = Meter::new(Limits { time: Duration::ZERO, ..limits });
        assert_eq!(meter.check(), Err(Cut::Time(Duration::ZERO)));
        assert_eq!((meter.rows(), meter.bytes()), (0, 0));
    }
}
