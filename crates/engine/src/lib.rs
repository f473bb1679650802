//! SQL over Logstores and events, on DataFusion.
//!
//! [`SqlEngine`] answers [`query::Question`]s: the statement's tree is brought from its dialect into DataFusion's
//! ([`dialect`]), the identifiers it uses become the columns of its tables ([`columns`]), and the tables are read through
//! [`events::Events`], which the store implements. No other crate names DataFusion's types.

mod casts;
mod columns;
mod combined;
mod dialect;
mod engine;
mod error;
pub mod events;
mod functions;
mod guarded;
mod postgres_catalog;
mod table;
#[cfg(feature = "warehouse")]
pub mod warehouse;
mod windows;

pub use engine::SqlEngine;
