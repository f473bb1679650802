//! The file `subtrees`: the root of every complete run of 256 events, 32 bytes each, in order, since the first event.
//!
//! It outlives the journal files, an eighth of a byte an event: with it and the events of one run, the proof for any
//! event of that run can be computed long after its journal file is gone. While the disk does not take them, roots
//! wait in memory and the journal keeps its files: an event's acknowledgement does not depend on this file.

use std::io;
use std::path::Path;

use host::{Disk, DiskFile};
use tracing::warn;

use crate::merkle::Hash;

const HASH_BYTES: u64 = 32;

pub(crate) struct Subtrees {
    file: Box<dyn DiskFile>,
    /// Bytes of the roots that were written.
    bytes: u64,
    /// Roots the disk has not taken yet.
    waiting: Vec<Hash>,
    /// A sync failed, so nobody knows which of the bytes are on the disk. The next start writes them anew.
    is_unsound: bool,
}

impl Subtrees {
    /// Opens the file, creating it when absent, and cuts it to `keep` hashes: those after them are found again by
    /// reading the journal. Fails when fewer are there.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path, keep: u64) -> io::Result<Subtrees> {
        let path = folder.join("subtrees");
        let mut file = match disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = disk.create(&path)?;
                disk.sync_folder(folder)?;
                file
            }
            other => other?,
        };
        let (have, bytes) = (file.len()?, keep * HASH_BYTES);
        if have < bytes {
            let message = format!("{} holds {} hashes, {keep} are needed", path.display(), have / HASH_BYTES);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        file.truncate(bytes)?;
        Ok(Subtrees { file, bytes, waiting: Vec::new(), is_unsound: false })
    }

    /// Adds roots. Those the disk does not take now go with the next ones, or with [`Subtrees::sync`].
    pub(crate) fn append(&mut self, roots: &[Hash]) {
        self.waiting.extend_from_slice(roots);
        if let Err(error) = self.write() {
            warn!(%error, waiting = self.waiting.len(), "subtree roots could not be written and wait in memory");
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        // What an earlier attempt left of a root is cut off.
        if self.file.len()? != self.bytes {
            self.file.truncate(self.bytes)?;
        }
        self.file.append(self.waiting.as_flattened())?;
        self.bytes += self.waiting.len() as u64 * HASH_BYTES;
        self.waiting.clear();
        Ok(())
    }

    /// Makes every root durable; to be called before journal files are removed.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.is_unsound {
            return Err(io::Error::other(
                "an earlier sync of the subtree roots failed; they are written anew at the next start",
            ));
        }
        self.write()?;
        self.file.sync().inspect_err(|_| self.is_unsound = true)
    }
}
