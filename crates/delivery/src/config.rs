//! The settings of delivery.

use std::time::Duration;

use model::limits::{DELIVERY_AGE_MAX, DELIVERY_BYTES_MAX};

/// When objects are closed, and how failures are retried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// A batch closes when its oldest event was received this long ago.
    pub age_max: Duration,
    /// A batch closes when its events have this many bytes of JSON.
    pub bytes_max: usize,
    /// A trail looks for new events at most this often, however fast they arrive.
    pub poll: Duration,
    /// How long a trail whose cursor moves over events it does not select leaves that unrecorded. After a restart it
    /// looks at those events again.
    pub record_every: Duration,
    /// The pause after a first failure; it doubles with each further one.
    pub retry_min: Duration,
    /// The longest pause between attempts.
    pub retry_max: Duration,
    /// How many trails hold events in memory at once, each about `bytes_max`.
    pub encoders: usize,
    /// How many delivery history jobs work at once, each holding about `bytes_max`. They take nothing of `encoders`.
    pub jobs: usize,
    /// How long a delivery history job is tried without any progress before it fails.
    pub job_patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            age_max: DELIVERY_AGE_MAX,
            bytes_max: DELIVERY_BYTES_MAX,
            poll: Duration::from_secs(1),
            record_every: Duration::from_secs(30),
            retry_min: Duration::from_secs(1),
            // Long enough to spare a bucket that was deleted, short enough that a repaired one is noticed.
            retry_max: Duration::from_secs(300),
            encoders: 8,
            jobs: 2,
            // A bucket that was broken over night, and a morning to repair it.
            job_patience: Duration::from_secs(24 * 3600),
        }
    }
}
