//! The store on a real disk, asked through its public interface.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and damages files by hand")]

mod against_a_plain_list;
mod node;
mod restart;
mod retention;
mod samples;
