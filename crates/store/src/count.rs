//! How many events of a view a search holds for, in all and by stretches of time.
//!
//! Rows of an account are in order of time, so without conditions a stretch is a difference of two row numbers; with
//! conditions it is a count of bits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::Timestamp;
use query::{Cut, Meter, Scope};

use crate::lookup::Position;
use crate::row_set::RowSet;
use crate::scope::{Asked, WINDOW_ROWS, Work, bucket_of, windows};
use crate::segment::Segment;
use crate::{Store, StoreError};

/// Stretches of time in an answer.
const BUCKETS_MAX: usize = 100_000;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Events.
    pub total: u64,
    /// When each stretch of time begins and how many events are in it, in order; empty ones are left out.
    pub buckets: Vec<(Timestamp, u64)>,
    /// Why not everything was counted.
    pub cut: Option<Cut>,
}

impl Store {
    /// Counts the events of a scope; with `bucket`, also by stretches of time of this length, of which one begins at
    /// `buckets_from`. Blocks.
    pub fn count(
        &self,
        scope: &Scope,
        bucket: Option<Duration>,
        buckets_from: Timestamp,
        meter: &Meter,
    ) -> Result<Counted, StoreError> {
        let started = Instant::now();
        let asked = Asked::new(scope);
        let state = self.shared.state.load_full();
        let mut tally = Tally::new(bucket, buckets_from);
        let mut run = || -> Result<(), StoreError> {
            for recent in state.sealing.iter().chain([&state.active]) {
                let mut times = Vec::new();
                recent.for_each_asked(&asked, meter, |row| times.push(row.event.time()))?;
                times.into_iter().try_for_each(|time| tally.add(time, 1))?;
            }
            for segment in state.segments.iter().filter(|segment| asked.may_touch(segment)) {
                count_segment(&asked, Work::on(segment.clone()), &mut tally, meter)?;
            }
            Ok(())
        };
        let counted = match run() {
            Ok(()) => Ok(tally.finish(None)),
            Err(StoreError::Cut(cut)) => Ok(tally.finish(Some(cut))),
            Err(error) => Err(error),
        };
        self.shared.metrics.aggregated(started.elapsed(), counted.is_ok());
        counted
    }
}

fn count_segment(asked: &Asked, mut work: Work, tally: &mut Tally, meter: &Meter) -> Result<(), StoreError> {
    for (account, parts) in asked.view.accounts() {
        for window in windows(asked.rows_of(&work.segment, account), WINDOW_ROWS) {
            let rows = work.decide(asked, account, parts, window, meter)?;
            tally.add_rows(&work.segment, &rows)?;
        }
    }
    Ok(())
}

/// What was counted so far.
struct Tally {
    total: u64,
    length_ms: i64,
    origin: Timestamp,
    buckets: BTreeMap<Timestamp, u64>,
}

impl Tally {
    fn new(bucket: Option<Duration>, origin: Timestamp) -> Tally {
        let length_ms = bucket.map_or(0, |bucket| i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX));
        Tally { total: 0, length_ms, origin, buckets: BTreeMap::new() }
    }

    fn add(&mut self, time: Timestamp, count: u64) -> Result<(), StoreError> {
        self.total += count;
        if self.length_ms > 0 {
            *self.buckets.entry(bucket_of(time, self.origin, self.length_ms)).or_default() += count;
            if self.buckets.len() > BUCKETS_MAX {
                return Err(Cut::Rows(BUCKETS_MAX).into());
            }
        }
        Ok(())
    }

    /// Adds rows of one account, which are in order of time.
    fn add_rows(&mut self, segment: &Segment, rows: &RowSet) -> Result<(), StoreError> {
        if self.length_ms == 0 {
            self.total += rows.count();
            return Ok(());
        }
        let mut rest = rows.window().clone();
        while !rest.is_empty() {
            let time = segment.position(rest.start).time;
            let start = bucket_of(time, self.origin, self.length_ms);
            let end = Position { time: Timestamp(start.0.saturating_add(self.length_ms)), seq: model::Seq::ZERO };
            let of_bucket = segment.rows_between(rest.clone(), Position { time: start, seq: model::Seq::ZERO }, end);
            // A damaged index may have times out of order; each step still takes a row.
            let behind = of_bucket.end.max(rest.start + 1);
            let count = rows.count_in(rest.start..behind);
            if count > 0 {
                self.add(time, count)?;
            }
            rest.start = behind;
        }
        Ok(())
    }

    fn finish(self, cut: Option<Cut>) -> Counted {
        Counted { total: self.total, buckets: self.buckets.into_iter().collect(), cut }
    }
}
