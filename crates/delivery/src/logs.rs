//! Logs: the destination in Log Service outside this node.
//!
//! Events are sent in groups as large as PutLogs takes, in the order of their numbers. There is nothing in Log Service that
//! tells a group sent twice from two, so this is at least once.

use bytes::Bytes;
use model::{Seq, Timestamp};
use store::Owned;

use crate::DeliveryError;

/// Logs PutLogs takes at once.
const LOGS_MAX: usize = 4096;
/// Bytes of JSON in a group: below the 3 MiB PutLogs takes, with room for what the wire adds to each log.
const BYTES_MAX: usize = 2_900_000;

/// Events of one PutLogs.
#[derive(Debug, Clone)]
pub struct LogGroup {
    /// The first one's number.
    pub first: Seq,
    /// The last one's number.
    pub last: Seq,
    /// Each event's time and JSON.
    pub logs: Vec<(Timestamp, Bytes)>,
}

/// A project of Log Service that can be written to.
#[async_trait::async_trait]
pub trait LogProject: Send + Sync {
    /// Writes a group to a Logstore. After an error it may be there or not.
    async fn put(&self, logstore: &str, group: LogGroup) -> Result<(), DeliveryError>;
}

/// The groups these events are sent in. What they hold follows from the events alone.
pub(crate) fn groups(events: Vec<Owned>) -> Vec<LogGroup> {
    let mut groups: Vec<LogGroup> = Vec::new();
    let mut bytes = 0;
    for owned in events {
        let (seq, raw) = (owned.found.seq, owned.found.event.raw().clone());
        let log = (owned.found.event.time(), raw);
        let length = log.1.len();
        match groups.last_mut() {
            Some(group) if group.logs.len() < LOGS_MAX && bytes + length <= BYTES_MAX => {
                group.logs.push(log);
                group.last = seq;
                bytes += length;
            }
            _ => {
                groups.push(LogGroup { first: seq, last: seq, logs: vec![log] });
                bytes = length;
            }
        }
    }
    groups
}
