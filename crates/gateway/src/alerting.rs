//! What the gateway asks of whoever runs alert rules and sends notifications. `node` puts it there over `watch`.
//!
//! Reports are JSON that is shown as it is: the gateway checks who asks and for which rule, and translates nothing.

use alert::{Channel, Locale};
use catalog::NewAlertRule;
use futures::future::BoxFuture;
use model::{AccountId, ErrorKind, Timestamp};
use serde_json::Value;

/// A report, or why there is none.
pub type Answer<'a> = BoxFuture<'a, Result<Value, AlertingError>>;

/// Why the runtime did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AlertingError {
    /// What sort of failure it is.
    pub kind: ErrorKind,
    /// A sentence for the caller; of failures of ours it must not say more than that they are.
    pub message: String,
}

/// A message that is only sent to see whether it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// By which way.
    pub channel: Channel,
    /// A user's id, a webhook's id, or an address.
    pub target: String,
    /// The content template's id.
    pub template: String,
    /// In which language, where the template does not say it.
    pub locale: Locale,
}

/// The runtime of alerting.
pub trait Alerting: Send + Sync {
    /// Runs a rule over a past range and says what it would have sent. Nothing is sent, nothing is remembered.
    fn dry_run<'a>(&'a self, rule: &'a NewAlertRule, from: Timestamp, to: Timestamp) -> Answer<'a>;

    /// Why the rule did or did not fire, or tell somebody, at a time.
    fn explain<'a>(&'a self, account: AccountId, project: &'a str, rule: &'a str, at: Timestamp) -> Answer<'a>;

    /// Sends one message now and says how it went.
    fn send_test<'a>(&'a self, account: AccountId, message: &'a TestMessage) -> Answer<'a>;
}
