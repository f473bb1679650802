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
    /// Whether rules that can be are looked at with each new event, beside their schedules.
    pub stream: bool,
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
    /// The longest time without looking at what is due: the clock may have been set.
    pub look_again: Duration,
    /// Where people reach the node, for links in messages; empty: messages have no links.
    pub public_url: String,
    /// Whether messages have links that need no login.
    pub detail_links: bool,
    /// How long such a link works.
    pub detail_link_life: Duration,
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
            stream: true,
            catch_up_runs: 1000,
            catch_up: Duration::from_secs(24 * 3600),
            // A receiver that hangs holds one for five to thirty seconds; the others go on.
            sends_per_channel: 8,
            outbox: 100_000,
            give_up_after: Duration::from_secs(24 * 3600),
            look_again: Duration::from_secs(1),
            public_url: String::new(),
            detail_links: true,
            detail_link_life: Duration::from_secs(24 * 3600),
            keep: Duration::from_secs(30 * 24 * 3600),
        }
    }
}
