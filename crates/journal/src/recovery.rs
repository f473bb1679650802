//! Reading the journal back after a start, and trimming it.
//!
//! Every frame is checked three times: its checksum, its place (numbers without a hole), and the Merkle root over
//! everything up to it. A group of frames at the very end that was not wholly written was never acknowledged; it is
//! moved to a `torn-….bin` file beside and reported. Anything else that is not intact is damage, and the node does not
//! start. What a killed process left unsynced is synced before it is read: whoever is told that an event is there
//! already, or is shown one, can rely on it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::Disk;
use model::{ErrorKind, Event, Seq, Timestamp};
use tracing::{info, warn};

use crate::file::{self, ActiveFile};
use crate::frame::{FRAME_HEADER_BYTES, FRAME_MAGIC, Frame, decode_file_header, decode_frame};
use crate::merkle::{Frontier, Hash, SUBTREE_HEIGHT, leaf_hash};
use crate::subtrees::Subtrees;
use crate::{Committed, Entry};

/// Why the journal could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The disk failed.
    #[error("could not read the journal in {}", folder.display())]
    Disk {
        /// The journal's folder.
        folder: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
    /// Bytes are not what was written. Nothing was changed.
    #[error("the journal file {} is damaged at byte {offset}: {what}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Events between the store and the oldest journal file are missing.
    #[error(
        "the journal begins at event {first}, but the store ends at {stored}; restore the missing files from a backup"
    )]
    Gap {
        /// The oldest event in the journal.
        first: Seq,
        /// The newest event in the store.
        stored: Seq,
    },
}

impl RecoverError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RecoverError::Disk { .. } => ErrorKind::Unavailable,
            RecoverError::Damaged { .. } | RecoverError::Gap { .. } => ErrorKind::Corrupt,
        }
    }
}

/// A journal that was read back and can be written.
pub struct Journal {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) folder: PathBuf,
    pub(crate) active: ActiveFile,
    pub(crate) tree: Frontier,
    pub(crate) subtrees: Subtrees,
}

impl Journal {
    /// Reads every frame, checks it, and hands the events after `stored` to `replay` in order. A new folder gives an
    /// empty journal. Blocks.
    pub fn recover(
        disk: Arc<dyn Disk>,
        folder: &Path,
        stored: Seq,
        now: Timestamp,
        mut replay: impl FnMut(Committed),
    ) -> Result<Journal, RecoverError> {
        let io_error = |source| RecoverError::Disk { folder: folder.to_owned(), source };
        disk.create_folder(folder).map_err(io_error)?;
        for names in [folder.parent().unwrap_or(folder), folder] {
            disk.sync_folder(names).map_err(io_error)?;
        }
        let files = file::list(&*disk, folder).map_err(io_error)?;
        let Some((first, _)) = files.first() else {
            return Self::start(disk, folder, stored, now);
        };
        if let Some((_, last)) = files.last() {
            disk.open(last).and_then(|mut last| last.sync()).map_err(io_error)?;
        }
        if first.0 > stored.0 + 1 {
            return Err(RecoverError::Gap { first: *first, stored });
        }
        let complete_before = (first.0 - 1) >> SUBTREE_HEIGHT;
        let mut subtrees = Subtrees::open(&*disk, folder, complete_before).map_err(io_error)?;

        let mut tree = None;
        let mut last = None;
        for (position, (first, path)) in files.iter().enumerate() {
            let is_last = position + 1 == files.len();
            let mut reading = FileReading { disk: &*disk, folder, path, stored, is_last };
            let (length, roots) = reading.run(*first, &mut tree, &mut replay)?;
            subtrees.append(&roots);
            last = Some((path, length));
        }
        let (Some(tree), Some((path, length))) = (tree, last) else {
            return Self::start(disk, folder, stored, now);
        };
        if tree.size() < stored.0 {
            let first = Seq(tree.size() + 1);
            return Err(RecoverError::Gap { first, stored });
        }
        let handle = disk.open(path).map_err(io_error)?;
        info!(files = files.len(), head = tree.size(), "journal read back");
        let active = ActiveFile::reopen(handle, length);
        Ok(Journal { disk, folder: folder.to_owned(), active, tree, subtrees })
    }

    fn start(disk: Arc<dyn Disk>, folder: &Path, stored: Seq, now: Timestamp) -> Result<Journal, RecoverError> {
        if stored > Seq::ZERO {
            return Err(RecoverError::Gap { first: Seq(1), stored });
        }
        let io_error = |source| RecoverError::Disk { folder: folder.to_owned(), source };
        let tree = Frontier::default();
        let subtrees = Subtrees::open(&*disk, folder, 0).map_err(io_error)?;
        let active =
            ActiveFile::create(&*disk, folder, Seq(1), now, &tree).map_err(|failure| io_error(failure.into()))?;
        Ok(Journal { disk, folder: folder.to_owned(), active, tree, subtrees })
    }

