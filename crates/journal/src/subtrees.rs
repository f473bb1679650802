//! The file `subtrees`: the root of every complete run of 256 events, 32 bytes each, in order, since the first event.
//!
//! It outlives the journal files, an eighth of a byte an event: with it and the events of one run, the proof for any
//! event of that run can be computed long after its journal file is gone.

use std::io;
use std::path::Path;

use host::{Disk, DiskFile};

use crate::merkle::Hash;

const HASH_BYTES: u64 = 32;

pub(crate) struct Subtrees {
    file: Box<dyn DiskFile>,
}

impl Subtrees {
    /// Opens the file, creating it when absent, and cuts it to `keep` hashes: those after them are found again by
    /// reading the journal. Fails when fewer are there.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path, keep: u64) -> io::Result<Subtrees> {
        let path = folder.join("subtrees");
        let mut file = match disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create(&path)?,
            other => other?,
        };
        let have = file.len()?;
        if have < keep * HASH_BYTES {
            let message = format!("{} holds {} hashes, {keep} are needed", path.display(), have / HASH_BYTES);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        file.truncate(keep * HASH_BYTES)?;
        Ok(Subtrees { file })
    }

    pub(crate) fn append(&mut self, roots: &[Hash]) -> io::Result<()> {
        if roots.is_empty() { Ok(()) } else { self.file.append(roots.as_flattened()) }
    }

    /// To be called before journal files are removed.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}
