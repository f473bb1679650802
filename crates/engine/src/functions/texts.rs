//! Texts: splitting, and regular expressions, as Presto has them.

use std::borrow::Cow;
use std::cell::RefCell;

use regex::Regex;

use super::row_wise::{Cell, Kind, Outcome, RowFunction, function, text};

use Kind::{Boolean, Long, Text, Texts};

/// The family.
pub(crate) const FUNCTIONS: &[RowFunction] = &[
    RowFunction { name: "split", arguments: &[Text, Text, Long], required: 2, returns: Texts, call: split },
    function("split_part", &[Text, Text, Long], Text, |args| {
        let at = usize::try_from(args[2].long()).ok().and_then(|at| at.checked_sub(1));
        let at = at.ok_or("the third argument counts from 1")?;
        let delimiter = args[1].text();
        let part = if delimiter.is_empty() { None } else { args[0].text().split(delimiter).nth(at) };
        part.map_or(Ok(None), text)
    }),
    function("array_position", &[Texts, Text], Long, |args| {
        let found = args[0].texts().iter().position(|each| each.as_deref() == Some(args[1].text()));
        Ok(Some(Cell::Long(found.map_or(0, |at| at as i64 + 1))))
    }),
    function("regexp_like", &[Text, Text], Boolean, |args| {
        matching(args[1].text(), |regex| Ok(Some(Cell::Boolean(regex.is_match(args[0].text())))))
    }),
    RowFunction { name: "regexp_extract", arguments: &[Text, Text, Long], required: 2, returns: Text, call: extract },
    RowFunction {
        name: "regexp_extract_all",
        arguments: &[Text, Text, Long],
        required: 2,
        returns: Texts,
        call: extract_all,
    },
    RowFunction { name: "regexp_replace", arguments: &[Text, Text, Text], required: 2, returns: Text, call: replace },
    function("regexp_split", &[Text, Text], Texts, |args| {
        matching(args[1].text(), |regex| Ok(list(regex.split(args[0].text()))))
    }),
];

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Cell<'static>> {
    Some(Cell::Texts(texts.map(|text| Some(Cow::Owned(text.to_owned()))).collect()))
}

fn split(args: &[Cell<'_>]) -> Outcome {
    let (whole, delimiter) = (args[0].text(), args[1].text());
    if delimiter.is_empty() {
        return Err("the delimiter must not be empty".to_owned());
    }
    match args.get(2).map(Cell::long) {
        None => Ok(list(whole.split(delimiter))),
        Some(limit) => {
            let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).ok_or("the limit must be positive")?;
            Ok(list(whole.splitn(limit, delimiter)))
        }
    }
}

fn group(args: &[Cell<'_>], regex: &Regex) -> Result<usize, String> {
    let group = args.get(2).map_or(0, Cell::long);
    let known = usize::try_from(group).ok().filter(|group| *group < regex.captures_len());
    known.ok_or_else(|| format!("the pattern has no group {group}"))
}

fn extract(args: &[Cell<'_>]) -> Outcome {
    matching(args[1].text(), |regex| {
        let group = group(args, regex)?;
        let found = regex.captures(args[0].text()).and_then(|found| found.get(group));
        found.map_or(Ok(None), |found| text(found.as_str()))
    })
}

fn extract_all(args: &[Cell<'_>]) -> Outcome {
    matching(args[1].text(), |regex| {
        let group = group(args, regex)?;
        let found = regex.captures_iter(args[0].text()).map(|found| found.get(group));
        Ok(Some(Cell::Texts(found.map(|found| found.map(|found| Cow::Owned(found.as_str().to_owned()))).collect())))
    })
}

fn replace(args: &[Cell<'_>]) -> Outcome {
    let with = args.get(2).map_or("", Cell::text);
    matching(args[1].text(), |regex| text(regex.replace_all(args[0].text(), with)))
}

/// Patterns compiled for the present query are few; they are kept per thread.
const PATTERNS_KEPT: usize = 16;
/// Memory one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

thread_local! {
    static PATTERNS: RefCell<Vec<(String, Regex)>> = const { RefCell::new(Vec::new()) };
}

fn matching(pattern: &str, call: impl FnOnce(&Regex) -> Outcome) -> Outcome {
    PATTERNS.with_borrow_mut(|patterns| {
        if let Some((_, regex)) = patterns.iter().find(|(each, _)| each == pattern) {
            return call(regex);
        }
        let compiled = regex::RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
        let regex = compiled.map_err(|error| {
            let reason = error.to_string();
            format!("{pattern:?} is not a regular expression: {}", reason.lines().last().unwrap_or_default())
        })?;
        if patterns.len() == PATTERNS_KEPT {
            patterns.remove(0);
        }
        patterns.push((pattern.to_owned(), regex));
        call(&patterns[patterns.len() - 1].1)
    })
}
