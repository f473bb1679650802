//! A consistent data folder beside a running node, made of hard links and two small copies.
//!
//! The order is what makes it consistent, see `docs/decisions/0010-backup.md`. It lies below the data folder, since
//! links need the same file system, and goes away with the value; what a killed process left is removed by the next.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::{Inspected, Manifest};
use doctor::SNAPSHOT_FOLDER;
use host::{Disk, FolderLock, FolderLockError};
use journal::check::{files, intact_part};
use journal::{SUBTREE_EVENTS, read_subtrees, write_subtrees};
use model::{AccountId, Seq};

use crate::error::SnapshotError;

const ATTEMPTS: u32 = 8;
/// A merge or a seal takes about this long.
const PAUSE: Duration = Duration::from_millis(500);

/// A snapshot. Its folder can be read like any data folder.
#[derive(Debug)]
pub struct Snapshot {
    folder: PathBuf,
    /// The last event in it.
    pub head: Seq,
    /// The last event in a segment.
    pub cursor: Seq,
    /// Whose data it is.
    pub management: Option<AccountId>,
    /// How many accounts there are.
    pub accounts: u64,
    /// The catalog's newest migration.
    pub schema: i64,
    _lock: FolderLock,
}

/// Whether it was done, or the node changed something meanwhile.
enum Outcome {
    Taken(Seq, Box<Inspected>, Seq),
    Changed,
}

impl Snapshot {
    /// Takes one of a data folder that a node may be using.
    pub async fn take(disk: Arc<dyn Disk>, data: &Path) -> Result<Snapshot, SnapshotError> {
        if !data.join("catalog.sqlite").is_file() {
            return Err(SnapshotError::NotADataFolder { folder: data.to_owned() });
        }
        let folder = data.join(SNAPSHOT_FOLDER);
        disk.create_folder(&folder).map_err(at(&folder))?;
        let lock = FolderLock::take(&folder).map_err(|error| match error {
            FolderLockError::InUse { .. } => SnapshotError::AtWork(error),
            FolderLockError::Disk { path, source } => SnapshotError::Disk { path, source },
        })?;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            clear(&*disk, &folder).map_err(at(&folder))?;
            if let Outcome::Taken(head, catalog, cursor) = attempt_at(&disk, data, &folder).await? {
                let Inspected { management, accounts, version, .. } = *catalog;
                return Ok(Snapshot { folder, head, cursor, management, accounts, schema: version, _lock: lock });
            }
        }
        let _ = std::fs::remove_dir_all(&folder);
        Err(SnapshotError::TooBusy { attempts: ATTEMPTS })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next backup, and named by the doctor.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn attempt_at(disk: &Arc<dyn Disk>, data: &Path, folder: &Path) -> Result<Outcome, SnapshotError> {
    let copy = folder.join("catalog.sqlite");
    catalog::copy(&data.join("catalog.sqlite"), &copy).await.map_err(SnapshotError::Catalog)?;
    let catalog = catalog::inspect(&copy).await.map_err(SnapshotError::Catalog)?;
    if let Some(complaint) = catalog.complaints.first() {
        return Err(SnapshotError::Damaged { what: format!("the catalog: {complaint}") });
    }
    let Some(manifest) = catalog.manifest.clone() else {
        return Err(SnapshotError::Damaged { what: "the catalog has no manifest".to_owned() });
    };
    let linking = Linking { disk: disk.clone(), data: data.to_owned(), folder: folder.to_owned() };
    let cursor = manifest.cursor;
    let linked = tokio::task::spawn_blocking(move || linking.run(&manifest));
    let head = linked.await.expect("linking does not panic and is not cancelled")?;
    Ok(head.map_or(Outcome::Changed, |head| Outcome::Taken(head, Box::new(catalog), cursor)))
}

struct Linking {
    disk: Arc<dyn Disk>,
    data: PathBuf,
    folder: PathBuf,
}

impl Linking {
    /// The last event, or `None` when files went away meanwhile.
    fn run(&self, manifest: &Manifest) -> Result<Option<Seq>, SnapshotError> {
        for below in ["segments", "journal"] {
            let path = self.folder.join(below);
            self.disk.create_folder(&path).map_err(at(&path))?;
        }
        for segment in &manifest.segments {
            for ending in ["parquet", "index"] {
                if !self.link(&format!("segments/{}.{ending}", segment.file))? {
                    return Ok(None);
                }
            }
        }
        let Some(head) = self.journal(manifest.cursor)? else { return Ok(None) };
        self.subtrees(head)?;
        Ok(Some(head))
    }

    /// Links a file; whether it is there.
    fn link(&self, name: &str) -> Result<bool, SnapshotError> {
        let from = self.data.join(name);
        match std::fs::hard_link(&from, self.folder.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) if matches!(source.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
                Err(SnapshotError::NoHardLinks { folder: self.data.clone(), source })
            }
            Err(source) => Err(SnapshotError::Disk { path: from, source }),
        }
    }

    fn journal(&self, cursor: Seq) -> Result<Option<Seq>, SnapshotError> {
        let folder = self.data.join("journal");
        let all = files(&*self.disk, &folder).map_err(at(&folder))?;
        let Some(((last_first, last), closed)) = all.split_last() else { return Ok(None) };
        for (_, path) in closed {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !self.link(&format!("journal/{name}"))? {
                return Ok(None);
            }
        }
        if all[0].0 > cursor.next() {
            return Ok(None);
        }
        let content = match read(&*self.disk, last) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(at(last))?,
        };
        let intact = intact_part(&content).filter(|intact| intact.first == *last_first);
        // A file whose header is just being written looks the same for a moment as one that is damaged.
        let Some(intact) = intact else {
            let is_new = content.len() < NEW_FILE_BYTES;
            let what = format!("{} holds bytes that were not written by a node", last.display());
            return if is_new { Ok(None) } else { Err(SnapshotError::Damaged { what }) };
        };
        let name = last.file_name().unwrap_or_default();
        write(&*self.disk, &self.folder.join("journal").join(name), &content[..intact.bytes as usize])
            .map_err(at(last))?;
        Ok(Some(intact.last))
    }

    fn subtrees(&self, head: Seq) -> Result<(), SnapshotError> {
        let from = self.data.join("journal");
        let found = read_subtrees(&*self.disk, &from).map_err(at(&from.join("subtrees")))?;
        let (mut roots, _) = found.unwrap_or_default();
        // The node may have written further meanwhile.
        roots.truncate((head.0 / SUBTREE_EVENTS) as usize);
        let to = self.folder.join("journal");
        write_subtrees(&*self.disk, &to, &roots).map_err(at(&to))
    }
}

/// A journal file's header takes at most 2 KiB and is written at once.
const NEW_FILE_BYTES: usize = 2100;

fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let mut bytes = vec![0; usize::try_from(file.len()?).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk.create(path)?;
    file.append(bytes)
}

/// Empties the snapshot's folder but for its lock.
fn clear(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    for path in disk.list(folder)? {
        if path.is_dir() {
            std::fs::remove_dir_all(&path)?;
        } else if path.file_name().is_none_or(|name| name != "lock") {
            disk.remove(&path)?;
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError + use<> {
    let path = path.to_owned();
    move |source| SnapshotError::Disk { path, source }
}
