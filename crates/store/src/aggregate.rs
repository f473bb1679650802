//! Counting instead of listing: how many events there are of each kind, and which of a kind is the newest.
//!
//! Segments answer from their index and their typed columns; the JSON of an event is read only when a condition asks
//! for something that has no column, or when so few rows are left that their events cost less than the columns.
//! Memory has an end: at most `groups_max` groups, whatever the events say.

mod flat_columns;
mod segment_rows;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use model::{AccountId, Attribute, Event, Timestamp};
use query::{Limits, Meter};

use crate::StoreError;
use crate::lookup::{Condition, Found, Lookup, Position};
use crate::scope::Asked;
use crate::segment::Segment;
use crate::store::{State, Store};

/// Attributes an aggregation groups by at most.
pub const GROUP_ATTRIBUTES_MAX: usize = 2;

/// A question about how many.
#[derive(Debug, Clone)]
pub struct Aggregation {
    /// Whose events.
    pub account: AccountId,
    /// Event time at or after this.
    pub from: Timestamp,
    /// Event time at or before this.
    pub through: Timestamp,
    /// All must hold; none means every event.
    pub conditions: Vec<Condition>,
    /// One group for each value of these, at most [`GROUP_ATTRIBUTES_MAX`]. An event with several values is in several
    /// groups, one with none in the group of `None`.
    pub by: Vec<Attribute>,
    /// Also one group for each stretch of time of this length, counted from 1970.
    pub bucket: Option<Duration>,
    /// Groups in the answer; events of further ones are only counted.
    pub groups_max: usize,
}

impl Aggregation {
    /// Every event of the account in the window as one group.
    pub fn of(account: AccountId, from: Timestamp, through: Timestamp) -> Aggregation {
        Aggregation { account, from, through, conditions: Vec::new(), by: Vec::new(), bucket: None, groups_max: 10_000 }
    }
}

/// Events that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Of each attribute of the question.
    pub values: Vec<Option<String>>,
    /// When its stretch of time begins.
    pub bucket: Option<Timestamp>,
    /// How many events.
    pub count: u64,
    /// The oldest of them.
    pub oldest: Position,
    /// The newest of them.
    pub newest: Position,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// The largest first; of equally large ones the newest.
    pub groups: Vec<Group>,
    /// Events that answer the question; each once.
    pub events: u64,
    /// Events that are in no group because there were `groups_max` already.
    pub left_out: u64,
}

impl Store {
    /// Counts an account's events by group. Blocks.
    pub fn aggregate(&self, aggregation: &Aggregation) -> Result<Aggregate, StoreError> {
        assert!(aggregation.by.len() <= GROUP_ATTRIBUTES_MAX, "a question of ours names at most two attributes");
        let started = Instant::now();
        let counted = run(aggregation, &self.shared.state.load());
        self.shared.metrics.aggregated(started.elapsed(), counted.is_ok());
        counted
    }

    /// The account's event at a position, as a group names one; `None` when retention has removed it. Blocks.
    pub fn event_at(&self, account: AccountId, position: Position) -> Result<Option<Found>, StoreError> {
        let page = self.lookup(&Lookup {
            account,
            from: position.time,
            through: position.time,
            conditions: Vec::new(),
            newest_first: true,
            after: Some(Position { time: position.time, seq: position.seq.next() }),
            limit: 1,
        })?;
        Ok(page.events.into_iter().next().filter(|found| found.position() == position))
    }
}

fn run(aggregation: &Aggregation, state: &State) -> Result<Aggregate, StoreError> {
    let Aggregation { account, from, through, .. } = *aggregation;
    let asked = Asked::of_account(account, (from, through), &aggregation.conditions);
    let meter = Meter::new(Limits::NONE);
    let mut groups = Groups::new(aggregation);
    for recent in [&state.active].into_iter().chain(&state.sealing) {
        recent.for_each_asked(&asked, &meter, |row| {
            groups.add_event(Position { time: row.event.time(), seq: row.seq }, &row.event);
        })?;
    }
    // The newest first, so that the groups that find a place are those of late.
    let mut newest_first: Vec<&Segment> = state.segments.iter().map(AsRef::as_ref).collect();
    newest_first.sort_by_key(|segment| Reverse(segment.entry.max_time));
    for segment in newest_first.into_iter().filter(|segment| asked.may_touch(segment)) {
        segment_rows::count(segment, &asked, aggregation, &mut groups)?;
    }
    Ok(groups.finish())
}

/// A group's values, and where its stretch of time begins in milliseconds.
type Key = (Vec<Option<String>>, i64);

/// Events of a group from one source.
#[derive(Debug, Clone, Copy)]
struct Part {
    count: u64,
    oldest: Position,
    newest: Position,
}

/// The groups so far.
struct Groups<'a> {
    aggregation: &'a Aggregation,
    groups: HashMap<Key, Part>,
    events: u64,
    left_out: u64,
}

impl<'a> Groups<'a> {
    fn new(aggregation: &'a Aggregation) -> Groups<'a> {
        Groups { aggregation, groups: HashMap::new(), events: 0, left_out: 0 }
    }

    /// Where the stretch of time begins that a moment lies in.
    fn bucket(&self, time: Timestamp) -> i64 {
        let length = self.aggregation.bucket.map_or(0, |bucket| i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX));
        if length == 0 { 0 } else { time.0.div_euclid(length).saturating_mul(length) }
    }

    fn add_event(&mut self, position: Position, event: &Event) {
        self.events += 1;
        let values = |at: usize| -> Vec<Option<String>> {
            let Some(attribute) = self.aggregation.by.get(at) else { return Vec::new() };
            let mut values: Vec<Option<String>> = event.values(*attribute).map(|text| Some(text.to_owned())).collect();
            if values.is_empty() {
                values.push(None);
            }
            values
        };
        let (firsts, seconds) = (values(0), values(1));
        let bucket = self.bucket(position.time);
        let part = Part { count: 1, oldest: position, newest: position };
        match (firsts.is_empty(), seconds.is_empty()) {
            (true, _) => self.add(Vec::new(), bucket, part),
            (false, true) => firsts.into_iter().for_each(|first| self.add(vec![first], bucket, part)),
            (false, false) => {
                for first in firsts {
                    seconds.iter().for_each(|second| self.add(vec![first.clone(), second.clone()], bucket, part));
                }
            }
        }
    }

    fn add(&mut self, values: Vec<Option<String>>, bucket: i64, part: Part) {
        let key = (values, bucket);
        if let Some(group) = self.groups.get_mut(&key) {
            group.count += part.count;
            group.oldest = group.oldest.min(part.oldest);
            group.newest = group.newest.max(part.newest);
        } else if self.groups.len() < self.aggregation.groups_max {
            self.groups.insert(key, part);
        } else {
            self.left_out += part.count;
        }
    }

    fn finish(self) -> Aggregate {
        let has_buckets = self.aggregation.bucket.is_some();
        let shown = |((values, bucket), part): (Key, Part)| Group {
            values,
            bucket: has_buckets.then_some(Timestamp(bucket)),
            count: part.count,
            oldest: part.oldest,
            newest: part.newest,
        };
        let mut groups: Vec<Group> = self.groups.into_iter().map(shown).collect();
        groups.sort_by(|one, other| {
            let rank = |group: &Group| (Reverse(group.count), Reverse(group.newest));
            rank(one).cmp(&rank(other)).then_with(|| one.values.cmp(&other.values))
        });
        Aggregate { groups, events: self.events, left_out: self.left_out }
    }
}
