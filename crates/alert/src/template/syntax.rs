//! The template language as it is written, made ready for the engine.
//!
//! The older `${name}` becomes `{{ name }}`. The rest is looked through for what the engine would allow and Log Service's
//! language does not have: other tags, and ways to make text grow without end. What is left costs at most the number of
//! instructions the engine counts times the size of one value.

use super::engine::Markup;

/// Joins (`~`, `+`) between one pair of braces: each copies what stands before it.
const JOINS_MAX: usize = 8;
const NESTING_MAX: usize = 8;

/// Functions whose results are numbers: around `*`, which otherwise repeats text.
const NUMERIC: [&str; 9] = ["int", "float", "length", "round", "abs", "sum", "ceil", "floor", "timestamp"];
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// What is wrong, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
    /// Whether shorter values would put it right.
    pub(super) is_too_long: bool,
}

/// The template for the engine. `markup` decides how the older form shows times and severities.
pub(super) fn prepare(source: &str, markup: Markup) -> Result<String, Fault> {
    let mut scan = Scan { source, at: 0, out: String::with_capacity(source.len()), nesting: 0, markup };
    scan.run()?;
    Ok(scan.out)
}

struct Scan<'a> {
    source: &'a str,
    at: usize,
    out: String,
    nesting: usize,
    markup: Markup,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Fault> {
        while let Some(next) = self.source[self.at..].find(['{', '$']) {
            self.copy(next);
            let rest = &self.source[self.at..];
            if rest.starts_with("{#") {
                let end = rest.find("#}").ok_or_else(|| self.fault("the comment has no end: #} is missing"))?;
                self.copy(end + 2);
            } else if rest.starts_with("{{") {
                let end = self.end_of(rest, "}}")?;
                self.look_at(&rest[2..end], false)?;
                self.copy(end + 2);
            } else if rest.starts_with("{%") {
                self.tag()?;
            } else if let Some((path, len)) = older(rest) {
                self.out.push_str(&self.shown(&path));
                self.at += len;
            } else {
                self.copy(1);
            }
        }
        self.copy(self.source.len() - self.at);
        Ok(())
    }

    fn copy(&mut self, len: usize) {
        self.out.push_str(&self.source[self.at..self.at + len]);
        self.at += len;
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        let line = self.source[..self.at].matches('\n').count() + 1;
        Fault { line, message: message.into(), is_too_long: false }
    }

    /// Where the closing mark is, outside of texts and brackets.
    fn end_of(&self, rest: &str, mark: &str) -> Result<usize, Fault> {
        let mut quote = None;
        let mut depth = 0_usize;
        let mut is_escaped = false;
        for (at, c) in rest.char_indices().skip(2) {
            match (quote, c) {
                (Some(_), _) if is_escaped => is_escaped = false,
                (Some(_), '\\') => is_escaped = true,
                (Some(open), _) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, _) if depth == 0 && rest[at..].starts_with(mark) => return Ok(at),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
                (None, _) => {}
            }
        }
        Err(self.fault(format!("{mark} is missing")))
    }

    fn tag(&mut self) -> Result<(), Fault> {
        let rest = &self.source[self.at..];
        let end = self.end_of(rest, "%}")?;
        let inside = rest[2..end].trim_matches(['-', '+']).trim();
        let word = inside.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if word == "raw" {
            let close = raw_end(rest).ok_or_else(|| self.fault("{% raw %} has no {% endraw %}"))?;
            self.copy(close);
            return Ok(());
        }
        if !TAGS.contains(&word) {
            return Err(self.fault(format!("there is no tag {word:?}; there are if, elif, else, for and raw")));
        }
        match word {
            "for" => self.nesting += 1,
            "endfor" => self.nesting = self.nesting.saturating_sub(1),
            _ => {}
        }
        if self.nesting > NESTING_MAX {
            return Err(self.fault(format!("loops may lie in each other {NESTING_MAX} deep")));
        }
        self.look_at(&inside[word.len()..], word == "for")?;
        self.copy(end + 2);
        Ok(())
    }

    /// Refuses what would let a text or list grow with each round.
    fn look_at(&mut self, expression: &str, is_loop: bool) -> Result<(), Fault> {
        let tokens = tokens(expression);
        let mut joins = 0_usize;
        let mut literal_depth = 0_usize;
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| tokens[at]);
            match *token {
                "~" | "+" => joins += 1,
                "*" if !is_number_before(&tokens[..at]) || !is_number_after(&tokens[at + 1..]) => {
                    return Err(
                        self.fault("* takes numbers: write int(...) or float(...) around what stands beside it")
                    );
                }
                _ => {}
            }
            if !is_loop {
                continue;
            }
            match *token {
                "~" | "+" | "*" => {
                    return Err(self.fault(format!("{token} cannot stand in a for tag; write it inside of the loop")));
                }
                "recursive" => return Err(self.fault("loops are not recursive here")),
                "[" | "{" if literal_depth > 0 || is_literal_start(before) => literal_depth += 1,
                "]" | "}" => literal_depth = literal_depth.saturating_sub(1),
                name if literal_depth > 0 && is_variable(name) => {
                    return Err(self.fault("a list written in a for tag can hold numbers and texts only"));
                }
                _ => {}
            }
        }
        if joins > JOINS_MAX {
            return Err(self.fault(format!("~ and + may stand here {JOINS_MAX} times; use several {{{{ }}}}")));
        }
        Ok(())
    }

    /// The older form showed people times and words where the newer has numbers; receivers got the numbers.
    fn shown(&self, path: &str) -> String {
        let last = path.strip_prefix("alert.").unwrap_or(path);
        let filter = match last {
            "alert_time" | "fire_time" | "resolve_time" => "| format_date",
            "severity" => "| format_severity",
            "status" => "| format_status",
            _ => "",
        };
        let filter = if self.markup == Markup::Json { "" } else { filter };
        format!("{{{{ {path} {filter} }}}}")
    }
}

