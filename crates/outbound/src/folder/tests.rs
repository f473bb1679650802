use std::collections::BTreeSet;

use host::{DiskFile, Mapped, OsRandom, RealDisk};
use parking_lot::Mutex;

use super::*;

/// The machine's disk, with a note of each step and steps that fail on demand.
struct WatchedDisk {
    steps: Mutex<Vec<String>>,
    failing: Mutex<BTreeSet<&'static str>>,
}

struct WatchedFile {
    file: Box<dyn DiskFile>,
    disk: Arc<WatchedDisk>,
}

struct SharedDisk(Arc<WatchedDisk>);

impl WatchedDisk {
    fn step(&self, step: &'static str, path: &Path) -> io::Result<()> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("/");
        let shown = if name.ends_with(PART_SUFFIX) { "part" } else { name };
        self.steps.lock().push(format!("{step} {shown}"));
        if self.failing.lock().contains(step) { Err(io::Error::other("no space left on device")) } else { Ok(()) }
    }
}

impl Disk for SharedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.step("create", path)?;
        Ok(Box::new(WatchedFile { file: RealDisk.create(path)?, disk: self.0.clone() }))
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
        self.0.step("rename to", to)?;
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.step("sync folder", folder)?;
        RealDisk.sync_folder(folder)
    }
}

impl DiskFile for WatchedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.step("append", Path::new("part"))?;
        self.file.append(bytes)
    }
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.disk.step("sync", Path::new("part"))?;
        self.file.sync()
    }
}

fn folder_in(root: &Path) -> (Folder, Arc<WatchedDisk>) {
    let watched = Arc::new(WatchedDisk { steps: Mutex::default(), failing: Mutex::default() });
    let disk = Arc::new(SharedDisk(watched.clone()));
    let slots = Arc::new(Semaphore::new(2));
    (Folder::new("file:///bucket".into(), root.to_owned(), disk, Arc::new(OsRandom), slots, None), watched)
}

#[tokio::test]
async fn an_object_is_synced_before_it_has_its_name_and_the_names_are_synced_before_put_returns() {
    let root = tempfile::tempdir().expect("a folder");
    let (folder, watched) = folder_in(&root.path().join("bucket"));
    folder.create_root().await.expect("created");
    watched.steps.lock().clear();
    folder.put("a/b/object.gz", Bytes::from_static(b"bytes")).await.expect("put");
    let expected = [
        "create part",
        "append part",
        "sync part",
        "rename to object.gz",
        "sync folder b",
        "sync folder a",
        "sync folder bucket",
    ];
    assert_eq!(*watched.steps.lock(), expected);
    assert_eq!(folder.get("a/b/object.gz").await.expect("get"), "bytes");
}

#[tokio::test]
async fn any_step_that_fails_fails_the_put_and_the_retry_leaves_one_whole_object() {
    for step in ["create", "append", "sync", "rename to", "sync folder"] {
        let root = tempfile::tempdir().expect("a folder");
        let (folder, watched) = folder_in(root.path());
        watched.failing.lock().insert(step);
        let error = folder.put("a/object.gz", Bytes::from_static(b"bytes")).await.expect_err(step);
        assert_eq!(error.to_string(), "bucket file:///bucket failed: no space left on device");
        watched.failing.lock().clear();
        folder.put("a/object.gz", Bytes::from_static(b"bytes")).await.expect("retried");
        let files = RealDisk.list(&root.path().join("a")).expect("listed");
        assert_eq!(files, [root.path().join("a/object.gz")], "after {step}");
    }
}

#[tokio::test]
async fn what_a_crash_left_is_not_listed_and_is_removed_by_the_retry() {
    let root = tempfile::tempdir().expect("a folder");
    let (folder, _) = folder_in(root.path());
    folder.put("a/object.gz", Bytes::from_static(b"one")).await.expect("put");
    RealDisk.create(&root.path().join("a/.object.gz.0011.part")).expect("left behind");
    let listed = folder.list("", 10).await.expect("listed");
    assert_eq!(listed, [ObjectInfo { key: "a/object.gz".into(), bytes: 3 }]);
    folder.put("a/object.gz", Bytes::from_static(b"again")).await.expect("put");
    assert_eq!(RealDisk.list(&root.path().join("a")).expect("listed").len(), 1);
    assert_eq!(folder.get("a/object.gz").await.expect("get"), "again");
}
