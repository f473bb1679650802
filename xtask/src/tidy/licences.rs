//! Licences of everything in the lock file, against the list in `deny.toml`.
//!
//! The list is the one cargo-deny reads; this check needs nothing installed. It understands the SPDX expressions that
//! crates use: `A OR B`, `A AND B`, `A WITH exception`, parentheses, and the old `A/B`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Problem;
use crate::workspace::Metadata;

/// The part of `deny.toml` that matters here.
#[derive(Deserialize)]
struct DenyFile {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// A crate that may have further licences.
#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

/// Which licences are welcome.
pub(super) struct Rules {
    allow: BTreeSet<String>,
    exceptions: BTreeMap<String, BTreeSet<String>>,
}

impl Rules {
    pub(super) fn read(deny_file: &str) -> Result<Rules> {
        let DenyFile { licenses } = toml::from_str(deny_file).context("could not read deny.toml")?;
        let exceptions = licenses.exceptions.into_iter().map(|each| (each.name, each.allow)).collect();
        Ok(Rules { allow: licenses.allow, exceptions })
    }

    fn welcomes(&self, name: &str, expression: &str) -> bool {
        let more = self.exceptions.get(name);
        let is_allowed =
            |licence: &str| self.allow.contains(licence) || more.is_some_and(|more| more.contains(licence));
        let mut words = words(expression).into_iter().peekable();
        either(&mut words, &is_allowed) && words.next().is_none()
    }
}

pub(super) fn check(metadata: &Metadata, rules: &Rules) -> Vec<Problem> {
    let unwelcome = metadata.packages.iter().filter_map(|package| {
        let place = format!("{} {}", package.name, package.version);
        match &package.license {
            None => Some(Problem::new(place, "its manifest names no licence")),
            Some(licence) if rules.welcomes(&package.name, licence) => None,
            Some(licence) => Some(Problem::new(place, format!("licence {licence:?} is not on the list in deny.toml"))),
        }
    });
    unwelcome.collect()
}

type Words = std::iter::Peekable<std::vec::IntoIter<String>>;

/// Words, parentheses apart; `/` is an old way to write `OR`.
fn words(expression: &str) -> Vec<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn either(words: &mut Words, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut welcome = both(words, is_allowed);
    while words.next_if(|word| word == "OR").is_some() {
        // Read on even when it is decided: the words must be used up.
        welcome |= both(words, is_allowed);
    }
    welcome
}

fn both(words: &mut Words, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut welcome = one(words, is_allowed);
    while words.next_if(|word| word == "AND").is_some() {
        welcome &= one(words, is_allowed);
    }
    welcome
}

fn one(words: &mut Words, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    match words.next() {
        Some(word) if word == "(" => {
            let welcome = either(words, is_allowed);
            words.next_if(|word| word == ")").is_some() && welcome
        }
        Some(licence) => match words.next_if(|word| word == "WITH").and_then(|_| words.next()) {
            Some(exception) => is_allowed(&format!("{licence} WITH {exception}")),
            None => is_allowed(&licence),
        },
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let text = "[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\", \"BSD-3-Clause\"]\n\
                    [[licenses.exceptions]]\ncrate = \"special\"\nallow = [\"OpenSSL\"]\n";
        Rules::read(text).expect("valid")
    }

    #[test]
    fn expressions_are_understood() {
        for (expression, welcome) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR GPL-3.0) AND BSD-3-Clause", true),
            ("(GPL-3.0) AND BSD-3-Clause", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-3.0 WITH LLVM-exception", false),
            ("GPL-3.0", false),
            ("MIT OR", true),
            ("MIT )", false),
            ("", false),
        ] {
            // A dangling OR names no further licence, which takes nothing away from the first.
            assert_eq!(rules().welcomes("any", expression), welcome, "{expression:?}");
        }
    }

    #[test]
    fn an_exception_is_for_its_crate_only() {
        assert!(rules().welcomes("special", "MIT AND OpenSSL"));
        assert!(!rules().welcomes("other", "MIT AND OpenSSL"));
    }
}
