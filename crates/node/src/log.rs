//! Log lines: for people on a terminal, or one JSON object each for a collector.
//!
//! The one process-wide thing of a node, so it is set by the command and not by [`crate::Node::start`]: two nodes in
//! one test share it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Libraries that tell of every step they take at `info`, with what they work on. They are heard from `warn` on, unless the
/// level names them.
const TALKATIVE: [&str; 4] = ["buoyant_kernel", "buoyant_kernel_engine", "deltalake_core", "datafusion"];

/// Sends the process's log to standard error. A second call does nothing.
pub fn start_log(log: &Log) {
    // A level that cannot be read was refused with the rest of the configuration.
    let filter = filter(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error means that a log was started before, which then goes on.
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

fn filter(level: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    if matches!(level, "error" | "off") {
        return level.parse();
    }
    // What the operator says of the same library comes later and counts.
    let quiet: String = TALKATIVE.iter().map(|library| format!("{library}=warn,")).collect();
    format!("{quiet}{level}").parse()
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn libraries_are_quiet_unless_they_are_named() {
        let shown = |level: &str| filter(level).unwrap().to_string();
        let info = shown("info");
        assert!(info.contains("deltalake_core=warn") && info.contains("buoyant_kernel=warn"), "{info}");
        assert!(shown("info,deltalake_core=debug").contains("deltalake_core=debug"));
        assert!(!shown("info,deltalake_core=debug").contains("deltalake_core=warn"));
        assert_eq!(shown("error"), "error");
    }
}
