//! Rows of several queries brought together, by number and not by copy.
//!
//! A joined row is one row, or none, of each query. An equality between the two sides in a condition (`$0.a == $1.b`) makes it
//! a hash join; other conditions are asked about each pair. What may come out is bounded, and whatever is left out is said.

use std::collections::{HashMap, HashSet};

use crate::Row;
use crate::condition::{Condition, Expression, FieldName, Fields, NotBoolean, Operator, number};
use crate::rule::{Join, JoinKind, QUERIES_MAX};

/// The most joined rows: all pairs of two queries, all triples of three.
pub const JOINED_ROWS_MAX: usize = 1_000_000;

/// The numbers of the rows a joined row is made of.
type Parts = [Option<u32>; QUERIES_MAX];

/// The rows of all queries, joined.
pub struct Joined<'r> {
    rows: Vec<&'r [Row]>,
    parts: Vec<Parts>,
    /// Whether rows were left out.
    pub is_truncated: bool,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct JoinedRow<'r> {
    rows: [Option<&'r Row>; QUERIES_MAX],
}

impl<'r> Joined<'r> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// The one of this number.
    pub fn row(&self, index: usize) -> JoinedRow<'r> {
        view(&self.rows, self.parts[index])
    }
}

impl JoinedRow<'_> {
    /// As a row of its own: each field under its name, and where another query has it already as `$1.name`.
    pub fn to_row(self) -> Row {
        let mut flat = Row::new();
        for (query, row) in self.rows.iter().enumerate() {
            for (name, value) in row.iter().flat_map(|row| row.iter()) {
                let name = if flat.contains_key(name) { format!("${query}.{name}") } else { name.clone() };
                flat.insert(name, value.clone());
            }
        }
        flat
    }

    /// The names of all fields, each once.
    pub fn names(&self) -> HashSet<&str> {
        self.rows.iter().flatten().flat_map(|row| row.keys()).map(String::as_str).collect()
    }
}

impl Fields for JoinedRow<'_> {
    fn field(&self, query: Option<usize>, name: &str) -> Option<&str> {
        match query {
            Some(query) => self.rows.get(query).copied().flatten()?.get(name),
            None => self.rows.iter().flatten().find_map(|row| row.get(name)),
        }
        .map(String::as_str)
    }
}

fn view<'r>(rows: &[&'r [Row]], parts: Parts) -> JoinedRow<'r> {
    let mut view = JoinedRow { rows: [None; QUERIES_MAX] };
    for (query, index) in parts.iter().enumerate() {
        view.rows[query] = index.and_then(|index| rows.get(query)?.get(index as usize));
    }
    view
}

/// Joins the rows of the first query with those of the second, and what comes out with those of the third.
pub fn join<'r>(joins: &[Join], rows: &[&'r [Row]]) -> Result<Joined<'r>, NotBoolean> {
    let alone = |query: usize, index: usize| {
        let mut parts: Parts = [None; QUERIES_MAX];
        parts[query] = u32::try_from(index).ok();
        parts
    };
    let first = rows.first().map_or(0, |rows| rows.len());
    let mut joined =
        Joined { rows: rows.to_vec(), parts: (0..first).map(|index| alone(0, index)).collect(), is_truncated: false };
    for (query, join) in (1..rows.len()).zip(joins) {
        let right: Vec<Parts> = (0..rows[query].len()).map(|index| alone(query, index)).collect();
        let left = std::mem::take(&mut joined.parts);
        let sides = Sides { rows, left, right, query };
        let mut found = sides.join(join)?;
        joined.is_truncated |= found.len() > JOINED_ROWS_MAX;
        found.truncate(JOINED_ROWS_MAX);
        joined.parts = found;
    }
    Ok(joined)
}

struct Sides<'a, 'r> {
    rows: &'a [&'r [Row]],
    left: Vec<Parts>,
    right: Vec<Parts>,
    query: usize,
}

impl Sides<'_, '_> {
    fn pair(&self, left: usize, right: usize) -> Parts {
        let mut parts = self.left[left];
        parts[self.query] = self.right[right][self.query];
        parts
    }

