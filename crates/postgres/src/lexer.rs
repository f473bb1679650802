//! Cuts a statement into tokens, as PostgreSQL's own lexer does: what lies in quotes or comments is never a parameter, a
//! semicolon or a keyword. Ranges are in bytes and always lie between characters.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    Name,
    /// A text in single quotes or between dollars.
    Text,
    /// A number.
    Number,
    /// `$1` and so on.
    Parameter(usize),
    /// Any other character.
    Symbol,
}

/// A token and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

impl Token {
    /// The token as it was written.
    pub(crate) fn of<'s>(&self, sql: &'s str) -> &'s str {
        &sql[self.range.clone()]
    }
}

/// The tokens of a text, without spaces and comments. What is not closed goes on to the end.
pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let (kind, len) = match first {
            _ if first.is_whitespace() => (None, first.len_utf8()),
            '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, comment(rest)),
            '\'' => {
                let escapes = tokens.last().is_some_and(|last| {
                    last.kind == Kind::Word && last.range.end == at && last.of(sql).eq_ignore_ascii_case("e")
                });
                (Some(Kind::Text), quoted(rest, '\'', escapes))
            }
            '"' => (Some(Kind::Name), quoted(rest, '"', false)),
            '$' => dollar(rest),
            '0'..='9' => (Some(Kind::Number), number(rest)),
            _ if is_word(first) => (Some(Kind::Word), word(rest)),
            _ => (Some(Kind::Symbol), first.len_utf8()),
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, range: at..at + len });
        }
        at += len;
    }
    tokens
}

/// The statements of a text: the range of each, without the semicolons between them; empty ones are left out.
pub(crate) fn statements(sql: &str) -> Vec<Range<usize>> {
    let mut statements = Vec::new();
    let mut current: Option<Range<usize>> = None;
    for token in tokens(sql) {
        if token.kind == Kind::Symbol && token.of(sql) == ";" {
            statements.extend(current.take());
        } else {
            let start = current.map_or(token.range.start, |range| range.start);
            current = Some(start..token.range.end);
        }
    }
    statements.extend(current);
    statements
}

fn is_word(first: char) -> bool {
    first.is_alphabetic() || first == '_' || !first.is_ascii()
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !(is_word(c) || c.is_ascii_digit() || c == '$')).unwrap_or(rest.len())
}

fn number(rest: &str) -> usize {
    let mut previous = ' ';
    let end = rest.find(|c: char| {
        let goes_on = c.is_ascii_alphanumeric()
            || c == '.'
            || c == '_'
            || (matches!(c, '+' | '-') && matches!(previous, 'e' | 'E'));
        previous = c;
        !goes_on
    });
    end.unwrap_or(rest.len())
}

fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if escapes && c == '\\' {
            characters.next();
        } else if c == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return at + 1,
            }
        }
    }
    rest.len()
}

/// `$1`, `$$text$$`, `$tag$text$tag$`, or a dollar alone.
fn dollar(rest: &str) -> (Option<Kind>, usize) {
    let after = &rest[1..];
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    if digits > 0 {
        // A number beyond what the protocol can send is a parameter that nobody gives.
        return (Some(Kind::Parameter(after[..digits].parse().unwrap_or(usize::MAX))), 1 + digits);
    }
    let tag = after.find(|c: char| !(is_word(c) || c.is_ascii_digit())).unwrap_or(after.len());
    if !after[tag..].starts_with('$') {
        return (Some(Kind::Symbol), 1);
    }
    let fence = &rest[..tag + 2];
    let end = rest[fence.len()..].find(fence).map_or(rest.len(), |at| at + 2 * fence.len());
    (Some(Kind::Text), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(sql: &str) -> Vec<&str> {
        tokens(sql).iter().map(|token| &sql[token.range.clone()]).collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        assert_eq!(
            parts("select 'a''$1;' from \"t\"\";\" -- $2\n where x=$3"),
            ["select", "'a''$1;'", "from", "\"t\"\";\"", "where", "x", "=", "$3"]
        );
        assert_eq!(
            parts("/* a /* b */ ; */ E'it\\'s $1' $$ $1 ; $$ $q$ $$ $q$ 1.5e-3"),
            ["E", "'it\\'s $1'", "$$ $1 ; $$", "$q$ $$ $q$", "1.5e-3"]
        );
        assert_eq!(parts("'日本語' \"é\" é1 $12"), ["'日本語'", "\"é\"", "é1", "$12"]);
        for open in ["'a", "\"a", "/* a", "$$ a", "e'\\", "$", "-- a"] {
            tokens(open);
        }
    }

    #[test]
    fn statements_are_cut_at_semicolons_outside_quotes() {
        let sql = " ; select ';' ; -- nothing\n; show x";
        let found: Vec<&str> = statements(sql).into_iter().map(|range| &sql[range]).collect();
        assert_eq!(found, ["select ';'", "show x"]);
        assert!(statements("; /* ; */ ;").is_empty());
    }
}
