//! What goes wrong on a simulated disk.

/// What is asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `Disk::create`
    Create,
    /// `Disk::open`
    Open,
    /// `Disk::map`
    Map,
    /// `Disk::list`
    List,
    /// `Disk::create_folder`
    CreateFolder,
    /// `Disk::rename`
    Rename,
    /// `Disk::remove`
    Remove,
    /// `Disk::sync_folder`
    SyncFolder,
    /// `DiskFile::append`
    Append,
    /// `DiskFile::read_exact_at`
    Read,
    /// `DiskFile::truncate`
    Truncate,
    /// `DiskFile::sync`
    Sync,
}

/// How often, in a thousand times, something goes wrong by chance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Creating a file or appending to one finds the disk full; an append leaves a part of its bytes.
    pub full: u32,
    /// A file's sync fails.
    pub sync: u32,
    /// A folder's sync fails.
    pub sync_folder: u32,
    /// Opening, mapping, listing or reading fails.
    pub read: u32,
    /// Renaming or removing fails.
    pub names: u32,
}

impl Faults {
    pub(super) fn of(&self, operation: Operation) -> u32 {
        match operation {
            Operation::Create | Operation::Append => self.full,
            Operation::Sync => self.sync,
            Operation::SyncFolder => self.sync_folder,
            Operation::Open | Operation::Map | Operation::List | Operation::Read => self.read,
            Operation::Rename | Operation::Remove => self.names,
            // A file system that gives up on writing still takes these, or stops working altogether, which is a crash.
            Operation::CreateFolder | Operation::Truncate => 0,
        }
    }
}

/// Failures to order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// What fails.
    pub operation: Operation,
    /// Where: a part of the path.
    pub path: String,
    /// How many times that still goes well.
    pub after: u32,
    /// How many times it fails then.
    pub times: u32,
}

/// The words of Linux: no space left on device, input/output error.
pub(super) const NO_SPACE: i32 = 28;
pub(super) const IO_ERROR: i32 = 5;

pub(super) fn error_of(operation: Operation) -> std::io::Error {
    let number = match operation {
        Operation::Create | Operation::Append => NO_SPACE,
        _ => IO_ERROR,
    };
    std::io::Error::from_raw_os_error(number)
}
