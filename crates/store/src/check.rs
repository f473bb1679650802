//! What a check of a data folder asks of the segments beside [`crate::check_segment`]: which files nobody names.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use catalog::Manifest;
use host::Disk;
use model::Seq;

/// Why a file is in the folder of segments although no segment of the manifest is it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    /// It was being written when the node died. A start removes it.
    HalfWritten,
    /// It was written and not published, and its events are elsewhere. A start removes it.
    Unpublished,
    /// It is named as a segment's and its events are nowhere else.
    OnlyCopy,
    /// It is no file of Cairn's.
    Foreign,
}

/// The files of the folder that the manifest does not name, by name. Blocks.
pub fn stray_files(disk: &dyn Disk, folder: &Path, manifest: &Manifest) -> io::Result<Vec<(PathBuf, Stray)>> {
    let known: HashSet<&str> = manifest.segments.iter().map(|segment| segment.file.as_str()).collect();
    let mut strays = Vec::new();
    let mut files = match disk.list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    files.sort();
    for path in files {
        let ending = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let stray = match ending {
            "writing" => Stray::HalfWritten,
            "parquet" | "index" if known.contains(name) => continue,
            "parquet" | "index" => match range_of(name) {
                Some(range) if is_covered(range, manifest) => Stray::Unpublished,
                Some(_) => Stray::OnlyCopy,
                None => Stray::Foreign,
            },
            _ => Stray::Foreign,
        };
        strays.push((path, stray));
    }
    Ok(strays)
}

/// The events a segment's file name says.
pub(crate) fn range_of(name: &str) -> Option<(Seq, Seq)> {
    let mut parts = name.split('-').map(str::parse);
    Some((Seq(parts.next()?.ok()?), Seq(parts.next()?.ok()?)))
}

/// Whether the journal (beyond the cursor) or published segments hold every number of the range.
pub(crate) fn is_covered((first, last): (Seq, Seq), manifest: &Manifest) -> bool {
    let mut next = first;
    while next <= last && next <= manifest.cursor {
        let covering = manifest.segments.iter().find(|segment| segment.first <= next && next <= segment.last);
        match covering {
            Some(segment) => next = segment.last.next(),
            None => return false,
        }
    }
    true
}
