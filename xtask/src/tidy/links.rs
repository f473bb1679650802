//! Links in Markdown that point into the repository: the file must be there, and the heading too.
//!
//! Links to the web are not followed: a check must not depend on other people's machines.

use std::path::Path;

use super::Problem;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, path: &str, text: &str) -> Vec<Problem> {
    let broken = links(text).into_iter().filter_map(|(line, target)| {
        let sentence = broken(workspace, path, text, &target)?;
        Some(Problem::new(format!("{path}:{line}"), sentence))
    });
    broken.collect()
}

/// Why a link does not hold, or `None`.
fn broken(workspace: &Workspace, path: &str, text: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let linked = match file {
        "" => text.to_owned(),
        file => {
            let folder = Path::new(path).parent().unwrap_or(Path::new(""));
            let linked = workspace.root().join(folder).join(file);
            if !linked.exists() {
                return Some(format!("links to {file}, which is not there"));
            }
            // A folder or a source file has no headings to check.
            if !file.ends_with(".md") {
                return None;
            }
            std::fs::read_to_string(linked).unwrap_or_default()
        }
    };
    let heading = heading?;
    let is_there = headings(&linked).any(|each| each == heading);
    (!is_there).then(|| format!("links to the heading #{heading}, which is not there"))
}

/// Targets of `[text](target)` with their line, code left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split_whitespace().next().unwrap_or_default();
            let in_code = line[..line.len() - rest.len()].matches('`').count() % 2 == 1;
            if !in_code {
                found.push((number, target.trim_matches(['<', '>']).to_owned()));
            }
        }
    }
    found
}

/// Lines outside of fenced code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            return None;
        }
        (!in_code).then_some((number + 1, line))
    })
}

/// Anchors as GitHub makes them: lower case, words joined by `-`, punctuation dropped.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let titles =
        prose(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| line.trim_start_matches('#').trim());
    titles.map(|title| {
        let kept = title.to_lowercase();
        let kept = kept.chars().filter(|each| each.is_alphanumeric() || matches!(each, ' ' | '-' | '_'));
        kept.map(|each| if each == ' ' { '-' } else { each }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Written to a real folder, as the check looks at one.
    #[allow(clippy::disallowed_methods)]
    fn found(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(folder.path().join("docs/book")).expect("made");
        std::fs::write(folder.path().join("README.md"), "# Cairn\n## Two commands, no more\n").expect("written");
        let problems = check(&Workspace::at(folder.path()), "docs/book/page.md", text);
        problems.into_iter().map(|problem| format!("{}: {}", problem.place, problem.sentence)).collect()
    }

    #[test]
    fn links_that_hold_are_no_problem() {
        let text = "# Own heading\nSee [it](../../README.md), [there](../../README.md#two-commands-no-more), \
                    [here](#own-heading), [the web](https://example.org/x) and `[code](nowhere.md)`.\n\
                    ```\n[more code](nowhere.md)\n```\n";
        assert_eq!(found(text), [""; 0]);
    }

    #[test]
    fn a_missing_file_and_a_missing_heading_are_named() {
        let problems = found("ok\n[a](gone.md) [b](../../README.md#gone)\n[c](#gone)\n");
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].starts_with("docs/book/page.md:2: links to gone.md"));
        assert!(problems[1].contains("#gone") && problems[2].starts_with("docs/book/page.md:3"));
    }
}
