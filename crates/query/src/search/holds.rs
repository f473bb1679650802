//! Whether a search holds for an event: the one place that says what a search means. Indexes only propose.
//!
//! A search is made ready once ([`Matcher::new`]) and then asked about many events. Values are read in one pass over the
//! JSON and only if a condition needs them; words are looked for among the bytes before any text is cut.

use super::bytes::contains_ignoring_case;
use super::extract::{Paths, Value};
use super::json::{Part, for_each_scalar};
use super::tokens::Finder;
use super::{Bound, FieldPath, Search, Test, Words};

/// The topic every event of a Logstore has, and the one older pages call it; both are found.
pub const TOPICS: [&str; 2] = ["actiontrail_audit_event", "actiontrail_event"];

/// The source every event of a Logstore has.
pub const SOURCE: &str = "actiontrail_internal";

impl Search {
    /// Whether the search holds for an event of this JSON. For many events, make a [`Matcher`].
    pub fn holds(&self, raw: &[u8]) -> bool {
        Matcher::new(self).holds(raw)
    }
}

/// A search made ready.
#[derive(Debug, Clone)]
pub struct Matcher {
    paths: Paths,
    root: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Constant(bool),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Anywhere(Words),
    Field(usize, Test),
}

/// An event while it is looked at.
struct Looked<'j, 'm> {
    raw: &'j [u8],
    paths: &'m Paths,
    values: Option<Vec<Option<Value<'j>>>>,
}

impl<'j> Looked<'j, '_> {
    fn value(&mut self, path: usize) -> Option<&Value<'j>> {
        self.values.get_or_insert_with(|| self.paths.values(self.raw))[path].as_ref()
    }
}

impl Matcher {
    /// Makes it ready.
    pub fn new(search: &Search) -> Matcher {
        let mut paths: Vec<FieldPath> = Vec::new();
        let root = Node::new(search, &mut paths);
        Matcher { paths: Paths::new(&paths), root }
    }

    /// Whether the search holds for an event of this JSON.
    pub fn holds(&self, raw: &[u8]) -> bool {
        self.root.holds(&mut Looked { raw, paths: &self.paths, values: None })
    }
}

impl Node {
    fn new(search: &Search, paths: &mut Vec<FieldPath>) -> Node {
        let mut all = |searches: &[Search]| searches.iter().map(|each| Node::new(each, paths)).collect();
        match search {
            Search::All => Node::Constant(true),
            Search::And(searches) => Node::And(all(searches)),
            Search::Or(searches) => Node::Or(all(searches)),
            Search::Not(search) => Node::Not(Box::new(Node::new(search, paths))),
            Search::Anywhere(words) => Node::Anywhere(words.clone()),
            Search::Topic(words) => Node::Constant(TOPICS.iter().any(|topic| has_words(topic, words))),
            Search::Field(path, test) => {
                let at = paths.iter().position(|each| each == path).unwrap_or_else(|| {
                    paths.push(path.clone());
                    paths.len() - 1
                });
                Node::Field(at, test.clone())
            }
        }
    }

    fn holds(&self, event: &mut Looked<'_, '_>) -> bool {
        match self {
            Node::Constant(holds) => *holds,
            Node::And(nodes) => nodes.iter().all(|node| node.holds(event)),
            Node::Or(nodes) => nodes.iter().any(|node| node.holds(event)),
            Node::Not(node) => !node.holds(event),
            Node::Anywhere(words) => has_anywhere(event.raw, words),
            Node::Field(path, test) => passes(event.value(*path), test),
        }
    }
}

impl Test {
    /// Whether a value passes that is this text in the JSON.
    pub fn holds_for(&self, text: &str) -> bool {
        passes(Some(&Value::Text(text.into())), self)
    }
}

/// Whether a value, or its absence, passes the test.
fn passes(value: Option<&Value<'_>>, test: &Test) -> bool {
    let Some(value) = value else { return false };
    match (test, value) {
        (Test::Null, Value::Null) => true,
        (Test::Null, Value::Text(text)) => {
            super::tokens::words_of(text.as_bytes()).any(|word| word.eq_ignore_ascii_case(b"null"))
        }
        (Test::Null, _) | (_, Value::Null) => false,
        (Test::Exists, Value::Text(text)) => !text.is_empty(),
        (Test::Exists, _) => true,
        (Test::Empty, value) => matches!(value, Value::Text(text) if text.is_empty()),
        (Test::Has(words), Value::Nested(json)) => nested_has(json.as_bytes(), words),
        (Test::Has(words), Value::Text(text) | Value::Bare(text)) => has_words(text, words),
        (Test::Within { low, high }, Value::Text(text) | Value::Bare(text)) => {
            number(text).is_some_and(|number| is_within(number, *low, *high))
        }
        (Test::Within { .. }, Value::Nested(_)) => false,
    }
}

pub(crate) fn has_words(text: &str, words: &Words) -> bool {
    let mut finder = Finder::new(words);
    finder.look_at(text.as_bytes());
    finder.is_done()
}

fn nested_has(json: &[u8], words: &Words) -> bool {
    let mut finder = Finder::new(words);
    for_each_scalar(json, &mut |part| look_at(part, &mut finder));
    finder.is_done()
}

fn look_at(part: Part<'_>, finder: &mut Finder<'_>) {
    if finder.is_done() {
        return;
    }
    match part {
        Part::Null => finder.look_at(b"null"),
        Part::Bare(bytes) => finder.look_at(bytes),
        Part::Text(text) => finder.look_at(&text.unescaped()),
        Part::Nested(_) => {}
    }
}

fn has_anywhere(raw: &[u8], words: &Words) -> bool {
    let may_be_there = |beginning: &str| contains_ignoring_case(raw, beginning.as_bytes());
    // Letters may be written as `\uXXXX`; then only cutting the texts tells.
    let may_hold =
        words.words.iter().all(|word| may_be_there(word.beginning())) || memchr::memmem::find(raw, br"\u").is_some();
    may_hold && nested_has(raw, words)
}

/// The number a text is; texts such as `inf` or `nan` are none.
fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['-', '+']);
    let begins_well = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if begins_well { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

fn is_within(number: f64, low: Option<Bound>, high: Option<Bound>) -> bool {
    let above = low.is_none_or(|low| number > low.number || (low.is_included && number == low.number));
    let below = high.is_none_or(|high| number < high.number || (high.is_included && number == high.number));
    above && below
}

#[cfg(test)]
mod tests;
