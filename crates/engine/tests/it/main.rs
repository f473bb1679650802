//! The engine over a real store.

mod combined;
mod functions;
mod node;
mod published;
mod statements;
