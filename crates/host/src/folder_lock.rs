//! One node per data folder: a lock that ends with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held as long as the folder is in use.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// The folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum FolderLockError {
    /// Another process, or another node of this one, uses it.
    #[error("{} is in use by another node; stop that one first, or use another folder", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The lock file could not be made.
    #[error("could not lock {}", path.display())]
    Disk {
        /// The lock file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
}

impl FolderLock {
    /// Locks an existing folder with the file `lock` in it. The file stays behind; only its lock counts.
    pub fn take(folder: &Path) -> Result<FolderLock, FolderLockError> {
        let path = folder.join("lock");
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let file = opened.map_err(|source| FolderLockError::Disk { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderLockError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(FolderLockError::Disk { path, source }),
        }
    }
}
