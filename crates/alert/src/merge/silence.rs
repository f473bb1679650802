//! Silences: alerts that nobody wants to hear of for a while.
//!
//! People make a `Silence` with matchers over fields, labels and entities, a start and an end. Policies have silences of their own in
//! their silence script: `silence(reason="maintenance", days=[6], from="02:00", to="05:00")` in the branches of conditions. Either
//! is looked at right before a set is told, and gives a reason.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::AlertPolicy;
use super::policy::reached;
use crate::calendar::{self, Hours};
use crate::script::{Call, Comparison, Condition, Field, Operator, Scope, Value};
use crate::{Alert, Reason};

/// How many matchers a silence may have.
const MATCHERS_MAX: usize = 16;
/// The longest silence. Whoever wants a longer one wants another rule.
const LENGTH_MAX_MILLISECONDS: i64 = 366 * 86_400_000;

/// A silence that somebody made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Unique in the account.
    pub id: String,
    /// An alert that meets all of these is silenced.
    pub matchers: Vec<Matcher>,
    /// From when on.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// Why, for whoever wonders.
    pub reason: String,
    /// Who made it.
    pub creator: String,
}

/// One comparison of a silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matcher {
    /// A field as scripts name it behind `alert.`: `labels.user`, `entity.address`, `alert_id`, `severity`.
    pub object: String,
    /// `==`, `!=`, `>`, `>=`, `<`, `<=`, `=~`, `!~`, `in`, `not in`.
    pub operator: String,
    /// With what.
    pub value: Json,
}

/// A silence that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct SilenceError {
    /// Which part.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl SilenceError {
    /// The kind of every such error.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

impl Silence {
    /// Whether it means something.
    pub fn check(&self) -> Result<(), SilenceError> {
        self.condition().map(drop)
    }

    fn condition(&self) -> Result<Condition, SilenceError> {
        let wrong = |field, message: String| SilenceError { field, message };
        if self.end <= self.start {
            return Err(wrong("end", "a silence ends after it starts".into()));
        }
        if self.end.0.saturating_sub(self.start.0) > LENGTH_MAX_MILLISECONDS {
            return Err(wrong("end", "a silence lasts at most 366 days".into()));
        }
        if self.matchers.is_empty() || self.matchers.len() > MATCHERS_MAX {
            return Err(wrong("matchers", format!("a silence has 1 to {MATCHERS_MAX} matchers")));
        }
        let compared = self.matchers.iter().map(Matcher::condition).collect::<Result<Vec<_>, _>>();
        compared.map(Condition::And).map_err(|message| wrong("matchers", message))
    }

    /// Whether it holds at a time.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.end
    }
}

impl Matcher {
    fn condition(&self) -> Result<Condition, String> {
        let field = Field::parse(Scope::Any, &self.object)?;
        let operator = Operator::parse(&self.operator).ok_or_else(|| {
            let known: Vec<&str> = Operator::ALL.iter().map(|operator| operator.sign()).collect();
            format!("{:?} is none of the operators {}", self.operator, known.join(" "))
        })?;
        Comparison::new(Value::Field(field), operator, Value::from(&self.value)).map(Condition::Compare)
    }
}

/// Silences, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Silences {
    silences: Vec<(Silence, Condition)>,
}

impl Silences {
    /// Of silences that were checked when they were made; what is not valid silences nothing.
    pub fn of(silences: impl IntoIterator<Item = Silence>) -> Silences {
        let ready = |silence: Silence| silence.condition().ok().map(|condition| (silence, condition));
        Silences { silences: silences.into_iter().filter_map(ready).collect() }
    }

    /// Why an alert is not told now, if it is not.
    pub fn silenced(&self, alert: &Alert, now: Timestamp) -> Option<Reason> {
        let holds = |(silence, condition): &&(Silence, Condition)| silence.is_active(now) && condition.meets(alert);
        let (silence, _) = self.silences.iter().find(holds)?;
        let why = format!("silence {} of {} until {}: {}", silence.id, silence.creator, silence.end, silence.reason);
        Some(Reason::new("silenced", why))
    }
}

/// A `silence(...)` of a policy: always, between two times, or at some hours of some days.
struct Window {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    days: Option<[bool; 7]>,
    hours: Option<Hours>,
    zone: jiff::tz::TimeZone,
    reason: String,
}

pub(super) fn check(call: &Call) -> Result<(), String> {
    read(call).map(drop)
}

fn read(call: &Call) -> Result<Window, String> {
    let text = |name: &str| match call.arguments.get(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{name} is a text in quotes")),
    };
    let time = |name: &str| {
        let time = text(name)?.map(|text| Timestamp::parse(text).map_err(|wrong| format!("{name}: {wrong}")));
        time.transpose()
    };
    let known = ["reason", "start", "end", "days", "from", "to", "time_zone"];
    if let Some(unknown) = call.arguments.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("silence() knows no {unknown}; it takes {}", known.join(", ")));
    }
    let days = match call.arguments.get("days") {
        None => None,
        Some(list) => Some(calendar::weekdays(&list.json().ok_or("days are numbers")?)?),
    };
    let hours = match (text("from")?, text("to")?) {
        (Some(from), Some(to)) => Some(Hours::parse(from, to)?),
        (None, None) => None,
        _ => return Err("from and to belong together".into()),
    };
    Ok(Window {
        start: time("start")?,
        end: time("end")?,
        days,
        hours,
        zone: calendar::zone(text("time_zone")?.unwrap_or("+0800"))?,
        reason: text("reason")?.unwrap_or("the policy says so").to_owned(),
    })
}

impl Window {
    fn holds(&self, now: Timestamp) -> bool {
        if self.start.is_some_and(|start| now < start) || self.end.is_some_and(|end| now >= end) {
            return false;
        }
        let instant = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let local = instant.to_zoned(self.zone.clone());
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        let is_day = |date: jiff::civil::Date| self.days.is_none_or(|days| days[calendar::weekday(date)]);
        let today = local.date();
        match self.hours {
            None => is_day(today),
            // Hours that go on after midnight belong to the day they began on.
            Some(hours) => {
                let (began_today, began_yesterday) = hours.holds(minute);
                (began_today && is_day(today)) || (began_yesterday && today.yesterday().is_ok_and(is_day))
            }
        }
    }
}

/// Why the scripts of these policies keep an alert quiet now, if they do.
pub(super) fn by_policy<'a>(
    policies: impl Iterator<Item = &'a AlertPolicy>,
    alert: &Alert,
    now: Timestamp,
) -> Option<Reason> {
    let mut found = None;
    for policy in policies {
        reached(&policy.silence, &[alert], &mut |call| {
            // Checked when the policy was read.
            let window = read(call).ok().filter(|window| found.is_none() && window.holds(now));
            if let Some(window) = window {
                let why = format!("line {} of the silence script of {}: {}", call.line, policy.id, window.reason);
                found = Some(Reason::new("silenced", why));
            }
        });
    }
    found
}
