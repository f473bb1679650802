//! A condition as a tree, and its printed form.
//!
//! The printed form has the parentheses it needs and no others; read again it gives the same tree.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// A part of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A number, never negative: `-1` is [`Expression::Negative`] of 1.
    Number(f64),
    /// A text in quotes.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A field of the row.
    Field(FieldName),
    /// `!x`
    Not(Box<Expression>),
    /// `-x`
    Negative(Box<Expression>),
    /// Two parts and what joins them.
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `x =~ 'pattern'`, or `!~` when negated.
    Matches {
        /// What is looked at.
        value: Box<Expression>,
        /// Found anywhere in it.
        pattern: Pattern,
        /// `!~`
        is_negated: bool,
    },
    /// `contains(x, 'text')`
    Contains(Box<Expression>, Box<Expression>),
}

/// The name of a field, perhaps of one query only: `$1.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName {
    /// Which query, from 0.
    pub query: Option<usize>,
    /// Its name there.
    pub name: String,
}

/// What joins two parts, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl Operator {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }

    /// How tightly it binds.
    pub(super) fn tightness(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Add | Operator::Subtract => 4,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 5,
            _ => COMPARISON,
        }
    }
}

/// How tightly comparisons bind. They do not chain: `a < b < c` is an error.
pub(super) const COMPARISON: u8 = 3;
const UNARY: u8 = 6;
const PRIMARY: u8 = 7;

/// The largest compiled pattern. Larger ones are counted repetitions that nobody means.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A regular expression in RE2's syntax, found anywhere in a text.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles it; the error says what is wrong with it.
    pub fn compile(text: &str) -> Result<Pattern, regex::Error> {
        let regex = RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).nest_limit(64).build()?;
        Ok(Pattern { text: text.to_owned(), regex })
    }

    /// Whether it is found in the text.
    pub fn is_found_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

/// What stands for a field in a printed form.
type FieldText<'f> = &'f dyn Fn(&FieldName) -> String;

impl Expression {
    /// The printed form, with another text for each field.
    pub fn print_with(&self, field: FieldText<'_>) -> String {
        let mut text = String::new();
        self.print(&mut text, field);
        text
    }

    /// Calls for this part and all below it, from left to right.
    pub fn visit<'e>(&'e self, each: &mut dyn FnMut(&'e Expression)) {
        each(self);
        match self {
            Expression::Not(inner) | Expression::Negative(inner) => inner.visit(each),
            Expression::Matches { value, .. } => value.visit(each),
            Expression::Binary(_, left, right) | Expression::Contains(left, right) => {
                left.visit(each);
                right.visit(each);
            }
            Expression::Number(_) | Expression::Text(_) | Expression::Boolean(_) | Expression::Field(_) => {}
        }
    }

    fn tightness(&self) -> u8 {
        match self {
            Expression::Binary(operator, ..) => operator.tightness(),
            Expression::Matches { .. } => COMPARISON,
            Expression::Not(_) => UNARY,
            // A negative number prints inside parentheses, as Log Service asks for.
            _ => PRIMARY,
        }
    }

    fn print(&self, text: &mut String, field: FieldText<'_>) {
        match self {
            Expression::Number(number) => text.push_str(&number.to_string()),
            Expression::Text(value) => quote(text, value),
            Expression::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
            Expression::Field(name) => text.push_str(&field(name)),
            Expression::Not(inner) => {
                text.push('!');
                inner.print_at(text, field, UNARY);
            }
            Expression::Negative(inner) => {
                text.push_str("(-");
                inner.print_at(text, field, UNARY);
                text.push(')');
            }
            Expression::Binary(operator, left, right) => {
                let own = operator.tightness();
                left.print_at(text, field, if own == COMPARISON { own + 1 } else { own });
                text.push_str(&format!(" {} ", operator.sign()));
                right.print_at(text, field, own + 1);
            }
            Expression::Matches { value, pattern, is_negated } => {
                value.print_at(text, field, COMPARISON + 1);
                text.push_str(if *is_negated { " !~ " } else { " =~ " });
                quote(text, &pattern.text);
            }
            Expression::Contains(value, part) => {
                text.push_str("contains(");
                value.print(text, field);
                text.push_str(", ");
                part.print(text, field);
                text.push(')');
            }
        }
    }

    /// In parentheses unless it binds at least this tightly.
    fn print_at(&self, text: &mut String, field: FieldText<'_>, tightness: u8) {
        if self.tightness() >= tightness {
            return self.print(text, field);
        }
        text.push('(');
        self.print(text, field);
        text.push(')');
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print_with(&FieldName::to_string))
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(query) = self.query {
            write!(f, "${query}.")?;
        }
        let is_plain = super::lexer::is_plain_name(&self.name) && (self.query.is_some() || !is_reserved(&self.name));
        if is_plain { f.write_str(&self.name) } else { write!(f, "[{}]", self.name) }
    }
}

/// Words that are no fields.
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, "true" | "false" | "contains")
}

fn quote(text: &mut String, value: &str) {
    text.push('\'');
    for each in value.chars() {
        if each == '\'' || each == '\\' {
            text.push('\\');
        }
        text.push(each);
    }
    text.push('\'');
}
