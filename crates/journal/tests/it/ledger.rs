//! A store as simple as it can be, and a node around the journal.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use host::metrics::Metrics;
use host::simulated::{Outage, SimulatedDisk};
use host::{Disk, RealDisk, SystemClock};
use journal::{Committed, Entry, Journal, Ledger, LedgerError, RecoverError, Writer, WriterConfig};
use model::{AccountId, Event, Seq, Timestamp};

#[derive(Default)]
pub(crate) struct Everything {
    pub(crate) committed: Mutex<Vec<Committed>>,
    pub(crate) full: AtomicBool,
}

impl Everything {
    /// Sequence number and raw bytes of every event, in order.
    pub(crate) fn events(&self) -> Vec<(u64, String)> {
        let committed = self.committed.lock().unwrap();
        let numbered = committed.iter().flat_map(|committed| {
            committed.entries.iter().enumerate().map(|(n, entry)| {
                (committed.first.0 + n as u64, String::from_utf8(entry.event.raw().to_vec()).unwrap())
            })
        });
        numbered.collect()
    }
}

impl Ledger for Everything {
    fn contains(&self, account: AccountId, event: &Event) -> Result<bool, LedgerError> {
        let committed = self.committed.lock().unwrap();
        let mut entries = committed.iter().flat_map(|committed| &committed.entries);
        Ok(entries.any(|entry| entry.account == account && entry.event.id() == event.id()))
    }

    fn publish(&self, committed: Committed) {
        self.committed.lock().unwrap().push(committed);
    }

    fn fullness(&self) -> f64 {
        f64::from(u8::from(self.full.load(Ordering::SeqCst)))
    }
}

pub(crate) struct Open {
    pub(crate) writer: Writer,
    pub(crate) ledger: Arc<Everything>,
}

/// Reads the folder back and starts a writer with small files.
pub(crate) fn open(folder: &Path, stored: Seq) -> Result<Open, RecoverError> {
    open_on(Arc::new(RealDisk), folder, stored)
}

/// The same on any disk.
pub(crate) fn open_on(disk: Arc<dyn Disk>, folder: &Path, stored: Seq) -> Result<Open, RecoverError> {
    let ledger = Arc::new(Everything::default());
    let journal = Journal::recover(disk, folder, stored, Timestamp(1), |committed| {
        ledger.publish(committed);
    })?;
    let config = WriterConfig { file_bytes: 2000, ..WriterConfig::default() };
    let writer = Writer::start(journal, config, ledger.clone(), Arc::new(SystemClock), &Metrics::default()).unwrap();
    Ok(Open { writer, ledger })
}

/// A simulated disk and a journal on it.
pub(crate) fn simulated(seed: u64) -> (SimulatedDisk, Open) {
    let disk = SimulatedDisk::new(seed);
    let node = on(&disk).unwrap();
    (disk, node)
}

/// What is on the simulated disk, read back.
pub(crate) fn on(disk: &SimulatedDisk) -> Result<Open, RecoverError> {
    open_on(Arc::new(disk.clone()), Path::new("/journal"), Seq::ZERO)
}

/// Ends the node as `outage` does and reads back what that left.
pub(crate) fn restart(disk: &SimulatedDisk, node: Open, outage: Outage) -> Open {
    disk.crash();
    node.writer.stop();
    disk.restart(outage);
    on(disk).unwrap_or_else(|error| panic!("after {outage:?}: {error}"))
}

impl Open {
    /// The ids that are there, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let committed = self.ledger.committed.lock().unwrap();
        let entries = committed.iter().flat_map(|committed| &committed.entries);
        entries.map(|entry| entry.event.id().to_owned()).collect()
    }
}

pub(crate) fn entry(account: &str, id: &str) -> Entry {
    let raw = format!(r#"{{"eventId":"{id}","eventTime":"2026-01-15T08:30:00Z"}}"#);
    Entry { account: account.parse().unwrap(), event: Event::parse(Bytes::from(raw)).unwrap() }
}

pub(crate) fn entries(ids: std::ops::Range<usize>) -> Vec<Entry> {
    ids.map(|id| entry("1234", &format!("e-{id}"))).collect()
}

pub(crate) fn journal_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "journal"));
    files.sort();
    files
}