/// `${a.b-c[0]}` as a path of the newer language, and how long it was.
fn older(rest: &str) -> Option<(String, usize)> {
    let inside = rest.strip_prefix("${")?;
    let end = inside.find('}')?;
    let text = inside[..end].trim();
    let mut path = String::new();
    for (at, part) in text.split('.').enumerate() {
        let (name, index) = part.split_once('[').map_or((part, ""), |(name, _)| (name, &part[name.len()..]));
        let is_plain = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        let is_odd = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-:@/".contains(c));
        match (at, is_plain, is_odd) {
            (0, true, _) => path.push_str(name),
            (_, true, _) => path.push_str(&format!(".{name}")),
            (0, _, _) | (_, _, false) => return None,
            _ => path.push_str(&format!("[\"{name}\"]")),
        }
        let is_index = index.is_empty()
            || index.split_inclusive(']').all(|one| {
                let digits = one.strip_prefix('[').and_then(|one| one.strip_suffix(']'));
                digits
                    .is_some_and(|digits| (1..6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
            });
        if !is_index {
            return None;
        }
        path.push_str(index);
    }
    Some((path, end + 3))
}

/// Where the text after `{% raw %} ... {% endraw %}` begins.
fn raw_end(rest: &str) -> Option<usize> {
    let mut from = 2;
    loop {
        let start = from + rest[from..].find("{%")?;
        let close = start + rest[start..].find("%}")? + 2;
        if rest[start + 2..close - 2].trim_matches(['-', '+']).trim() == "endraw" {
            return Some(close);
        }
        from = start + 2;
    }
}

/// Names, numbers and signs; a text is one token that begins with its quote.
fn tokens(expression: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            c if c.is_whitespace() => {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '"' | '\'' => text_len(rest, first),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            '*' if rest.starts_with("**") => 2,
            c => c.len_utf8(),
        };
        tokens.push(&rest[..len]);
        rest = &rest[len..];
    }
    tokens
}

fn text_len(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn is_number(token: &str) -> bool {
    token.len() <= 9 && token.bytes().all(|byte| byte.is_ascii_digit()) && !token.is_empty()
}

/// Whether what ends here is a number: a literal, `int(...)` or `... | int`.
fn is_number_before(tokens: &[&str]) -> bool {
    let Some((last, before)) = tokens.split_last() else { return false };
    if *last != ")" {
        return is_number(last) || NUMERIC.contains(last) && before.last() == Some(&"|");
    }
    let mut depth = 1;
    for (at, token) in before.iter().enumerate().rev() {
        match *token {
            ")" => depth += 1,
            "(" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at > 0 && NUMERIC.contains(&before[at - 1]);
        }
    }
    false
}

fn is_number_after(tokens: &[&str]) -> bool {
    match tokens {
        [name, "(", ..] => NUMERIC.contains(name),
        [first, ..] => is_number(first),
        [] => false,
    }
}

/// Whether a bracket after this begins a list, and not a subscript.
fn is_literal_start(before: Option<&str>) -> bool {
    before.is_none_or(|token| {
        token == "in" || !token.ends_with(|c: char| c.is_alphanumeric() || c == '_' || ")]\"'".contains(c))
    })
}

fn is_variable(token: &str) -> bool {
    let constants = ["true", "True", "false", "False", "none", "None"];
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && !constants.contains(&token)
}

#[cfg(test)]
mod tests;