    /// The last durable event.
    pub fn head(&self) -> Seq {
        Seq(self.tree.size())
    }

    /// The Merkle root over every event so far.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Removes the files that hold only events up to `through`; the file being written stays. One after the other: what
    /// a crash leaves has no hole.
    pub(crate) fn trim(&mut self, through: Seq) -> io::Result<usize> {
        let files = file::list(&*self.disk, &self.folder)?;
        let spent: Vec<&PathBuf> =
            files.windows(2).filter(|pair| pair[1].0.0 <= through.0 + 1).map(|pair| &pair[0].1).collect();
        if !spent.is_empty() {
            self.subtrees.sync()?;
        }
        for path in &spent {
            self.disk.remove(path)?;
            self.disk.sync_folder(&self.folder)?;
        }
        Ok(spent.len())
    }
}

/// Reading one file.
struct FileReading<'r> {
    disk: &'r dyn Disk,
    folder: &'r Path,
    path: &'r Path,
    stored: Seq,
    is_last: bool,
}

impl FileReading<'_> {
    /// Gives the length of the intact part and the subtree roots completed in it.
    fn run(
        &mut self,
        named_first: Seq,
        tree: &mut Option<Frontier>,
        replay: &mut impl FnMut(Committed),
    ) -> Result<(u64, Vec<Hash>), RecoverError> {
        let map = self.disk.map(self.path).map_err(|source| self.disk_error(source))?;
        let bytes = (*map).as_ref();
        let Some((first, before, header)) = decode_file_header(bytes).filter(|(first, ..)| *first == named_first)
        else {
            return self.unreadable_header(bytes, named_first, tree);
        };
        if let Some(tree) = tree
            && (tree.size() + 1 != first.0 || tree.root() != before.root())
        {
            let what = format!("it begins at event {first}, the file before ends at {}", tree.size());
            return Err(self.damaged(0, what));
        }
        let tree = tree.insert(before);
        let mut roots = Vec::new();
        let mut offset = header;
        while offset < bytes.len() {
            let Some(frame) = decode_frame(&bytes[offset..]) else {
                self.cut_torn_tail(bytes, offset, Seq(tree.size() + 1))?;
                break;
            };
            offset += frame.bytes;
            let start = offset - frame.bytes;
            if let Some(committed) = self.check(frame, start, tree, &mut roots)? {
                replay(committed);
            }
        }
        Ok((offset as u64, roots))
    }

    /// A crash between creating the last file and syncing its header leaves one without events.
    fn unreadable_header(
        &self,
        bytes: &[u8],
        named_first: Seq,
        tree: &mut Option<Frontier>,
    ) -> Result<(u64, Vec<Hash>), RecoverError> {
        let is_unused = self.is_last && frames(bytes).next().is_none();
        // The very first file has none before it.
        let before = tree.get_or_insert_with(Frontier::default);
        if !is_unused || before.size() + 1 != named_first.0 {
            return Err(self.damaged(0, "its header cannot be read".to_owned()));
        }
        warn!(file = %self.path.display(), "journal file without a header and without events, written anew");
        let header = crate::frame::encode_file_header(named_first, Timestamp(0), before);
        let mut file = self.disk.open(self.path).map_err(|source| self.disk_error(source))?;
        let rewritten = file.truncate(0).and_then(|()| file.append(&header)).and_then(|()| file.sync());
        rewritten.map_err(|source| self.disk_error(source))?;
        Ok((header.len() as u64, Vec::new()))
    }

    /// Checks place and root, and gives the events the store does not have yet.
    fn check(
        &self,
        frame: Frame,
        offset: usize,
        tree: &mut Frontier,
        roots: &mut Vec<Hash>,
    ) -> Result<Option<Committed>, RecoverError> {
        if frame.first.0 != tree.size() + 1 {
            let what = format!("expected event {}, found {}", tree.size() + 1, frame.first);
            return Err(self.damaged(offset, what));
        }
        let mut committed = Committed { first: frame.first, received: frame.received, entries: Vec::new() };
        for (position, (account, raw)) in frame.events.into_iter().enumerate() {
            roots.extend(tree.push(leaf_hash(account, frame.received, &raw)));
            let seq = Seq(frame.first.0 + position as u64);
            if seq <= self.stored {
                continue;
            }
            let event = Event::parse(raw)
                .map_err(|refusal| self.damaged(offset, format!("event {seq} cannot be read: {refusal}")))?;
            if committed.entries.is_empty() {
                committed.first = seq;
            }
            committed.entries.push(Entry { account, event });
        }
        if tree.root() != frame.root {
            return Err(self.damaged(offset, format!("the Merkle root after event {} differs", tree.size())));
        }
        Ok((!committed.entries.is_empty()).then_some(committed))
    }

    /// `bytes[offset..]`, where event `next` should be, does not begin with an intact frame.
    fn cut_torn_tail(&self, bytes: &[u8], offset: usize, next: Seq) -> Result<(), RecoverError> {
        let tail = &bytes[offset..];
        if !self.is_last {
            return Err(self.damaged(offset, CHANGED_AMONG.to_owned()));
        }
        check_torn_tail(bytes, offset, next).map_err(|what| self.damaged(offset, what.to_owned()))?;
        let name = self.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("journal");
        let aside = self.folder.join(format!("torn-{name}-{offset}.bin"));
        warn!(
            file = %self.path.display(), offset, bytes = tail.len(), kept = %aside.display(),
            "journal ends in an incomplete frame that was never acknowledged, cut off"
        );
        let cut = || -> io::Result<()> {
            match self.disk.create(&aside) {
                Ok(mut file) => {
                    file.append(tail)?;
                    file.sync()?;
                }
                // Cut before and crashed in between: the bytes are already kept.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            let mut file = self.disk.open(self.path)?;
            file.truncate(offset as u64)?;
            file.sync()?;
            self.disk.sync_folder(self.folder)
        };
        cut().map_err(|source| self.disk_error(source))
    }

    fn disk_error(&self, source: io::Error) -> RecoverError {
        RecoverError::Disk { folder: self.folder.to_owned(), source }
    }

    fn damaged(&self, offset: usize, what: String) -> RecoverError {
        RecoverError::Damaged { path: self.path.to_owned(), offset: offset as u64, what }
    }
}

