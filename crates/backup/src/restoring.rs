//! Making a data folder again from a backup, believing nothing that was not checked.
//!
//! Everything is written beside the folder that was asked for, synced, and gets its name last: so a folder of that
//! name is a whole one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use host::{Disk, DiskFile};
use model::Seq;
use outbound::BucketError;
use sha2::{Digest, Sha256};

use crate::destination::Destination;
use crate::error::{BackupError, RestoreError};
use crate::listing::{FileEntry, Listing, PartEntry};

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// When the backup was made.
    pub taken: String,
    /// The last event in it.
    pub head: Seq,
    /// How many accounts there are.
    pub accounts: u64,
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Makes `data`, which must not exist or be empty. On failure it is as it was.
pub async fn restore(from: &Destination, disk: Arc<dyn Disk>, data: &Path) -> Result<Restored, RestoreError> {
    let listing = listing(from).await?;
    let is_empty = |folder: &Path| match disk.list(folder) {
        Ok(entries) => Ok(entries.is_empty()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(RestoreError::Disk { path: folder.to_owned(), source }),
    };
    let beside = beside(data);
    for folder in [data, &beside] {
        if !is_empty(folder)? {
            return Err(RestoreError::NotEmpty { folder: folder.to_owned() });
        }
    }
    let done = Restoring { from, disk: disk.clone(), folder: beside.clone() }.run(&listing).await;
    let done = done.and_then(|()| put_in_place(&*disk, &beside, data));
    if let Err(error) = done {
        // The error that counts is the first; what stays is refused by name the next time.
        let _ = std::fs::remove_dir_all(&beside);
        return Err(error);
    }
    let Listing { taken, head, accounts, .. } = &listing;
    Ok(Restored {
        taken: taken.clone(),
        head: *head,
        accounts: *accounts,
        files: listing.files.len(),
        bytes: listing.bytes(),
    })
}

async fn listing(from: &Destination) -> Result<Listing, RestoreError> {
    match from.listing().await {
        Ok(Some(listing)) => Ok(listing),
        Ok(None) => Err(RestoreError::NoBackup { from: from.url().to_owned() }),
        Err(BackupError::Bucket(error)) => Err(error.into()),
        Err(other) => Err(RestoreError::Listing { what: other.to_string() }),
    }
}

fn beside(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    data.with_file_name(name)
}

#[allow(clippy::disallowed_methods, reason = "a whole folder gets its name; no node knows it yet")]
fn put_in_place(disk: &dyn Disk, beside: &Path, data: &Path) -> Result<(), RestoreError> {
    let place = || {
        for folder in [&beside.join("journal"), &beside.join("segments"), beside] {
            disk.sync_folder(folder)?;
        }
        // In place of an empty folder, if there is one.
        std::fs::rename(beside, data)?;
        let parent = data.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk.sync_folder(parent)
    };
    place().map_err(|source| RestoreError::Disk { path: data.to_owned(), source })
}

struct Restoring<'d> {
    from: &'d Destination,
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Restoring<'_> {
    async fn run(&self, listing: &Listing) -> Result<(), RestoreError> {
        for below in ["journal", "segments"] {
            let path = self.folder.join(below);
            self.disk.create_folder(&path).map_err(|source| RestoreError::Disk { path, source })?;
        }
        for file in &listing.files {
            self.file(file).await?;
        }
        Ok(())
    }

    async fn file(&self, entry: &FileEntry) -> Result<(), RestoreError> {
        let path = self.folder.join(&entry.path);
        let failed = |source| RestoreError::Disk { path: path.clone(), source };
        let mut file = self.disk.create(&path).map_err(failed)?;
        let mut whole = Sha256::new();
        for part in &entry.parts {
            let bytes = self.part(entry, part).await?;
            whole.update(&bytes);
            file = on_a_thread(file, move |file| file.append(&bytes)).await.map_err(failed)?;
        }
        if hex::encode(whole.finalize()) != entry.sha256 || file.len().map_err(failed)? != entry.bytes {
            return Err(damaged(entry, "the whole".to_owned(), "does not fit its checksum"));
        }
        on_a_thread(file, |file| file.sync()).await.map(drop).map_err(failed)
    }

    async fn part(&self, entry: &FileEntry, part: &PartEntry) -> Result<Bytes, RestoreError> {
        let key = part.key();
        match self.from.get(&key).await {
            Ok(bytes) if hex::encode(Sha256::digest(&bytes)) == part.sha256 => Ok(bytes),
            Ok(_) => Err(damaged(entry, format!("the object {key}"), "has changed")),
            Err(BucketError::ObjectDoesNotExist { .. }) => {
                Err(damaged(entry, format!("the object {key}"), "is missing"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Disks are waited for on threads that may wait.
async fn on_a_thread(
    mut file: Box<dyn DiskFile>,
    work: impl FnOnce(&mut dyn DiskFile) -> io::Result<()> + Send + 'static,
) -> io::Result<Box<dyn DiskFile>> {
    let working = tokio::task::spawn_blocking(move || work(&mut *file).map(|()| file));
    working.await.expect("writing does not panic and is not cancelled")
}

fn damaged(entry: &FileEntry, what: String, problem: &'static str) -> RestoreError {
    RestoreError::Damaged { path: entry.path.clone(), what, problem }
}
