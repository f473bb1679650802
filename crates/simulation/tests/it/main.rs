//! Two hundred stories, and the proof that a broken part is found out in one of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod broken;
mod seeds;