    fn join(&self, join: &Join) -> Result<Vec<Parts>, NotBoolean> {
        Ok(match (join.kind, &join.condition) {
            (JoinKind::NoJoin, _) => self.left.clone(),
            (JoinKind::Concat, _) => self.left.iter().chain(&self.right).copied().collect(),
            (JoinKind::Cross, _) | (_, None) => self.all_pairs(),
            (kind, Some(condition)) => self.matched(kind, condition)?,
        })
    }

    fn all_pairs(&self) -> Vec<Parts> {
        let pairs = (0..self.left.len()).flat_map(|left| (0..self.right.len()).map(move |right| (left, right)));
        // One more than may stay, so that the cut is noticed.
        pairs.map(|(left, right)| self.pair(left, right)).take(JOINED_ROWS_MAX + 1).collect()
    }

    fn matched(&self, kind: JoinKind, condition: &Condition) -> Result<Vec<Parts>, NotBoolean> {
        let keeps_pairs = matches!(kind, JoinKind::Inner | JoinKind::Left | JoinKind::Right | JoinKind::Full);
        let keeps_left = matches!(kind, JoinKind::Left | JoinKind::Full | JoinKind::LeftExclude);
        let keeps_right = matches!(kind, JoinKind::Right | JoinKind::Full | JoinKind::RightExclude);
        let index = self.index(condition);
        let everything: Vec<usize> = (0..self.right.len()).collect();
        let mut found = Vec::new();
        let mut has_left = vec![false; self.right.len()];
        for left in 0..self.left.len() {
            let candidates = match &index {
                Some(index) => index.candidates(&view(self.rows, self.left[left])),
                None => &everything,
            };
            let mut has_right = false;
            for right in candidates {
                let pair = self.pair(left, *right);
                if !condition.holds(&view(self.rows, pair))? {
                    continue;
                }
                (has_right, has_left[*right]) = (true, true);
                if keeps_pairs && found.len() <= JOINED_ROWS_MAX {
                    found.push(pair);
                }
            }
            if keeps_left && !has_right {
                found.push(self.left[left]);
            }
        }
        if keeps_right {
            found.extend((0..self.right.len()).filter(|right| !has_left[*right]).map(|right| self.right[right]));
        }
        Ok(found)
    }

    /// The right side by the value of its field in an equality that every pair must meet.
    fn index<'c>(&self, condition: &'c Condition) -> Option<Index<'c>> {
        let (left, right) = equality(condition.expression(), self.query)?;
        let mut by_value: HashMap<Key, Vec<usize>> = HashMap::new();
        for (index, parts) in self.right.iter().enumerate() {
            let row = view(self.rows, *parts);
            by_value.entry(Key::of(row.field(right.query, &right.name).unwrap_or_default())).or_default().push(index);
        }
        Some(Index { left, by_value })
    }
}

struct Index<'c> {
    left: &'c FieldName,
    by_value: HashMap<Key, Vec<usize>>,
}

impl Index<'_> {
    fn candidates(&self, row: &JoinedRow<'_>) -> &[usize] {
        let value = row.field(self.left.query, &self.left.name).unwrap_or_default();
        self.by_value.get(&Key::of(value)).map_or(&[], Vec::as_slice)
    }
}

/// Equal exactly when two fields are equal in a condition.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Number(u64),
    Text(String),
}

impl Key {
    fn of(text: &str) -> Key {
        match number(text) {
            // Minus zero is zero.
            Some(number) => Key::Number((number + 0.0).to_bits()),
            None => Key::Text(text.to_owned()),
        }
    }
}

/// `$a.x == $b.y` among the parts that must all hold, with one field of this query and one of those before it.
fn equality(expression: &Expression, query: usize) -> Option<(&FieldName, &FieldName)> {
    match expression {
        Expression::Binary(Operator::And, left, right) => equality(left, query).or_else(|| equality(right, query)),
        Expression::Binary(Operator::Equal, left, right) => {
            let (Expression::Field(left), Expression::Field(right)) = (left.as_ref(), right.as_ref()) else {
                return None;
            };
            match (left.query?, right.query?) {
                (a, b) if a < query && b == query => Some((left, right)),
                (a, b) if b < query && a == query => Some((right, left)),
                _ => None,
            }
        }
        _ => None,
    }
}
