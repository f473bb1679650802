//! What is decided: what is told to whom, or why not.

use std::borrow::Cow;
use std::collections::BTreeMap;

use alert::action::{Planned, Step};
use alert::merge::Suppressed;
use alert::template::Message;
use alert::{Alert, Channel, Fingerprint, Severity, Status};
use model::Timestamp;
use outbound::channel::Target;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Quotas are counted by the days of Log Service's own time zone.
const DAY_OFFSET_MILLISECONDS: i64 = 8 * 3_600_000;
const DAY_MILLISECONDS: i64 = 86_400_000;

/// Which alert, where a whole one would be too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRef {
    /// The incident it belongs to.
    pub incident: String,
    /// Across evaluations.
    pub fingerprint: Fingerprint,
    /// The rule's project.
    pub project: String,
    /// The rule's name.
    pub rule: String,
    /// The rule's display name.
    pub title: String,
    /// Firing or resolved.
    pub status: Status,
    /// How bad.
    pub severity: Severity,
}

/// Something that is told, or not told.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Why, for machines.
    pub code: Cow<'static, str>,
    /// Why, for people.
    pub reason: String,
    /// The action policy that decided; empty when it did not come so far.
    pub action_policy: String,
    /// How; `None` when it did not come so far.
    pub channel: Option<Channel>,
    /// A user's id, a webhook's id: whom it is for.
    pub recipient: String,
    /// Of what.
    pub alerts: Vec<AlertRef>,
    /// Whether it counts against its recipient's quota.
    pub is_counted: bool,
    /// What is to be done.
    pub act: Act,
}

/// What a decision leads to.
#[derive(Debug, Clone)]
pub enum Act {
    /// A message to somebody outside.
    Send(Box<(Target, Message)>),
    /// A message in the inbox.
    Inbox(Box<Message>),
    /// Whom to tell is asked of somebody outside first.
    Ask(Box<Question>),
    /// Nothing.
    Suppress,
}

/// A notification whose recipients somebody outside names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// Whom to ask.
    pub url: String,
    /// With these headers.
    pub headers: BTreeMap<String, String>,
    /// The notification without its recipients.
    pub planned: Planned,
    /// What it is about.
    pub alerts: Vec<Alert>,
    /// The action policy.
    pub action_policy: String,
    /// Why it is told, for machines.
    pub code: String,
    /// Why it is told, for people.
    pub reason: String,
}

/// What came of the sets that were due.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// What is told and not told.
    pub decisions: Vec<Decision>,
    /// The alerts that an action policy was run for.
    pub told: Vec<ToldAlert>,
    /// What the scripts of policies did, for whoever asks why.
    pub steps: Vec<(String, Vec<Step>)>,
}

/// An alert that an action policy was run for.
#[derive(Debug, Clone)]
pub struct ToldAlert {
    /// Which.
    pub alert: AlertRef,
    /// Which policy.
    pub action_policy: String,
    /// When its escalation is to be looked at first.
    pub escalate_at: Option<Timestamp>,
}

/// The incident of an alert: its fingerprint and when it first fired.
pub fn incident_id(alert: &Alert) -> String {
    let mut hash = Sha256::new();
    hash.update(&alert.fingerprint.0);
    hash.update(alert.fire_time.0.to_le_bytes());
    hex::encode(&hash.finalize()[..16])
}

/// The day quotas count, as a number.
pub fn quota_day(at: Timestamp) -> i64 {
    (at.0 + DAY_OFFSET_MILLISECONDS).div_euclid(DAY_MILLISECONDS)
}

impl AlertRef {
    /// Of an alert.
    pub fn of(alert: &Alert) -> AlertRef {
        AlertRef {
            incident: incident_id(alert),
            fingerprint: alert.fingerprint.clone(),
            project: alert.project.clone(),
            rule: alert.rule.clone(),
            title: alert.rule_title.clone(),
            status: alert.status,
            severity: alert.severity,
        }
    }
}

impl Decision {
    /// Something that is not told.
    pub fn not_told(code: impl Into<Cow<'static, str>>, reason: impl Into<String>, alerts: Vec<AlertRef>) -> Decision {
        Decision {
            code: code.into(),
            reason: reason.into(),
            action_policy: String::new(),
            channel: None,
            recipient: String::new(),
            alerts,
            is_counted: false,
            act: Act::Suppress,
        }
    }
}

pub(super) fn not_told(suppressed: &Suppressed, alert: &Alert) -> Decision {
    Decision::not_told(suppressed.reason.code.clone(), suppressed.reason.why.clone(), vec![AlertRef::of(alert)])
}
