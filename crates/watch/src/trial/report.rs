//! What a trial shows. Names are those of the API, where a report is shown as it is.

use std::collections::BTreeMap;

use alert::evaluate::{Evaluation, EvaluationStatus};
use alert::{Alert, Channel, Fingerprint, Severity};
use model::Timestamp;
use serde::{Serialize, Serializer};

use crate::decide::{Act, AlertRef, Decision};
use crate::rules::KnownRule;

/// Notifications that are listed; all are counted.
const LISTED_MAX: usize = 500;
/// Alerts that are listed; all are counted.
const EPISODES_MAX: usize = 1000;
/// Failures that are listed; all are counted.
const FAILURES_MAX: usize = 20;
/// Characters of a message that are shown.
const TEXT_CHARACTERS_MAX: usize = 2000;

pub(super) fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn as_text_if_any<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

/// What a rule would have done.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Report {
    /// The rule's project.
    pub project: String,
    /// The rule's name.
    pub rule: String,
    /// As it was asked.
    #[serde(serialize_with = "as_text")]
    pub from: Timestamp,
    /// As it was asked.
    #[serde(serialize_with = "as_text")]
    pub to: Timestamp,
    /// The last instant that was run.
    #[serde(serialize_with = "as_text")]
    pub through: Timestamp,
    /// Instants in the range.
    pub runs: usize,
    /// How many of them needed an evaluation of their own.
    pub asked: usize,
    /// How they ended.
    pub evaluations: Tally,
    /// How many alerts there were, each from its first fire to its end.
    pub incident_count: usize,
    /// Those that ended first and those that go on, in the order of their first fires.
    pub incidents: Vec<Episode>,
    #[serde(skip)]
    open: BTreeMap<Fingerprint, Episode>,
    /// Notifications that would have been sent.
    pub sent: usize,
    /// And those that would not.
    pub suppressed: usize,
    /// The first of both, in order.
    pub notifications: Vec<Told>,
    /// The first runs that failed.
    pub failures: Vec<Failure>,
    /// What is to be known of the trial.
    pub notes: Vec<String>,
    /// How long it took.
    pub took_milliseconds: u64,
}

/// Runs by how they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tally {
    /// With an alert.
    pub firing: usize,
    /// Met, but not often enough in a row.
    pub pending: usize,
    /// Nothing.
    pub inactive: usize,
    /// Not at all.
    pub failed: usize,
}

/// An alert from its first fire to its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Episode {
    /// Which.
    pub fingerprint: Fingerprint,
    /// What tells it apart.
    pub labels: BTreeMap<String, String>,
    /// Filled in.
    pub annotations: BTreeMap<String, String>,
    /// The worst it was.
    pub severity: Severity,
    /// Its condition when it first fired.
    pub condition: String,
    /// First fire.
    #[serde(serialize_with = "as_text")]
    pub fired: Timestamp,
    /// Its end; none while it goes on.
    #[serde(serialize_with = "as_text_if_any")]
    pub ended: Option<Timestamp>,
    /// In how many runs it fired.
    pub runs: usize,
}

/// A notification that would have been sent, or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Told {
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Whether it would have been sent.
    pub is_sent: bool,
    /// Why, for machines.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// Who decided; empty when it did not come so far.
    pub action_policy: String,
    /// How.
    pub channel: Option<Channel>,
    /// To whom.
    pub recipient: String,
    /// The message's title.
    pub title: String,
    /// The message, cut.
    pub text: String,
    /// Of what.
    pub alerts: Vec<ToldOf>,
}

/// An alert of a notification.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ToldOf {
    /// Which.
    pub fingerprint: Fingerprint,
    /// `firing` or `resolved`.
    pub status: String,
}

/// A run that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Failure {
    /// Which.
    #[serde(serialize_with = "as_text")]
    pub instant: Timestamp,
    /// Why.
    pub reason: String,
}

