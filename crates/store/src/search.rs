//! One page of the events of a view that conditions hold for: those of a search, or of a lookup.
//!
//! Every source (memory, each account of each segment) gives candidates in the order of (event time, number). The walk
//! merges them, opens a segment only when the order reaches its time range, checks each event before it is shown, and stops
//! when the page is full.

mod account_walk;

use std::cell::RefCell;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use query::{Cut, Meter, Order, Scope};

use crate::lookup::{Found, Position};
use crate::many::Owned;
use crate::ranked::Ranked;
use crate::recent::Recent;
use crate::scope::{Asked, Work};
use crate::segment::Segment;
use crate::store::State;
use crate::{Store, StoreError};
use account_walk::AccountWalk;

/// One page of an answer.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// In the order asked for.
    pub events: Vec<Owned>,
    /// Whether there are more behind the last; of a page that was cut short, whether there may be.
    pub more: bool,
    /// Why the page is shorter than it could be.
    pub cut: Option<Cut>,
    /// Of a page that was cut short, how far it was looked: `after` of the question that goes on there. `None`: not far
    /// enough to go on from.
    pub reached: Option<Position>,
}

impl Store {
    /// The events of a scope in an order: those behind `after`, without the first `offset` of them. Blocks.
    pub fn search(
        &self,
        scope: &Scope,
        order: Order,
        after: Option<Position>,
        offset: usize,
        limit: usize,
        meter: &Meter,
    ) -> Result<SearchPage, StoreError> {
        let started = Instant::now();
        let state = self.shared.state.load_full();
        let page = page(Asked::new(scope), order, after, (offset, limit), meter, &state);
        self.shared.metrics.looked_up(started.elapsed(), page.is_ok());
        page
    }
}

/// The events behind `after`: `limit` of them, without the first `offset`.
pub(crate) fn page(
    asked: Asked,
    order: Order,
    after: Option<Position>,
    (offset, limit): (usize, usize),
    meter: &Meter,
    state: &State,
) -> Result<SearchPage, StoreError> {
    let asked = asked.behind(order, after);
    let walk = Walk { asked: &asked, order, meter, heap: BinaryHeap::new(), reached: after, failed: None };
    walk.page(state, offset, limit)
}

enum Source<'a> {
    Recent(&'a Recent, std::vec::IntoIter<(Position, u32)>),
    Unopened(&'a Arc<Segment>),
    Segment(Box<AccountWalk<'a>>),
}

/// A source, and where the row is of a recent event.
type Candidate<'a> = Ranked<(Source<'a>, u32)>;

struct Walk<'a> {
    asked: &'a Asked,
    order: Order,
    meter: &'a Meter,
    heap: BinaryHeap<Candidate<'a>>,
    reached: Option<Position>,
    /// What ended the walk behind the event that was given last.
    failed: Option<StoreError>,
}

/// An event of the answer, or one that is only counted.
enum Step {
    Event(Owned),
    Passed,
    End,
}

impl<'a> Walk<'a> {
    fn page(mut self, state: &'a State, offset: usize, limit: usize) -> Result<SearchPage, StoreError> {
        let mut page = SearchPage { events: Vec::with_capacity(limit.min(128)), more: false, cut: None, reached: None };
        let wanted = offset.saturating_add(limit).saturating_add(1);
        for recent in state.sealing.iter().chain([&state.active]) {
            let (found, cut) = recent.positions(self.asked, self.order, wanted, self.meter);
            if cut.is_some() {
                // The newest are here: what lies in segments must not be shown before them.
                return Ok(SearchPage { cut, more: true, ..page });
            }
            self.push(Source::Recent(recent, found.into_iter()))?;
        }
        for segment in state.segments.iter().filter(|segment| self.asked.may_touch(segment)) {
            self.push_unopened(segment);
        }
        let mut passed = 0;
        loop {
            // The last of a full page only tells whether there are more.
            let is_wanted = passed >= offset && page.events.len() < limit;
            match self.next(is_wanted) {
                Ok(Step::Event(owned)) => page.events.push(owned),
                Ok(Step::Passed) if page.events.len() >= limit && passed >= offset => {
                    page.more = true;
                    return Ok(page);
                }
                Ok(Step::Passed) => passed += 1,
                Ok(Step::End) => return Ok(page),
                Err(StoreError::Cut(cut)) => {
                    return Ok(SearchPage { cut: Some(cut), more: true, reached: self.reached, ..page });
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn wait(&mut self, position: Position, source: Source<'a>, place: u32) {
        self.heap.push(Ranked::new(position, self.order == Order::NewestFirst, (source, place)));
    }

    /// A segment waits at the bound of its time range; most are never opened.
    fn push_unopened(&mut self, segment: &'a Arc<Segment>) {
        let (begin, end) = segment.span();
        let bound = if self.order == Order::NewestFirst { end } else { begin };
        self.wait(bound, Source::Unopened(segment), 0);
    }

    /// Puts a source back with its next row, or drops it when it has none.
    fn push(&mut self, mut source: Source<'a>) -> Result<(), StoreError> {
        let next = match &mut source {
            Source::Recent(_, found) => found.next(),
            Source::Segment(walk) => walk.peek(self.meter)?.map(|position| (position, 0)),
            Source::Unopened(_) => None,
        };
        if let Some((position, place)) = next {
            self.wait(position, source, place);
        }
        Ok(())
    }

    fn open(&mut self, segment: &'a Arc<Segment>) -> Result<(), StoreError> {
        let Some(bound) = self.asked.propose_on(segment) else { return Ok(()) };
        let told = (Rc::new(bound), Rc::new(RefCell::new(Work::on(segment.clone()))));
        for (account, parts) in self.asked.view.accounts() {
            let rows = told.0.reach(self.asked.rows_of(segment, account));
            if !rows.is_empty() {
                let walk = AccountWalk::new(segment, self.asked, (account, parts), told.clone(), self.order, rows);
                self.push(Source::Segment(Box::new(walk)))?;
            }
        }
        Ok(())
    }

    fn next(&mut self, is_wanted: bool) -> Result<Step, StoreError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        while let Some(candidate) = self.heap.pop() {
            let position = candidate.position();
            let (source, place) = candidate.source;
            match source {
                Source::Unopened(segment) => self.open(segment)?,
                Source::Recent(recent, rest) => {
                    self.push(Source::Recent(recent, rest))?;
                    self.reached = Some(position);
                    if !is_wanted {
                        return Ok(Step::Passed);
                    }
                    let row = recent.row(place);
                    let found = Found { seq: row.seq, received: row.received, event: row.event };
                    return Ok(Step::Event(Owned { account: row.account, found }));
                }
                Source::Segment(mut walk) => {
                    let step = walk.take(is_wanted, self.meter)?;
                    // Before the next window is looked at: if a limit is reached there, this one has been.
                    self.reached = Some(position);
                    match (step, self.push(Source::Segment(walk))) {
                        (Step::End, pushed) => pushed?,
                        (found, Ok(())) => return Ok(found),
                        (found, Err(error)) => {
                            self.failed = Some(error);
                            return Ok(found);
                        }
                    }
                }
            }
        }
        Ok(Step::End)
    }
}
