//! A message that is sent at once to see whether it arrives: nothing is recorded and nothing repeated.

use alert::template::{Message, preview};
use alert::{Channel, Locale};
use catalog::CatalogError;
use model::{AccountId, ErrorKind};
use outbound::channel::{Envelope, Inline, Mention, Outcome, PhoneNumber, Place, Target};

use crate::Watch;
use crate::desk::read_book;

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// By which way.
    pub channel: Channel,
    /// A user's id, a webhook integration's id, or an address: mail, `86-13800000000`, `https://...`. For Function Compute
    /// and EventBridge what is behind the integration: `<integration>/<service>/<function>`, `<integration>/<bus>`.
    pub target: String,
    /// The content template's id; empty for the usual one.
    pub template: String,
    /// In which language, where the template does not say it.
    pub locale: Option<Locale>,
}

/// A test message could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The target says nothing.
    #[error("{0}")]
    Target(String),
    /// The template cannot be used.
    #[error("{0}")]
    Template(String),
    /// Filling the template broke: our own mistake.
    #[error("the template could not be filled")]
    Broke(#[from] tokio::task::JoinError),
    /// The catalog failed.
    #[error("the records could not be read")]
    Catalog(#[from] CatalogError),
}

impl TestError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            TestError::Target(_) | TestError::Template(_) => ErrorKind::Invalid,
            TestError::Broke(_) => ErrorKind::Bug,
            TestError::Catalog(error) => error.kind(),
        }
    }
}

impl Watch {
    /// Sends a sample alert to somebody now, and says how each message went.
    pub async fn send_test(&self, account: AccountId, test: &TestMessage) -> Result<Vec<Outcome>, TestError> {
        let parts = self.parts();
        let book = read_book(&parts.catalog, account, &[]).await?;
        let id = if test.template.is_empty() { "sls.builtin.en" } else { &test.template };
        let (template, wrong) = book.template(id);
        if let Some(wrong) = wrong {
            return Err(TestError::Template(wrong));
        }
        // A template may take its time: not on a thread that serves.
        let (template, channel, locale) = (template.clone(), test.channel, test.locale);
        let messages = tokio::task::spawn_blocking(move || preview(&template, channel, locale)).await?;
        let messages = messages.map_err(|error| TestError::Template(error.to_string()))?;
        let user = book.people().users().find(|user| user.id == test.target);
        let targets = match user {
            Some(user) => personal(test.channel, user)?,
            None => vec![target(test)?],
        };
        let now = parts.clock.now();
        let mut outcomes = Vec::new();
        for target in targets {
            for Message { title, body, plain, .. } in messages.clone() {
                let id = format!("test-{}", parts.random.text(27, b"0123456789abcdef"));
                let envelope = Envelope { id, account, target: target.clone(), title, body, plain };
                outcomes.push(parts.carrier.carry(&envelope, now).await);
            }
        }
        Ok(outcomes)
    }
}

fn personal(channel: Channel, user: &alert::recipients::User) -> Result<Vec<Target>, TestError> {
    let phone = || PhoneNumber { country_code: user.country_code.clone(), number: user.phone.clone() };
    let mail = |address: &String| Target::Email { address: address.clone(), name: user.name.clone() };
    let targets = match channel {
        Channel::Email => user.emails.iter().map(mail).collect(),
        Channel::Sms if !user.phone.is_empty() => vec![Target::Sms { phone: phone() }],
        Channel::Voice if !user.phone.is_empty() => vec![Target::Voice { phone: phone() }],
        Channel::Sms | Channel::Voice => Vec::new(),
        _ => return Err(TestError::Target("users are reached by mail, text message and call only".to_owned())),
    };
    match targets.is_empty() {
        true => Err(TestError::Target(format!("user {} has no address for this channel", user.id))),
        false => Ok(targets),
    }
}

fn target(test: &TestMessage) -> Result<Target, TestError> {
    let text = test.target.as_str();
    let to = if text.starts_with("http://") || text.starts_with("https://") {
        Place::Inline(Inline { url: text.to_owned(), method: String::new(), headers: Vec::new() })
    } else {
        Place::Integration(text.to_owned())
    };
    let mention = Mention::default();
    let phone = || match text.trim_start_matches('+').split_once('-') {
        Some((country_code, number)) => {
            Ok(PhoneNumber { country_code: country_code.to_owned(), number: number.to_owned() })
        }
        None => Err(TestError::Target(format!("{text:?} is neither a user nor a number such as 86-13800000000"))),
    };
    Ok(match test.channel {
        Channel::Email if text.contains('@') => Target::Email { address: text.to_owned(), name: String::new() },
        Channel::Email => return Err(TestError::Target(format!("{text:?} is neither a user nor a mail address"))),
        Channel::Sms => Target::Sms { phone: phone()? },
        Channel::Voice => Target::Voice { phone: phone()? },
        Channel::Dingtalk => Target::Dingtalk { to, mention },
        Channel::Wechat => Target::Wechat { to, mention },
        Channel::Lark => Target::Lark { to, mention },
        Channel::Slack => Target::Slack { to },
        Channel::Webhook => Target::Webhook { to },
        Channel::EventBridge => {
            let (integration, bus) = text.split_once('/').unwrap_or((text, "default"));
            let (integration, bus) = (integration.to_owned(), bus.to_owned());
            Target::EventBridge { integration, bus, is_resolved: false, time: model::Timestamp(0) }
        }
        Channel::Fc => match text.split('/').collect::<Vec<_>>()[..] {
            [integration, service, function] => Target::Fc {
                integration: integration.to_owned(),
                service: service.to_owned(),
                version: String::new(),
                function: function.to_owned(),
            },
            _ => return Err(TestError::Target("use <integration>/<service>/<function>".to_owned())),
        },
        Channel::MessageCenter => {
            return Err(TestError::Target("the Message Center is the node's own inbox: nothing is sent".to_owned()));
        }
    })
}
