//! The conditions of a graph: objects, operators and values, in standard mode (all of a list) or advanced mode (nested).

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::script::{Comparison, Condition, Field, Operator, Scope, Value};

/// Whether any alert of a set is meant or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// One is enough.
    Any,
    /// Every one.
    All,
}

/// What a Condition node asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub enum Expression {
    /// All of these.
    Standard {
        /// At least one.
        conditions: Vec<Term>,
    },
    /// Anything.
    Advanced {
        /// The outermost term.
        expression: Term,
    },
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Term {
    /// All of these.
    And {
        /// The parts.
        and: Vec<Term>,
    },
    /// Any of these.
    Or {
        /// The parts.
        or: Vec<Term>,
    },
    /// Not this.
    Not {
        /// The part.
        not: Box<Term>,
    },
    /// One comparison.
    Compare {
        /// A field of the alert: `severity`, `labels.user`.
        object: String,
        /// As scripts write it: `==`, `>=`, `=~`, `in`.
        operator: String,
        /// With what. A list with `==` means any of it.
        value: Json,
    },
}

/// A condition as a node shows it. The error says what a node cannot show.
pub(super) fn drawn(condition: &Condition) -> Result<(Match, Expression), &'static str> {
    let matches = match condition.asks() {
        Some(Scope::Any) => Match::Any,
        Some(Scope::All) => Match::All,
        None => return Err("a condition asks about any alert or about all, not about both or neither"),
    };
    let is_plain = |part: &Condition| matches!(part, Condition::Compare(_));
    let expression = match condition {
        Condition::Compare(_) => Expression::Standard { conditions: vec![term(condition)?] },
        Condition::And(parts) if parts.iter().all(is_plain) => {
            Expression::Standard { conditions: parts.iter().map(term).collect::<Result<_, _>>()? }
        }
        nested => Expression::Advanced { expression: term(nested)? },
    };
    Ok((matches, expression))
}

fn term(condition: &Condition) -> Result<Term, &'static str> {
    let terms = |parts: &[Condition]| parts.iter().map(term).collect::<Result<Vec<_>, _>>();
    Ok(match condition {
        Condition::And(parts) => Term::And { and: terms(parts)? },
        Condition::Or(parts) => Term::Or { or: terms(parts)? },
        Condition::Not(part) => Term::Not { not: Box::new(term(part)?) },
        Condition::Constant(_) => return Err("a condition compares an object with a value"),
        Condition::Compare(Comparison { left: Value::Field(field), operator, right, .. }) => Term::Compare {
            object: field.name(),
            operator: operator.sign().to_owned(),
            value: right.json().ok_or("an object is compared with a value, not with another object")?,
        },
        Condition::Compare(_) => return Err("a comparison has its object on the left"),
    })
}

/// The condition that a node shows.
pub(super) fn read(matches: Match, expression: &Expression) -> Result<Condition, String> {
    let scope = match matches {
        Match::Any => Scope::Any,
        Match::All => Scope::All,
    };
    match expression {
        Expression::Standard { conditions } => joined(scope, conditions, Condition::And),
        Expression::Advanced { expression } => condition(scope, expression, 0),
    }
}

fn condition(scope: Scope, term: &Term, depth: usize) -> Result<Condition, String> {
    if depth >= crate::script::DEPTH_MAX / 2 {
        return Err("its condition is nested too deeply".into());
    }
    let parts =
        |parts: &[Term]| parts.iter().map(|part| condition(scope, part, depth + 1)).collect::<Result<Vec<_>, _>>();
    match term {
        Term::And { and } => one_or(parts(and)?, Condition::And),
        Term::Or { or } => one_or(parts(or)?, Condition::Or),
        Term::Not { not } => Ok(Condition::Not(Box::new(condition(scope, not, depth + 1)?))),
        Term::Compare { object, operator, value } => {
            let field = Field::parse(scope, object)?;
            let sign = match (operator.as_str(), value.is_array()) {
                ("==" | "=", true) => "in",
                ("!=", true) => "not in",
                ("=", false) => "==",
                (sign, _) => sign,
            };
            let operator = Operator::parse(sign).ok_or_else(|| format!("{sign:?} is no operator"))?;
            Comparison::new(Value::Field(field), operator, Value::from(value)).map(Condition::Compare)
        }
    }
}

fn joined(scope: Scope, terms: &[Term], join: fn(Vec<Condition>) -> Condition) -> Result<Condition, String> {
    one_or(terms.iter().map(|term| condition(scope, term, 1)).collect::<Result<_, _>>()?, join)
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Result<Condition, String> {
    match parts.len() {
        0 => Err("its condition is empty".into()),
        1 => Ok(parts.remove(0)),
        _ => Ok(join(parts)),
    }
}
