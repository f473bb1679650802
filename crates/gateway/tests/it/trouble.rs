//! What happens when the disk is slow or fails: nothing goes unrecorded, and nothing is said that is not so.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use gateway::Config;
use host::{Disk, DiskFile, Mapped, RealDisk};

use crate::node::{Node, event};
use crate::signing::Unsigned;

/// The machine's disk, whose syncs can be held back or made to fail.
#[derive(Default)]
pub(crate) struct TroubledDisk {
    trouble: Arc<Trouble>,
}

#[derive(Default)]
struct Trouble {
    held: Mutex<bool>,
    released: Condvar,
    fails: AtomicBool,
}

impl TroubledDisk {
    fn hold(&self) {
        *self.trouble.held.lock().expect("not poisoned") = true;
    }

    fn release(&self) {
        *self.trouble.held.lock().expect("not poisoned") = false;
        self.trouble.released.notify_all();
    }

    fn fail(&self) {
        self.trouble.fails.store(true, Ordering::SeqCst);
    }

    fn file(&self, file: io::Result<Box<dyn DiskFile>>) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(TroubledFile { file: file?, trouble: self.trouble.clone() }))
    }
}

struct TroubledFile {
    file: Box<dyn DiskFile>,
    trouble: Arc<Trouble>,
}

impl DiskFile for TroubledFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
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
        let held = self.trouble.held.lock().expect("not poisoned");
        drop(self.trouble.released.wait_while(held, |held| *held).expect("not poisoned"));
        if self.trouble.fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk has gone"));
        }
        self.file.sync()
    }
}

impl Disk for TroubledDisk {
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
        RealDisk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }
}

async fn troubled(config: Config) -> (Node, Arc<TroubledDisk>) {
    let disk = Arc::new(TroubledDisk::default());
    (Node::on_disk(config, disk.clone()).await, disk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_without_a_place_for_its_record_is_refused() {
    let (node, disk) = troubled(Config { audit_queue_max: 2, ..Config::default() }).await;
    disk.hold();
    let mut refused = None;
    for calls in 1..=10 {
        let reply = node.call(&node.root, "LookupEvents", &[]).await;
        if reply.status != 200 {
            refused = Some((calls, reply));
            break;
        }
        // The task takes what waits, and is held by the disk.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (calls, reply) = refused.expect("the queue has an end");
    assert_eq!(reply.error(), (503, "ServiceUnavailable".into()));
    assert!(reply.headers.contains_key("retry-after"));
    disk.release();
    assert_eq!(node.audited(&node.root.account, "LookupEvents", calls - 1).await.len(), calls - 1);
    node.call(&node.root, "LookupEvents", &[]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_does_not_keep_its_change_from_being_recorded() {
    let (node, disk) = troubled(Config::default()).await;
    disk.hold();
    let call = node.call(&node.root, "CreateUser", &[("UserName", "bob")]);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err(), "waits for the disk");
    disk.release();
    assert_eq!(node.audited(&node.root.account, "CreateUser", 1).await.len(), 1);
    node.call(&node.root, "GetUser", &[("UserName", "bob")]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_journal_takes_no_calls_and_says_so() {
    let (node, disk) = troubled(Config::default()).await;
    disk.fail();
    let change = node.call(&node.root, "CreateUser", &[("UserName", "bob")]).await;
    assert_eq!(change.error(), (503, "ServiceUnavailable".into()));
    assert!(change.text().contains("was done, but it could not be recorded"), "{}", change.text());
    for name in ["CreateUser", "LookupEvents"] {
        let reply = node.call(&node.root, name, &[("UserName", "carol")]).await;
        assert_eq!(reply.error(), (503, "ServiceUnavailable".into()), "{name}");
        assert!(reply.text().contains("cannot be recorded"), "{}", reply.text());
    }
    let put = node.put(&node.root, None, event("x", "2026-06-01T11:00:00Z", "")).await;
    assert_eq!(put.error(), (503, "ServiceUnavailable".into()));
    assert!(put.headers.contains_key("retry-after"));
    let ready = node.send(Unsigned::new("GET", "/readyz").plain()).await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("the journal has failed"), "{}", ready.text());
}

/// What is still queued when the node stops is written.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_the_last_records() {
    let (node, disk) = troubled(Config::default()).await;
    disk.hold();
    for _ in 0..5 {
        node.call(&node.root, "ListUsers", &[]).await.ok();
    }
    let Node { router, shutdown, writer, .. } = node;
    let before = writer.head();
    drop(router);
    disk.release();
    shutdown.finish(Duration::from_secs(10)).await;
    assert_eq!(writer.head().0, before.0 + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_a_change_whose_client_hung_up() {
    let (node, disk) = troubled(Config::default()).await;
    let before = node.writer.head();
    disk.hold();
    let call = node.call(&node.root, "CreateUser", &[("UserName", "bob")]);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err(), "waits for the disk");
    let Node { router, shutdown, writer, .. } = node;
    drop(router);
    let release = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        disk.release();
    };
    tokio::join!(shutdown.finish(Duration::from_secs(10)), release);
    assert_eq!(writer.head(), before.next());
}
