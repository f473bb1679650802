//! Events that retention removes before a trail has delivered them.
//!
//! The history has an end whatever a trail's bucket does: a bucket that stays broken longer than that costs its trail
//! events. This is where it is noticed, by comparing what is about to be removed with every trail's place, so that it
//! is a counter and a line in the log and not a gap somebody finds later.

use std::sync::Arc;

use catalog::{Catalog, CatalogError, Undelivered};
use tokio::runtime::Handle;
use tracing::error;

use crate::segment::Segment;

/// Counts the selected events in `segments` that trails have yet to deliver. What cannot be read counts, too.
pub(crate) fn count(catalog: &Catalog, handle: &Handle, segments: &[Arc<Segment>]) -> Result<u64, CatalogError> {
    let mut lost = 0;
    for place in handle.block_on(catalog.undelivered())? {
        let of_trail: u64 = segments.iter().map(|segment| in_segment(segment, &place)).sum();
        if of_trail > 0 {
            error!(trail = place.delivery.trail, to = %place.delivery.kind, events = of_trail, "the history ends before these events were delivered");
        }
        lost += of_trail;
    }
    Ok(lost)
}

fn in_segment(segment: &Segment, place: &Undelivered) -> u64 {
    let is_open = |seq| seq > place.after && place.through.is_none_or(|through| seq <= through);
    if segment.entry.last <= place.after {
        return 0;
    }
    let rows = segment.rows_of(place.account).filter(|row| is_open(segment.seq(*row)));
    let lost = rows.filter(|row| segment.event(*row).map_or(true, |found| place.selector.selects(&found.event)));
    lost.count() as u64
}
