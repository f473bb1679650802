//! `cargo xtask tidy`: the rules of the house that a compiler does not know.
//!
//! Each check is a function from text to problems, so that its tests can show it catching one. All problems are
//! printed, not only the first. The few exceptions stand in `xtask/tidy.toml`; that list may only shrink.

mod exceptions;
mod licences;
mod links;
mod manifests;
mod scan;
mod sources;

use anyhow::{Context, Result, bail};

use crate::docs;
use crate::workspace::Workspace;

use exceptions::Exceptions;

/// A file this large is data, and data does not belong into the history.
const FILE_BYTES_MAX: u64 = 200 * 1024;

/// Something to put right: a place and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    place: String,
    sentence: String,
}

impl Problem {
    fn new(place: impl Into<String>, sentence: impl Into<String>) -> Problem {
        Problem { place: place.into(), sentence: sentence.into() }
    }
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let problems = problems(workspace)?;
    for Problem { place, sentence } in &problems {
        eprintln!("{place}: {sentence}");
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("tidy found 1 problem"),
        count => bail!("tidy found {count} problems"),
    }
}

fn problems(workspace: &Workspace) -> Result<Vec<Problem>> {
    let metadata = workspace.metadata()?;
    let files = workspace.files()?;
    let mut problems = manifests::check(&metadata);
    let rules = licences::Rules::read(&read(workspace, "deny.toml")?)?;
    problems.extend(licences::check(&metadata, &rules));

    let mut exceptions = Exceptions::read(&read(workspace, "xtask/tidy.toml")?)?;
    for path in &files {
        let bytes = std::fs::metadata(workspace.path(path)).map_or(0, |file| file.len());
        problems.extend(check_size(path, bytes));
        if sources::is_source(path) {
            problems.extend(sources::check(path, &read(workspace, path)?, &mut exceptions));
        }
        if path.ends_with(".md") {
            problems.extend(links::check(workspace, path, &read(workspace, path)?));
        }
    }
    problems.extend(exceptions.unused());
    if let Err(error) = docs::check(workspace) {
        problems.push(Problem::new("docs", error.to_string()));
    }
    Ok(problems)
}

fn check_size(path: &str, bytes: u64) -> Option<Problem> {
    // Cargo writes the lock file, and it must be in the repository.
    let is_large = bytes > FILE_BYTES_MAX && path != "Cargo.lock";
    is_large.then(|| {
        Problem::new(path, format!("{bytes} bytes, the limit is {FILE_BYTES_MAX}; keep data out of the repository"))
    })
}

fn read(workspace: &Workspace, path: &str) -> Result<String> {
    std::fs::read_to_string(workspace.path(path)).with_context(|| format!("could not read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_are_named_and_the_lock_file_is_not() {
        assert!(check_size("docs/picture.png", FILE_BYTES_MAX + 1).is_some());
        assert!(check_size("docs/picture.png", FILE_BYTES_MAX).is_none());
        assert!(check_size("Cargo.lock", FILE_BYTES_MAX + 1).is_none());
    }
}
