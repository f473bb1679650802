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

/// How writing failed.
#[derive(Debug)]
pub(crate) enum WriteFailure {
    /// Everything is as it was before.
    Nothing(io::Error),
    /// What is on the disk is unknown.
    Unknown(io::Error),
}

impl From<WriteFailure> for io::Error {
    fn from(failure: WriteFailure) -> io::Error {
        match failure {
            WriteFailure::Nothing(error) | WriteFailure::Unknown(error) => error,
        }
    }
}

impl ActiveFile {
    /// Starts a file whose first event will be `first`; durable when this returns. One that a full disk does not take
    /// is removed again.
    pub(crate) fn create(
        disk: &dyn Disk,
        folder: &Path,
        first: Seq,
        created: Timestamp,
        before: &Frontier,
    ) -> Result<ActiveFile, WriteFailure> {
        let header = encode_file_header(first, created, before);
        let path = path(folder, first);
        let mut file = disk.create(&path).map_err(WriteFailure::Nothing)?;
        if let Err(error) = file.append(&header) {
            return Err(match disk.remove(&path) {
                Ok(()) => WriteFailure::Nothing(error),
                Err(_) => WriteFailure::Unknown(error),
            });
        }
        file.sync().and_then(|()| disk.sync_folder(folder)).map_err(WriteFailure::Unknown)?;
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
            // The cut is synced too: else a crash could bring back whole frames of what is refused here.
            return Err(match self.file.truncate(self.bytes).and_then(|()| self.file.sync()) {
                Ok(()) => WriteFailure::Nothing(error),
                Err(_) => WriteFailure::Unknown(error),
            });
        }
        if let Err(error) = self.file.sync() {
            // Never retried: the kernel may have given the bytes up, report success next time and still show them to
            // readers. A restart would then take them for durable, so they are cut off. Should that fail as well, the
            // restart will fail to write, too.
            let _ = self.file.truncate(self.bytes);
            return Err(WriteFailure::Unknown(error));
        }
        self.bytes += frames.len() as u64;
        Ok(())
    }
}
