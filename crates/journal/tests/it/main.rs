//! The journal on a real disk and on one that fails: what is acknowledged is read back, what is damaged is named.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and damages files by hand")]

mod damage;
mod durability;
mod full_disk;
mod killed;
mod ledger;
mod mutated;
