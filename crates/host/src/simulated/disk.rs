//! The simulated disk itself: files by number, folders by path, and who may touch them now.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::chance::Chance;
use super::contents::Contents;
use super::faults::{Failing, Faults, IO_ERROR, NO_SPACE, Operation, error_of};
use super::names::{Names, Node};
use crate::{Disk, DiskFile, Mapped};

/// How everything ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The process was killed; the kernel still knows everything it was told.
    Process,
    /// The power went; what was not synced is there, or in part, or not.
    Power,
}

/// A disk in memory. Cheap to clone; clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

struct State {
    files: Vec<Contents>,
    folders: BTreeMap<PathBuf, Names>,
    chance: Chance,
    faults: Faults,
    failing: Vec<Failing>,
    pretended: Vec<(Operation, String)>,
    space_bytes: Option<usize>,
    operations: u64,
    crash_after: Option<u64>,
    crashed: bool,
    /// Rises at each restart: what was opened before is of no use after.
    generation: u64,
    held: BTreeSet<String>,
    waiting: BTreeSet<String>,
}

/// What becomes of an operation.
enum Verdict {
    Do,
    /// Claimed, not done.
    Pretend,
    Fail(io::Error),
}

struct SimulatedFile {
    disk: SimulatedDisk,
    number: usize,
    path: PathBuf,
    generation: u64,
}

impl SimulatedDisk {
    /// An empty disk; `seed` decides what its faults and crashes do.
    pub fn new(seed: u64) -> SimulatedDisk {
        let state = State {
            files: Vec::new(),
            folders: BTreeMap::from([(PathBuf::from("/"), Names::default())]),
            chance: Chance::new(seed),
            faults: Faults::default(),
            failing: Vec::new(),
            pretended: Vec::new(),
            space_bytes: None,
            operations: 0,
            crash_after: None,
            crashed: false,
            generation: 0,
            held: BTreeSet::new(),
            waiting: BTreeSet::new(),
        };
        SimulatedDisk(Arc::new(Shared { state: Mutex::new(state), released: Condvar::new() }))
    }

    /// From now on things go wrong this often.
    pub fn set_faults(&self, faults: Faults) {
        self.0.state.lock().faults = faults;
    }

    /// Makes some operations fail.
    pub fn fail(&self, failing: Failing) {
        self.0.state.lock().failing.push(failing);
    }

    /// Nothing fails to order any more.
    pub fn heal(&self) {
        self.0.state.lock().failing.clear();
    }

    /// From now on an operation on paths that hold `path` claims success and does nothing. To break a disk, and see
    /// that a test notices.
    pub fn pretend(&self, operation: Operation, path: &str) {
        self.0.state.lock().pretended.push((operation, path.to_owned()));
    }

    /// The bytes all files may have together; more finds the disk full.
    pub fn set_space_bytes(&self, space_bytes: Option<usize>) {
        self.0.state.lock().space_bytes = space_bytes;
    }

    /// The bytes all files have together.
    pub fn used_bytes(&self) -> usize {
        self.0.state.lock().used_bytes()
    }

    /// Operations so far, those after a crash aside.
    pub fn operations(&self) -> u64 {
        self.0.state.lock().operations
    }

    /// Everything fails after so many more operations; `None` takes that back.
    pub fn crash_after(&self, operations: Option<u64>) {
        self.0.state.lock().crash_after = operations;
    }

    /// Everything fails from now on, until [`SimulatedDisk::restart`].
    pub fn crash(&self) {
        self.0.state.lock().crashed = true;
        self.0.released.notify_all();
    }

    /// Whether it has crashed.
    pub fn has_crashed(&self) -> bool {
        self.0.state.lock().crashed
    }

    /// Ends what is running, if it has not ended, and comes back with what that leaves. What was opened before stays
    /// unusable. Faults, failures to order and held threads are over.
    pub fn restart(&self, outage: Outage) {
        let mut state = self.0.state.lock();
        let state = &mut *state;
        state.crashed = false;
        state.crash_after = None;
        state.generation += 1;
        state.faults = Faults::default();
        state.failing.clear();
        state.held.clear();
        if outage == Outage::Power {
            state.files.iter_mut().for_each(|file| file.lose_power(&mut state.chance));
            state.folders.values_mut().for_each(|names| names.lose_power(&mut state.chance));
            state.drop_lost_folders();
        }
        self.0.released.notify_all();
    }

