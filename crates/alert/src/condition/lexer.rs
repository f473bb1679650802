//! A condition's text as words and signs, each with its place.

use super::ConditionError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// A field, with the number of its query.
    Name(Option<usize>, String),
    /// `[odd name]`: a field even where the word is reserved.
    Bracketed(Option<usize>, String),
    Sign(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) position: usize,
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: &[&str] =
    &["&&", "||", "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", ","];

pub(super) fn is_plain_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

fn starts_name(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn continues_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '.'
}

pub(super) fn read(text: &str) -> Result<Vec<Placed>, ConditionError> {
    let characters: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { characters: &characters, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.take_while(char::is_whitespace);
        let position = lexer.at;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        tokens.push(Placed { token, position });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'c> {
    characters: &'c [char],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take_while(&mut self, is_taken: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&is_taken) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn error(&self, position: usize, expected: &str) -> ConditionError {
        let found = match self.characters.get(position) {
            None => "the end of the condition".to_owned(),
            Some(character) => format!("`{character}`"),
        };
        ConditionError { position, found, expected: expected.to_owned() }
    }

    fn token(&mut self) -> Result<Token, ConditionError> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        match first {
            '\'' | '"' => self.text(first),
            '$' => self.of_query(),
            '[' => Ok(Token::Bracketed(None, self.bracketed()?)),
            _ if starts_name(first) => Ok(Token::Name(None, self.take_while(continues_name))),
            _ if first.is_ascii_digit() || first == '.' => self.number(),
            _ => self.sign(),
        }
    }

    fn sign(&mut self) -> Result<Token, ConditionError> {
        let rest: String = self.characters[self.at..].iter().take(2).collect();
        let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
            return Err(self.error(self.at, "a field, a number, a text in quotes or an operator"));
        };
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    fn text(&mut self, quote: char) -> Result<Token, ConditionError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.at += 1;
            if character == quote {
                return Ok(Token::Text(text));
            }
            // A backslash before anything else stays: patterns are full of them.
            let is_escape = character == '\\' && self.peek().is_some_and(|next| matches!(next, '\\' | '\'' | '"'));
            if is_escape {
                text.extend(self.peek());
                self.at += 1;
            } else {
                text.push(character);
            }
        }
        Err(self.error(self.at, &format!("the {quote} that ends the text begun at position {start}")))
    }

    fn of_query(&mut self) -> Result<Token, ConditionError> {
        let start = self.at;
        self.at += 1;
        let digits = self.take_while(|each| each.is_ascii_digit());
        let query = digits.parse::<usize>().ok().filter(|query| *query < super::parser::QUERIES_MAX);
        if query.is_none() || self.peek() != Some('.') {
            return Err(self.error(start, "`$0.`, `$1.` or `$2.` and the name of a field"));
        }
        self.at += 1;
        match self.peek() {
            Some('[') => Ok(Token::Bracketed(query, self.bracketed()?)),
            Some(first) if starts_name(first) => Ok(Token::Name(query, self.take_while(continues_name))),
            _ => Err(self.error(self.at, "the name of a field")),
        }
    }

    fn bracketed(&mut self) -> Result<String, ConditionError> {
        let start = self.at;
        self.at += 1;
        let name = self.take_while(|each| each != ']');
        if self.peek().is_none() {
            return Err(self.error(self.at, &format!("the ] that ends the name begun at position {start}")));
        }
        if name.is_empty() {
            return Err(self.error(self.at, "the name of a field"));
        }
        self.at += 1;
        Ok(name)
    }

    fn number(&mut self) -> Result<Token, ConditionError> {
        let start = self.at;
        let mut digits = self.take_while(|each| each.is_ascii_digit() || each == '.');
        let has_exponent = matches!(self.peek(), Some('e' | 'E'));
        if has_exponent {
            digits.push('e');
            self.at += 1;
            if let Some(sign @ ('+' | '-')) = self.peek() {
                digits.push(sign);
                self.at += 1;
            }
            digits.push_str(&self.take_while(|each| each.is_ascii_digit()));
        }
        let number = digits.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Token::Number).ok_or_else(|| self.error(start, "a number"))
    }
}
