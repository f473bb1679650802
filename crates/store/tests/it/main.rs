//! The store on a real disk and on one that fails, asked through its public interface.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and damages files by hand")]

mod against_a_plain_list;
mod aggregates;
mod failing_disk;
mod full_file_system;
mod manifest_trouble;
mod node;
mod restart;
mod retention;
mod samples;
mod views;
