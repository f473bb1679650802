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
    let files = node.files();
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
    // Everything is read before it is believed: an index section is not checked by a lookup, but here it is.
    let verified = node.store().verify().map_err(|error| story_of(&error));
    let read = events.check_all(node.store(), true, chance);
    match (verified, read) {
        (Err(told), _) => names(&told, &path).map(|()| format!("{place}: {told}")),
        (Ok(()), Err(lost)) => names(&lost, &path).map(|()| format!("{place}: {lost}")),
        (Ok(()), Ok(())) => Ok(format!("{place}: without consequence")),
    }
}

/// Whether the words name the file and say that, and where, it is damaged.
fn names(told: &str, path: &Path) -> Result<(), String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let says_where = ["at byte", "section", "page", "row", "does not begin with", "too short", "summary", "it has"];
    if told.contains(name) && told.contains("damaged") && says_where.iter().any(|words| told.contains(words)) {
        return Ok(());
    }
    Err(format!("a flipped bit in {} was reported as: {told}", path.display()))
}
