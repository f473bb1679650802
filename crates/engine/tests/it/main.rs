//! The engine over a real store.

mod node;
mod statements;
