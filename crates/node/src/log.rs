//! Log lines: for people on a terminal, or one JSON object each for a collector.
//!
//! The one process-wide thing of a node, so it is set by the command and not by [`crate::Node::start`]: two nodes in
//! one test share it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Sends the process's log to standard error. A second call does nothing.
pub fn start_log(log: &Log) {
    // A level that cannot be read was refused with the rest of the configuration.
    let filter = log.level.parse().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error means that a log was started before, which then goes on.
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
