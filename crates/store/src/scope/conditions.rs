//! The conditions of a question: what the index and the columns of a segment say about them, before an event is read.
//!
//! Each condition is bound to a segment once. For a page of results it is bound to propose: values and words lead to rows
//! and pages. For counting and scanning it is bound to decide: conditions on columns are answered from the columns.

use std::ops::Range;

use model::logstore::View;
use model::{Attribute, Event};
use query::search::{Test, Word, Words};
use query::{Matcher, Meter, Search};

use super::columns::{Columns, attribute_at};
use super::facts::Facts;
use super::leaf::{Leaf, Searched, Told};
use crate::StoreError;
use crate::lookup::Condition;
use crate::row_set::Bounds;
use crate::segment::{Occurrences, Segment};
use crate::terms::{cut, token_hash};

/// With so many rows at most all of them are looked at together: their list is one block of postings.
const RARE_ROWS: usize = 128;

/// A search, or the conditions of a lookup, made ready for any segment.
pub(crate) struct Conditions {
    matcher: Matcher,
    is_everything: bool,
    facts: Facts,
    root: Node<Leaf>,
}

/// A tree over conditions of some form.
pub(super) enum Node<L> {
    Constant(bool),
    And(Vec<Node<L>>),
    Or(Vec<Node<L>>),
    Not(Box<Node<L>>),
    Leaf(L),
}

impl Conditions {
    pub(crate) fn new(search: &Search) -> Conditions {
        let root = Node::new(search);
        let is_everything = matches!(root, Node::Constant(true));
        Conditions { matcher: Matcher::new(search), is_everything, facts: Facts::default(), root }
    }

    /// The conditions of a lookup; all of them.
    pub(crate) fn of_lookup(conditions: &[Condition]) -> Conditions {
        let facts = Facts::new(conditions);
        Conditions { matcher: Matcher::new(&Search::All), is_everything: true, root: facts.tree(), facts }
    }

    /// Whether an event of this JSON fulfils them, as far as the JSON tells; [`Conditions::hold_for`] asks for the rest.
    pub(crate) fn hold_in(&self, raw: &[u8]) -> bool {
        (self.is_everything || self.matcher.holds(raw)) && self.facts.hold_in(raw)
    }

    /// Whether the event fulfils those that ask for facts.
    pub(crate) fn hold_for(&self, event: &Event) -> bool {
        self.facts.hold_for(event)
    }

    /// The hashes of values that every event of the answer has.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.facts.hashes()
    }

    /// The attributes whose columns decide something.
    pub(crate) fn columns(&self) -> impl Iterator<Item = Attribute> {
        let mut found = Vec::new();
        self.root.for_each_leaf(&mut |leaf| {
            if let Leaf::Searched(Searched { column: Some((attribute, _)), .. }) = leaf {
                found.push(*attribute);
            }
        });
        found.into_iter()
    }

    /// What the index proposes for the accounts of a view; cheap.
    pub(crate) fn propose_on<'s>(&self, segment: &'s Segment, view: &View) -> Bound<'s> {
        Bound(self.root.bind(&mut |leaf| leaf.propose_on(segment, view)))
    }

    /// What the columns tell, and the index where there is no column. Blocks.
    pub(crate) fn decide_on(&self, columns: &mut Columns, meter: &Meter) -> Result<Bound<'static>, StoreError> {
        let mut failed = None;
        let bound = self.root.bind(&mut |leaf| {
            leaf.decide_on(columns, meter).unwrap_or_else(|error| {
                failed = Some(error);
                Told::Anything
            })
        });
        failed.map_or(Ok(Bound(bound)), Err)
    }
}

impl Node<Leaf> {
    fn new(search: &Search) -> Node<Leaf> {
        let all = |searches: &[Search]| searches.iter().map(Node::new).collect();
        let leaf = |words, may_be_nested, column, tells_null| {
            Node::Leaf(Leaf::Searched(Searched { words, may_be_nested, column, tells_null }))
        };
        match search {
            Search::All => Node::Constant(true),
            Search::And(searches) => Node::And(all(searches)),
            Search::Or(searches) => Node::Or(all(searches)),
            Search::Not(search) => Node::Not(Box::new(Node::new(search))),
            // Every event has the same topic.
            Search::Topic(_) => Node::Constant(search.holds(b"{}")),
            Search::Anywhere(words) => leaf(hashes(words), false, None, false),
            Search::Field(path, test) => {
                let column = attribute_at(path).map(|attribute| (attribute, test.clone()));
                let words = if let Test::Has(words) = test { hashes(words) } else { Vec::new() };
                let may_be_nested = path.keys().len() > 1 && column.is_none();
                leaf(words, may_be_nested, column, *test == Test::Null)
            }
        }
    }

