//! Channels: the ways a notification leaves the node for a person or a system.
//!
//! [`Channels::send`] makes one attempt to deliver one [`Envelope`] and says in an [`Outcome`] what came of it. Retries,
//! their spacing and giving up belong to whoever keeps the outbox. An envelope holds no secret: it names a webhook
//! integration, which is opened when it is sent, so a changed secret counts at once and a deleted one stops what waits.
//! What tenants name is reached under the egress rules and never through a redirect; mail and telephone providers are
//! the operator's own and may lie anywhere.

mod aliyun;
mod cloud;
mod envelope;
mod exchange;
mod integration;
mod mail;
mod outcome;
mod pace;
mod phone;
mod robot;
mod settings;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use host::{Disk, Random, Secret};
use model::{AccountId, ErrorKind, Timestamp};

use crate::egress::{Egress, GuardedResolver};

pub use envelope::{Envelope, Inline, Mention, PhoneNumber, Place, Target};
pub use integration::{Integration, IntegrationKind, InvalidIntegration};
pub use outcome::Outcome;
pub use settings::{InvalidSettings, MailEncryption, PhoneProvider, Settings, Sms, Smtp, Voice};

use exchange::Exchange;
use mail::Mailer;
use pace::Pace;
use phone::Phones;

/// To reach a server's port.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Opens webhook integrations: the records `sls.alert.action_webhook` of an account, with their secrets.
#[async_trait::async_trait]
pub trait Integrations: Send + Sync {
    /// The integration of this account and id, or `None` when there is none. An error says why it cannot be told now.
    async fn open(&self, account: AccountId, id: &str) -> Result<Option<Integration>, String>;
}

/// The channels could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// A file that a setting names cannot be read.
    #[error("{setting}: cannot read {path:?}")]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file of certificates holds none that can be used.
    #[error("alerting.smtp.ca_file: {0:?} holds no certificate in PEM")]
    Certificates(PathBuf),
    /// The machine's certificates are unusable.
    #[error("could not set up outgoing connections")]
    Connections(#[source] reqwest::Error),
}

impl ChannelsError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ChannelsError::Connections(_) => ErrorKind::Unavailable,
            _ => ErrorKind::Invalid,
        }
    }
}

/// Sends notifications. Cheap to clone; clones share connections and rate limits.
#[derive(Clone)]
pub struct Channels(Arc<Shared>);

struct Shared {
    integrations: Arc<dyn Integrations>,
    random: Arc<dyn Random>,
    exchange: Exchange,
    mailer: Option<Mailer>,
    phones: Phones,
    pace: Pace,
}

impl Channels {
    /// Reads the files that the settings name; opens no connection.
    pub fn new(
        settings: &Settings,
        disk: &dyn Disk,
        random: Arc<dyn Random>,
        integrations: Arc<dyn Integrations>,
    ) -> Result<Channels, ChannelsError> {
        settings.check()?;
        let egress = Egress { allow_loopback: settings.allow_loopback, loopback_setting: "alerting.allow_loopback" };
        let operators = Egress { allow_loopback: true, ..egress };
        let exchange = Exchange { http: client(egress)?, egress };
        let mailer = match settings.smtp.is_configured() {
            true => Some(Mailer::new(&settings.smtp, disk)?),
            false => None,
        };
        let provider = Exchange { http: client(operators)?, egress: operators };
        let phones = Phones::new(settings, disk, provider)?;
        let pace = Pace::default();
        Ok(Channels(Arc::new(Shared { integrations, random, exchange, mailer, phones, pace })))
    }

