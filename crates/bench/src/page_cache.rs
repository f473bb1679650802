//! Making data cold: what a folder's files have in the kernel's memory is given up.
//!
//! Each file is synced and `posix_fadvise(DONTNEED)` is called on it. That reaches this folder alone; writing to
//! `/proc/sys/vm/drop_caches` would take the machine's memory from everything else that runs, the programs under
//! measurement included. Pages a process has mapped stay, so whoever answers is restarted first. Whether it worked
//! shows in the bytes that the process reads from the disk afterwards.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{Advice, fadvise};

/// How the report names this.
pub(crate) const METHOD: &str = "restart, then fsync and posix_fadvise(DONTNEED) on every file of the data folder, then a question that reads \
     none of it";

/// Gives up the pages of every file below the folder.
pub(crate) fn drop_folder(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let path = entry?.path();
        let kind = std::fs::symlink_metadata(&path).map(|file| file.file_type());
        match kind {
            Ok(kind) if kind.is_dir() => drop_folder(&path)?,
            Ok(kind) if kind.is_file() => drop_file(&path)?,
            // A link (ClickHouse's folders of tables lead to files that are visited anyway), or gone since listed.
            _ => {}
        }
    }
    Ok(())
}

fn drop_file(path: &Path) -> Result<()> {
    // A file that is being replaced may be gone; then it has no pages either.
    let Ok(file) = File::open(path) else { return Ok(()) };
    file.sync_all().with_context(|| format!("could not sync {}", path.display()))?;
    fadvise(&file, 0, None, Advice::DontNeed).with_context(|| format!("could not advise on {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    // The page cache under test is the machine's own.
    #[allow(clippy::disallowed_methods)]
    fn folders_are_walked_and_files_keep_their_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("folders");
        std::fs::write(inner.join("file"), vec![7; 100_000]).expect("written");
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).expect("a link");
        drop_folder(folder.path()).expect("dropped");
        let mut byte = [0];
        let file = File::open(inner.join("file")).expect("there");
        file.read_exact_at(&mut byte, 99_999).expect("whole");
        assert_eq!(byte, [7]);
        assert!(drop_folder(&folder.path().join("none")).is_err());
    }
}
