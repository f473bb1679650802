//! How much alerting does at once, and for how long it keeps what is over.

use std::time::Duration;

use query::Limits;

/// See the fields.
#[derive(Debug, Clone)]
pub struct Config {
    /// Evaluations at once, of different rules. Each holds the rows of at most three queries.
    pub evaluations: usize,
    /// What one query of a rule may cost. Its rows are limited by the rule.
    pub query_limits: Limits,
    /// Missed runs of a rule that are caught up one by one.
    pub catch_up_runs: usize,
    /// How far back they may lie.
    pub catch_up: Duration,
    /// Messages at once on one channel.
    pub sends_per_channel: usize,
    /// Notifications that may wait. Above it the oldest are given up.
    pub outbox: usize,
    /// A message is given up when it could not be sent for so long.
    pub give_up_after: Duration,
    /// What is over is kept so long: ended incidents, notifications, messages of the inbox.
    pub keep: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            // Two cores: two evaluations keep them busy, two more wait for the disk.
            evaluations: 4,
            query_limits: Limits {
                time: Duration::from_secs(55),
                rows: 1000,
                scanned_bytes: 4 << 30,
                memory_bytes: 256 << 20,
            },
            catch_up_runs: 1000,
            catch_up: Duration::from_secs(24 * 3600),
            // A receiver that hangs holds one for five to thirty seconds; the others go on.
            sends_per_channel: 8,
            outbox: 100_000,
            give_up_after: Duration::from_secs(24 * 3600),
            keep: Duration::from_secs(30 * 24 * 3600),
        }
    }
}
