//! Looking at a journal without changing it: every frame of every file, and the file `subtrees`.
//!
//! Recovery stops at the first thing that is wrong; this goes on behind it, so that an operator learns how much is
//! wrong. Used by the doctor on a folder nobody writes to, and by the backup to find the end of the file that is
//! being written.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use host::Disk;
use model::{Event, Seq};

use crate::file;
use crate::frame::{Frame, decode_file_header, decode_frame};
use crate::merkle::{Frontier, Hash, SUBTREE_HEIGHT, leaf_hash};
use crate::recovery::{check_torn_tail, frames};

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The last file ends in a frame that was not wholly written, and so never acknowledged. A start cuts it off.
    TornTail,
    /// The last file has no header and no events: a crash while it was created. A start writes it anew.
    NoHeader,
    /// Bytes are not what was written, or files are missing.
    Damage,
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// The byte in it.
    pub offset: u64,
    /// What sort it is.
    pub flaw: Flaw,
    /// In words.
    pub what: String,
    /// The first event that cannot be read because of it, and the last where that is known.
    pub lost: Option<(Seq, Option<Seq>)>,
}

/// What is in a journal.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Its files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Events in intact frames.
    pub events: u64,
    /// The first event of the oldest file, if its name tells.
    pub first: Option<Seq>,
    /// The last event in an intact frame.
    pub head: Seq,
    /// The Merkle tree before the oldest file, if its header could be read.
    pub before: Option<Frontier>,
    /// The roots of the complete runs of 256 events that end in intact files, by the run's number from 0.
    pub roots: BTreeMap<u64, Hash>,
    /// The leaves of events up to the number asked for.
    pub leaves: BTreeMap<u64, Hash>,
    /// What is wrong, in the order of the files.
    pub findings: Vec<Finding>,
}

/// Reads every file. Leaves are kept of events up to `leaves_through`. Fails only when the folder cannot be listed.
/// Blocks.
pub fn check(disk: &dyn Disk, folder: &Path, leaves_through: Seq) -> io::Result<Checked> {
    let files = file::list(disk, folder)?;
    let mut walk = Walk { checked: Checked::default(), leaves_through, tree: None, next: None, lost: None };
    walk.checked.first = files.first().map(|(first, _)| *first);
    for (position, (named_first, path)) in files.iter().enumerate() {
        walk.checked.files += 1;
        match disk.map(path) {
            Ok(map) => {
                let bytes = (*map).as_ref();
                walk.checked.bytes += bytes.len() as u64;
                walk.file(path, *named_first, bytes, position + 1 == files.len());
            }
            Err(error) => walk.lose(path, 0, format!("it cannot be read: {error}")),
        }
    }
    Ok(walk.checked)
}

/// Going through the files: the tree and the number of the next event, as far as they are known.
struct Walk {
    checked: Checked,
    leaves_through: Seq,
    tree: Option<Frontier>,
    next: Option<Seq>,
    /// Behind which finding events are missing, and from which on.
    lost: Option<(usize, Seq)>,
}

impl Walk {
    fn file(&mut self, path: &Path, named_first: Seq, bytes: &[u8], is_last: bool) {
        let header = decode_file_header(bytes).filter(|(first, ..)| *first == named_first);
        let Some((first, before, header)) = header else {
            if is_last && self.next == Some(named_first) && frames(bytes).next().is_none() {
                let what = "it has neither a header nor events: a crash while it was created".to_owned();
                return self.note(path, 0, Flaw::NoHeader, what);
            }
            self.lose(path, 0, "its header cannot be read".to_owned());
            return self.frames(path, bytes, 0, is_last);
        };
        self.found(first);
        if let Some(next) = self.next
            && next != first
        {
            self.note(path, 0, Flaw::Damage, format!("it begins at event {first}, expected was event {next}"));
            if let Some(finding) = self.checked.findings.last_mut().filter(|_| first > next) {
                finding.lost = Some((next, Some(Seq(first.0 - 1))));
            }
        } else if self.tree.as_ref().is_some_and(|tree| tree.root() != before.root()) {
            let what = "its header names another Merkle root than the file before ends with".to_owned();
            self.note(path, 0, Flaw::Damage, what);
        }
        if self.checked.files == 1 {
            self.checked.before = Some(before.clone());
            self.checked.head = Seq(first.0 - 1);
        }
        (self.tree, self.next) = (Some(before), Some(first));
        self.frames(path, bytes, header, is_last);
    }

