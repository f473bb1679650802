//! Alerting at work: runs rules on their schedules and on the stream of new events, keeps incidents and merge sets, and
//! sends what the outbox holds. What alerting means is decided in `alert`.

mod config;
mod history;
mod integrations;
mod metrics;
mod outbox;
mod question;
mod rows;

pub use config::Config;
pub use integrations::RecordedIntegrations;
pub use outbox::Carrier;
pub use question::{AskError, Asked, Asker, Told};
