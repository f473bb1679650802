//! Cuts a script into tokens, with indentation as tokens of its own. Line ends inside brackets mean nothing.

use super::{SCRIPT_BYTES_MAX, ScriptError};

/// A piece of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(serde_json::Number),
    /// `(`, `==`, `:` and the like.
    Sign(&'static str),
    LineEnd,
    Indent,
    Dedent,
    End,
}

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) line: usize,
    pub(super) column: usize,
}

// Longer signs first: `=` would take the first half of `==`.
const SIGNS: [&str; 19] =
    ["==", "!=", ">=", "<=", "=~", "!~", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ":", "=", ">", "<"];

pub(super) fn tokens(script: &str) -> Result<Vec<Placed>, ScriptError> {
    if script.len() > SCRIPT_BYTES_MAX {
        return Err(ScriptError::at_line(1, format!("the script is longer than {SCRIPT_BYTES_MAX} bytes")));
    }
    let mut cutter = Cutter { found: Vec::new(), indents: vec![0], brackets: 0 };
    let mut line_number = 0;
    for line in script.lines() {
        line_number += 1;
        cutter.line(line, line_number)?;
    }
    if cutter.brackets > 0 {
        return Err(ScriptError::at_line(line_number, "a bracket is not closed"));
    }
    let (line, column) = (line_number + 1, 1);
    let closing = cutter.indents.len() - 1;
    cutter.found.extend((0..closing).map(|_| Placed { token: Token::Dedent, line, column }));
    cutter.found.push(Placed { token: Token::End, line, column });
    Ok(cutter.found)
}

struct Cutter {
    found: Vec<Placed>,
    indents: Vec<usize>,
    brackets: usize,
}

impl Cutter {
    fn line(&mut self, line: &str, number: usize) -> Result<(), ScriptError> {
        let chars: Vec<char> = line.chars().collect();
        let mut at = chars.iter().take_while(|c| c.is_whitespace()).count();
        if at == chars.len() || chars[at] == '#' {
            return Ok(());
        }
        if self.brackets == 0 {
            // A tab is as wide as the four blanks most editors make of it.
            let width = chars[..at].iter().map(|c| if *c == '\t' { 4 } else { 1 }).sum();
            self.indent(width, number)?;
        }
        while at < chars.len() {
            if chars[at].is_whitespace() {
                at += 1;
                continue;
            }
            if chars[at] == '#' {
                break;
            }
            let column = at + 1;
            let (token, next) = token(&chars, at).map_err(|message| ScriptError { line: number, column, message })?;
            match token {
                Token::Sign("(" | "[" | "{") => self.brackets += 1,
                Token::Sign(")" | "]" | "}") => self.brackets = self.brackets.saturating_sub(1),
                _ => {}
            }
            self.found.push(Placed { token, line: number, column });
            at = next;
        }
        if self.brackets == 0 {
            self.found.push(Placed { token: Token::LineEnd, line: number, column: at + 1 });
        }
        Ok(())
    }

    fn indent(&mut self, width: usize, line: usize) -> Result<(), ScriptError> {
        let mut place = |token| self.found.push(Placed { token, line, column: 1 });
        let last = self.indents.last().copied().unwrap_or(0);
        if width > last {
            self.indents.push(width);
            place(Token::Indent);
            return Ok(());
        }
        while self.indents.last().is_some_and(|open| *open > width) {
            self.indents.pop();
            place(Token::Dedent);
        }
        if self.indents.last() != Some(&width) {
            return Err(ScriptError::at_line(line, "this line is indented like no line above it"));
        }
        Ok(())
    }
}

fn token(chars: &[char], at: usize) -> Result<(Token, usize), String> {
    let first = chars[at];
    if first == '"' || first == '\'' {
        return text(chars, at);
    }
    let is_negative_number = first == '-' && chars.get(at + 1).is_some_and(char::is_ascii_digit);
    if first.is_ascii_digit() || is_negative_number {
        return number(chars, at);
    }
    if first.is_alphabetic() || first == '_' {
        let is_part = |c: &&char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let mut length = chars[at..].iter().take_while(is_part).count();
        // A field may go on with a name in brackets, whose text follows as a token of its own.
        while length > 1 && chars[at + length - 1] == '.' {
            length -= 1;
        }
        return Ok((Token::Name(chars[at..at + length].iter().collect()), at + length));
    }
    for sign in SIGNS {
        if sign.chars().enumerate().all(|(offset, c)| chars.get(at + offset) == Some(&c)) {
            return Ok((Token::Sign(sign), at + sign.len()));
        }
    }
    Err(format!("{first:?} has no meaning here"))
}

fn number(chars: &[char], at: usize) -> Result<(Token, usize), String> {
    let is_after_exponent = |offset: usize| offset > 0 && matches!(chars[at + offset - 1], 'e' | 'E');
    let is_part = |(offset, c): &(usize, &char)| match **c {
        '-' => *offset == 0 || is_after_exponent(*offset),
        '+' => is_after_exponent(*offset),
        c => c.is_ascii_alphanumeric() || c == '.',
    };
    let length = chars[at..].iter().enumerate().take_while(is_part).count();
    let text: String = chars[at..at + length].iter().collect();
    // Not serde_json's parser: it may miss the nearest floating-point number by one.
    let whole = text.parse::<i64>().map(Into::into).or_else(|_| text.parse::<u64>().map(Into::into));
    let number = whole.ok().or_else(|| serde_json::Number::from_f64(text.parse().ok()?));
    number.map(|number| (Token::Number(number), at + length)).ok_or_else(|| format!("{text:?} is no number"))
}

/// A text between quotes, with JSON's escapes. A backslash before anything else stays, so that patterns like `\d` read naturally.
fn text(chars: &[char], at: usize) -> Result<(Token, usize), String> {
    let quote = chars[at];
    let mut text = String::new();
    let mut next = at + 1;
    loop {
        let Some(&c) = chars.get(next) else { return Err("this text is not closed on its line".into()) };
        next += 1;
        if c == quote {
            return Ok((Token::Text(text), next));
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        let Some(&escaped) = chars.get(next) else { return Err("this text is not closed on its line".into()) };
        next += 1;
        match escaped {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'f' => text.push('\u{c}'),
            '"' | '\'' | '\\' | '/' => text.push(escaped),
            'u' => {
                let (unescaped, after) = unicode(chars, next)?;
                text.push(unescaped);
                next = after;
            }
            other => text.extend(['\\', other]),
        }
    }
}

/// The character behind `\u`: four hexadecimal digits, or a pair of surrogates as JSON writes them.
fn unicode(chars: &[char], at: usize) -> Result<(char, usize), String> {
    let unit = |at: usize| -> Option<u16> {
        let digits: String = chars.get(at..at + 4)?.iter().collect();
        digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| u16::from_str_radix(&digits, 16).ok())?
    };
    let wrong = || "\\u wants four hexadecimal digits".to_owned();
    let first = unit(at).ok_or_else(wrong)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Ok((c, at + 4));
    }
    let has_second = chars.get(at + 4) == Some(&'\\') && chars.get(at + 5) == Some(&'u');
    let second = if has_second { unit(at + 6) } else { None };
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    pair.map(|c| (c, at + 10)).ok_or_else(|| "\\u names half a character".to_owned())
}
