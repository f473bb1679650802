//! The signals a node is run by: stop, and read the certificates again.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

use crate::RunningNode;

/// Why a node was told to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Somebody asked for it.
    Asked,
    /// The journal can take no more; only a restart reads it back.
    Failed(String),
}

/// The process's signals, caught from here on.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Catches SIGTERM, SIGINT and SIGHUP. Done before a node starts, so that none is lost while it does.
    pub fn catch() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Resolves when the process is asked to stop.
    pub async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Attends to a node until it has to stop.
    pub async fn attend(&mut self, node: &RunningNode) -> Ended {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Ended::Asked,
                _ = self.interrupt.recv() => return Ended::Asked,
                reason = node.failed() => return Ended::Failed(reason),
                _ = self.hangup.recv() => match node.reload_certificate().await {
                    Ok(()) => info!("certificate read again"),
                    Err(error) => error!(error = &error as &dyn std::error::Error, "the old certificate stays in use"),
                },
            }
        }
    }
}
