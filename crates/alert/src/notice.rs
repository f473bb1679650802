//! The alert: what flows from a rule to a person.

use std::collections::BTreeMap;
use std::fmt;

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A row of an answer: names of columns and their values as text, as Log Service shows them.
pub type Row = BTreeMap<String, String>;

/// How bad it is. Ordered: critical is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Severity {
    /// 2
    Report,
    /// 4
    Low,
    /// 6
    Medium,
    /// 8
    High,
    /// 10
    Critical,
}

impl Severity {
    /// The number it has on the wire.
    pub fn number(self) -> u8 {
        match self {
            Severity::Report => 2,
            Severity::Low => 4,
            Severity::Medium => 6,
            Severity::High => 8,
            Severity::Critical => 10,
        }
    }

    /// Its English name.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Report => "Report",
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
        }
    }
}

impl From<Severity> for u8 {
    fn from(severity: Severity) -> u8 {
        severity.number()
    }
}

/// A number that is no severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("severity {0} is none of 2, 4, 6, 8, 10")]
pub struct NoSeverity(pub u8);

impl TryFrom<u8> for Severity {
    type Error = NoSeverity;

    fn try_from(number: u8) -> Result<Severity, NoSeverity> {
        let all = [Severity::Report, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        all.into_iter().find(|severity| severity.number() == number).ok_or(NoSeverity(number))
    }
}

/// Whether what an alert says is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Firing,
    /// No longer.
    Resolved,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Firing => "firing",
            Status::Resolved => "resolved",
        })
    }
}

/// The language of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Locale {
    /// `zh-CN`
    #[serde(rename = "zh-CN")]
    Chinese,
    /// `en-US`
    #[serde(rename = "en-US")]
    English,
}

/// A way to reach people or systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Text messages.
    Sms,
    /// Telephone calls.
    Voice,
    /// Mail.
    Email,
    /// A DingTalk group's robot.
    Dingtalk,
    /// Any HTTP receiver.
    Webhook,
    /// Cairn's own inbox.
    MessageCenter,
    /// A WeCom group's robot.
    Wechat,
    /// A Lark or Feishu group's robot.
    Lark,
    /// A Slack channel's incoming webhook.
    Slack,
    /// An EventBridge bus.
    EventBridge,
    /// A function.
    Fc,
}

/// Which alert it is, across evaluations: the same account, project, rule and labels give the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// Of an alert with these labels: 32 hexadecimal digits.
    pub fn of(account: AccountId, project: &str, rule: &str, labels: &BTreeMap<String, String>) -> Fingerprint {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(account.as_str());
        add(project);
        add(rule);
        for (key, value) in labels {
            add(key);
            add(value);
        }
        Fingerprint(hex::encode(&hash.finalize()[..16]))
    }
}

/// What one of a rule's queries found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `log`, `metric` or `meta`.
    pub store_type: String,
    /// Its region.
    pub region: String,
    /// The project that was asked.
    pub project: String,
    /// The Logstore, or the resource of a `meta` query.
    pub store: String,
    /// The query as it was run.
    pub query: String,
    /// Seconds since 1970; inclusive.
    pub start_time: i64,
    /// Seconds since 1970; exclusive.
    pub end_time: i64,
    /// The rows, at most 100.
    pub rows: Vec<Row>,
    /// How many there were.
    pub row_count: usize,
    /// Whether the answer was cut short.
    pub is_truncated: bool,
}

/// An alert: one instance of a rule at one evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Whose rule.
    pub account: AccountId,
    /// The region of the project.
    pub region: String,
    /// The rule's project.
    pub project: String,
    /// The rule's name, unique in its project; `alert_id` on the wire.
    pub rule: String,
    /// The rule's display name; `alert_name` on the wire.
    pub rule_title: String,
    /// Identity across evaluations.
    pub fingerprint: Fingerprint,
    /// Firing or resolved.
    pub status: Status,
    /// How bad.
    pub severity: Severity,
    /// The rule's labels and its group's fields.
    pub labels: BTreeMap<String, String>,
    /// Text for people, filled in.
    pub annotations: BTreeMap<String, String>,
    /// The evaluation's time.
    pub alert_time: Timestamp,
    /// When it first fired.
    pub fire_time: Timestamp,
    /// When it was resolved.
    pub resolve_time: Option<Timestamp>,
    /// Seconds until the rule is evaluated again; 0 when it runs on the stream only.
    pub next_eval_interval: i64,
    /// What the queries found.
    pub results: Vec<Found>,
    /// The rows of its group that met the conditions, at most 100.
    pub fire_results: Vec<Row>,
    /// How many there were.
    pub fire_results_count: usize,
    /// The condition with values filled in: `Count:[5] > 3;Condition:[12] > 10`.
    pub condition: String,
    /// The condition as written.
    pub raw_condition: String,
    /// The alert policy's id.
    pub alert_policy: String,
    /// The action policy's id.
    pub action_policy: String,
    /// `2h`, as the rule says it.
    pub repeat_interval: String,
    /// The rule's dashboard.
    pub dashboard: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_numbers_on_the_wire() {
        for number in [2, 4, 6, 8, 10] {
            assert_eq!(Severity::try_from(number).unwrap().number(), number);
        }
        assert_eq!(Severity::try_from(7), Err(NoSeverity(7)));
        assert!(Severity::Critical > Severity::High);
    }

    #[test]
    fn labels_tell_alerts_apart_and_nothing_else_does() {
        let account: AccountId = "1000000000000001".parse().unwrap();
        let labels =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let of = |pairs: &[(&str, &str)]| Fingerprint::of(account, "audit", "rule", &labels(pairs));
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1")]), of(&[("a1", "")]));
        assert_ne!(of(&[("a", "1")]), of(&[]));
    }
}
