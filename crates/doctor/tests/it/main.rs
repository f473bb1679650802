//! Real data folders, damaged by hand in every way there is a sentence for, and examined.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and damages files by hand")]

mod damage;
mod folder;
mod repairs;
