//! Identity over a real catalog: the official signature vectors, what is refused, and what changes take effect.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic")]

mod changes;
mod refusals;
mod setup;
mod vectors;
