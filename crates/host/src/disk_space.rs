//! How much room the disk under a folder has.

use std::io;
use std::path::Path;

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// What ordinary users may still write.
    pub free: u64,
    /// All there is.
    pub total: u64,
}

/// Asks the machine about the disk that holds `folder`.
pub fn disk_space(folder: &Path) -> io::Result<DiskSpace> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(DiskSpace { free: found.f_bavail * found.f_frsize, total: found.f_blocks * found.f_frsize })
}
