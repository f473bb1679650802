//! The whole: reads the configuration, builds the parts bottom up, runs them, stops them top down.
//!
//! The only crate that knows every concrete type. [`Config`] is what an operator says, `config/default.toml` says what
//! it means. [`Node::start`] gives a [`RunningNode`]; the command `cairn serve` adds the signals and the log.

mod alerting;
mod config;
mod foundation;
mod log;
mod metrics;
mod node;
mod parts;
mod server;
mod signals;
#[cfg(feature = "sql")]
mod sql;
mod start_code;
mod tables;
mod tls;
#[cfg(feature = "warehouse")]
mod warehouse;

pub use config::{Config, ConfigError, DEFAULT_FILE, Days, Flags, InvalidVariable, Loaded, LogFormat, TableLocation};
pub use foundation::{FirstKey, FoundationError, initialise, renew_key};
pub use log::start_log;
pub use node::{Node, RunningNode, StartError};
pub use signals::{Ended, Signals};
pub use start_code::StartCode;
pub use tls::TlsError;
