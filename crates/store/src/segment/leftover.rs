//! A segment's index without its row in the manifest: what a crash leaves of a segment that was beyond the history.

use std::path::Path;

use host::Disk;
use model::Timestamp;

use super::format::{Section, Summary, Table, unshift_time};
use super::packed::Packed;

/// When the segment's last event happened or arrived, whichever is later; `None` when the index cannot tell.
pub(crate) fn newest(disk: &dyn Disk, index: &Path) -> Option<Timestamp> {
    let map = disk.map(index).ok()?;
    let bytes = (*map).as_ref();
    let table = Table::read(bytes).ok()?;
    table.verify(bytes).ok()?;
    let summary = Summary::decode(bytes.get(table.range(Section::Summary))?)?;
    let times = Packed::open(bytes.get(table.range(Section::Times))?)?;
    let happened = (0..times.len()).map(|row| unshift_time(times.get(row))).max()?;
    Some(Timestamp(happened.max(summary.received_max)))
}