    fn frames(&mut self, path: &Path, bytes: &[u8], start: usize, is_last: bool) {
        let mut offset = start;
        while offset < bytes.len() {
            if let Some(frame) = decode_frame(&bytes[offset..]) {
                let length = frame.bytes;
                self.frame(path, offset, frame);
                offset += length;
                continue;
            }
            let tail = &bytes[offset..];
            let next = self.next.filter(|_| is_last && self.lost.is_none());
            if next.is_some_and(|next| check_torn_tail(bytes, offset, next).is_ok()) {
                let what = format!("its last {} bytes are a write that was cut short", tail.len());
                return self.note(path, offset, Flaw::TornTail, what);
            }
            let after = frames(tail).next().map(|(place, _)| place);
            if self.lost.is_none() {
                let what = match after {
                    Some(after) => {
                        format!("a frame is not intact; the next intact one is at byte {}", offset + after)
                    }
                    None => format!("its last {} bytes are not what was written", tail.len()),
                };
                self.lose(path, offset, what);
            }
            match after {
                Some(after) => offset += after,
                None => return,
            }
        }
    }

    fn frame(&mut self, path: &Path, offset: usize, frame: Frame) {
        self.found(frame.first);
        if let Some(next) = self.next
            && next != frame.first
        {
            self.note(path, offset, Flaw::Damage, format!("expected event {next}, found event {}", frame.first));
            self.tree = None;
        }
        for (position, (account, raw)) in frame.events.iter().enumerate() {
            let seq = frame.first.0 + position as u64;
            let leaf = leaf_hash(*account, frame.received, raw);
            if seq <= self.leaves_through.0 {
                self.checked.leaves.insert(seq, leaf);
            }
            if let Some(root) = self.tree.as_mut().and_then(|tree| tree.push(leaf)) {
                self.checked.roots.insert((seq >> SUBTREE_HEIGHT) - 1, root);
            }
            if let Err(refusal) = Event::parse(raw.clone()) {
                self.note(path, offset, Flaw::Damage, format!("event {seq} cannot be read: {refusal}"));
            }
        }
        let last = Seq(frame.first.0 + frame.events.len() as u64 - 1);
        if self.tree.as_ref().is_some_and(|tree| tree.root() != frame.root) {
            let what = format!("the Merkle root after event {last} is not the one of the events before it");
            self.note(path, offset, Flaw::Damage, what);
            self.tree = None;
        }
        self.checked.events += frame.events.len() as u64;
        self.checked.head = self.checked.head.max(last);
        self.next = Some(last.next());
    }

    fn note(&mut self, path: &Path, offset: usize, flaw: Flaw, what: String) {
        self.checked.findings.push(Finding { path: path.to_owned(), offset: offset as u64, flaw, what, lost: None });
    }

    /// From here on it is not known what follows, until a frame or a header says it.
    fn lose(&mut self, path: &Path, offset: usize, what: String) {
        self.note(path, offset, Flaw::Damage, what);
        if let Some(next) = self.next {
            let finding = self.checked.findings.len() - 1;
            self.checked.findings[finding].lost = Some((next, None));
            self.lost = Some((finding, next));
        }
        (self.tree, self.next) = (None, None);
    }

    /// It is known again where we are.
    fn found(&mut self, at: Seq) {
        if let Some((finding, from)) = self.lost.take() {
            self.checked.findings[finding].lost = (at > from).then(|| (from, Some(Seq(at.0 - 1))));
        }
    }
}

/// The part of a journal file that holds whole frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intact {
    /// The file's first event.
    pub first: Seq,
    /// The last event; the one before `first` when there is none yet.
    pub last: Seq,
    /// Bytes up to the end of the last whole frame.
    pub bytes: u64,
}

/// The intact part of a file's content, which another process may be appending to; what follows that part looks like
/// a write that is not complete. `None` when it does not: then the file is damaged.
pub fn intact_part(content: &[u8]) -> Option<Intact> {
    let (first, _, header) = decode_file_header(content)?;
    let (mut offset, mut next) = (header, first);
    while let Some(frame) = decode_frame(&content[offset..]) {
        offset += frame.bytes;
        next = Seq(next.0 + frame.events.len() as u64);
    }
    let is_sound = offset == content.len() || check_torn_tail(content, offset, next).is_ok();
    is_sound.then_some(Intact { first, last: Seq(next.0 - 1), bytes: offset as u64 })
}

/// The journal files of a folder by their first event, oldest first.
pub fn files(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<(Seq, PathBuf)>> {
    file::list(disk, folder)
}

/// The first event of a journal file's content, as its header says.
pub fn first_event(content: &[u8]) -> Option<Seq> {
    decode_file_header(content).map(|(first, ..)| first)
}

#[cfg(test)]
mod tests;
