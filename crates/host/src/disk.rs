//! Disk: the few operations the journal and the store are built on, so that a simulated disk can stand in.
//!
//! What is durable: the bytes of a file after `sync`; the names in a folder after `sync_folder`. Nothing else.
//! All calls block; they are made from dedicated threads, never from an async task.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use model::Timestamp;

/// The bytes of an immutable file, mapped or read.
pub type Mapped = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A disk.
pub trait Disk: Send + Sync {
    /// Creates a file that must not exist, for appending.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens an existing file for reading and appending.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// The whole of an immutable file as memory, for reading a little here and there. One that is read from end to end
    /// is better read with [`Disk::read_whole`].
    fn map(&self, path: &Path) -> io::Result<Mapped>;
    /// The bytes of a file.
    fn read_whole(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let mut bytes = vec![0; file.len()? as usize];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
    /// The files in a folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
    /// Creates a folder and those above it.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Gives a file another name, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file another name unless there is a file of that name, which is then `AlreadyExists`. After a crash it may
    /// have both names. A disk that cannot do it in one step looks first.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.open(to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename(from, to),
            Err(error) => Err(error),
        }
    }
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the folder's names durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// When a file was last written. A disk that does not know says so, and is then taken to have written it just now.
    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("the age of {} is not known", path.display())))
    }
    /// Takes away everybody's permission to write to a file, where there are permissions.
    fn make_read_only(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Appends all of the bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Fills the buffer from `offset`, or fails with `UnexpectedEof`.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Cuts it to `len` bytes.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
    /// Makes its bytes and length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The machine's disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

struct RealFile(fs::File);

struct RealMap(memmap2::Mmap);

impl AsRef<[u8]> for RealMap {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that touches the machine's disk")]
impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = fs::OpenOptions::new().read(true).append(true).create_new(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = match fs::OpenOptions::new().read(true).append(true).open(path) {
            // One that was made read-only can still be read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => fs::File::open(path)?,
            opened => opened?,
        };
        Ok(Box::new(RealFile(file)))
    }

    #[allow(unsafe_code, reason = "mapping a file is only sound while nobody changes it; see below")]
    fn map(&self, path: &Path) -> io::Result<Mapped> {
        let file = fs::File::open(path)?;
        // SAFETY: only immutable files are mapped. They are written under another name, synced, renamed and from then
        // on only ever removed, which leaves the mapping valid. Nothing else writes in the data folder.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        // Without this the kernel reads ahead as if for a film: megabytes for every index entry that is looked up.
        map.advise(memmap2::Advice::Random)?;
        Ok(Arc::new(RealMap(map)))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)?;
        fs::remove_file(from)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        fs::File::open(folder)?.sync_all()
    }

    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        let modified = fs::metadata(path)?.modified()?;
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    fn make_read_only(&self, path: &Path) -> io::Result<()> {
        let mut permissions = fs::metadata(path)?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(path, permissions)
    }
}

impl DiskFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut self.0, bytes)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
