//! A term of a search: a word, a phrase, or a key with a condition on its value.
//!
//! A run of characters without blanks, quotes and parentheses is one term; before a colon or a comparison it is a key.
//! Behind the colon a run may hold anything else (`key:ACS::ECS::Disk`) and is cut into words. Single quotes mean nothing,
//! except that `''` alone is the empty text. Special keys (`__topic__`, `__source__`, `event`) are decided here.

use crate::search::holds::SOURCE;
use crate::search::tokens::{is_word_character, words_of};
use crate::search::{Bound, FieldPath, Search, Test, Word, Words};

use super::search_part::{Reader, is_blank};
use super::{ParseError, error};

/// What was written where a value may stand.
enum Given {
    /// In quotes, without them.
    Quoted(String),
    /// `#"..."`
    Phrase(String),
    /// Without quotes.
    Run(String),
}

impl Reader<'_> {
    /// Reads a term.
    pub(super) fn term(&mut self) -> Result<Search, ParseError> {
        let start = self.at;
        if self.peek() == Some('#') && self.peek_at(1) == Some('"') {
            self.at += 1;
            let text = self.quoted()?;
            return self.anywhere(Given::Phrase(text), start);
        }
        for reserved in ["and", "or"] {
            if self.is_at(reserved) {
                return Err(self.expected("a condition; an operator that is meant as a word goes in double quotes"));
            }
        }
        let given = if self.peek() == Some('"') { Given::Quoted(self.quoted()?) } else { Given::Run(self.run(true)) };
        if matches!(&given, Given::Run(run) if run.is_empty()) && self.peek() != Some(':') {
            return Err(self.expected("a condition: a word, `key: value`, `(` or `*`"));
        }
        let after = self.at;
        self.skip_blanks();
        if let Some(test) = self.condition()? {
            let key = match given {
                Given::Quoted(text) | Given::Phrase(text) | Given::Run(text) => text,
            };
            return on_key(&key, test).map_err(|expected| error(self.characters, start, expected));
        }
        self.at = after;
        self.anywhere(given, start)
    }

    fn anywhere(&self, given: Given, start: usize) -> Result<Search, ParseError> {
        if matches!(&given, Given::Run(run) if run.chars().all(|each| each == '*')) {
            return Ok(Search::All);
        }
        let words = self.words(given, start)?;
        Ok(if words.words.is_empty() { Search::All } else { Search::Anywhere(words) })
    }

    /// A text in double quotes; `\` takes the meaning from the next character.
    fn quoted(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.at += 1;
            match character {
                '"' => return Ok(text),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                other => text.push(other),
            }
        }
        Err(error(self.characters, start, "a text with a closing `\"`"))
    }

    /// Characters up to a blank, a quote, a parenthesis or `|`; of a key also up to a colon or comparison.
    fn run(&mut self, is_key: bool) -> String {
        let start = self.at;
        while let Some(character) = self.peek() {
            let ends_key = is_key && ("=<>:".contains(character) || (character == '!' && self.peek_at(1) == Some('=')));
            if is_blank(character) || "()\"|".contains(character) || ends_key {
                break;
            }
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    /// The condition that follows a key, if one does: then what stood before is a key. `Err(test)` inside is its opposite.
    fn condition(&mut self) -> Result<Option<KeyTest>, ParseError> {
        match self.peek() {
            Some(':') => {
                self.at += 1;
                self.skip_blanks();
                if let Some('<' | '>' | '=') = self.peek() {
                    self.comparison().map(Some)
                } else {
                    self.value(false).map(Some)
                }
            }
            Some('<' | '>' | '=') => self.comparison().map(Some),
            Some('!') if self.peek_at(1) == Some('=') => self.comparison().map(Some),
            Some('i' | 'I') if self.is_at("is") => self.is_null(),
            Some('i' | 'I') => self.range(),
            _ => Ok(None),
        }
    }

    fn is_null(&mut self) -> Result<Option<KeyTest>, ParseError> {
        let before = self.at;
        self.at += 2;
        self.skip_blanks();
        let is_not = self.is_at("not");
        if is_not {
            self.at += 3;
            self.skip_blanks();
        }
        if !self.is_at("null") {
            self.at = before;
            return Ok(None);
        }
        self.at += 4;
        Ok(Some(KeyTest { test: Test::Exists, is_opposite: !is_not }))
    }

    fn range(&mut self) -> Result<Option<KeyTest>, ParseError> {
        let before = self.at;
        if !self.letters().eq_ignore_ascii_case("in") {
            return Ok(None);
        }
        self.at += 2;
        self.skip_blanks();
        let low_is_included = match self.peek() {
            Some('[') => true,
            Some('(') => false,
            _ => {
                self.at = before;
                return Ok(None);
            }
        };
        self.at += 1;
        let low = self.number()?;
        self.skip_blanks();
        if self.peek() == Some(',') {
            self.at += 1;
        }
        let high = self.number()?;
        self.skip_blanks();
        let high_is_included = match self.peek() {
            Some(']') => true,
            Some(')') => false,
            _ => return Err(self.expected("`]` or `)` at the end of the range")),
        };
        self.at += 1;
        let low = Some(Bound { number: low, is_included: low_is_included });
        let high = Some(Bound { number: high, is_included: high_is_included });
        Ok(Some(Test::Within { low, high }.into()))
    }

    fn number(&mut self) -> Result<f64, ParseError> {
        self.skip_blanks();
        let start = self.at;
        let is_quoted = self.peek() == Some('"');
        let text = if is_quoted {
            self.quoted()?
        } else {
            while self.peek().is_some_and(|each| each.is_ascii_alphanumeric() || "+-.".contains(each)) {
                self.at += 1;
            }
            self.characters[start..self.at].iter().collect()
        };
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| error(self.characters, start, "a number"))
    }

    fn comparison(&mut self) -> Result<KeyTest, ParseError> {
        let first = self.peek();
        let is_or_equal = first != Some('=') && self.peek_at(1) == Some('=');
        self.at += 1 + usize::from(is_or_equal);
        self.skip_blanks();
        let bound = |number| Some(Bound { number, is_included: is_or_equal });
        Ok(match first {
            Some('<') => Test::Within { low: None, high: bound(self.number()?) }.into(),
            Some('>') => Test::Within { low: bound(self.number()?), high: None }.into(),
            first => {
                let test = self.value(true)?;
                let is_not = first == Some('!');
                match test.test {
                    // There is a value, and it is not empty.
                    Test::Empty | Test::Null if is_not => Test::Exists.into(),
                    test => KeyTest { test, is_opposite: is_not },
                }
            }
        })
    }

    /// A value behind a colon, or behind `=` where numbers compare as numbers.
    fn value(&mut self, is_compared: bool) -> Result<KeyTest, ParseError> {
        let start = self.at;
        let given = match self.peek() {
            Some('"') => Given::Quoted(self.quoted()?),
            Some('#') if self.peek_at(1) == Some('"') => {
                self.at += 1;
                Given::Phrase(self.quoted()?)
            }
            _ => {
                let is_reserved = ["and", "or", "not"].iter().any(|word| self.is_at(word));
                let run = if is_reserved { String::new() } else { self.run(false) };
                if run.is_empty() {
                    return Err(self.expected("a value; an operator that is meant as a word goes in double quotes"));
                }
                Given::Run(run)
            }
        };
        match &given {
            Given::Quoted(text) if text.is_empty() => return Ok(Test::Empty.into()),
            Given::Run(run) if run == "''" => return Ok(Test::Empty.into()),
            Given::Run(run) if run.chars().all(|each| each == '*') => return Ok(Test::Exists.into()),
            Given::Run(run) if run.eq_ignore_ascii_case("null") => return Ok(Test::Null.into()),
            Given::Quoted(text) | Given::Run(text) if is_compared => {
                if let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite()) {
                    let bound = Some(Bound { number, is_included: true });
                    return Ok(Test::Within { low: bound, high: bound }.into());
                }
            }
            _ => {}
        }
        let words = self.words(given, start)?;
        Ok(if words.words.is_empty() { Test::Exists } else { Test::Has(words) }.into())
    }

    /// Cuts what was written into words.
    fn words(&self, given: Given, start: usize) -> Result<Words, ParseError> {
        let mut words = Vec::new();
        let in_order = matches!(given, Given::Phrase(_));
        match given {
            Given::Phrase(text) => {
                let exact = |word: &[u8]| Word::Exact(String::from_utf8_lossy(word).to_ascii_lowercase());
                words.extend(words_of(text.as_bytes()).map(exact));
            }
            Given::Quoted(text) => {
                let parts = text.split(|each: char| !is_word_character(each) && each != '*');
                let parts = parts.map(|part| part.trim_start_matches('*')).filter(|part| !part.is_empty());
                words.extend(parts.map(|part| word(&part.to_ascii_lowercase())));
            }
            Given::Run(run) => {
                let parts = run.split(|each: char| !is_word_character(each) && each != '*' && each != '?');
                for part in parts.filter(|part| !part.is_empty()) {
                    if part.starts_with(['*', '?']) {
                        let expected =
                            "a word that does not begin with a wildcard; `*` and `?` stand inside or at the end";
                        return Err(error(self.characters, start, expected));
                    }
                    words.push(word(&part.to_ascii_lowercase()));
                }
            }
        }
        if words.len() > Words::MAX {
            return Err(error(self.characters, start, &format!("at most {} words in one condition", Words::MAX)));
        }
        Ok(Words { words, in_order })
    }
}

