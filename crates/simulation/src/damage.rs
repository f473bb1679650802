//! One flipped bit in a durable file: named, or without consequence; never a silent loss.

use std::path::Path;

use host::Disk;
use host::simulated::Chance;

use crate::events::Events;
use crate::node::{Node, story_of};

/// Flips a bit of the stopped node's files and opens it again. Gives what was noticed.
pub(crate) async fn flip_and_reopen(
    node: &mut Node,
    events: &mut Events,
    chance: &mut Chance,
) -> Result<String, String> {
    let files = node.files().await;
    if files.is_empty() {
        return Ok("nothing to damage".to_owned());
    }
    let path = files[chance.below(files.len())].clone();
    let bytes = node.disk.map(&path).map_err(|error| story_of(&error))?;
    let bits = (*bytes).as_ref().len() * 8;
    let bit = chance.below(bits);
    node.disk.flip_bit(&path, bit);
    let place = format!("bit {bit} of {}", path.display());

    if let Err(told) = node.open(None).await {
        return names(&told, &path).map(|()| format!("{place}: {told}"));
    }
    // Lookups believe the index; the doctor does not.
    let read = events.check_all(node.store(), true, chance);
    match (node.check_segments().await, read) {
        (Err(told), _) => names(&told, &path).map(|()| format!("{place}: {told}")),
        (Ok(()), Err(lost)) => Err(format!("{place} went unnoticed: {lost}")),
        (Ok(()), Ok(())) if path.extension().is_some_and(|extension| extension == "parquet") => {
            Err(format!("{place} went unnoticed"))
        }
        // A byte between two sections, or the header of a journal file without events.
        (Ok(()), Ok(())) => Ok(format!("{place}: without consequence")),
    }
}

/// Whether the words name the file and say that, and where, it is damaged.
fn names(told: &str, path: &Path) -> Result<(), String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // The last one: a part of the Parquet file that no lookup reads, known by the checksum of the whole.
    let says_where =
        ["at byte", "section", "page", "row", "does not begin with", "too short", "summary", "it has", "its bytes"];
    if told.contains(name) && told.contains("damaged") && says_where.iter().any(|words| told.contains(words)) {
        return Ok(());
    }
    Err(format!("a flipped bit in {} was reported as: {told}", path.display()))
}
