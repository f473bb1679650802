//! Backups of real data folders, cut off at every step, damaged, and restored.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and damages files by hand")]

mod failing_disk;
mod folder;
mod incremental;
mod interrupted;
mod refusals;