    /// One attempt. Whatever the other side does it ends: a webhook within 5 seconds, mail within 30, a call within 65.
    pub async fn send(&self, envelope: &Envelope, now: Timestamp) -> Outcome {
        let shared = &*self.0;
        match &envelope.target {
            Target::Email { address, name } => match &shared.mailer {
                Some(mailer) => mailer.send(envelope, address, name, now).await,
                None => Outcome::rejected("no mail server is configured ([alerting.smtp] host)"),
            },
            Target::Sms { phone } => shared.phones.text(envelope, phone, now, &*shared.random).await,
            Target::Voice { phone } => shared.phones.call(envelope, phone, now, &*shared.random).await,
            Target::Dingtalk { to, mention } => self.robot(envelope, to, mention, IntegrationKind::Dingtalk, now).await,
            Target::Wechat { to, mention } => self.robot(envelope, to, mention, IntegrationKind::Wechat, now).await,
            Target::Lark { to, mention } => self.robot(envelope, to, mention, IntegrationKind::Lark, now).await,
            Target::Slack { to } => self.robot(envelope, to, &Mention::default(), IntegrationKind::Slack, now).await,
            Target::Webhook { to } => match self.opened(envelope.account, to, IntegrationKind::Custom).await {
                Ok(integration) => webhook::send(&shared.exchange, envelope, &integration).await,
                Err(outcome) => outcome,
            },
            Target::EventBridge { integration, bus, is_resolved, time } => {
                let event = cloud::Event { bus, is_resolved: *is_resolved, time: *time };
                match self.integration(envelope.account, integration, IntegrationKind::EventBridge).await {
                    Ok(opened) => cloud::put_event(&shared.exchange, envelope, &opened, &event, now).await,
                    Err(outcome) => outcome,
                }
            }
            Target::Fc { integration, service, version, function } => {
                let function = cloud::Function { service, version, name: function };
                match self.integration(envelope.account, integration, IntegrationKind::Fc).await {
                    Ok(opened) => cloud::invoke(&shared.exchange, envelope, &opened, &function, now).await,
                    Err(outcome) => outcome,
                }
            }
        }
    }

    /// Asks a service of the account's who shall be told: one POST, at most 10 seconds and 2 KB of answer, only 200 counts.
    pub async fn ask(&self, url: &str, headers: &[(String, String)], body: String) -> Result<String, Outcome> {
        webhook::ask(&self.0.exchange, url, headers, body).await
    }

    async fn robot(
        &self,
        envelope: &Envelope,
        to: &Place,
        mention: &Mention,
        kind: IntegrationKind,
        now: Timestamp,
    ) -> Outcome {
        let integration = match self.opened(envelope.account, to, kind).await {
            Ok(integration) => integration,
            Err(outcome) => return outcome,
        };
        let wait = if kind.is_paced() { self.0.pace.wait(&integration.url, now) } else { None };
        if let Some(after) = wait {
            return Outcome::Wait { after };
        }
        robot::send(&self.0.exchange, envelope, &integration, mention, now).await
    }

    async fn opened(&self, account: AccountId, to: &Place, kind: IntegrationKind) -> Result<Integration, Outcome> {
        match to {
            Place::Integration(id) => self.integration(account, id, kind).await,
            Place::Inline(inline) => Ok(Integration {
                kind,
                url: inline.url.clone(),
                method: inline.method.clone(),
                headers: inline.headers.clone(),
                access_key_id: String::new(),
                secret: None::<Secret<String>>,
            }),
        }
    }

    async fn integration(&self, account: AccountId, id: &str, kind: IntegrationKind) -> Result<Integration, Outcome> {
        match self.0.integrations.open(account, id).await {
            Ok(Some(found)) if found.kind == kind => Ok(found),
            Ok(Some(found)) => {
                let (is, wanted) = (found.kind.name(), kind.name());
                Err(Outcome::Rejected { why: format!("webhook integration {id} is of type {is}, not {wanted}") })
            }
            Ok(None) => Err(Outcome::Rejected { why: format!("webhook integration {id} does not exist") }),
            Err(why) => Err(Outcome::Retry { why: format!("webhook integration {id}: {why}"), after: None }),
        }
    }
}

fn client(egress: Egress) -> Result<reqwest::Client, ChannelsError> {
    reqwest::Client::builder()
        .user_agent(concat!("cairn/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_PATIENCE)
        .http1_only()
        // A redirect would lead past the egress rules, and an address that moved should be put right where it is kept.
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(GuardedResolver { egress }))
        .build()
        .map_err(ChannelsError::Connections)
}

#[cfg(test)]
mod tests;