/// A word or a pattern, in lower case.
fn word(text: &str) -> Word {
    match text.find(['*', '?']) {
        Some(end) => Word::Like { prefix: text[..end].to_owned(), pattern: text.to_owned() },
        None => Word::Exact(text.to_owned()),
    }
}

/// A test of a key's value, or its opposite.
struct KeyTest {
    test: Test,
    is_opposite: bool,
}

impl From<Test> for KeyTest {
    fn from(test: Test) -> KeyTest {
        KeyTest { test, is_opposite: false }
    }
}

/// The condition on this key; else what was expected of the key.
fn on_key(key: &str, test: KeyTest) -> Result<Search, &'static str> {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    let search = if is("__topic__") {
        match test.test {
            Test::Exists => Search::All,
            Test::Has(words) => Search::Topic(words),
            _ => Search::Not(Box::new(Search::All)),
        }
    } else if is("__source__") {
        let fits = match &test.test {
            Test::Exists => true,
            Test::Has(words) => crate::search::holds::has_words(SOURCE, words),
            _ => false,
        };
        if fits { Search::All } else { Search::Not(Box::new(Search::All)) }
    } else if is("__time__") {
        return Err("a key other than `__time__`: the time is given beside the query");
    } else if is("event") {
        match test.test {
            Test::Exists => Search::All,
            Test::Has(words) => Search::Anywhere(words),
            _ => Search::Not(Box::new(Search::All)),
        }
    } else {
        let has_column = key.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("event."));
        let path = if has_column { &key[6..] } else { key };
        Search::Field(FieldPath::parse(path).ok_or("a key before `:`")?, test.test)
    };
    Ok(match (test.is_opposite, search) {
        (true, Search::Not(search)) => *search,
        (true, search) => Search::Not(Box::new(search)),
        (false, search) => search,
    })
}
