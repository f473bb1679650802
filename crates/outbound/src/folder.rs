//! A bucket that is a folder of this machine. A key's parts are folders, its last part is a file.
//!
//! An object is written under a hidden name, synced, renamed, and then every folder from it up to the bucket's is
//! synced: so a power cut leaves the whole object or none, and a put that returned stays.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use host::{Clock, Disk, Random};
use tokio::sync::Semaphore;

use crate::BucketError;
use crate::bucket::{OBJECT_BYTES_MAX, ObjectInfo};
use crate::examine::days_long;

/// Ends the hidden name of an object that is being written.
const PART_SUFFIX: &str = ".part";

/// A bucket on the local disk.
#[derive(Clone)]
pub(crate) struct Folder {
    url: String,
    root: PathBuf,
    disk: Arc<dyn Disk>,
    random: Arc<dyn Random>,
    slots: Arc<Semaphore>,
    /// For how many days an object is kept, by which clock.
    retention: Option<(u32, Arc<dyn Clock>)>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.root).finish()
    }
}

impl Folder {
    pub(crate) fn new(
        url: String,
        root: PathBuf,
        disk: Arc<dyn Disk>,
        random: Arc<dyn Random>,
        slots: Arc<Semaphore>,
        retention: Option<(u32, Arc<dyn Clock>)>,
    ) -> Folder {
        Folder { url, root, disk, random, slots, retention }
    }

    pub(crate) async fn create_root(&self) -> Result<(), BucketError> {
        self.blocking("", |folder| {
            folder.disk.create_folder(&folder.root)?;
            // Whichever folder above is new, its name must last too. One that we may not open was not made by us.
            for above in folder.root.ancestors().skip(1) {
                match folder.disk.sync_folder(above) {
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
                    done => done?,
                }
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), BucketError> {
        let object = key.to_owned();
        self.blocking(key, move |folder| folder.write(&object, &bytes)).await
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Bytes, BucketError> {
        let path = self.root.join(key);
        self.blocking(key, move |folder| {
            let file = folder.disk.open(&path)?;
            let len = file.len()?;
            if len > OBJECT_BYTES_MAX {
                return Err(io::Error::other(format!("it has {len} bytes, more than {OBJECT_BYTES_MAX}")));
            }
            let mut bytes = vec![0; len as usize];
            file.read_exact_at(&mut bytes, 0)?;
            Ok(bytes.into())
        })
        .await
    }

    pub(crate) async fn list(&self, below: &str, limit: usize) -> Result<Vec<ObjectInfo>, BucketError> {
        let start = if below.is_empty() { self.root.clone() } else { self.root.join(below) };
        self.blocking(below, move |folder| {
            let mut objects = Vec::new();
            match folder.collect(&start, limit, &mut objects) {
                // An object store has no folders: listing below one that nobody wrote to finds nothing.
                Err(error) if error.kind() == io::ErrorKind::NotFound && start != folder.root => Ok(Vec::new()),
                collected => collected.map(|()| objects),
            }
        })
        .await
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let path = self.root.join(key);
        self.blocking(key, move |folder| {
            folder.check_not_kept(&path)?;
            folder.disk.remove(&path)
        })
        .await
    }

    /// Runs on a thread that may block. The slot is held until the thread is done, also when the caller gave up.
    async fn blocking<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, BucketError> {
        let slot = self.slots.clone().acquire_owned().await.expect("nobody closes the slots");
        let folder = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work(&folder)
        });
        let done = done.await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        done.map_err(|error| self.classify(key, &error))
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        // Made by `create_root` only, so a disk that is not mounted is noticed and not written under.
        self.disk.list(&self.root)?;
        let path = self.root.join(key);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(io::Error::other("the key names no file"));
        };
        self.disk.create_folder(parent)?;
        self.remove_leftovers(parent, name)?;
        if self.retention.is_some() && self.holds(&path, bytes)? {
            // A retry. Its names may not have been synced the first time.
            return self.sync_names(parent);
        }
        self.check_not_kept(&path)?;

        let mut chance = [0; 8];
        self.random.fill(&mut chance);
        let part = parent.join(format!(".{name}.{}{PART_SUFFIX}", hex::encode(chance)));
        let written = self.write_part(&part, bytes).and_then(|()| self.disk.rename(&part, &path));
        if let Err(error) = written {
            // The write's own failure is the one to tell; a part that stays is removed by the retry.
            let _ = self.disk.remove(&part);
            return Err(error);
        }
        self.sync_names(parent)
    }

    fn sync_names(&self, parent: &Path) -> io::Result<()> {
        for folder in parent.ancestors() {
            self.disk.sync_folder(folder)?;
            if folder == self.root {
                break;
            }
        }
        Ok(())
    }

    fn write_part(&self, part: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.disk.create(part)?;
        file.append(bytes)?;
        file.sync()?;
        match self.retention {
            Some(_) => self.disk.make_read_only(part),
            None => Ok(()),
        }
    }

    /// Whether the object is there with just these bytes.
    fn holds(&self, path: &Path, bytes: &[u8]) -> io::Result<bool> {
        let file = match self.disk.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        if file.len()? != bytes.len() as u64 {
            return Ok(false);
        }
        let mut there = vec![0; bytes.len()];
        file.read_exact_at(&mut there, 0)?;
        Ok(there == bytes)
    }

    /// Refuses what would remove or replace an object that is not old enough. One whose age is not known is young.
    fn check_not_kept(&self, path: &Path) -> io::Result<()> {
        let Some((days, clock)) = &self.retention else { return Ok(()) };
        let now = clock.now();
        let written = match self.disk.modified(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => now,
            known => known?,
        };
        let until = written.plus(days_long(*days));
        if now >= until {
            return Ok(());
        }
        let message = format!("the object is kept until {until} by the bucket's retention of {days} days");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
    }

    /// What a crash in the middle of an earlier attempt at the same object left behind.
    fn remove_leftovers(&self, parent: &Path, name: &str) -> io::Result<()> {
        let start = format!(".{name}.");
        for path in self.disk.list(parent)? {
            let other = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if other.starts_with(&start) && other.ends_with(PART_SUFFIX) {
                self.disk.remove(&path)?;
            }
        }
        Ok(())
    }

    fn collect(&self, folder: &Path, limit: usize, objects: &mut Vec<ObjectInfo>) -> io::Result<()> {
        let mut paths = self.disk.list(folder)?;
        paths.sort();
        for path in paths {
            if objects.len() >= limit {
                return Ok(());
            }
            match self.disk.list(&path) {
                Ok(_) => self.collect(&path, limit, objects)?,
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => objects.extend(self.object(&path)?),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn object(&self, path: &Path) -> io::Result<Option<ObjectInfo>> {
        let Some(key) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) else { return Ok(None) };
        if key.ends_with(PART_SUFFIX) {
            return Ok(None);
        }
        Ok(Some(ObjectInfo { key: key.to_owned(), bytes: self.disk.open(path)?.len()? }))
    }

    fn classify(&self, key: &str, error: &io::Error) -> BucketError {
        let bucket = self.url.clone();
        match error.kind() {
            io::ErrorKind::NotFound if key.is_empty() || self.disk.list(&self.root).is_err() => {
                BucketError::BucketDoesNotExist { bucket }
            }
            io::ErrorKind::NotFound => BucketError::ObjectDoesNotExist { bucket, key: key.to_owned() },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                BucketError::AccessDenied { bucket, cause: error.to_string() }
            }
            _ => BucketError::Failed { bucket, cause: error.to_string() },
        }
    }
}

#[cfg(test)]
mod tests;
