//! Walking one segment's rows that may answer a question, window by window from the end the question starts at.

use std::ops::Range;

use super::{Found, Position, Question};
use crate::StoreError;
use crate::segment::{Occurrences, Segment};

/// Rows of the first window; each further one is four times as large, so a rare term does not take many steps and a
/// frequent one does not decode a whole segment for one page.
const WINDOW_ROWS: u32 = 4096;

pub(crate) struct SegmentWalk<'s> {
    segment: &'s Segment,
    question: &'s Question<'s>,
    /// What the index knows of each attribute, rarest first.
    attributes: Vec<Occurrences<'s>>,
    /// Of each list of values one must occur.
    any_of: Vec<Vec<Occurrences<'s>>>,
    /// The pages that may hold every token; `None` when no token is asked for.
    pages: Option<Vec<u32>>,
    /// Rows not looked at yet.
    rest: Range<u32>,
    window: u32,
    /// Candidate rows of the present window, next one last.
    rows: Vec<u32>,
}

impl<'s> SegmentWalk<'s> {
    pub(crate) fn new(segment: &'s Segment, question: &'s Question<'s>) -> SegmentWalk<'s> {
        let of_account = segment.rows_of(question.account);
        let mut walk = SegmentWalk {
            segment,
            question,
            attributes: Vec::new(),
            any_of: Vec::new(),
            pages: None,
            rest: 0..0,
            window: WINDOW_ROWS,
            rows: Vec::new(),
        };
        if of_account.is_empty() {
            return walk;
        }
        for (attribute, value) in &question.attributes {
            let occurrences = walk.occurrences(*attribute, value);
            if occurrences.count() == 0 {
                return walk;
            }
            walk.attributes.push(occurrences);
        }
        walk.attributes.sort_by_key(Occurrences::count);
        for pairs in &question.any_of {
            let occurrences = pairs.iter().map(|(attribute, value)| walk.occurrences(*attribute, value));
            let occurrences: Vec<Occurrences<'s>> = occurrences.collect();
            walk.any_of.push(occurrences);
        }
        walk.pages = question.phrases.iter().flat_map(|phrase| phrase.hashes()).fold(None, |pages, hash| {
            let mut of_token = Vec::new();
            segment.token(hash).places_in(0..u32::MAX, &mut of_token);
            Some(match pages {
                None => of_token,
                Some(pages) => intersect(&pages, &of_token),
            })
        });
        walk.rest = segment.rows_between(of_account, question.from, question.before);
        walk
    }

    fn occurrences(&self, attribute: model::Attribute, value: &str) -> Occurrences<'s> {
        match attribute {
            model::Attribute::EventId => Occurrences::Few(self.segment.id(self.question.account, value)),
            _ => self.segment.attribute(attribute, value),
        }
    }

    /// The rows that are not looked at yet: at first, those of the account in the question's window.
    pub(crate) fn rows(&self) -> Range<u32> {
        self.rest.clone()
    }

    /// The position of the next candidate.
    pub(super) fn peek(&mut self) -> Result<Option<Position>, StoreError> {
        while self.rows.is_empty() && !self.rest.is_empty() {
            self.next_window();
        }
        Ok(self.rows.last().map(|row| self.segment.position(*row)))
    }

    /// Takes the candidate that was peeked; `None` when it turns out not to answer the question.
    pub(super) fn take(&mut self) -> Result<Option<Found>, StoreError> {
        let Some(row) = self.rows.pop() else { return Ok(None) };
        let raw = self.segment.raw(row)?;
        // A token leads to a page of a hundred rows: most fall here, before their facts are read.
        if !self.question.phrases.iter().all(|phrase| phrase.is_in(&raw)) {
            return Ok(None);
        }
        let found = self.segment.found(row, raw)?;
        Ok(self.question.has_attributes(&found.event).then_some(found))
    }

    fn next_window(&mut self) {
        let len = self.window.min(self.rest.end - self.rest.start);
        self.window = self.window.saturating_mul(4);
        let window = if self.question.newest_first {
            let start = self.rest.end - len;
            let window = start..self.rest.end;
            self.rest.end = start;
            window
        } else {
            let end = self.rest.start + len;
            let window = self.rest.start..end;
            self.rest.start = end;
            window
        };
        self.rows = self.candidates(window);
        if !self.question.newest_first {
            self.rows.reverse();
        }
    }

    /// The rows of the window that may answer the question, ascending.
    pub(crate) fn candidates(&self, window: Range<u32>) -> Vec<u32> {
        let mut rows: Option<Vec<u32>> = self.pages.as_ref().map(|pages| self.segment.rows_on(pages, &window));
        for occurrences in &self.attributes {
            let mut of_attribute = Vec::new();
            occurrences.places_in(window.clone(), &mut of_attribute);
            rows = Some(match rows {
                None => of_attribute,
                Some(rows) => intersect(&rows, &of_attribute),
            });
            if rows.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
        }
        for occurrences in &self.any_of {
            let mut of_any = Vec::new();
            occurrences.iter().for_each(|each| each.places_in(window.clone(), &mut of_any));
            of_any.sort_unstable();
            of_any.dedup();
            rows = Some(match rows {
                None => of_any,
                Some(rows) => intersect(&rows, &of_any),
            });
        }
        rows.unwrap_or_else(|| window.collect())
    }
}

/// The numbers in both ascending lists.
pub(crate) fn intersect(left: &[u32], right: &[u32]) -> Vec<u32> {
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    if short.len() * 16 < long.len() {
        return short.iter().copied().filter(|number| long.binary_search(number).is_ok()).collect();
    }
    let mut both = Vec::with_capacity(short.len());
    let mut rest = long.iter().peekable();
    for number in short {
        while rest.next_if(|other| *other < number).is_some() {}
        if rest.peek() == Some(&number) {
            both.push(*number);
        }
    }
    both
}
