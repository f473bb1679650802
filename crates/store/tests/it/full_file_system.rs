//! A file system that is really full: a small one in memory where this machine lets us mount one, else the machine's
//! own behind a limit. Never skipped.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use catalog::Catalog;
use host::{Disk, DiskFile, Mapped, RealDisk, SystemClock};
use journal::AppendError;
use store::Config;

use crate::node::{Node, entry, small};

const BYTES: i64 = 4 << 20;

/// A folder that holds about [`BYTES`].
struct SmallFolder {
    folder: tempfile::TempDir,
    is_mounted: bool,
    room: Arc<AtomicI64>,
}

impl SmallFolder {
    fn new() -> SmallFolder {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={BYTES}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder.path()).output();
        let is_mounted = mounted.is_ok_and(|mounted| mounted.status.success());
        SmallFolder { folder, is_mounted, room: Arc::new(AtomicI64::new(BYTES)) }
    }

    fn disk(&self) -> Arc<dyn Disk> {
        if self.is_mounted { Arc::new(RealDisk) } else { Arc::new(LimitedDisk(self.room.clone())) }
    }
}

impl Drop for SmallFolder {
    fn drop(&mut self) {
        if self.is_mounted {
            let unmounted = Command::new("umount").arg("-l").arg(self.folder.path()).status();
            assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.folder.path().display());
        }
    }
}

/// The machine's disk with room for so many bytes more.
struct LimitedDisk(Arc<AtomicI64>);

struct LimitedFile {
    file: Box<dyn DiskFile>,
    room: Arc<AtomicI64>,
}

impl LimitedDisk {
    fn file(&self, file: io::Result<Box<dyn DiskFile>>) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LimitedFile { file: file?, room: self.0.clone() }))
    }
}

impl Disk for LimitedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(RealDisk.create(path))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(RealDisk.open(path))
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
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        let bytes = RealDisk.open(path)?.len()?;
        RealDisk.remove(path)?;
        self.0.fetch_add(bytes as i64, Ordering::SeqCst);
        Ok(())
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }
}

impl DiskFile for LimitedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.room.load(Ordering::SeqCst).max(0) as usize;
        let taken = bytes.len().min(room);
        self.file.append(&bytes[..taken])?;
        self.room.fetch_sub(taken as i64, Ordering::SeqCst);
        if taken < bytes.len() { Err(io::Error::from_raw_os_error(28)) } else { Ok(()) }
    }
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let before = self.file.len()?;
        self.file.truncate(len)?;
        self.room.fetch_add(before as i64 - len as i64, Ordering::SeqCst);
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

fn numbered(range: std::ops::Range<u32>) -> Vec<journal::Entry> {
    let json = |n: u32| {
        let unlike =
            (0..8_u32).map(|part| format!("{:08x}", (n * 8 + part).wrapping_mul(2_654_435_761))).collect::<String>();
        format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-15T08:30:00Z","note":"{unlike}"}}"#)
    };
    range.map(|n| entry("77", &json(n))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_system_refuses_reads_on_and_goes_on_when_there_is_room() {
    let small_folder = SmallFolder::new();
    let data = small_folder.folder.path().join("data");
    let disk = small_folder.disk();
    // Something else takes room, and gives it back later.
    let ballast = small_folder.folder.path().join("ballast");
    disk.create(&ballast).unwrap().append(&vec![1; 2 << 20]).unwrap();

    let catalog = Catalog::in_memory().await.unwrap();
    let config = Config { recent_bytes: 400_000, upkeep_every: Duration::from_millis(50), ..small() };
    let open = || Node::on(disk.clone(), Arc::new(SystemClock), &data, &catalog, config.clone());
    let node = open().await.unwrap();
    let (mut stored, mut is_refused) = (0, false);
    for _ in 0..400 {
        match node.writer.append(numbered(stored..stored + 100)).await {
            Ok(_) => stored += 100,
            Err(AppendError::Refused { reason }) => {
                assert!(reason.contains("No space left on device"), "{reason}");
                is_refused = true;
                break;
            }
            Err(AppendError::Throttled { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(is_refused && stored > 1000, "{stored} events and no end");
    assert_eq!(node.all("77", vec![], true, 999).len() as u32, stored, "lookups go on");
    // Sealing wants room, too, and says so; what it left of its file is gone.
    if let Err(error) = node.try_settle().await {
        assert_eq!(error.kind(), model::ErrorKind::Unavailable, "{error}");
    }
    let files = disk.list(&data.join("segments")).unwrap();
    assert!(files.iter().all(|path| path.extension().is_none_or(|extension| extension != "writing")), "{files:?}");

    disk.remove(&ballast).unwrap();
    node.settle().await;
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while node.writer.append(numbered(stored..stored + 100)).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "without a restart");
    }
    stored += 100;
    assert_eq!(node.all("77", vec![], true, 999).len() as u32, stored);
    node.close().await;
    let node = open().await.unwrap();
    assert_eq!(node.all("77", vec![], false, 999).len() as u32, stored);
    assert!(node.put(numbered(0..100)).await.iter().all(|outcome| *outcome == journal::Outcome::Duplicate));
    node.close().await;
}

/// A start needs little room: what is there is readable although nothing more can be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_on_a_full_file_system() {
    let small_folder = SmallFolder::new();
    let (data, disk) = (small_folder.folder.path().join("data"), small_folder.disk());
    let catalog = Catalog::in_memory().await.unwrap();
    let open = || Node::on(disk.clone(), Arc::new(SystemClock), &data, &catalog, small());
    let node = open().await.unwrap();
    node.put(numbered(0..500)).await;
    node.settle().await;
    node.put(numbered(500..1000)).await;
    node.close().await;
    let mut ballast = disk.create(&small_folder.folder.path().join("ballast")).unwrap();
    while ballast.append(&[1; 4096]).is_ok() {}
    let node = open().await.unwrap();
    assert_eq!(node.all("77", vec![], true, 999).len(), 1000);
    let refused = node.writer.append(numbered(1000..1100)).await.expect_err("no room");
    assert!(matches!(refused, AppendError::Refused { .. }), "{refused}");
    node.close().await;
}
