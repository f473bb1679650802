//! One journal file being written, and the names of all of them.

use std::io;
use std::path::{Path, PathBuf};

use host::{Disk, DiskFile};
use model::{Seq, Timestamp};

use crate::frame::encode_file_header;
use crate::merkle::Frontier;

const EXTENSION: &str = "journal";

/// The file's path by its first number.
pub(crate) fn path(folder: &Path, first: Seq) -> PathBuf {
    folder.join(format!("{:020}.{EXTENSION}", first.0))
}

/// The journal files of a folder by their first number, oldest first.
pub(crate) fn list(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<(Seq, PathBuf)>> {
    let mut files: Vec<(Seq, PathBuf)> = disk
        .list(folder)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION))
        .filter_map(|path| {
            let first = path.file_stem()?.to_str()?.parse().ok()?;
            Some((Seq(first), path))
        })
        .collect();
    files.sort();
    Ok(files)
}

/// The file frames are appended to.
pub(crate) struct ActiveFile {
    file: Box<dyn DiskFile>,
    bytes: u64,
}

/// How an append failed.
#[derive(Debug)]
pub(crate) enum WriteFailure {
    /// The file is as it was before.
    Nothing(io::Error),
    /// The file's state is unknown.
    Unknown(io::Error),
}

impl ActiveFile {
    /// Starts a file whose first event will be `first`; durable when this returns.
    pub(crate) fn create(
        disk: &dyn Disk,
        folder: &Path,
        first: Seq,
        created: Timestamp,
        before: &Frontier,
    ) -> io::Result<ActiveFile> {
        let header = encode_file_header(first, created, before);
        let mut file = disk.create(&path(folder, first))?;
        file.append(&header)?;
        file.sync()?;
        disk.sync_folder(folder)?;
        Ok(ActiveFile { file, bytes: header.len() as u64 })
    }

    /// Continues a file that was read back and ends at `bytes`.
    pub(crate) fn reopen(file: Box<dyn DiskFile>, bytes: u64) -> ActiveFile {
        ActiveFile { file, bytes }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends and syncs. A write that fails half-way (a full disk) is cut off again.
    pub(crate) fn write(&mut self, frames: &[u8]) -> Result<(), WriteFailure> {
        if let Err(error) = self.file.append(frames) {
            return Err(match self.file.truncate(self.bytes) {
                Ok(()) => WriteFailure::Nothing(error),
                Err(_) => WriteFailure::Unknown(error),
            });
        }
        // After a failed sync the kernel may drop the pages and report success next time: never retry it.
        self.file.sync().map_err(WriteFailure::Unknown)?;
        self.bytes += frames.len() as u64;
        Ok(())
    }
}
