//! Segments beyond the history that stay, because a Logstore still shows something in them.
//!
//! The history is the node's, a Logstore's days are its own. A segment that holds an event of an account's within a stretch
//! and the days of a Logstore is kept whole. Selectors are not asked: that would mean to read the events.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::{Catalog, CatalogError, LogstoreNeed};
use model::Timestamp;
use tokio::runtime::Handle;

use crate::segment::Segment;

/// Before a segment that was kept is looked at again. Days are what it is kept for.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// What was kept when it was last asked.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    asked: Option<Instant>,
    segments: HashSet<i64>,
}

impl Kept {
    /// Those of the segments that no Logstore needs.
    pub(crate) fn release(
        &mut self,
        mut over: Vec<Arc<Segment>>,
        catalog: &Catalog,
        handle: &Handle,
        now: Timestamp,
    ) -> Result<Vec<Arc<Segment>>, CatalogError> {
        if self.asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY) {
            self.segments.clear();
        }
        over.retain(|segment| !self.segments.contains(&segment.entry.id));
        if over.is_empty() {
            return Ok(over);
        }
        let needs = handle.block_on(catalog.logstores_needs(now))?;
        if self.segments.is_empty() {
            self.asked = Some(Instant::now());
        }
        over.retain(|segment| {
            let is_needed = needs.iter().any(|need| is_needed(segment, need));
            if is_needed {
                self.segments.insert(segment.entry.id);
            }
            !is_needed
        });
        Ok(over)
    }
}

fn is_needed(segment: &Segment, need: &LogstoreNeed) -> bool {
    let is_apart = segment.entry.last <= need.after
        || need.through.is_some_and(|through| segment.entry.first > through)
        || segment.entry.max_time < need.not_before;
    !is_apart
        && segment.rows_of(need.account).any(|row| {
            let position = segment.position(row);
            position.seq > need.after
                && need.through.is_none_or(|through| position.seq <= through)
                && position.time >= need.not_before
        })
}
