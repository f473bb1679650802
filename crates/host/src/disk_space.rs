//! How much room the disk of a folder has: for the operator to see coming what the journal would meet as an error.

use std::io;
use std::path::Path;

/// Bytes of the file system a folder lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// All of it.
    pub total: u64,
    /// What an ordinary user may still write; some is often kept for root.
    pub free: u64,
}

/// Asks the file system. Blocks as long as it takes to answer.
pub fn disk_space(folder: &Path) -> io::Result<DiskSpace> {
    let found = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(DiskSpace { total: bytes(found.f_blocks), free: bytes(found.f_bavail) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_room_and_none_that_is_not_there() {
        let space = disk_space(&std::env::temp_dir()).expect("a folder");
        assert!(space.total >= space.free && space.total > 0, "{space:?}");
        assert!(disk_space(Path::new("/no/such/folder")).is_err());
    }
}
