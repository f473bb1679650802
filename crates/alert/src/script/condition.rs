//! Conditions over sets of alerts: what they are and whether they hold.
//!
//! A condition that names only `alert.x` is asked of each alert as a whole and holds when any alert meets it; one that names
//! only `alerts.x` holds when all do. Where both are mixed, the parts of an `and` or `or` of one kind are taken together.
//! Values compare as numbers when both are; otherwise as texts, and then only two texts are greater or smaller.

use std::cmp::Ordering;

use regex::Regex;

use super::{Scope, Value};
use crate::Alert;

/// What is asked of alerts.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of these.
    And(Vec<Condition>),
    /// Any of these.
    Or(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// One comparison.
    Compare(Comparison),
    /// `true` or `false`.
    Constant(bool),
}

/// `alert.severity >= 8`.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Usually the field.
    pub left: Operand,
    /// How they are compared.
    pub operator: Operator,
    /// Usually the value.
    pub right: Operand,
    /// The right side of `=~` and `!~`, ready to match.
    pub pattern: Option<Pattern>,
}

/// One side of a comparison.
pub type Operand = Value;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=~`: the pattern is found anywhere in the value.
    Matches,
    /// `!~`
    MatchesNot,
    /// `in`: the value is one of a list.
    In,
    /// `not in`
    NotIn,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Operator; 10] = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Greater,
        Operator::AtLeast,
        Operator::Less,
        Operator::AtMost,
        Operator::Matches,
        Operator::MatchesNot,
        Operator::In,
        Operator::NotIn,
    ];

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Greater => ">",
            Operator::AtLeast => ">=",
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Matches => "=~",
            Operator::MatchesNot => "!~",
            Operator::In => "in",
            Operator::NotIn => "not in",
        }
    }

    /// By how it is written.
    pub fn parse(sign: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|operator| operator.sign() == sign)
    }
}

/// A regular expression, equal to another of the same text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles it, within the limit of size.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let built = regex::RegexBuilder::new(text).size_limit(super::PATTERN_BYTES_MAX).build();
        built.map(Pattern).map_err(|wrong| format!("{text:?} is no pattern: {wrong}"))
    }

    /// Whether it is found anywhere in the text.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Comparison {
    /// A comparison that means something, or why it does not.
    pub fn new(left: Operand, operator: Operator, right: Operand) -> Result<Comparison, String> {
        let field = |side: &Operand| if let Value::Field(field) = side { Some(field.scope) } else { None };
        let (left_scope, right_scope) = (field(&left), field(&right));
        if left_scope.is_none() && right_scope.is_none() {
            return Err("a comparison names a field of the alert on one side, such as alert.severity".into());
        }
        if left_scope.is_some() && right_scope.is_some() && left_scope != right_scope {
            return Err("one comparison is about alert or about alerts, not about both".into());
        }
        let is_list = matches!(&right, Value::List(values) if values.iter().all(is_plain));
        let pattern = match operator {
            Operator::Matches | Operator::MatchesNot => match &right {
                Value::Text(text) => Some(Pattern::parse(text)?),
                _ => return Err(format!("{} wants a pattern in quotes on its right", operator.sign())),
            },
            Operator::In | Operator::NotIn if !is_list => {
                return Err(format!("{} wants a list of values on its right", operator.sign()));
            }
            _ => None,
        };
        let is_in = matches!(operator, Operator::In | Operator::NotIn);
        let is_one = |side: &Operand| is_plain(side) || matches!(side, Value::Field(_));
        if !is_one(&left) || !(is_in || is_one(&right)) {
            return Err(format!("{} compares single values", operator.sign()));
        }
        Ok(Comparison { left, operator, right, pattern })
    }

    fn meets(&self, alert: &Alert) -> bool {
        let value = |side: &Operand| match side {
            Value::Field(field) => field.of(alert),
            other => other.text().unwrap_or_default(),
        };
        let left = value(&self.left);
        let is_listed = || match &self.right {
            Value::List(values) => values.iter().filter_map(Value::text).any(|one| is_same(&left, &one)),
            _ => false,
        };
        let matches = || self.pattern.as_ref().is_some_and(|pattern| pattern.is_in(&left));
        let order = || compare(&left, &value(&self.right));
        match self.operator {
            Operator::Equal => is_same(&left, &value(&self.right)),
            Operator::NotEqual => !is_same(&left, &value(&self.right)),
            Operator::Greater => order() == Some(Ordering::Greater),
            Operator::AtLeast => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
            Operator::Less => order() == Some(Ordering::Less),
            Operator::AtMost => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
            Operator::Matches => matches(),
            Operator::MatchesNot => !matches(),
            Operator::In => is_listed(),
            Operator::NotIn => !is_listed(),
        }
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Null)
}

fn is_same(left: &str, right: &str) -> bool {
    left == right || compare(left, right) == Some(Ordering::Equal)
}

/// How two values stand to each other; `None` for a number and a text. Ids of more than fifteen digits differ as texts though they
/// are the same as floating-point numbers, so whole numbers are compared as such.
fn compare(left: &str, right: &str) -> Option<Ordering> {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return Some(left.cmp(&right));
    }
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        (None, None) => Some(left.cmp(right)),
        _ => None,
    }
}

/// How a condition went over a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Whether it holds.
    pub holds: bool,
    /// How many alerts meet it; `None` where it asks about any and all at once.
    pub meeting: Option<usize>,
}

impl Condition {
    /// Whether it holds over a set of alerts.
    pub fn holds(&self, alerts: &[&Alert]) -> bool {
        self.held(alerts).holds
    }

    /// Whether it holds, and for how many.
    pub fn held(&self, alerts: &[&Alert]) -> Held {
        match self.scope() {
            Scopes::Mixed => Held { holds: self.holds_mixed(alerts), meeting: None },
            Scopes::None => Held { holds: self.is_constant_true(), meeting: None },
            Scopes::One(scope) => {
                let meeting = alerts.iter().filter(|alert| self.meets(alert)).count();
                let holds = match scope {
                    Scope::Any => meeting > 0,
                    Scope::All => meeting == alerts.len() && meeting > 0,
                };
                Held { holds, meeting: Some(meeting) }
            }
        }
    }

    /// Whether one alert meets it.
    pub fn meets(&self, alert: &Alert) -> bool {
        match self {
            Condition::And(parts) => parts.iter().all(|part| part.meets(alert)),
            Condition::Or(parts) => parts.iter().any(|part| part.meets(alert)),
            Condition::Not(part) => !part.meets(alert),
            Condition::Compare(comparison) => comparison.meets(alert),
            Condition::Constant(is) => *is,
        }
    }

    /// Whether it asks about any alert or about all; `None` when about both or neither.
    pub fn asks(&self) -> Option<Scope> {
        match self.scope() {
            Scopes::One(scope) => Some(scope),
            _ => None,
        }
    }

    fn scope(&self) -> Scopes {
        match self {
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().fold(Scopes::None, |scopes, part| scopes.with(part.scope()))
            }
            Condition::Not(part) => part.scope(),
            Condition::Constant(_) => Scopes::None,
            Condition::Compare(comparison) => match (&comparison.left, &comparison.right) {
                (Value::Field(field), _) | (_, Value::Field(field)) => Scopes::One(field.scope),
                _ => Scopes::None,
            },
        }
    }

    fn holds_mixed(&self, alerts: &[&Alert]) -> bool {
        match self {
            Condition::And(parts) => by_scope(parts, Condition::And).iter().all(|part| part.holds(alerts)),
            Condition::Or(parts) => by_scope(parts, Condition::Or).iter().any(|part| part.holds(alerts)),
            Condition::Not(part) => !part.holds(alerts),
            // One comparison has one scope.
            Condition::Compare(_) | Condition::Constant(_) => self.holds(alerts),
        }
    }

    fn is_constant_true(&self) -> bool {
        match self {
            Condition::And(parts) => parts.iter().all(Condition::is_constant_true),
            Condition::Or(parts) => parts.iter().any(Condition::is_constant_true),
            Condition::Not(part) => !part.is_constant_true(),
            Condition::Constant(is) => *is,
            Condition::Compare(_) => false,
        }
    }
}

/// The parts about any alert as one condition, those about all as another, the rest as they are.
fn by_scope(parts: &[Condition], join: fn(Vec<Condition>) -> Condition) -> Vec<Condition> {
    let of = |scope: Scope| parts.iter().filter(|part| part.asks() == Some(scope)).cloned().collect::<Vec<_>>();
    let mut grouped: Vec<Condition> = parts.iter().filter(|part| part.asks().is_none()).cloned().collect();
    grouped.extend([of(Scope::Any), of(Scope::All)].into_iter().filter(|same| !same.is_empty()).map(join));
    grouped
}

#[derive(PartialEq, Eq)]
enum Scopes {
    None,
    One(Scope),
    Mixed,
}

impl Scopes {
    fn with(self, other: Scopes) -> Scopes {
        match (self, other) {
            (Scopes::None, same) | (same, Scopes::None) => same,
            (Scopes::One(one), Scopes::One(two)) if one == two => Scopes::One(one),
            _ => Scopes::Mixed,
        }
    }
}
