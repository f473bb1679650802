//! How a rule runs on the stream, and the sliding counts of rules that ask for a number of events.
//!
//! The schedule decides what an alert is; the stream only says earlier that one is there. So a rule is on the stream only where
//! both must come to the same groups: one search, groups by named fields or none, no row of evaluations needed. Where a number of
//! events is asked for, the tally says when it is reached, and the rule is then evaluated as on schedule.

use std::collections::{HashMap, VecDeque};

use crate::Row;
use crate::condition::{Condition, Count, Fields};
use crate::rule::{Grouping, Rule, StoreType};

/// Counts beyond this are left to the schedule, which looks at no more rows either.
const COUNT_MAX: usize = 1000;
/// Groups a tally keeps; what comes beyond is left to the schedule.
const GROUPS_MAX: usize = 10_000;

/// How a rule runs on the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum OnStream {
    /// Any matching event may fire: those of a batch are evaluated.
    Each,
    /// So many events within the query's range may fire: the tally says when.
    Counted(Counting),
}

/// Why a rule runs on its schedule only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OffStream {
    /// Rows of several queries are joined.
    #[error("it has several queries")]
    SeveralQueries,
    /// SQL, metrics, a resource, or another account.
    #[error("its query is not a plain search of a Logstore of its own account")]
    NotASearch,
    /// The range does not end now.
    #[error("its time range does not end at the time of the run")]
    Range,
    /// A condition looks at the range.
    #[error("its conditions look at the time range of the run")]
    Times,
    /// It counts evaluations.
    #[error("it fires after several evaluations in a row")]
    Threshold,
    /// Labels are known when all rows are.
    #[error("its alerts are told apart by whatever the rows hold")]
    Labels,
    /// One more event may end the alert.
    #[error("its count condition does not hold for every greater count, or for none up to 1000")]
    Count,
    /// A policy of version 1.
    #[error("it is a rule of version 1")]
    Legacy,
}

/// What is counted for a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Counting {
    /// Seconds.
    pub range_seconds: i64,
    fields: Vec<String>,
    overall: (Option<Condition>, usize),
    severities: Vec<(Option<Condition>, usize)>,
}

/// How a rule runs on the stream, or why it does not.
pub fn on_stream(rule: &Rule) -> Result<OnStream, OffStream> {
    let [query] = rule.queries.as_slice() else { return Err(OffStream::SeveralQueries) };
    if rule.legacy.is_some() {
        return Err(OffStream::Legacy);
    }
    let is_search = query.statement.as_ref().is_some_and(|statement| statement.sql.is_none());
    if query.store != StoreType::Log || !is_search || !query.role.is_empty() {
        return Err(OffStream::NotASearch);
    }
    if rule.looks_at_times() {
        return Err(OffStream::Times);
    }
    if rule.threshold > 1 {
        return Err(OffStream::Threshold);
    }
    let fields = match &rule.grouping {
        Grouping::NoGroup => Vec::new(),
        Grouping::Custom(fields) => fields.clone(),
        Grouping::LabelsAuto => return Err(OffStream::Labels),
    };
    if rule.labels.iter().any(|(_, text)| names_a_row(text, &fields)) {
        return Err(OffStream::Labels);
    }
    let ends_now = |second: i64| query.range.at(model::Timestamp(second * 1000)).1 == second;
    // No unit of time divides all of these.
    if ![12_345, 12_346, 86_399].into_iter().all(ends_now) {
        return Err(OffStream::Range);
    }
    let overall = (rule.overall.condition.clone(), reach(rule.overall.count.as_ref())?);
    let severities: Vec<(Option<Condition>, usize)> = rule
        .severities
        .iter()
        .map(|each| Ok((each.check.condition.clone(), reach(each.check.count.as_ref())?)))
        .collect::<Result<_, OffStream>>()?;
    if overall.1 == 1 && severities.iter().all(|(_, count)| *count == 1) {
        return Ok(OnStream::Each);
    }
    Ok(OnStream::Counted(Counting { range_seconds: query.range.seconds(), fields, overall, severities }))
}

