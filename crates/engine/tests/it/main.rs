//! The engine over a real store.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and reads published data")]

mod combined;
mod functions;
mod node;
mod published;
mod statements;
mod watched;
mod windows;
