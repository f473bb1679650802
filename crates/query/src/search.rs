//! The search part: which events a query is about.
//!
//! A condition on a field names it by its path in the event's JSON; `event.` in front of it is what Log Service's index
//! calls the column, and is left out here.

pub mod bytes;
pub mod extract;
pub mod holds;
mod json;
mod print;
pub mod tokens;
pub mod values;

use std::fmt;

/// The path of a value in an event's JSON: `userIdentity.accessKeyId`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<String>);

impl FieldPath {
    /// A path of these keys, outermost first; at least one.
    pub fn new(keys: Vec<String>) -> FieldPath {
        assert!(!keys.is_empty(), "a path has a key");
        FieldPath(keys)
    }

    /// The path a dotted text names, without `event.` in front; `None` if it is empty.
    pub fn parse(dotted: &str) -> Option<FieldPath> {
        (!dotted.is_empty()).then(|| FieldPath(dotted.split('.').map(str::to_owned).collect()))
    }

    /// The keys, outermost first.
    pub fn keys(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Which events.
#[derive(Debug, Clone, PartialEq)]
pub enum Search {
    /// Every one.
    All,
    /// Those of all of these.
    And(Vec<Search>),
    /// Those of any of these.
    Or(Vec<Search>),
    /// Those that are not of this.
    Not(Box<Search>),
    /// Those that have these words anywhere, in values or as keys.
    Anywhere(Words),
    /// Those whose value at the path passes the test.
    Field(FieldPath, Test),
    /// Those whose topic has these words; every event's topic is `actiontrail_audit_event`.
    Topic(Words),
}

/// Words that must all be there: each a word in lower case, or a pattern of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// All of them, in any order; with `in_order`, one after the other. At most [`Words::MAX`].
    pub words: Vec<Word>,
    /// A phrase: `#"..."`.
    pub in_order: bool,
}

impl Words {
    /// More words than this in one condition are refused.
    pub const MAX: usize = 64;
}

/// A word in lower case, as Log Service's default tokens cut it.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// This one.
    Exact(String),
    /// One that starts with `prefix` and fits the pattern, in which `*` is any characters and `?` is one.
    Like {
        /// What comes before the first wildcard; not empty.
        prefix: String,
        /// The whole pattern.
        pattern: String,
    },
}

/// A condition on a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// There is a value that is neither `null` nor an empty text.
    Exists,
    /// The value is the empty text.
    Empty,
    /// The value is JSON's `null`, or has the word "null".
    Null,
    /// The value has these words.
    Has(Words),
    /// The value is a number in this range.
    Within {
        /// From here; `None`: no end.
        low: Option<Bound>,
        /// Up to here; `None`: no end.
        high: Option<Bound>,
    },
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// The number.
    pub number: f64,
    /// Whether the number itself is in the range.
    pub is_included: bool,
}
