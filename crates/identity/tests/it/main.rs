//! Identity over a real catalog: the official signature vectors, what is refused, and what changes take effect.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic")]

mod changes;
mod credentials;
mod refusals;
mod roles;
mod setup;
mod vectors;
