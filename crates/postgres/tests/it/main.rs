//! A real driver against the server, with an engine that answers what the tests need to see.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic")]

mod engine;
mod limits;
mod logins;
mod setup;
mod statements;
