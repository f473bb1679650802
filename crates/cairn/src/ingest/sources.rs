//! Which files to read: the one named, or those of a folder that look like events.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// What a file of events is called.
const ENDINGS: [&str; 7] = [".json", ".ndjson", ".jsonl", ".gz", ".zst", ".zstd", ".log"];
/// What our own reports end with; they are not put again.
pub(crate) const REFUSED_ENDING: &str = ".refused.ndjson";
/// Folders below each other; deeper means a loop of links.
const DEPTH_MAX: usize = 32;

/// A file and its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its bytes, compressed or not.
    pub(crate) bytes: u64,
}

/// The files of an import, in the order of their paths.
pub(crate) fn find(path: &Path) -> anyhow::Result<Vec<Source>> {
    let metadata = std::fs::metadata(path).with_context(|| format!("could not read {}", path.display()))?;
    if !metadata.is_dir() {
        return Ok(vec![Source { path: path.to_owned(), bytes: metadata.len() }]);
    }
    let mut sources = Vec::new();
    walk(path, 0, &mut sources)?;
    if sources.is_empty() {
        bail!("{} holds no file that ends with {}", path.display(), ENDINGS.join(", "));
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

fn walk(folder: &Path, depth: usize, into: &mut Vec<Source>) -> anyhow::Result<()> {
    if depth > DEPTH_MAX {
        bail!("{} lies more than {DEPTH_MAX} folders deep; is there a loop of links?", folder.display());
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("could not read {}", folder.display()))?.path();
        let metadata = std::fs::metadata(&path).with_context(|| format!("could not read {}", path.display()))?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if metadata.is_dir() {
            walk(&path, depth + 1, into)?;
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.ends_with(REFUSED_ENDING) {
            into.push(Source { path, bytes: metadata.len() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test makes its folder")]
    fn folders_are_walked_in_order_and_reports_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("b/c")).expect("a folder");
        for name in ["b/c/2.json.gz", "a.ndjson", "a.ndjson.refused.ndjson", "notes.txt", "b/1.zst"] {
            std::fs::write(folder.path().join(name), b"x").expect("a file");
        }
        let found = find(folder.path()).expect("files");
        let names: Vec<_> =
            found.iter().map(|source| source.path.strip_prefix(folder.path()).expect("below")).collect();
        assert_eq!(names, ["a.ndjson", "b/1.zst", "b/c/2.json.gz"].map(Path::new));
        assert_eq!(find(&folder.path().join("notes.txt")).expect("named on purpose").len(), 1);
        std::fs::create_dir(folder.path().join("empty")).expect("a folder");
        let error = find(&folder.path().join("empty")).expect_err("nothing there");
        assert!(error.to_string().contains(".ndjson"), "{error}");
    }
}
