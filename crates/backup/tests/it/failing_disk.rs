//! A disk that stops to take changes after a number of them, as a process that is killed does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use host::{Disk, DiskFile, Mapped, RealDisk};

pub(crate) struct FailingDisk {
    left: AtomicUsize,
}

impl FailingDisk {
    pub(crate) fn after(changes: usize) -> FailingDisk {
        FailingDisk { left: AtomicUsize::new(changes) }
    }

    fn change(&self) -> io::Result<()> {
        let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        // A failure that is not tried again.
        taken.map(|_| ()).map_err(|_| io::Error::from(io::ErrorKind::PermissionDenied))
    }
}

impl Disk for FailingDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.change()?;
        RealDisk.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.open(path)
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        RealDisk.map(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.create_folder(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?;
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        RealDisk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }
}
