//! What the machine gives us, as small traits with their real implementation: time, chance, disk, orderly shutdown,
//! and the registry metrics are counted in.
//!
//! Nobody else names `SystemTime`, a random generator or `std::fs`: so a test can move time by hand, and a simulated
//! disk can lose what was not synced. Nothing here is process-wide: two nodes can run in one test.

pub mod clock;
pub mod disk;
pub mod disk_space;
pub mod folder_lock;
pub mod metrics;
pub mod process;
pub mod random;
pub mod secret;
pub mod shutdown;
#[cfg(feature = "simulated")]
pub mod simulated;

pub use clock::{Clock, ManualClock, SystemClock};
pub use disk::{Disk, DiskFile, Mapped, RealDisk};
pub use disk_space::{DiskSpace, disk_space};
pub use folder_lock::{FolderLock, FolderLockError};
pub use random::{OsRandom, Random};
pub use secret::Secret;
pub use shutdown::Shutdown;
