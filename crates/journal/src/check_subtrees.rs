//! Looking at the file `subtrees`, and writing it anew.
//!
//! The roots in it, put together, must give the peaks in the header of the oldest journal file: so the whole history
//! is checked against the journal without its events. The other way round, roots computed from events are the right
//! ones exactly when they fit those peaks.

use std::io;
use std::path::Path;

use host::Disk;

use crate::merkle::{Frontier, Hash, SUBTREE_HEIGHT};

/// Events under one root.
pub const SUBTREE_EVENTS: u64 = 1 << SUBTREE_HEIGHT;

/// The roots in the file, and how many bytes follow the last whole one; `None` when there is no file. Blocks.
pub fn read_subtrees(disk: &dyn Disk, folder: &Path) -> io::Result<Option<(Vec<Hash>, usize)>> {
    let bytes = match disk.read_whole(&folder.join("subtrees")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let (hashes, rest) = bytes.as_chunks::<32>();
    Ok(Some((hashes.to_vec(), rest.len())))
}

/// Whether these are the roots of every complete run of 256 events of the tree.
pub fn subtrees_fit(roots: &[Hash], tree: &Frontier) -> bool {
    let mut upper = Frontier::default();
    for root in roots {
        // From the height of these roots on, a tree of them is the tree of the events.
        upper.push(*root);
    }
    upper.size() == tree.size() >> SUBTREE_HEIGHT && tree.peaks().starts_with(upper.peaks())
}

/// Writes the file anew, under another name first. Blocks.
pub fn write_subtrees(disk: &dyn Disk, folder: &Path, roots: &[Hash]) -> io::Result<()> {
    let temporary = folder.join("subtrees.writing");
    match disk.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = disk.create(&temporary)?;
    file.append(roots.as_flattened())?;
    file.sync()?;
    disk.rename(&temporary, &folder.join("subtrees"))?;
    disk.sync_folder(folder)
}
