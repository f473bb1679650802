//! Alert rules as Log Service's clients write them.
//!
//! A rule's configuration is JSON, and that JSON is what is stored and shown again, to the letter. [`Rule`] is the reading
//! of it: everything Cairn acts on, typed and within its limits. Three forms are read: version 2, the legacy form of
//! version 1 ([`legacy`]), and `tpl`, which names a template and is expanded first ([`crate::builtin`]). Who calls: the
//! gateway to refuse what cannot run, `watch` to run the rest.

pub mod definition;
pub mod legacy;
mod parse;
mod range;
pub(crate) mod reader;

use model::Timestamp;

use crate::condition::Condition;
use crate::{Row, Severity};

pub use definition::{Definition, check_name};
pub use range::{SpanType, TimeRange};

/// The most queries of a rule.
pub const QUERIES_MAX: usize = 3;

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct RuleError {
    /// Which field, from the root: `queryList[0].start`.
    pub field: String,
    /// What stands there, cut to 64 characters.
    pub value: String,
    /// What is wrong with it.
    pub message: String,
}

impl RuleError {
    pub(crate) fn new(field: &str, value: &serde_json::Value, message: &str) -> RuleError {
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        RuleError { field: field.to_owned(), value: text.chars().take(64).collect(), message: message.to_owned() }
    }

    /// Always the caller's doing.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// A rule that can run.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// One to three.
    pub queries: Vec<Query>,
    /// How their rows come together: one fewer than queries.
    pub joins: Vec<Join>,
    /// Which rows make one alert.
    pub grouping: Grouping,
    /// How bad it is; the first that fits counts.
    pub severities: Vec<SeverityCheck>,
    /// What must hold besides.
    pub overall: Check,
    /// After how many evaluations in a row an alert fires, at least 1.
    pub threshold: u32,
    /// How bad it is to find nothing; `None`: not an alert.
    pub no_data: Option<Severity>,
    /// Whether people hear of an alert's end.
    pub sends_resolved: bool,
    /// Whether counts are added to the annotations.
    pub has_auto_annotation: bool,
    /// Labels of every alert; values may use `${field}`.
    pub labels: Vec<(String, String)>,
    /// Text for people; values may use `${field}`.
    pub annotations: Vec<(String, String)>,
    /// Until when nobody hears of it.
    pub mute_until: Option<Timestamp>,
    /// Who handles its alerts.
    pub policy: Policy,
    /// A dashboard's name, as written.
    pub dashboard: String,
    /// The notifications of a rule of version 1; such a rule has no policies.
    pub legacy: Option<legacy::Legacy>,
    /// The template it was expanded from.
    pub template: Option<String>,
}

impl Rule {
    /// Reads a configuration; a template is expanded first.
    pub fn parse(configuration: &serde_json::Value) -> Result<Rule, RuleError> {
        parse::rule(configuration)
    }

    /// Whether nobody is to hear of it at this moment.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.mute_until.is_some_and(|until| now < until)
    }

    /// Whether a condition looks at the time range itself, so that the same rows may mean something else in another run.
    pub fn looks_at_times(&self) -> bool {
        let checks = self.severities.iter().map(|severity| &severity.check).chain([&self.overall]);
        let conditions = checks.flat_map(|check| check.condition.iter().chain(&check.count));
        let is_time = |name: &str| matches!(name, "__start_time__" | "__end_time__");
        conditions.flat_map(Condition::fields).any(|field| is_time(&field.name))
    }

    /// How many rows of each query are looked at.
    pub fn rows_max(&self) -> usize {
        let is_joined = self.joins.iter().all(|join| join.kind != JoinKind::NoJoin);
        if self.queries.len() == QUERIES_MAX && is_joined { 100 } else { 1000 }
    }
}

/// One question of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is asked.
    pub store: StoreType,
    /// As written; empty is the rule's own.
    pub region: String,
    /// As written; empty is the rule's own.
    pub project: String,
    /// The Logstore, or the resource of a `meta` query.
    pub store_name: String,
    /// `search | SQL`
    pub text: String,
    /// The same, read; `None` of what asks no Logstore.
    pub statement: Option<query::Statement>,
    /// Which time.
    pub range: TimeRange,
    /// The role to read another account's project with; empty for none.
    pub role: String,
    /// The dashboard it was taken from.
    pub dashboard: String,
    /// The chart it was taken from.
    pub chart: String,
}

/// What a query asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreType {
    /// A Logstore.
    Log,
    /// A Metricstore, of which Cairn has none.
    Metric,
    /// The records of a resource.
    Meta,
}

impl StoreType {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreType::Log => "log",
            StoreType::Metric => "metric",
            StoreType::Meta => "meta",
        }
    }
}

/// How the rows so far and those of the next query come together.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// In which way.
    pub kind: JoinKind,
    /// Which rows belong together.
    pub condition: Option<Condition>,
}

/// The nine ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Each with each.
    Cross,
    /// Those that belong together.
    Inner,
    /// And those on the left alone.
    Left,
    /// And those on the right alone.
    Right,
    /// And those on either side alone.
    Full,
    /// Only those on the left alone.
    LeftExclude,
    /// Only those on the right alone.
    RightExclude,
    /// The left ones, then the right ones.
    Concat,
    /// The left ones; the right ones are only shown.
    NoJoin,
}

impl JoinKind {
    /// All, with their names.
    pub const ALL: [(JoinKind, &'static str); 9] = [
        (JoinKind::Cross, "cross_join"),
        (JoinKind::Inner, "inner_join"),
        (JoinKind::Left, "left_join"),
        (JoinKind::Right, "right_join"),
        (JoinKind::Full, "full_join"),
        (JoinKind::LeftExclude, "left_exclude"),
        (JoinKind::RightExclude, "right_exclude"),
        (JoinKind::Concat, "concat"),
        (JoinKind::NoJoin, "no_join"),
    ];

    /// Whether it needs a condition.
    pub fn has_condition(self) -> bool {
        !matches!(self, JoinKind::Cross | JoinKind::Concat | JoinKind::NoJoin)
    }
}

/// Which rows make one alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// All together.
    NoGroup,
    /// Those with the same values of these fields.
    Custom(Vec<String>),
    /// Those with the same values of all fields that are no numbers.
    LabelsAuto,
}

/// A condition of single rows and one of their number; both may be missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Check {
    /// Of each row.
    pub condition: Option<Condition>,
    /// Of the number of rows that met it; without one there must be a row.
    pub count: Option<Condition>,
}

/// A severity and when it is the one.
#[derive(Debug, Clone, PartialEq)]
pub struct SeverityCheck {
    /// How bad.
    pub severity: Severity,
    /// When.
    pub check: Check,
}

/// Who handles a rule's alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// An alert policy's id.
    pub alert_policy: String,
    /// An action policy's id.
    pub action_policy: String,
    /// `2h`: how often people hear of what goes on.
    pub repeat_interval: String,
}

/// What the queries of a rule may hold, at most.
pub(crate) const FIELD_CHARACTERS_MAX: usize = 1024;

/// A row with its values cut to what a rule looks at.
pub(crate) fn cut(mut row: Row) -> Row {
    for value in row.values_mut() {
        if let Some((end, _)) = value.char_indices().nth(FIELD_CHARACTERS_MAX) {
            value.truncate(end);
        }
    }
    row
}

#[cfg(test)]
mod tests;
