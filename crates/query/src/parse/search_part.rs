//! The grammar of the search part: `or` over `and` over `not` over terms.
//!
//! Terms side by side mean `and`, which binds tighter than `or`; `not` binds to the next term. Operators are written in any
//! case. Reading ends at the first `|` outside quotes. What a term is stands in `term`.

use crate::Search;

use super::{ParseError, error};

/// Parentheses and `not` nest at most this deep.
const DEPTH_MAX: usize = 64;
/// A query has at most this many conditions: more than Log Service's 128, and an end.
const CONDITIONS_MAX: usize = 256;

/// Reads a search; also where it ended: at a `|` or at the end.
pub(super) fn read(characters: &[char]) -> Result<(Search, usize), ParseError> {
    let mut reader = Reader { characters, at: 0, depth: 0, conditions: 0 };
    reader.skip_blanks();
    if reader.is_end() {
        return Ok((Search::All, reader.at));
    }
    let search = reader.any_of()?;
    if !reader.is_end() {
        return Err(reader.expected("`and`, `or`, `not`, another condition, `|` or the end"));
    }
    Ok((search, reader.at))
}

pub(super) struct Reader<'c> {
    pub(super) characters: &'c [char],
    pub(super) at: usize,
    depth: usize,
    conditions: usize,
}

impl Reader<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    fn is_end(&self) -> bool {
        matches!(self.peek(), None | Some('|'))
    }

    pub(super) fn expected(&self, expected: &str) -> ParseError {
        error(self.characters, self.at, expected)
    }

    /// The letters that begin here.
    pub(super) fn letters(&self) -> String {
        self.characters[self.at..].iter().take_while(|each| each.is_ascii_alphabetic()).collect()
    }

    /// Whether this word stands here, alone, in any case.
    pub(super) fn is_at(&self, word: &str) -> bool {
        self.letters().eq_ignore_ascii_case(word)
            && self.peek_at(word.len()).is_none_or(|next| is_blank(next) || "()\"|".contains(next))
    }

    fn take(&mut self, word: &str) -> bool {
        let is_there = self.is_at(word);
        if is_there {
            self.at += word.len();
            self.skip_blanks();
        }
        is_there
    }

    fn any_of(&mut self) -> Result<Search, ParseError> {
        let mut searches = vec![self.all_of()?];
        while self.take("or") {
            searches.push(self.all_of()?);
        }
        Ok(joined_by_or(searches))
    }

    fn all_of(&mut self) -> Result<Search, ParseError> {
        let mut searches = vec![self.one()?];
        loop {
            self.skip_blanks();
            if self.take("and") {
                searches.push(self.one()?);
            } else if self.is_end() || self.peek() == Some(')') || self.is_at("or") {
                return Ok(joined_by_and(searches));
            } else {
                searches.push(self.one()?);
            }
        }
    }

    fn one(&mut self) -> Result<Search, ParseError> {
        self.skip_blanks();
        let start = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(error(self.characters, start, &format!("at most {DEPTH_MAX} levels of parentheses and `not`")));
        }
        let search = if self.take("not") {
            Search::Not(Box::new(self.one()?))
        } else if self.peek() == Some('(') {
            self.at += 1;
            let inner = self.any_of()?;
            self.skip_blanks();
            if self.peek() != Some(')') {
                return Err(error(self.characters, start, "a `)` for each `(`"));
            }
            self.at += 1;
            inner
        } else {
            self.conditions += 1;
            if self.conditions > CONDITIONS_MAX {
                return Err(error(self.characters, start, &format!("at most {CONDITIONS_MAX} conditions")));
            }
            self.term()?
        };
        self.depth -= 1;
        self.skip_blanks();
        Ok(search)
    }
}

pub(super) fn is_blank(character: char) -> bool {
    character.is_ascii_whitespace()
}

fn joined_by_and(searches: Vec<Search>) -> Search {
    let mut all = Vec::new();
    for search in searches {
        match search {
            Search::All => {}
            Search::And(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    match all.len() {
        0 => Search::All,
        1 => all.remove(0),
        _ => Search::And(all),
    }
}

fn joined_by_or(searches: Vec<Search>) -> Search {
    if searches.contains(&Search::All) {
        return Search::All;
    }
    let mut any = Vec::new();
    for search in searches {
        match search {
            Search::Or(inner) => any.extend(inner),
            other => any.push(other),
        }
    }
    if any.len() == 1 { any.remove(0) } else { Search::Or(any) }
}
