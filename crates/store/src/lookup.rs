//! A question about one account's events, under conditions on their facts, and its answer.
//!
//! It is a search like those of views ([`crate::search`]): the same walk finds its page. Only the conditions differ.

use std::time::Instant;

use model::event::Category;
use model::{AccountId, Attribute, Event, Seq, Timestamp};
use query::{Limits, Meter, Order};

use crate::scope::Asked;
use crate::store::State;
use crate::terms::Phrase;
use crate::{Store, StoreError, search};

/// One condition on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// One of the attribute's values is exactly this, case and all.
    Is(Attribute, String),
    /// A value anywhere in the event has these tokens one after the other; ASCII case does not matter.
    Text(String),
    /// One of these attributes has the value beside it.
    AnyOf(Vec<(Attribute, String)>),
    /// The event is of this category.
    Category(Category),
}

impl Condition {
    /// Whether the event fulfils it. For readers that have the event already; a lookup asks the index first.
    pub fn holds(&self, event: &Event) -> bool {
        match self {
            Condition::Is(attribute, value) => event.has(*attribute, value),
            Condition::Text(text) => Phrase::parse(text).is_in(event.raw()),
            Condition::AnyOf(pairs) => pairs.iter().any(|(attribute, value)| event.has(*attribute, value)),
            Condition::Category(category) => event.category() == *category,
        }
    }
}

/// A place in the order of results: by event time, then by sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The event's time.
    pub time: Timestamp,
    /// The event's number.
    pub seq: Seq,
}

impl Position {
    /// The place right behind this one.
    pub(crate) fn next(self) -> Position {
        Position { time: self.time, seq: self.seq.next() }
    }
}

/// A question about one account's events.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Whose events. Nothing of another account is ever read.
    pub account: AccountId,
    /// Event time at or after this.
    pub from: Timestamp,
    /// Event time at or before this.
    pub through: Timestamp,
    /// All must hold; none means every event.
    pub conditions: Vec<Condition>,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// Only events behind this one, in reading direction.
    pub after: Option<Position>,
    /// Events in the answer.
    pub limit: usize,
}

/// A stored event.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its number.
    pub seq: Seq,
    /// When it was received.
    pub received: Timestamp,
    /// The event; its time is `event.time()`.
    pub event: Event,
}

impl Found {
    /// Its place in the order of results.
    pub fn position(&self) -> Position {
        Position { time: self.event.time(), seq: self.seq }
    }
}

/// One page of an answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// In the order asked for.
    pub events: Vec<Found>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// An account's events in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Ascending numbers.
    pub events: Vec<Found>,
    /// `events` holds every event of the account after the number asked for, up to and including this one.
    pub through: Seq,
}

impl Store {
    /// One page of an account's events.
    pub fn lookup(&self, lookup: &Lookup) -> Result<Page, StoreError> {
        let started = Instant::now();
        let page = run(lookup, &self.shared.state.load());
        self.shared.metrics.looked_up(started.elapsed(), page.is_ok());
        page
    }
}

pub(crate) fn run(lookup: &Lookup, state: &State) -> Result<Page, StoreError> {
    let order = if lookup.newest_first { Order::NewestFirst } else { Order::OldestFirst };
    let asked = Asked::of_account(lookup.account, (lookup.from, lookup.through), &lookup.conditions);
    let meter = Meter::new(Limits::NONE);
    let page = search::page(asked, order, lookup.after, (0, lookup.limit), &meter, state)?;
    Ok(Page { events: page.events.into_iter().map(|owned| owned.found).collect(), more: page.more })
}