    fn for_each_leaf(&self, show: &mut dyn FnMut(&Leaf)) {
        match self {
            Node::Constant(_) => {}
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| node.for_each_leaf(show)),
            Node::Not(node) => node.for_each_leaf(show),
            Node::Leaf(leaf) => show(leaf),
        }
    }

    /// Nothing is asked about the rest of what must all hold once one part can hold nowhere.
    fn bind<'s>(&self, bind: &mut dyn FnMut(&Leaf) -> Told<'s>) -> Node<Told<'s>> {
        match self {
            Node::Constant(holds) => Node::Constant(*holds),
            Node::And(nodes) => {
                let mut all = Vec::with_capacity(nodes.len());
                for node in nodes {
                    match node.bind(bind) {
                        Node::Constant(false) => return Node::Constant(false),
                        bound => all.push(bound),
                    }
                }
                // The rarest first: mostly the others are then not looked at.
                all.sort_by_key(Node::rows_max);
                Node::And(all)
            }
            Node::Or(nodes) => {
                let some = nodes.iter().map(|node| node.bind(bind)).filter(|node| !node.is_nowhere());
                let some: Vec<Node<Told<'s>>> = some.collect();
                if some.is_empty() { Node::Constant(false) } else { Node::Or(some) }
            }
            Node::Not(node) => Node::Not(Box::new(node.bind(bind))),
            Node::Leaf(leaf) => match bind(leaf) {
                told if told.is_nowhere() => Node::Constant(false),
                told => Node::Leaf(told),
            },
        }
    }
}

/// Hashes lead to whole words only; a pattern of one has none.
fn hashes(words: &Words) -> Vec<u64> {
    let mut hashes = Vec::new();
    for word in &words.words {
        if let Word::Exact(word) = word {
            cut(word.as_bytes(), |token| hashes.push(token_hash(token)));
        }
    }
    hashes
}

/// Conditions bound to a segment.
pub(crate) struct Bound<'s>(Node<Told<'s>>);

impl Bound<'_> {
    /// What is known of a window of an account's rows.
    pub(crate) fn bounds(&self, segment: &Segment, window: &Range<u32>) -> Bounds {
        self.0.bounds(segment, window)
    }

    /// Whether no row of the segment can belong.
    pub(crate) fn is_nowhere(&self) -> bool {
        self.0.is_nowhere()
    }

    /// Whether so few rows of the segment can belong that a window over all of them has few candidates.
    pub(crate) fn is_rare(&self) -> bool {
        self.0.rows_max() <= RARE_ROWS
    }

    /// The part of some rows outside of which none can belong.
    pub(crate) fn reach(&self, rows: Range<u32>) -> Range<u32> {
        let Some(rarest) = self.0.rarest().filter(|_| self.is_rare()) else { return rows };
        let mut places = Vec::new();
        rarest.places_in(rows.clone(), &mut places);
        // Ids lead to places in no order.
        let first = places.iter().min().copied().unwrap_or(rows.start);
        first..places.iter().max().map_or(first, |last| last + 1)
    }
}

impl Node<Told<'_>> {
    fn is_nowhere(&self) -> bool {
        matches!(self, Node::Constant(false))
    }

    fn rows_max(&self) -> usize {
        self.rarest().map_or(usize::MAX, Occurrences::count)
    }

    /// The rows that all others are among, if the index lists them.
    fn rarest(&self) -> Option<&Occurrences<'_>> {
        match self {
            Node::Leaf(Told::InRows(rows)) => Some(rows),
            Node::And(nodes) => nodes.first().and_then(Node::rarest),
            _ => None,
        }
    }

    fn bounds(&self, segment: &Segment, window: &Range<u32>) -> Bounds {
        match self {
            Node::Constant(holds) => Bounds::constant(window, *holds),
            Node::And(nodes) => nodes.iter().fold(Bounds::constant(window, true), |bounds, node| {
                if bounds.perhaps.count() == 0 { bounds } else { bounds.and(node.bounds(segment, window)) }
            }),
            Node::Or(nodes) => {
                let each = nodes.iter().map(|node| node.bounds(segment, window));
                each.fold(Bounds::constant(window, false), Bounds::or)
            }
            Node::Not(node) => node.bounds(segment, window).not(),
            Node::Leaf(told) => told.bounds(segment, window),
        }
    }
}
