//! Reading a query: `search | SQL`.
//!
//! Here the two are told apart and the search is read ([`search_part`]); the SQL is only cut free of its
//! `set session name=value;` prefixes, an engine reads it. Positions count characters of the whole text from 0. Any text
//! ends in a statement or an error: nesting and the number of conditions are bounded.

mod search_part;
mod term;

use std::fmt;

use crate::Search;

/// A query made of these parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Which events.
    pub search: Search,
    /// What to compute from them; without it the events are the answer.
    pub sql: Option<Sql>,
}

/// The part behind the `|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql {
    /// The statement, without `set session` before and `;` behind it.
    pub text: String,
    /// Where it begins in the query, in characters.
    pub offset: usize,
    /// What `set session` set, in order.
    pub session: Vec<(String, String)>,
}

/// The text is not a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found} at position {position}, expected {expected}")]
pub struct ParseError {
    /// Where, in characters from 0.
    pub position: usize,
    /// What stands there.
    pub found: String,
    /// What could.
    pub expected: String,
}

impl ParseError {
    /// Always the caller's doing.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// Reads a query.
pub fn parse(text: &str) -> Result<Statement, ParseError> {
    let characters: Vec<char> = text.chars().collect();
    let (search, end) = search_part::read(&characters)?;
    let sql = match characters.get(end) {
        Some(_) => Some(sql_part(&characters, end + 1)?),
        None => None,
    };
    Ok(Statement { search, sql })
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.search)?;
        let Some(sql) = &self.sql else { return Ok(()) };
        f.write_str(" | ")?;
        for (name, value) in &sql.session {
            write!(f, "set session {name}={value};")?;
        }
        f.write_str(&sql.text)
    }
}

/// What stands at a position, for a message.
fn found_at(characters: &[char], position: usize) -> String {
    let is_end = |character: &char| character.is_whitespace() || "()\"|".contains(*character);
    match characters.get(position) {
        None => "the end of the query".to_owned(),
        Some(first) if is_end(first) => format!("{first:?}").replace('\'', "\u{60}"),
        Some(_) => {
            let word: String = characters[position..].iter().take_while(|each| !is_end(each)).take(40).collect();
            format!("\u{60}{word}\u{60}")
        }
    }
}

fn error(characters: &[char], position: usize, expected: &str) -> ParseError {
    ParseError { position, found: found_at(characters, position), expected: expected.to_owned() }
}

fn sql_part(characters: &[char], start: usize) -> Result<Sql, ParseError> {
    let mut cursor = Cursor { characters, at: start };
    let mut session = Vec::new();
    loop {
        cursor.skip(char::is_whitespace);
        let before = cursor.at;
        match cursor.session_setting()? {
            Some(setting) => session.push(setting),
            None => {
                cursor.at = before;
                break;
            }
        }
    }
    let offset = cursor.at;
    let text: String = characters[offset..].iter().collect();
    let text = text.trim_end_matches(|each: char| each.is_whitespace() || each == ';').to_owned();
    if text.is_empty() {
        return Err(error(characters, offset.min(characters.len()), "a SELECT statement"));
    }
    Ok(Sql { text, offset, session })
}

struct Cursor<'c> {
    characters: &'c [char],
    at: usize,
}

impl Cursor<'_> {
    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        while self.characters.get(self.at).is_some_and(|each| is_skipped(*each)) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> String {
        self.skip(char::is_whitespace);
        let start = self.at;
        self.skip(|each| each.is_alphanumeric() || "_.-".contains(each));
        self.characters[start..self.at].iter().collect()
    }

    fn sign(&mut self, sign: char) -> Result<(), ParseError> {
        self.skip(char::is_whitespace);
        if self.characters.get(self.at) != Some(&sign) {
            return Err(error(self.characters, self.at, &format!("\u{60}{sign}\u{60} of a `set session name=value;`")));
        }
        self.at += 1;
        Ok(())
    }

    /// `set session name = value;`, if that is what follows.
    fn session_setting(&mut self) -> Result<Option<(String, String)>, ParseError> {
        if !self.word().eq_ignore_ascii_case("set") || !self.word().eq_ignore_ascii_case("session") {
            return Ok(None);
        }
        let name = self.word();
        self.sign('=')?;
        let value = self.word();
        self.sign(';')?;
        Ok(Some((name, value)))
    }
}

#[cfg(test)]
mod tests;
