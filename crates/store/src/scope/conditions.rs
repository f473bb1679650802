//! The search of a question: what the index and the columns of a segment say about it, before an event is read.
//!
//! Each condition is bound to a segment once. For a page of results it is bound to propose: words lead to pages. For
//! counting and scanning it is bound to decide: conditions on columns are answered from the columns.

use std::ops::Range;
use std::sync::Arc;

use model::Attribute;
use query::search::{Test, Word, Words};
use query::{Matcher, Meter, Search};

use super::columns::{Columns, attribute_at};
use super::value_test::verdicts;
use crate::StoreError;
use crate::row_set::Bounds;
use crate::segment::{RowCodes, Segment};
use crate::terms::{NESTED_ESCAPE_MARK, cut, token_hash};

/// A search made ready for any segment.
pub(crate) struct Conditions {
    matcher: Matcher,
    root: Node<Leaf>,
    is_everything: bool,
}

/// The tree of a search, over conditions of some form.
enum Node<L> {
    Constant(bool),
    And(Vec<Node<L>>),
    Or(Vec<Node<L>>),
    Not(Box<Node<L>>),
    Leaf(L),
}

/// A condition.
struct Leaf {
    /// Hashes of words the event has, in values or as keys; all of them.
    words: Vec<u64>,
    /// Whether the words may stand in a text within a text.
    may_be_nested: bool,
    column: Option<(Attribute, Test)>,
    /// Whether a column cannot tell a `null` from nothing, and the condition can.
    tells_null: bool,
}

impl Conditions {
    pub(crate) fn new(search: &Search) -> Conditions {
        let root = Node::new(search);
        Conditions { matcher: Matcher::new(search), is_everything: matches!(root, Node::Constant(true)), root }
    }

    /// Whether the search holds for an event of this JSON.
    pub(crate) fn hold(&self, raw: &[u8]) -> bool {
        self.is_everything || self.matcher.holds(raw)
    }

    /// The attributes whose columns decide something.
    pub(crate) fn columns(&self) -> impl Iterator<Item = Attribute> {
        let mut found = Vec::new();
        self.root.for_each_leaf(&mut |leaf| found.extend(leaf.column.as_ref().map(|(attribute, _)| *attribute)));
        found.into_iter()
    }

    /// What the index proposes; cheap.
    pub(crate) fn propose_on(&self, segment: &Segment) -> Bound {
        Bound(self.root.bind(&mut |leaf| leaf.by_pages(segment)))
    }

    /// What the columns tell, and the index where there is no column. Blocks.
    pub(crate) fn decide_on(&self, columns: &mut Columns, meter: &Meter) -> Result<Bound, StoreError> {
        let mut failed = None;
        let bound = self.root.bind(&mut |leaf| {
            leaf.by_column(columns, meter).unwrap_or_else(|error| {
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
        match search {
            Search::All => Node::Constant(true),
            Search::And(searches) => Node::And(all(searches)),
            Search::Or(searches) => Node::Or(all(searches)),
            Search::Not(search) => Node::Not(Box::new(Node::new(search))),
            // Every event has the same topic.
            Search::Topic(_) => Node::Constant(search.holds(b"{}")),
            Search::Anywhere(words) => {
                let words = hashes(words);
                Node::Leaf(Leaf { words, may_be_nested: false, column: None, tells_null: false })
            }
            Search::Field(path, test) => {
                let column = attribute_at(path).map(|attribute| (attribute, test.clone()));
                let words = if let Test::Has(words) = test { hashes(words) } else { Vec::new() };
                let may_be_nested = path.keys().len() > 1 && column.is_none();
                Node::Leaf(Leaf { words, may_be_nested, column, tells_null: *test == Test::Null })
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

    fn bind(&self, bind: &mut dyn FnMut(&Leaf) -> Told) -> Node<Told> {
        match self {
            Node::Constant(holds) => Node::Constant(*holds),
            Node::And(nodes) => Node::And(nodes.iter().map(|node| node.bind(bind)).collect()),
            Node::Or(nodes) => Node::Or(nodes.iter().map(|node| node.bind(bind)).collect()),
            Node::Not(node) => Node::Not(Box::new(node.bind(bind))),
            Node::Leaf(leaf) => Node::Leaf(bind(leaf)),
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

impl Leaf {
    /// Words lead to pages, unless they may be keys.
    fn by_pages(&self, segment: &Segment) -> Told {
        let mut pages: Option<Vec<u32>> = None;
        for hash in self.words.iter().filter(|hash| !segment.may_have_key_word(**hash)) {
            let mut of_word = Vec::new();
            segment.token(*hash).places_in(0..u32::MAX, &mut of_word);
            pages = Some(match pages {
                None => of_word,
                Some(pages) => crate::lookup::intersect(&pages, &of_word),
            });
        }
        let Some(mut pages) = pages else { return Told::Anything };
        if self.may_be_nested {
            if !segment.marks_nested_escapes() {
                return Told::Anything;
            }
            segment.token(NESTED_ESCAPE_MARK).places_in(0..u32::MAX, &mut pages);
            pages.sort_unstable();
            pages.dedup();
        }
        Told::OnPages(pages)
    }

    fn by_column(&self, columns: &mut Columns, meter: &Meter) -> Result<Told, StoreError> {
        if let Some((attribute, test)) = &self.column
            && columns.segment.knows_plain(*attribute)
        {
            if let Told::OnPages(pages) = self.by_pages(&columns.segment)
                && pages.is_empty()
            {
                return Ok(Told::OnPages(pages));
            }
            let column = columns.get(*attribute, meter)?;
            let verdicts = verdicts(test, &column.values);
            return Ok(Told::ByColumn { column, verdicts, tells_null: self.tells_null });
        }
        Ok(self.by_pages(&columns.segment))
    }
}

/// Conditions bound to a segment.
pub(crate) struct Bound(Node<Told>);

/// What is known of a condition in a segment.
enum Told {
    /// Nothing.
    Anything,
    /// Only rows on these pages may fulfil it.
    OnPages(Vec<u32>),
    /// The value of the column tells.
    ByColumn { column: Arc<RowCodes>, verdicts: Vec<bool>, tells_null: bool },
}

impl Bound {
    /// What is known of a window of an account's rows.
    pub(crate) fn bounds(&self, segment: &Segment, window: &Range<u32>) -> Bounds {
        self.0.bounds(segment, window)
    }
}

impl Node<Told> {
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

impl Told {
    fn bounds(&self, segment: &Segment, window: &Range<u32>) -> Bounds {
        match self {
            Told::Anything => Bounds::unknown(window),
            Told::OnPages(pages) => {
                let mut bounds = Bounds::constant(window, false);
                segment.rows_on(pages, window).into_iter().for_each(|row| bounds.perhaps.insert(row));
                bounds
            }
            Told::ByColumn { column, verdicts, tells_null } => {
                let holds = |code: u32| verdicts.get(code as usize).copied().unwrap_or(false);
                let mut bounds = Bounds::exact(column.of_row.rows_with(window, holds));
                if *tells_null {
                    bounds.perhaps.or(&column.of_row.rows_with(window, |code| code == 0));
                }
                for row in column.unplain_in(window) {
                    bounds.surely.remove(*row);
                    bounds.perhaps.insert(*row);
                }
                bounds
            }
        }
    }
}
