//! A machine in memory, for tests of what happens when a real one fails: a disk that loses what was not synced, and
//! chance that repeats itself.
//!
//! [`SimulatedDisk`] keeps what was synced apart from what was not. Faults come by chance ([`Faults`]), by order
//! ([`SimulatedDisk::fail`]) or when its space is used up; [`SimulatedDisk::crash_after`] ends everything at one
//! operation, and [`SimulatedDisk::restart`] brings back what such an end leaves. The same seed and the same
//! operations in the same order give the same story. Only built with the feature `simulated`.

mod chance;
mod contents;
mod disk;
mod faults;
mod names;

pub use chance::{Chance, SeededRandom};
pub use disk::{Outage, SimulatedDisk};
pub use faults::{Failing, Faults, Operation};

#[cfg(test)]
mod tests;