    /// Operations of threads of this name wait, until released or crashed.
    pub fn hold(&self, thread: &str) {
        self.0.state.lock().held.insert(thread.to_owned());
    }

    /// Lets them go on.
    pub fn release(&self, thread: &str) {
        self.0.state.lock().held.remove(thread);
        self.0.released.notify_all();
    }

    /// Whether a thread of this name is waiting.
    pub fn is_waiting(&self, thread: &str) -> bool {
        self.0.state.lock().waiting.contains(thread)
    }

    /// Turns a bit of a durable file around.
    pub fn flip_bit(&self, path: &Path, bit: usize) {
        let mut state = self.0.state.lock();
        if let Ok(number) = state.file(path) {
            state.files[number].flip(bit);
        }
    }

    /// The bytes of a file as a reader sees them.
    pub fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.0.state.lock();
        Ok(state.files[state.file(path)?].seen().to_vec())
    }

    /// Whether the path is there.
    pub fn exists(&self, path: &Path) -> bool {
        self.0.state.lock().node(path).is_ok()
    }

    /// Waits for the thread's turn, counts, and decides.
    fn enter(&self, operation: Operation, path: &Path) -> (MutexGuard<'_, State>, Verdict) {
        let mut state = self.0.state.lock();
        let thread = std::thread::current();
        let name = thread.name().unwrap_or_default();
        while state.held.contains(name) && !state.crashed {
            state.waiting.insert(name.to_owned());
            self.0.released.wait(&mut state);
        }
        state.waiting.remove(name);
        let verdict = state.judge(operation, path);
        if state.crashed {
            self.0.released.notify_all();
        }
        (state, verdict)
    }

    /// [`SimulatedDisk::enter`] for what is done whole or not at all.
    fn attempt<T>(
        &self,
        operation: Operation,
        path: &Path,
        pretended: T,
        done: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let (mut state, verdict) = self.enter(operation, path);
        match verdict {
            Verdict::Do => done(&mut state),
            Verdict::Pretend => Ok(pretended),
            Verdict::Fail(error) => Err(error),
        }
    }

    fn handle(&self, number: usize, path: &Path, generation: u64) -> Box<dyn DiskFile> {
        Box::new(SimulatedFile { disk: self.clone(), number, path: path.to_owned(), generation })
    }
}

impl State {
    fn judge(&mut self, operation: Operation, path: &Path) -> Verdict {
        if !self.crashed {
            self.operations += 1;
            match &mut self.crash_after {
                Some(0) => self.crashed = true,
                Some(left) => *left -= 1,
                None => {}
            }
        }
        if self.crashed {
            return Verdict::Fail(io::Error::other("the machine has crashed"));
        }
        let path = path.to_string_lossy();
        if self.pretended.iter().any(|(pretended, part)| *pretended == operation && path.contains(part)) {
            return Verdict::Pretend;
        }
        for failing in &mut self.failing {
            if failing.operation != operation || !path.contains(&failing.path) || failing.times == 0 {
                continue;
            }
            if failing.after > 0 {
                failing.after -= 1;
                continue;
            }
            failing.times -= 1;
            return Verdict::Fail(error_of(operation));
        }
        if self.chance.per_mille(self.faults.of(operation)) {
            return Verdict::Fail(error_of(operation));
        }
        Verdict::Do
    }

    fn used_bytes(&self) -> usize {
        let nodes = self.folders.values().flat_map(Names::seen);
        let bytes = |(_, node)| if let Node::File(number) = node { self.files[number].seen().len() } else { 0 };
        nodes.map(bytes).sum()
    }

