//! A store as simple as it can be, and a node around the journal.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
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
    let ledger = Arc::new(Everything::default());
    let journal = Journal::recover(Arc::new(RealDisk), folder, stored, Timestamp(1), |committed| {
        ledger.publish(committed);
    })?;
    let config = WriterConfig { file_bytes: 2000, ..WriterConfig::default() };
    let writer = Writer::start(journal, config, ledger.clone(), Arc::new(SystemClock), &Metrics::default()).unwrap();
    Ok(Open { writer, ledger })
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