const CHANGED_AMONG: &str = "a frame is not intact, and intact ones follow it";

/// Whether what follows the last intact frame of the last file, where event `next` should be, is a group that was not
/// wholly written and so never acknowledged; otherwise what it is instead.
pub(crate) fn check_torn_tail(bytes: &[u8], offset: usize, next: Seq) -> Result<(), &'static str> {
    let mut after = frames(&bytes[offset..]).peekable();
    let torn_end = after.peek().map_or(bytes.len(), |(place, _)| offset + place);
    // A sync covers a whole group, and the next group is written after it. So frames of the same group may lie on the
    // disk although this one never reached it; a frame of a later group says that this one had.
    if !after.all(|(_, frame)| frame.group > Seq::ZERO && frame.group <= next) {
        return Err(CHANGED_AMONG);
    }
    if !is_torn_write(bytes, offset, torn_end) {
        return Err("the last frame is whole but its bytes have changed");
    }
    Ok(())
}

/// The intact frames that begin anywhere in these bytes, and where.
pub(crate) fn frames(bytes: &[u8]) -> impl Iterator<Item = (usize, Frame)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while from < bytes.len() {
            let place = from;
            from += 1;
            if bytes[place..].starts_with(FRAME_MAGIC)
                && let Some(frame) = decode_frame(&bytes[place..])
            {
                from = place + frame.bytes;
                return Some((place, frame));
            }
        }
        None
    })
}

/// Whether `file[start..end]`, which follows the last intact frame, looks like a write that was cut short, and not
/// like one that was whole and changed later: it ends early, or holds sectors that never reached the disk and read as
/// zeros. Events cannot hold zero bytes (JSON has none), and a frame begins with none.
fn is_torn_write(file: &[u8], start: usize, end: usize) -> bool {
    const SECTOR_BYTES: usize = 512;
    const UNWRITTEN_RUN: usize = 64;
    let tail = &file[start..end];
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let (first_part, rest) = tail.split_at(tail.len().min(SECTOR_BYTES - start % SECTOR_BYTES));
    if is_zero(first_part) || rest.chunks(SECTOR_BYTES).any(is_zero) || tail.windows(UNWRITTEN_RUN).any(is_zero) {
        return true;
    }
    if end < file.len() {
        return false;
    }
    if tail.len() < FRAME_HEADER_BYTES {
        return true;
    }
    let payload = u32::from_le_bytes([tail[4], tail[5], tail[6], tail[7]]) as usize;
    let crc = u32::from_le_bytes([tail[8], tail[9], tail[10], tail[11]]);
    // A frame that fits the file exactly but for its length field is whole too.
    let ends_early = tail.len() < FRAME_HEADER_BYTES + payload && crc32c::crc32c(&tail[12..]) != crc;
    tail.starts_with(FRAME_MAGIC) && ends_early
}
