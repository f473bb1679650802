//! The engine over a real store.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod combined;
mod functions;
mod node;
mod published;
mod statements;
