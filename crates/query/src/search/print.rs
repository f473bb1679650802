//! A search written out again: read back, the text gives the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::{Bound, FieldPath, Search, Test, Word, Words};

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Search::All => f.write_char('*'),
            Search::And(searches) => joined(f, searches, " and "),
            Search::Or(searches) => joined(f, searches, " or "),
            Search::Not(search) => {
                f.write_str("not ")?;
                in_parentheses(f, search)
            }
            Search::Anywhere(words) => write!(f, "{words}"),
            Search::Topic(words) => write!(f, "__topic__: {words}"),
            Search::Field(path, test) => on_field(f, path, test),
        }
    }
}

fn joined(f: &mut Formatter<'_>, searches: &[Search], operator: &str) -> fmt::Result {
    for (at, search) in searches.iter().enumerate() {
        f.write_str(if at > 0 { operator } else { "" })?;
        in_parentheses(f, search)?;
    }
    Ok(())
}

fn in_parentheses(f: &mut Formatter<'_>, search: &Search) -> fmt::Result {
    match search {
        Search::And(_) | Search::Or(_) => write!(f, "({search})"),
        _ => write!(f, "{search}"),
    }
}

fn on_field(f: &mut Formatter<'_>, path: &FieldPath, test: &Test) -> fmt::Result {
    quoted(f, &format!("event.{path}"))?;
    match test {
        Test::Exists => f.write_str(": *"),
        Test::Empty => f.write_str(": \"\""),
        Test::Null => f.write_str(": null"),
        Test::Has(words) => write!(f, ": {words}"),
        Test::Within { low: Some(low), high: Some(high) } => {
            let (open, close) = (if low.is_included { '[' } else { '(' }, if high.is_included { ']' } else { ')' });
            write!(f, " in {open}{:?} {:?}{close}", low.number, high.number)
        }
        Test::Within { low: Some(Bound { number, is_included }), high: None } => {
            write!(f, " >{} {number:?}", if *is_included { "=" } else { "" })
        }
        Test::Within { low: None, high: Some(Bound { number, is_included }) } => {
            write!(f, " <{} {number:?}", if *is_included { "=" } else { "" })
        }
        Test::Within { low: None, high: None } => write!(f, " <= {:?}", f64::MAX),
    }
}

impl Display for Words {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_pattern = self.words.iter().any(|word| matches!(word, Word::Like { .. }));
        let texts = self.words.iter().map(|word| match word {
            Word::Exact(text) => text.as_str(),
            Word::Like { pattern, .. } => pattern,
        });
        // Patterns work without quotes, where `/` separates words and means nothing else.
        let text = texts.collect::<Vec<_>>().join(if is_pattern { "/" } else { " " });
        if self.in_order {
            f.write_char('#')?;
        }
        if is_pattern { f.write_str(&text) } else { quoted(f, &text) }
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('"')
}
