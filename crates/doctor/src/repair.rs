//! Repairs that are safe: each makes again what follows from events that are whole, or removes what is no event.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{Clock, Disk, FolderLock, SystemClock};
use journal::merkle::Hash;
use journal::{Journal, write_subtrees};
use model::Seq;
use store::rebuild_index;

use crate::report::Report;

/// What can be done about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Make an index again from its Parquet file.
    RebuildIndex(catalog::Segment),
    /// Write the Merkle roots again.
    WriteSubtrees(Vec<Hash>),
    /// What a start does: cut off a torn tail, write a header or late roots.
    RecoverJournal,
    /// Remove a leftover that holds no event of its own.
    RemoveFile(PathBuf),
    /// Remove the links and copies of an interrupted backup.
    RemoveSnapshot(PathBuf),
}

/// What was done about a finding, or why it could not be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Repaired {
    /// What was tried, as a sentence in the past.
    pub what: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// Does what can safely be done about the findings of a report, in the order in which one needs the other. The lock
/// shows that no node uses the folder. Examine the folder again afterwards.
pub async fn repair(_lock: &FolderLock, disk: Arc<dyn Disk>, report: &Report) -> Vec<Repaired> {
    let mut repairs: Vec<Repair> = report.findings.iter().filter_map(|finding| finding.repair.clone()).collect();
    repairs.sort_by_key(order);
    repairs.dedup();
    let (data, cursor) = (report.data.clone(), report.cursor.unwrap_or(Seq::ZERO));
    let working = move || repairs.into_iter().map(|repair| carry_out(&disk, &data, cursor, repair)).collect();
    tokio::task::spawn_blocking(working).await.expect("repairing does not panic and is not cancelled")
}

/// Recovery needs the roots.
fn order(repair: &Repair) -> u8 {
    match repair {
        Repair::RebuildIndex(_) => 0,
        Repair::WriteSubtrees(_) => 1,
        Repair::RecoverJournal => 2,
        Repair::RemoveFile(_) => 3,
        Repair::RemoveSnapshot(_) => 4,
    }
}

fn carry_out(disk: &Arc<dyn Disk>, data: &Path, cursor: Seq, repair: Repair) -> Repaired {
    let shown = |path: &Path| path.strip_prefix(data).unwrap_or(path).display().to_string();
    let (what, done) = match repair {
        Repair::RebuildIndex(entry) => {
            let done = rebuild_index(&**disk, &data.join("segments"), &entry);
            (format!("made segments/{}.index again from its Parquet file", entry.file), done.map_err(told))
        }
        Repair::WriteSubtrees(roots) => {
            let done = write_subtrees(&**disk, &data.join("journal"), &roots);
            (format!("wrote journal/subtrees again with {} roots", roots.len()), done.map_err(told))
        }
        Repair::RecoverJournal => {
            let done = Journal::recover(disk.clone(), &data.join("journal"), cursor, SystemClock.now(), |_| {});
            let what = "read the journal back as a start does; what was torn lies beside it as torn-*.bin";
            (what.to_owned(), done.map(drop).map_err(told))
        }
        Repair::RemoveFile(path) => (format!("removed {}", shown(&path)), remove(&**disk, &path).map_err(told)),
        Repair::RemoveSnapshot(path) => (format!("removed {}", shown(&path)), remove_snapshot(&path).map_err(told)),
    };
    Repaired { what, error: done.err() }
}

fn remove(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    disk.remove(path)?;
    path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder))
}

/// Links and copies only; what they link to stays. Not while a backup is at work.
fn remove_snapshot(path: &Path) -> io::Result<()> {
    let _lock = FolderLock::take(path).map_err(io::Error::other)?;
    std::fs::remove_dir_all(path)
}

/// An error with its causes, as one sentence.
fn told(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(each) = cause {
        text.push_str(&format!(": {each}"));
        cause = each.source();
    }
    text
}
