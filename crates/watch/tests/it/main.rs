//! Alerting on a real catalog, journal and store, with a clock moved by hand and receivers that do as they are told.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod catching_up;
mod changes;
mod ground;
mod handled;
mod killed;
mod many_rules;
mod many_sets;
mod notifying;
mod scene;
mod streamed;
