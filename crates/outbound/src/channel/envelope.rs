//! One message on its way: the body of an outbox row.
//!
//! It is stored and read again, perhaps by a later version of the node, so fields are only added.

use std::fmt;

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

/// One message to one recipient, or to one group of them that is reached at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The notification's id: the same at each attempt, told to the other side wherever its protocol has a place for it.
    pub id: String,
    /// Whose notification it is; integrations are looked up there.
    pub account: AccountId,
    /// Where it goes.
    pub target: Target,
    /// Subject or title, where the channel has one.
    #[serde(default)]
    pub title: String,
    /// The content as rendered for the channel.
    pub body: String,
    /// Plain text for mail readers that show no HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<String>,
}

/// A channel and whom it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Target {
    /// A text message.
    Sms {
        /// To this number.
        phone: PhoneNumber,
    },
    /// A telephone call. When it is not answered, one text message is sent instead.
    Voice {
        /// To this number.
        phone: PhoneNumber,
    },
    /// Mail.
    Email {
        /// The address.
        address: String,
        /// The person's name; may be empty.
        #[serde(default)]
        name: String,
    },
    /// A DingTalk group's robot.
    Dingtalk {
        /// Which.
        to: Place,
        /// Whom it calls by name.
        #[serde(default)]
        mention: Mention,
    },
    /// A WeCom group's robot.
    Wechat {
        /// Which.
        to: Place,
        /// Whom it calls by name.
        #[serde(default)]
        mention: Mention,
    },
    /// A Lark or Feishu group's robot.
    Lark {
        /// Which.
        to: Place,
        /// Everybody or nobody: robots there do not know telephone numbers.
        #[serde(default)]
        mention: Mention,
    },
    /// A Slack channel's incoming webhook.
    Slack {
        /// Which.
        to: Place,
    },
    /// Any HTTP receiver; the body is sent as it is.
    Webhook {
        /// Which.
        to: Place,
    },
    /// An EventBridge bus. The body is the event's data, the title its subject.
    EventBridge {
        /// The integration that holds endpoint and key.
        integration: String,
        /// The bus's name.
        bus: String,
        /// Whether the alert is resolved: decides the event's type.
        is_resolved: bool,
        /// The alert's time.
        time: Timestamp,
    },
    /// A function of Function Compute. The body is its event.
    Fc {
        /// The integration that holds endpoint and key.
        integration: String,
        /// The service's name.
        service: String,
        /// Its version or alias; empty is `LATEST`.
        #[serde(default)]
        version: String,
        /// The function's name.
        function: String,
    },
}

impl Target {
    /// The channel's name, as action policies write it, for records and metrics.
    pub fn channel(&self) -> &'static str {
        match self {
            Target::Sms { .. } => "sms",
            Target::Voice { .. } => "voice",
            Target::Email { .. } => "email",
            Target::Dingtalk { .. } => "dingtalk",
            Target::Wechat { .. } => "wechat",
            Target::Lark { .. } => "lark",
            Target::Slack { .. } => "slack",
            Target::Webhook { .. } => "webhook",
            Target::EventBridge { .. } => "event_bridge",
            Target::Fc { .. } => "fc",
        }
    }
}

/// Where a robot or receiver is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The webhook integration of this id.
    Integration(String),
    /// Written in the action policy itself: the older form, without a secret.
    Inline(Inline),
}

/// An address written in an action policy.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inline {
    /// The address.
    pub url: String,
    /// The HTTP method; empty is POST.
    #[serde(default)]
    pub method: String,
    /// Headers to add.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

/// Robots are authorized by a token in their address.
impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inline([secret])")
    }
}

/// Whom a message to a group calls by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Everybody in the group.
    #[serde(default)]
    pub everybody: bool,
    /// Those with these telephone numbers.
    #[serde(default)]
    pub phones: Vec<String>,
}

impl Mention {
    pub(super) fn is_empty(&self) -> bool {
        !self.everybody && self.phones.is_empty()
    }
}

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    /// `86`
    pub country_code: String,
    /// Digits, without the country code.
    pub number: String,
}
