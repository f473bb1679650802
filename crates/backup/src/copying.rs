//! Copying a snapshot to a destination: what it does not have yet, then the new listing, then away with the rest.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use model::Timestamp;
use sha2::{Digest, Sha256};

use crate::destination::Destination;
use crate::error::BackupError;
use crate::listing::{FileEntry, LISTING, Listing, PartEntry};
use crate::snapshot::Snapshot;

/// A part fits through a slow line in the minute a request may take, and memory holds one.
const PART_BYTES: u64 = 16 << 20;
/// A file that grew this often is copied anew, so that parts do not become crumbs.
const PARTS_KEPT_MAX: usize = 32;

/// How a backup is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Read every file, also those whose length and time are as they were.
    pub reread: bool,
}

/// What a backup did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Copied {
    /// Files in the backup.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that were copied.
    pub objects_copied: usize,
    /// Their bytes.
    pub bytes_copied: u64,
    /// Objects that were removed, as nothing needs them any more.
    pub objects_removed: usize,
}

/// Brings a destination to the state of the snapshot. Until the end it holds the state before.
pub async fn back_up(
    snapshot: &Snapshot,
    to: &Destination,
    now: Timestamp,
    options: Options,
) -> Result<Copied, BackupError> {
    let before = to.listing().await?;
    if let Some(before) = &before {
        judge(before, snapshot)?;
    }
    let mut copying = Copying { to, there: to.objects().await?, before, options, copied: Copied::default() };
    let mut files = Vec::new();
    for path in snapshot_files(snapshot.folder())? {
        files.push(copying.file(snapshot.folder(), &path).await?);
    }
    let listing = Listing {
        cairn: env!("CARGO_PKG_VERSION").to_owned(),
        taken: now.to_string(),
        management: snapshot.management,
        head: snapshot.head,
        cursor: snapshot.cursor,
        accounts: snapshot.accounts,
        schema: snapshot.schema,
        formats: vec!["CAIRNJ01".to_owned(), "CAIRNX01".to_owned()],
        files,
    };
    to.put(LISTING, listing.encode().into()).await?;
    copying.sweep(&listing).await?;
    Ok(Copied { files: listing.files.len(), bytes: listing.bytes(), ..copying.copied })
}

/// Whether this snapshot may take the place of that backup.
fn judge(before: &Listing, snapshot: &Snapshot) -> Result<(), BackupError> {
    match (before.management, snapshot.management) {
        (Some(theirs), ours) if ours != Some(theirs) => return Err(BackupError::Foreign { theirs }),
        _ => {}
    }
    if before.head > snapshot.head {
        return Err(BackupError::Further { theirs: before.head, ours: snapshot.head });
    }
    Ok(())
}

/// The files of a snapshot, by path.
fn snapshot_files(folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut files = vec!["catalog.sqlite".to_owned()];
    for below in ["journal", "segments"] {
        let path = folder.join(below);
        let failed = |source| BackupError::Disk { path: path.clone(), source };
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            files.push(format!("{below}/{}", name.to_string_lossy()));
        }
    }
    files.sort();
    Ok(files)
}

struct Copying<'d> {
    to: &'d Destination,
    /// The objects of the destination.
    there: HashMap<String, u64>,
    before: Option<Listing>,
    options: Options,
    copied: Copied,
}

impl Copying<'_> {
    async fn file(&mut self, folder: &Path, path: &str) -> Result<FileEntry, BackupError> {
        let reading = Reading::open(folder.join(path))?;
        let before = self.before.as_ref().and_then(|before| before.file(path)).cloned();
        let is_same = |before: &FileEntry| {
            let same_file = before.bytes == reading.bytes && before.modified_ns == reading.modified_ns;
            same_file && before.parts.iter().all(|part| self.there.get(&part.key()) == Some(&part.bytes))
        };
        let same = before.as_ref().filter(|before| is_same(before)).cloned();
        if let Some(same) = same.clone().filter(|_| !self.options.reread) {
            return Ok(same);
        }
        let mut whole = Sha256::new();
        let mut parts = Vec::new();
        let mut offset = 0;
        // As long as it is as it was, the parts of the last backup serve again.
        for part in before.into_iter().flat_map(|before| before.parts).take(PARTS_KEPT_MAX) {
            let Some(bytes) = reading.range(offset, part.bytes).await? else { break };
            if hex::encode(Sha256::digest(&bytes)) != part.sha256 {
                break;
            }
            whole.update(&bytes);
            offset += part.bytes;
            self.have(&part, bytes).await?;
            parts.push(part);
        }
        if parts.len() == PARTS_KEPT_MAX && offset < reading.bytes {
            (whole, offset) = (Sha256::new(), 0);
            parts.clear();
        }
        while offset < reading.bytes {
            let length = PART_BYTES.min(reading.bytes - offset);
            let bytes = reading.range(offset, length).await?.unwrap_or_default();
            whole.update(&bytes);
            let part = PartEntry { sha256: hex::encode(Sha256::digest(&bytes)), bytes: length };
            offset += length;
            self.have(&part, bytes).await?;
            parts.push(part);
        }
        let sha256 = hex::encode(whole.finalize());
        if same.is_some_and(|same| same.sha256 != sha256) {
            return Err(BackupError::Changed { path: path.to_owned() });
        }
        let Reading { bytes, modified_ns, .. } = reading;
        Ok(FileEntry { path: path.to_owned(), bytes, modified_ns, sha256, parts })
    }

    /// Copies a part, unless it is there.
    async fn have(&mut self, part: &PartEntry, bytes: Bytes) -> Result<(), BackupError> {
        let key = part.key();
        if self.there.get(&key) == Some(&part.bytes) {
            return Ok(());
        }
        self.to.put(&key, bytes).await?;
        self.copied.objects_copied += 1;
        self.copied.bytes_copied += part.bytes;
        self.there.insert(key, part.bytes);
        Ok(())
    }

    /// Removes what the listing, which is in place, does not name.
    async fn sweep(&mut self, listing: &Listing) -> Result<(), BackupError> {
        let named: HashSet<String> = listing.files.iter().flat_map(|file| &file.parts).map(PartEntry::key).collect();
        for key in self.there.keys().filter(|key| !named.contains(*key)) {
            self.to.delete(key).await?;
            self.copied.objects_removed += 1;
        }
        Ok(())
    }
}

/// A file of the snapshot, which does not change.
struct Reading {
    path: PathBuf,
    file: std::sync::Arc<File>,
    bytes: u64,
    modified_ns: i64,
}

impl Reading {
    fn open(path: PathBuf) -> Result<Reading, BackupError> {
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((metadata, file)) => {
                let modified_ns = metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec());
                Ok(Reading { path, file: file.into(), bytes: metadata.len(), modified_ns })
            }
            Err(source) => Err(BackupError::Disk { path, source }),
        }
    }

    /// These bytes of it; `None` when it ends before.
    async fn range(&self, offset: u64, length: u64) -> Result<Option<Bytes>, BackupError> {
        if offset + length > self.bytes {
            return Ok(None);
        }
        let file = self.file.clone();
        let reading = move || -> io::Result<Bytes> {
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, offset)?;
            Ok(bytes.into())
        };
        let read = tokio::task::spawn_blocking(reading).await.expect("reading does not panic and is not cancelled");
        read.map(Some).map_err(|source| BackupError::Disk { path: self.path.clone(), source })
    }
}
