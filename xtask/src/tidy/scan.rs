//! A rough reading of Rust: enough to measure functions and to leave tests out, without a parser to compile.
//!
//! `Masked` blanks comments, texts and characters and keeps every line where it was; after that, braces match and
//! `fn` means a function.

/// A source file with only its code left.
pub(super) struct Masked {
    code: Vec<u8>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// The line of `fn`, from 1.
    pub(super) line: usize,
    pub(super) lines: usize,
}

impl Masked {
    pub(super) fn new(source: &str) -> Masked {
        let mut code = source.as_bytes().to_vec();
        let mut at = 0;
        while at < code.len() {
            let end = end_of_text(&code, at);
            for byte in &mut code[at..end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
            at = end.max(at + 1);
        }
        Masked { code }
    }

    /// Byte ranges of `#[cfg(test)]` items with a body.
    pub(super) fn tests(&self) -> Vec<(usize, usize)> {
        const MARK: &[u8] = b"#[cfg(test)]";
        let starts = (0..self.code.len()).filter(|&at| self.code[at..].starts_with(MARK));
        starts.filter_map(|at| Some((at, self.body(at + MARK.len())?.1))).collect()
    }

    /// Functions with a body, in order.
    pub(super) fn functions(&self) -> Vec<(usize, Function)> {
        let mut found = Vec::new();
        for at in 0..self.code.len() {
            let Some(name) = self.function_name(at) else { continue };
            let Some((_, end)) = self.body(at + 2) else { continue };
            let function = Function { name, line: self.line(at), lines: self.line(end) - self.line(at) + 1 };
            found.push((at, function));
        }
        found
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.code[..at].iter().filter(|&&byte| byte == b'\n').count()
    }

    fn function_name(&self, at: usize) -> Option<String> {
        let starts_word = at == 0 || !is_word(self.code[at - 1]);
        let rest = self.code[at..].strip_prefix(b"fn ").filter(|_| starts_word)?;
        let name: Vec<u8> =
            rest.iter().copied().skip_while(|byte| *byte == b' ').take_while(|&byte| is_word(byte)).collect();
        String::from_utf8(name).ok().filter(|name| !name.is_empty())
    }

    /// The braces of the item that begins at `from`; `None` when a `;` ends it first.
    fn body(&self, from: usize) -> Option<(usize, usize)> {
        let mut nested = 0_usize;
        let mut open = None;
        for (at, byte) in self.code.iter().enumerate().skip(from) {
            match (byte, open) {
                (b'(' | b'[', None) => nested += 1,
                (b')' | b']', None) => nested = nested.saturating_sub(1),
                (b';', None) if nested == 0 => return None,
                (b'{', None) if nested == 0 => open = Some((at, 1_usize)),
                (b'{', Some((start, depth))) => open = Some((start, depth + 1)),
                (b'}', Some((start, 1))) => return Some((start, at)),
                (b'}', Some((start, depth))) => open = Some((start, depth - 1)),
                _ => {}
            }
        }
        None
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the comment, text or character that begins at `at` ends; `at` when none begins there.
fn end_of_text(code: &[u8], at: usize) -> usize {
    let rest = &code[at..];
    let after = |length: Option<usize>| length.map_or(code.len(), |length| at + length);
    let in_word = at > 0 && is_word(code[at - 1]);
    match rest {
        [b'/', b'/', ..] => after(rest.iter().position(|&byte| byte == b'\n')),
        [b'/', b'*', ..] => after(block_comment(rest)),
        [b'"', ..] => after(quoted(rest, 1)),
        [b'r', b'"' | b'#', ..] if !in_word => after(raw(&rest[1..]).map_or(Some(1), |length| length.map(|l| l + 1))),
        [b'b', b'r', b'"' | b'#', ..] if !in_word => {
            after(raw(&rest[2..]).map_or(Some(1), |length| length.map(|l| l + 2)))
        }
        [b'\'', b'\\', ..] => after(rest.iter().skip(3).position(|&byte| byte == b'\'').map(|found| found + 4)),
        [b'\'', ..] => after(Some(character(rest))),
        _ => at,
    }
}

fn block_comment(rest: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn quoted(rest: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// A raw text from its `#`s or quote. The outer `None`: it is none (a raw name). The inner: it never ends.
fn raw(rest: &[u8]) -> Option<Option<usize>> {
    let hashes = rest.iter().take_while(|&&byte| byte == b'#').count();
    if rest.get(hashes) != Some(&b'"') {
        return None;
    }
    let mut closing = vec![b'"'];
    closing.extend(std::iter::repeat_n(b'#', hashes));
    let body = &rest[hashes + 1..];
    let found = body.windows(closing.len()).position(|window| window == closing);
    Some(found.map(|at| hashes + 1 + at + closing.len()))
}

/// The length of a character literal, or 1 for the quote of a lifetime.
fn character(rest: &[u8]) -> usize {
    let closing = rest.iter().take(6).skip(1).position(|&byte| byte == b'\'');
    match closing {
        Some(at) if at == 1 || (at > 1 && !rest[1].is_ascii()) => at + 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(source: &str) -> Vec<(String, usize, usize)> {
        let found = Masked::new(source).functions().into_iter();
        found.map(|(_, function)| (function.name, function.line, function.lines)).collect()
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_closing_brace() {
        let source = "struct A;\nimpl A {\n    pub fn one<'a>(&'a self) -> [u8; 2]\n    where\n    {\n        [b'{', b'}']\n    }\n}\n\
                      trait T {\n    fn declared(&self);\n}\nfn two() {}\n";
        assert_eq!(functions(source), [("one".to_owned(), 3, 5), ("two".to_owned(), 12, 1)]);
    }

    #[test]
    fn braces_in_texts_and_comments_do_not_count() {
        let source = "fn a() { // }\n /* } /* } */ } */ let x = \"}\\\"}\"; let y = r#\"}\"}\"#; let z = '}'; let n = '\\'';\n}\nfn b() {}\n";
        assert_eq!(functions(source), [("a".to_owned(), 1, 3), ("b".to_owned(), 4, 1)]);
    }

    #[test]
    fn words_that_contain_fn_and_function_types_are_none() {
        assert!(functions("struct S { call: fn (u8) -> u8 }\nlet defn = 1; // fn c() {}\n").is_empty());
    }

    #[test]
    fn test_modules_are_found_whole() {
        let masked = Masked::new("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n#[cfg(test)]\nmod more;\n");
        let tests = masked.tests();
        assert_eq!(tests.len(), 1);
        assert_eq!((masked.line(tests[0].0), masked.line(tests[0].1)), (2, 5));
    }
}
