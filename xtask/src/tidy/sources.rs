//! Rules for source files: how long a file and a function may be, that a module says what it is, that nothing is
//! left for later.

use super::Problem;
use super::exceptions::{Exceptions, Rule};
use super::scan::Masked;

/// Lines of a file, its tests not counted.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function: one screen.
const FUNCTION_LINES_MAX: usize = 70;

/// Words that mean "later". Written in parts, as this file is checked too.
const LATER: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
];

/// Files these rules are for.
pub(super) fn is_source(path: &str) -> bool {
    [".rs", ".py", ".sh", ".toml", ".sql"].iter().any(|ending| path.ends_with(ending)) || path.starts_with(".ci/")
}

pub(super) fn check(path: &str, text: &str, exceptions: &mut Exceptions) -> Vec<Problem> {
    let mut problems: Vec<Problem> = left_for_later(path, text).collect();
    if path.ends_with(".rs") && !is_test(path) {
        problems.extend(check_module_doc(path, text));
        problems.extend(check_lengths(path, text, exceptions));
    }
    problems
}

/// Tests may be as long as they like, and say what they are in their names.
fn is_test(path: &str) -> bool {
    let mut folders = path.split('/');
    let name = folders.next_back().unwrap_or_default();
    matches!(name, "tests.rs" | "testing.rs") || folders.any(|folder| matches!(folder, "tests" | "benches"))
}

fn left_for_later(path: &str, text: &str) -> impl Iterator<Item = Problem> {
    text.lines().enumerate().filter_map(move |(number, line)| {
        let word = LATER.iter().find(|word| line.contains(**word))?;
        let place = format!("{path}:{}", number + 1);
        Some(Problem::new(place, format!("{word:?} is left for later; do it, or write it down in docs/gaps.md")))
    })
}

fn check_module_doc(path: &str, text: &str) -> Option<Problem> {
    let mut opening = text.lines().skip_while(|line| line.starts_with("// SPDX"));
    let is_introduced = opening.next().is_some_and(|line| line.starts_with("//! "));
    let what = "open the file with `//!` lines: what it is, what always holds, who uses it";
    (!is_introduced).then(|| Problem::new(path, what))
}

fn check_lengths(path: &str, text: &str, exceptions: &mut Exceptions) -> Vec<Problem> {
    let masked = Masked::new(text);
    let tests = masked.tests();
    let test_lines: usize = tests.iter().map(|&(from, to)| masked.line(to) - masked.line(from) + 1).sum();
    let lines = text.lines().count() - test_lines;
    let mut problems: Vec<Problem> =
        exceptions.judge(Rule::FileLines, path, lines, FILE_LINES_MAX).into_iter().collect();
    for (at, function) in masked.functions() {
        if tests.iter().any(|&(from, to)| (from..to).contains(&at)) {
            continue;
        }
        let name = format!("{path}::{}", function.name);
        if let Some(mut problem) = exceptions.judge(Rule::FunctionLines, &name, function.lines, FUNCTION_LINES_MAX) {
            problem.place = format!("{path}:{} {}", function.line, function.name);
            problems.push(problem);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let problems = check(path, text, &mut Exceptions::default());
        problems.into_iter().map(|problem| format!("{}: {}", problem.place, problem.sentence)).collect()
    }

    const DOC: &str = "//! What it is.\n//! What always holds.\n";

    #[test]
    fn a_clean_file_has_no_problems() {
        assert_eq!(found("crates/x/src/y.rs", &format!("{DOC}\nfn a() {{}}\n")), [""; 0]);
    }

    #[test]
    fn a_file_without_an_introduction_is_named() {
        assert!(found("crates/x/src/y.rs", "fn a() {}\n")[0].contains("open the file"));
        assert!(found("crates/x/src/y/tests.rs", "fn a() {}\n").is_empty());
    }

    #[test]
    fn a_long_function_is_named_with_its_line_unless_it_is_a_test() {
        let body = "    let _ = 1;\n".repeat(70);
        let long = format!("{DOC}fn long() {{\n{body}}}\n");
        let problems = found("crates/x/src/y.rs", &long);
        assert!(problems[0].starts_with("crates/x/src/y.rs:3 long: 72 lines"), "{problems:?}");
        let in_tests = format!("{DOC}#[cfg(test)]\nmod tests {{\nfn long() {{\n{body}}}\n}}\n");
        assert!(found("crates/x/src/y.rs", &in_tests).is_empty());
        assert!(found("crates/x/src/y/tests.rs", &long).is_empty());
    }

    #[test]
    fn a_long_file_is_named_its_tests_not_counted() {
        let code = "const A: u8 = 1;\n".repeat(499);
        assert!(found("crates/x/src/y.rs", &format!("{DOC}{code}"))[0].contains("501 lines"));
        let tests = format!("{DOC}#[cfg(test)]\nmod tests {{\n{code}}}\n");
        assert!(found("crates/x/src/y.rs", &tests).is_empty());
    }

    #[test]
    fn what_is_left_for_later_is_named() {
        for word in LATER {
            let problems = found("crates/x/src/y.rs", &format!("{DOC}// {word} more\n"));
            assert!(problems[0].starts_with("crates/x/src/y.rs:3: "), "{problems:?}");
        }
        assert!(!found("tests/sdk/conftest.py", &format!("# {}\n", LATER[1])).is_empty());
    }
}