    fn names(&mut self, folder: &Path) -> io::Result<&mut Names> {
        self.folders.get_mut(folder).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn node(&self, path: &Path) -> io::Result<Node> {
        let (folder, name) = split(path)?;
        self.folders.get(folder).and_then(|names| names.get(name)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.node(path)? {
            Node::File(number) => Ok(number),
            Node::Folder => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// A folder whose name did not survive is gone with everything in it.
    fn drop_lost_folders(&mut self) {
        let lost: Vec<PathBuf> = self
            .folders
            .keys()
            .filter(|folder| folder.ancestors().any(|each| each.parent().is_some() && self.node(each).is_err()))
            .cloned()
            .collect();
        lost.iter().for_each(|folder| drop(self.folders.remove(folder)));
    }
}

fn split(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    path.parent().zip(name).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let (mut state, verdict) = self.enter(Operation::Create, path);
        if let Verdict::Fail(error) = verdict {
            return Err(error);
        }
        if state.node(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (folder, name) = split(path)?;
        let number = state.files.len();
        state.names(folder)?.put(name, Node::File(number));
        state.files.push(Contents::default());
        let generation = state.generation;
        drop(state);
        Ok(self.handle(number, path, generation))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let (state, verdict) = self.enter(Operation::Open, path);
        if let Verdict::Fail(error) = verdict {
            return Err(error);
        }
        let (number, generation) = (state.file(path)?, state.generation);
        drop(state);
        Ok(self.handle(number, path, generation))
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        self.attempt(Operation::Map, path, Vec::new(), |state| Ok(state.files[state.file(path)?].seen().to_vec()))
            .map(|bytes| Arc::new(bytes) as Mapped)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.attempt(Operation::List, folder, Vec::new(), |state| {
            if let Ok(Node::File(_)) = state.node(folder) {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Ok(state.names(folder)?.seen().map(|(name, _)| folder.join(name)).collect())
        })
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.attempt(Operation::CreateFolder, folder, (), |state| {
            let mut missing: Vec<&Path> =
                folder.ancestors().take_while(|each| !state.folders.contains_key(*each)).collect();
            missing.reverse();
            for each in missing {
                let (parent, name) = split(each)?;
                state.names(parent)?.put(name, Node::Folder);
                state.folders.insert(each.to_owned(), Names::default());
            }
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.attempt(Operation::Rename, from, (), |state| {
            let node = state.node(from)?;
            let ((folder, from), (into, to)) = (split(from)?, split(to)?);
            if folder != into {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "only within one folder"));
            }
            state.names(folder)?.rename(from, to, node);
            Ok(())
        })
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.attempt(Operation::Rename, from, (), |state| {
            if state.node(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let node = state.node(from)?;
            let ((folder, from), (into, to)) = (split(from)?, split(to)?);
            if folder != into {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "only within one folder"));
            }
            state.names(folder)?.rename(from, to, node);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.attempt(Operation::Remove, path, (), |state| {
            state.file(path)?;
            let (folder, name) = split(path)?;
            state.names(folder)?.remove(name);
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.attempt(Operation::SyncFolder, folder, (), |state| {
            state.names(folder)?.sync();
            Ok(())
        })
    }
}

impl SimulatedFile {
    fn enter(&self, operation: Operation) -> (MutexGuard<'_, State>, Verdict) {
        let (state, verdict) = self.disk.enter(operation, &self.path);
        if state.generation != self.generation {
            return (state, Verdict::Fail(io::Error::other("opened before a restart")));
        }
        (state, verdict)
    }
}

impl DiskFile for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut state, verdict) = self.enter(Operation::Append);
        let room = state.space_bytes.map_or(usize::MAX, |space| space.saturating_sub(state.used_bytes()));
        let (taken, result) = match verdict {
            Verdict::Pretend => (0, Ok(())),
            Verdict::Do if bytes.len() <= room => (bytes.len(), Ok(())),
            Verdict::Do => (room, Err(io::Error::from_raw_os_error(NO_SPACE))),
            Verdict::Fail(error) if state.generation == self.generation => {
                (state.chance.below(bytes.len() + 1), Err(error))
            }
            Verdict::Fail(error) => (0, Err(error)),
        };
        if taken > 0 {
            state.files[self.number].append(&bytes[..taken]);
        }
        result
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let (state, verdict) = self.enter(Operation::Read);
        if let Verdict::Fail(error) = verdict {
            return Err(error);
        }
        let seen = state.files[self.number].seen();
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(buffer.len());
        buffer.copy_from_slice(seen.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        let state = self.disk.0.state.lock();
        if state.crashed || state.generation != self.generation {
            return Err(io::Error::from_raw_os_error(IO_ERROR));
        }
        Ok(state.files[self.number].seen().len() as u64)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let (mut state, verdict) = self.enter(Operation::Truncate);
        match verdict {
            Verdict::Do => state.files[self.number].truncate(usize::try_from(len).unwrap_or(usize::MAX)),
            Verdict::Pretend => {}
            Verdict::Fail(error) => return Err(error),
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let (mut state, verdict) = self.enter(Operation::Sync);
        let state = &mut *state;
        match verdict {
            Verdict::Do => state.files[self.number].sync(),
            Verdict::Pretend => {}
            Verdict::Fail(error) => {
                if state.generation == self.generation && !state.crashed {
                    state.files[self.number].fail_sync(&mut state.chance);
                }
                return Err(error);
            }
        }
        Ok(())
    }
}
