//! The conditions of rules: expressions over a row's fields, as Log Service writes them.
//!
//! `cnt > 5 && $0.errorCode =~ 'Forbidden'`. A condition is read once, when the rule is, and asked about many rows. Any text
//! ends in a condition or in an error with its place (characters from 0); lengths, nesting and patterns are bounded, so
//! none can take the node down. What a condition means of a row is in [`value`]; how it prints, in [`expression`].

mod expression;
mod lexer;
mod parser;
mod value;

use std::fmt;

use crate::Row;

pub use expression::{Expression, FieldName, Operator, Pattern};
pub use value::number;

/// The longest condition, in characters: Log Service's own limit.
pub const CONDITION_CHARACTERS_MAX: usize = 128;

/// A condition that can be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    expression: Expression,
}

/// The text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found} at position {position}, expected {expected}")]
pub struct ConditionError {
    /// Where, in characters from 0.
    pub position: usize,
    /// What stands there.
    pub found: String,
    /// What could.
    pub expected: String,
}

impl ConditionError {
    /// Always the caller's doing.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// The condition says nothing that could hold or not, such as `100 + 100`. Log Service's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("result type is not bool")]
pub struct NotBoolean;

impl NotBoolean {
    /// The rule's writer has to change it.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// Where a condition finds the values of its fields.
pub trait Fields {
    /// The value of a field: of the query with this number, or of the first that has it.
    fn field(&self, query: Option<usize>, name: &str) -> Option<&str>;
}

impl Fields for Row {
    fn field(&self, _query: Option<usize>, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

/// The only field of a count condition.
pub struct Count(String);

impl Count {
    /// Of so many rows.
    pub fn of(rows: usize) -> Count {
        Count(rows.to_string())
    }
}

impl Fields for Count {
    fn field(&self, _query: Option<usize>, name: &str) -> Option<&str> {
        (name == "__count__").then_some(self.0.as_str())
    }
}

impl Condition {
    /// Reads a condition. The empty text is none: ask before.
    pub fn parse(text: &str) -> Result<Condition, ConditionError> {
        let expression = parser::parse(text)?;
        Ok(Condition { text: text.to_owned(), expression })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As it was read.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Whether it holds of a row.
    pub fn holds(&self, fields: &dyn Fields) -> Result<bool, NotBoolean> {
        value::holds(&self.expression, fields)
    }

    /// With the values in place of the fields: `[12] > 10`.
    pub fn filled(&self, fields: &dyn Fields) -> String {
        self.expression.print_with(&|field: &FieldName| {
            let value = fields.field(field.query, &field.name).unwrap_or_default();
            format!("[{}]", value.chars().take(CONDITION_CHARACTERS_MAX).collect::<String>())
        })
    }

    /// The fields it reads, each as often as it is named.
    pub fn fields(&self) -> Vec<&FieldName> {
        let mut found = Vec::new();
        self.expression.visit(&mut |expression| {
            if let Expression::Field(field) = expression {
                found.push(field);
            }
        });
        found
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.expression, f)
    }
}

#[cfg(test)]
mod tests;