/// Whether a label's text has a variable that another row would fill otherwise.
fn names_a_row(text: &str, fields: &[String]) -> bool {
    let fixed = ["aliuid", "alert_id", "alert_name"];
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim());
    names.into_iter().any(|name| !fixed.contains(&name) && !fields.iter().any(|field| field == name))
}

/// From which number of rows on a count condition holds.
fn reach(count: Option<&Condition>) -> Result<usize, OffStream> {
    let Some(count) = count else { return Ok(1) };
    let holds = |rows: usize| count.holds(&Count::of(rows)).unwrap_or(false);
    // No rows must not fire: nothing would come to say so.
    let first = (0..=COUNT_MAX).find(|rows| holds(*rows)).filter(|rows| *rows > 0).ok_or(OffStream::Count)?;
    let is_for_good = (first..=COUNT_MAX).all(holds) && holds(COUNT_MAX * 1000);
    if is_for_good { Ok(first) } else { Err(OffStream::Count) }
}

/// The sliding counts of one rule.
#[derive(Debug, Default)]
pub struct Tally {
    groups: HashMap<Vec<String>, Group>,
}

/// The newest seconds at which rows passed: as many as are needed, in order.
#[derive(Debug, Default, Clone)]
struct Times {
    seconds: VecDeque<i64>,
}

#[derive(Debug)]
struct Group {
    overall: Times,
    severities: Vec<Times>,
    /// Whether each severity was reached and told, and has stayed so.
    told: Vec<bool>,
}

impl Times {
    fn add(&mut self, second: i64, needed: usize) {
        let place = self.seconds.partition_point(|each| *each <= second);
        self.seconds.insert(place, second);
        if self.seconds.len() > needed {
            self.seconds.pop_front();
        }
    }

    /// Whether there are as many as needed after a second.
    fn are_reached(&self, needed: usize, after: i64) -> bool {
        self.seconds.len() >= needed && self.seconds.front().is_none_or(|oldest| *oldest > after)
    }

    fn newest(&self) -> i64 {
        self.seconds.back().copied().unwrap_or(i64::MIN)
    }
}

impl Tally {
    /// Counts a matching event of this second; says whether a number that is asked for is reached now and was not before.
    pub fn add(&mut self, counting: &Counting, row: &Row, second: i64, now: i64) -> bool {
        let passes = |condition: &Option<Condition>| {
            condition.as_ref().is_none_or(|condition| condition.holds(row).unwrap_or(false))
        };
        let after = now - counting.range_seconds;
        if second <= after || !passes(&counting.overall.0) {
            return false;
        }
        let passing: Vec<bool> = counting.severities.iter().map(|(condition, _)| passes(condition)).collect();
        let key = counting.fields.iter().map(|field| value(row, field).to_owned()).collect();
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            self.groups.retain(|_, group| group.overall.newest() > after);
            if self.groups.len() >= GROUPS_MAX {
                return false;
            }
        }
        let severities = counting.severities.len();
        let group = self.groups.entry(key).or_insert_with(|| Group {
            overall: Times::default(),
            severities: vec![Times::default(); severities],
            told: vec![false; severities],
        });
        // What has gone out of the range since may be reached anew.
        let is_reached = |group: &Group, severity: usize| {
            group.overall.are_reached(counting.overall.1, after)
                && group.severities[severity].are_reached(counting.severities[severity].1, after)
        };
        for severity in 0..severities {
            group.told[severity] &= is_reached(group, severity);
        }
        group.overall.add(second, counting.overall.1);
        let mut is_news = false;
        for (severity, passes) in passing.into_iter().enumerate() {
            if passes {
                group.severities[severity].add(second, counting.severities[severity].1);
            }
            if !group.told[severity] && is_reached(group, severity) {
                group.told[severity] = true;
                is_news = true;
            }
        }
        is_news
    }

    /// How many groups are counted.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
}

/// The value of a group's field, which may name the query.
fn value<'r>(row: &'r Row, field: &str) -> &'r str {
    let plain = field.strip_prefix("$0.").unwrap_or(field);
    row.field(None, plain).unwrap_or_default()
}

#[cfg(test)]
mod tests;
