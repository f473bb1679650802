//! From words and signs to a tree, by precedence climbing.

use super::expression::{COMPARISON, Expression, FieldName, Operator, Pattern, is_reserved};
use super::lexer::{self, Placed, Token};
use super::{CONDITION_CHARACTERS_MAX, ConditionError};

/// The most queries of a rule, and so of numbers behind `$`.
pub(super) const QUERIES_MAX: usize = 3;

/// The deepest nesting. A condition is too short for more that means anything.
const DEPTH_MAX: usize = 32;

pub(super) fn parse(text: &str) -> Result<Expression, ConditionError> {
    let length = text.chars().count();
    if length > CONDITION_CHARACTERS_MAX {
        return Err(ConditionError {
            position: CONDITION_CHARACTERS_MAX,
            found: format!("{length} characters"),
            expected: format!("at most {CONDITION_CHARACTERS_MAX}"),
        });
    }
    let mut parser = Parser { tokens: lexer::read(text)?, at: 0, depth: 0 };
    let expression = parser.binary(1)?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.error("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
}

/// What may stand between two parts.
enum Joint {
    Operator(Operator),
    Match { is_negated: bool },
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].token
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    fn error(&self, expected: &str) -> ConditionError {
        let found = match self.peek() {
            Token::Number(number) => format!("`{number}`"),
            Token::Text(_) => "a text".to_owned(),
            Token::Name(_, name) | Token::Bracketed(_, name) => format!("`{name}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end of the condition".to_owned(),
        };
        ConditionError { position: self.tokens[self.at].position, found, expected: expected.to_owned() }
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), ConditionError> {
        if *self.peek() != Token::Sign(sign) {
            return Err(self.error(&format!("`{sign}`")));
        }
        self.at += 1;
        Ok(())
    }

    fn joint(&self) -> Option<Joint> {
        let Token::Sign(sign) = self.peek() else { return None };
        Some(Joint::Operator(match *sign {
            "||" => Operator::Or,
            "&&" => Operator::And,
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "+" => Operator::Add,
            "-" => Operator::Subtract,
            "*" => Operator::Multiply,
            "/" => Operator::Divide,
            "%" => Operator::Remainder,
            "=~" => return Some(Joint::Match { is_negated: false }),
            "!~" => return Some(Joint::Match { is_negated: true }),
            _ => return None,
        }))
    }

    /// A run of parts joined by operators that bind at least this tightly.
    fn binary(&mut self, tightness: u8) -> Result<Expression, ConditionError> {
        let mut left = self.unary()?;
        // Comparisons do not chain: after one, only what binds more loosely may follow.
        let mut limit = u8::MAX;
        while let Some(joint) = self.joint() {
            let own = match &joint {
                Joint::Operator(operator) => operator.tightness(),
                Joint::Match { .. } => COMPARISON,
            };
            if own < tightness {
                break;
            }
            if own >= limit {
                return Err(self.error("`&&`, `||` or the end, because comparisons do not chain"));
            }
            self.at += 1;
            left = match joint {
                Joint::Operator(operator) => {
                    let right = self.binary(own + 1)?;
                    Expression::Binary(operator, Box::new(left), Box::new(right))
                }
                Joint::Match { is_negated } => {
                    Expression::Matches { value: Box::new(left), pattern: self.pattern()?, is_negated }
                }
            };
            limit = if own == COMPARISON { COMPARISON } else { u8::MAX };
        }
        Ok(left)
    }

    fn pattern(&mut self) -> Result<Pattern, ConditionError> {
        let Token::Text(text) = self.peek().clone() else {
            return Err(self.error("a pattern in quotes"));
        };
        let pattern = Pattern::compile(&text).map_err(|_| ConditionError {
            position: self.tokens[self.at].position,
            found: format!("`{text}`"),
            expected: "a regular expression in RE2's syntax that is not too large".to_owned(),
        })?;
        self.at += 1;
        Ok(pattern)
    }

    fn unary(&mut self) -> Result<Expression, ConditionError> {
        if self.depth == DEPTH_MAX {
            return Err(self.error(&format!("at most {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let expression = match self.peek() {
            Token::Sign("!") => {
                self.at += 1;
                self.unary().map(|inner| Expression::Not(Box::new(inner)))
            }
            Token::Sign("-") => {
                self.at += 1;
                self.unary().map(|inner| Expression::Negative(Box::new(inner)))
            }
            _ => self.primary(),
        };
        self.depth -= 1;
        expression
    }

    fn primary(&mut self) -> Result<Expression, ConditionError> {
        match self.peek() {
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.binary(1)?;
                self.sign(")")?;
                Ok(inner)
            }
            Token::Name(None, name) if name == "contains" => self.contains(),
            Token::Number(_) | Token::Text(_) | Token::Name(..) | Token::Bracketed(..) => Ok(match self.advance() {
                Token::Number(number) => Expression::Number(number),
                Token::Text(text) => Expression::Text(text),
                Token::Name(None, name) if is_reserved(&name) => Expression::Boolean(name == "true"),
                Token::Name(query, name) | Token::Bracketed(query, name) => {
                    Expression::Field(FieldName { query, name })
                }
                Token::Sign(_) | Token::End => unreachable!("the arm lists the tokens"),
            }),
            Token::Sign(_) | Token::End => Err(self.error("a field, a number or a text in quotes")),
        }
    }

    fn contains(&mut self) -> Result<Expression, ConditionError> {
        self.at += 1;
        self.sign("(")?;
        let value = self.binary(1)?;
        self.sign(",")?;
        let part = self.binary(1)?;
        self.sign(")")?;
        Ok(Expression::Contains(Box::new(value), Box::new(part)))
    }
}
