//! The question and its answer, and the walk that finds it.
//!
//! Every source (memory, each segment) gives the rows that may match, in order of (event time, number). The walk
//! merges them, opens a segment only when the order reaches its time range, fetches and checks each event, and stops
//! when the page is full.

mod segment_walk;

use std::collections::BinaryHeap;

use model::event::Category;
use model::{AccountId, Attribute, Event, Seq, Timestamp};

use crate::StoreError;
use crate::ranked::Ranked;
use crate::recent::Recent;
use crate::segment::Segment;
use crate::terms::Phrase;
pub(crate) use segment_walk::{SegmentWalk, intersect};

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
            Condition::AnyOf(pairs) => has_any(event, pairs),
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
    const LAST: Position = Position { time: Timestamp(i64::MAX), seq: Seq(u64::MAX) };

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

/// A question made ready: phrases cut, bounds as positions.
pub(crate) struct Question<'q> {
    pub(crate) account: AccountId,
    /// First position wanted.
    pub(crate) from: Position,
    /// First position behind those wanted.
    pub(crate) before: Position,
    pub(crate) attributes: Vec<(Attribute, &'q str)>,
    pub(crate) phrases: Vec<Phrase>,
    /// Of each list one must hold.
    pub(crate) any_of: Vec<&'q [(Attribute, String)]>,
    pub(crate) categories: Vec<Category>,
    pub(crate) newest_first: bool,
    /// One more than the page, to know whether there are more.
    pub(crate) wanted: usize,
}

impl<'q> Question<'q> {
    pub(crate) fn new(lookup: &'q Lookup) -> Question<'q> {
        let mut from = Position { time: lookup.from, seq: Seq::ZERO };
        let mut before = match lookup.through {
            Timestamp(i64::MAX) => Position::LAST,
            Timestamp(through) => Position { time: Timestamp(through + 1), seq: Seq::ZERO },
        };
        match lookup.after {
            Some(after) if lookup.newest_first => before = before.min(after),
            Some(after) => from = from.max(after.next()),
            None => {}
        }
        let mut question = Question {
            account: lookup.account,
            from,
            before,
            attributes: Vec::new(),
            phrases: Vec::new(),
            any_of: Vec::new(),
            categories: Vec::new(),
            newest_first: lookup.newest_first,
            wanted: lookup.limit.saturating_add(1),
        };
        for condition in &lookup.conditions {
            match condition {
                Condition::Is(attribute, value) => question.attributes.push((*attribute, value)),
                Condition::Text(text) => question.phrases.push(Phrase::parse(text)),
                Condition::AnyOf(pairs) => question.any_of.push(pairs),
                Condition::Category(category) => question.categories.push(*category),
            }
        }
        question
    }

    /// Whether the event answers the question, its account and position aside.
    pub(crate) fn holds(&self, event: &Event) -> bool {
        self.has_attributes(event) && self.phrases.iter().all(|phrase| phrase.is_in(event.raw()))
    }

    pub(crate) fn has_attributes(&self, event: &Event) -> bool {
        self.attributes.iter().all(|(attribute, value)| event.has(*attribute, value))
            && self.categories.iter().all(|category| event.category() == *category)
            && self.any_of.iter().all(|pairs| has_any(event, pairs))
    }

    pub(crate) fn wants(&self, position: Position) -> bool {
        self.from <= position && position < self.before
    }
}

fn has_any(event: &Event, pairs: &[(Attribute, String)]) -> bool {
    pairs.iter().any(|(attribute, value)| event.has(*attribute, value))
}

/// Finds one page over memory and segments.
pub(crate) fn run(lookup: &Lookup, recents: &[&Recent], segments: &[impl AsRef<Segment>]) -> Result<Page, StoreError> {
    let question = Question::new(lookup);
    let mut walk = Walk { question: &question, heap: BinaryHeap::new() };
    for recent in recents {
        let found = recent.search(&question);
        walk.push(Source::Recent(found.into_iter()))?;
    }
    for segment in segments {
        walk.push_unopened(segment.as_ref());
    }
    let mut events = Vec::with_capacity(question.wanted.min(64));
    while events.len() < question.wanted {
        match walk.next()? {
            Some(found) => events.push(found),
            None => break,
        }
    }
    let more = events.len() > lookup.limit;
    events.truncate(lookup.limit);
    Ok(Page { events, more })
}

enum Source<'s> {
    Recent(std::vec::IntoIter<Found>),
    Unopened(&'s Segment),
    Segment(Box<SegmentWalk<'s>>),
}

/// A source, and the event itself when the source has it at hand.
type Candidate<'s> = Ranked<(Source<'s>, Option<Found>)>;

struct Walk<'s> {
    question: &'s Question<'s>,
    heap: BinaryHeap<Candidate<'s>>,
}

impl<'s> Walk<'s> {
    fn wait(&mut self, position: Position, source: Source<'s>, found: Option<Found>) {
        self.heap.push(Ranked::new(position, self.question.newest_first, (source, found)));
    }

    /// A segment waits at the bound of its time range; most are never opened.
    fn push_unopened(&mut self, segment: &'s Segment) {
        let (first, last) = (segment.entry.min_time, segment.entry.max_time);
        let begin = Position { time: first, seq: Seq::ZERO };
        let end = Position { time: last, seq: Seq(u64::MAX) };
        if end < self.question.from || begin >= self.question.before {
            return;
        }
        let bound = if self.question.newest_first { end } else { begin };
        self.wait(bound, Source::Unopened(segment), None);
    }

    /// Puts a source back with its next row, or drops it when it has none.
    fn push(&mut self, mut source: Source<'s>) -> Result<(), StoreError> {
        let next = match &mut source {
            Source::Recent(found) => found.next().map(|found| (found.position(), Some(found))),
            Source::Segment(walk) => walk.peek()?.map(|position| (position, None)),
            Source::Unopened(_) => None,
        };
        if let Some((position, found)) = next {
            self.wait(position, source, found);
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Found>, StoreError> {
        while let Some(candidate) = self.heap.pop() {
            let (source, found) = candidate.source;
            match source {
                Source::Unopened(segment) => {
                    self.push(Source::Segment(Box::new(SegmentWalk::new(segment, self.question))))?;
                }
                Source::Recent(rest) => {
                    self.push(Source::Recent(rest))?;
                    return Ok(found);
                }
                Source::Segment(mut walk) => {
                    let found = walk.take()?;
                    self.push(Source::Segment(walk))?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
        Ok(None)
    }
}