impl Report {
    pub(super) fn new(rule: &KnownRule, (from, to): (Timestamp, Timestamp), runs: usize) -> Report {
        Report {
            project: rule.row.project.clone(),
            rule: rule.row.name.clone(),
            from,
            to,
            through: from,
            runs,
            asked: 0,
            evaluations: Tally::default(),
            incident_count: 0,
            incidents: Vec::new(),
            open: BTreeMap::new(),
            sent: 0,
            suppressed: 0,
            notifications: Vec::new(),
            failures: Vec::new(),
            notes: Vec::new(),
            took_milliseconds: 0,
        }
    }

    pub(super) fn note_of_mute(&mut self, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.notes.push(format!("The rule is muted until {until}; the trial runs it as if it were not."));
        }
    }

    pub(super) fn note_of_an_end(&mut self, next: Timestamp, why: &str) {
        self.notes.push(format!("The trial ended before {next}: {why}."));
    }

    /// Counts a run.
    pub(super) fn ran(&mut self, instant: Timestamp, evaluation: &Evaluation) {
        let tally = &mut self.evaluations;
        let count = match evaluation.alert_status {
            EvaluationStatus::Firing | EvaluationStatus::Paused => &mut tally.firing,
            EvaluationStatus::Pending => &mut tally.pending,
            EvaluationStatus::Inactive => &mut tally.inactive,
            EvaluationStatus::Error => &mut tally.failed,
        };
        *count += 1;
        if evaluation.alert_status == EvaluationStatus::Error && self.failures.len() < FAILURES_MAX {
            self.failures.push(Failure { instant, reason: evaluation.reason.clone() });
        }
    }

    /// Keeps account of which alerts are open.
    pub(super) fn incidents(&mut self, firing: &[Alert], resolved: &[Alert], now: Timestamp) {
        for alert in firing {
            if let Some(open) = self.open.get_mut(&alert.fingerprint) {
                open.runs += 1;
                open.severity = open.severity.max(alert.severity);
                continue;
            }
            self.incident_count += 1;
            let begun = Episode {
                fingerprint: alert.fingerprint.clone(),
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
                severity: alert.severity,
                condition: alert.condition.clone(),
                fired: alert.fire_time,
                ended: None,
                runs: 1,
            };
            self.open.insert(alert.fingerprint.clone(), begun);
        }
        for alert in resolved {
            if let Some(over) = self.open.remove(&alert.fingerprint) {
                self.list(Episode { ended: Some(now), ..over });
            }
        }
    }

    /// Lists what goes on, too.
    pub(super) fn close(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            self.list(open);
        }
        self.incidents.sort_by_key(|episode| episode.fired);
    }

    fn list(&mut self, episode: Episode) {
        if self.incidents.len() < EPISODES_MAX {
            self.incidents.push(episode);
        }
    }

    /// Takes down a notification.
    pub(super) fn told(&mut self, told: Told) {
        let count = if told.is_sent { &mut self.sent } else { &mut self.suppressed };
        *count += 1;
        if self.notifications.len() < LISTED_MAX {
            self.notifications.push(told);
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARACTERS_MAX).collect()
}

impl Told {
    /// What a decision comes to.
    pub(super) fn of(decision: &Decision, at: Timestamp) -> Told {
        let (is_sent, title, text) = match &decision.act {
            Act::Send(send) => (true, send.1.title.clone(), cut(&send.1.body)),
            Act::Inbox(message) => (true, message.title.clone(), cut(&message.body)),
            Act::Ask(question) => (true, String::new(), format!("{} would be asked for whom it is", question.url)),
            Act::Suppress => (false, String::new(), String::new()),
        };
        let of = |alert: &AlertRef| ToldOf { fingerprint: alert.fingerprint.clone(), status: alert.status.to_string() };
        Told {
            at,
            is_sent,
            code: decision.code.to_string(),
            reason: decision.reason.clone(),
            action_policy: decision.action_policy.clone(),
            channel: decision.channel,
            recipient: decision.recipient.clone(),
            title,
            text,
            alerts: decision.alerts.iter().map(of).collect(),
        }
    }
}
