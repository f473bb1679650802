//! What a condition means of a row.
//!
//! Fields are text. Beside a text in quotes they compare as text; beside a number as numbers, and a field that is none is
//! then not equal, not less and not greater; two fields compare as numbers when both are, otherwise as text. A field that
//! is not there is the empty text.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::expression::{Expression, Operator};
use super::{Fields, NotBoolean};

/// The number a text is, in plain notation: `inf`, `nan` and hexadecimals are text.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse::<f64>().ok().filter(|number| is_plain && number.is_finite())
}

enum Value<'v> {
    Number(f64),
    Text(Cow<'v, str>),
    Field(&'v str),
    Boolean(bool),
}

impl Value<'_> {
    /// Not a number when it is none, which is neither equal to, less nor greater than anything.
    fn number(&self) -> f64 {
        match self {
            Value::Number(value) => *value,
            Value::Field(text) => number(text).unwrap_or(f64::NAN),
            Value::Text(_) | Value::Boolean(_) => f64::NAN,
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Field(text) => Cow::Borrowed(text),
            Value::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        }
    }
}

pub(super) fn holds(expression: &Expression, fields: &dyn Fields) -> Result<bool, NotBoolean> {
    match expression {
        Expression::Binary(Operator::Or, left, right) => Ok(holds(left, fields)? || holds(right, fields)?),
        Expression::Binary(Operator::And, left, right) => Ok(holds(left, fields)? && holds(right, fields)?),
        Expression::Not(inner) => Ok(!holds(inner, fields)?),
        _ => match value(expression, fields)? {
            Value::Boolean(value) => Ok(value),
            _ => Err(NotBoolean),
        },
    }
}

fn value<'v>(expression: &'v Expression, fields: &'v dyn Fields) -> Result<Value<'v>, NotBoolean> {
    Ok(match expression {
        Expression::Number(number) => Value::Number(*number),
        Expression::Text(text) => Value::Text(Cow::Borrowed(text)),
        Expression::Boolean(value) => Value::Boolean(*value),
        Expression::Field(field) => Value::Field(fields.field(field.query, &field.name).unwrap_or_default()),
        Expression::Negative(inner) => Value::Number(-value(inner, fields)?.number()),
        Expression::Not(_) | Expression::Binary(Operator::Or | Operator::And, ..) => {
            Value::Boolean(holds(expression, fields)?)
        }
        Expression::Binary(operator, left, right) => binary(*operator, &value(left, fields)?, &value(right, fields)?),
        Expression::Matches { value: inner, pattern, is_negated } => {
            Value::Boolean(pattern.is_found_in(&value(inner, fields)?.text()) != *is_negated)
        }
        Expression::Contains(inner, part) => {
            let (inner, part) = (value(inner, fields)?, value(part, fields)?);
            Value::Boolean(inner.text().contains(part.text().as_ref()))
        }
    })
}

fn binary<'v>(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Value<'v> {
    let numbers = || (left.number(), right.number());
    match operator {
        Operator::Add => Value::Number(numbers().0 + numbers().1),
        Operator::Subtract => Value::Number(numbers().0 - numbers().1),
        Operator::Multiply => Value::Number(numbers().0 * numbers().1),
        Operator::Divide => Value::Number(numbers().0 / numbers().1),
        Operator::Remainder => Value::Number(numbers().0 % numbers().1),
        _ => {
            let order = compare(left, right);
            Value::Boolean(match operator {
                Operator::Equal => order == Some(Ordering::Equal),
                Operator::NotEqual => order != Some(Ordering::Equal),
                Operator::Less => order == Some(Ordering::Less),
                Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                Operator::Greater => order == Some(Ordering::Greater),
                _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            })
        }
    }
}

fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Field(a), Value::Field(b)) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => Some(a.cmp(b)),
        },
        (Value::Text(_), _) | (_, Value::Text(_)) => Some(left.text().cmp(&right.text())),
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => {
            left.text().eq_ignore_ascii_case(&right.text()).then_some(Ordering::Equal)
        }
        _ => left.number().partial_cmp(&right.number()),
    }
}
