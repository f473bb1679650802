//! The engine over a real store.

mod functions;
mod node;
mod published;
mod statements;
