//! The report of refused events: one JSON object a line, with the reason and the event itself.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::files;
use crate::ingest::sources::REFUSED_ENDING;

/// An event that was not taken, and why.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    /// Its place in the file, from 0.
    pub(crate) index: u64,
    /// The stable code.
    pub(crate) code: String,
    /// A sentence.
    pub(crate) message: String,
    /// Its bytes, where they were kept.
    pub(crate) event: Vec<u8>,
}

/// A report beside the file it is about, or under `fallback` where that folder cannot be written.
pub(crate) struct Report {
    path: PathBuf,
    fallback: PathBuf,
    file: Option<File>,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    index: u64,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    /// What is not JSON, or not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Report {
    /// A report that goes on after its first `bytes`; what an interrupted run wrote beyond them is written again.
    pub(crate) fn continued(source: &Path, fallback: PathBuf, bytes: u64) -> Report {
        let mut name = source.as_os_str().to_owned();
        name.push(REFUSED_ENDING);
        Report { path: name.into(), fallback, file: None, bytes }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds events. The file is made with the first.
    pub(crate) fn add(&mut self, refused: &[Refused]) -> anyhow::Result<()> {
        if refused.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        for each in refused {
            let event: Option<&RawValue> = serde_json::from_slice(&each.event).ok();
            let is_kept_as_text = event.is_none() && !each.event.is_empty();
            let text = is_kept_as_text.then(|| String::from_utf8_lossy(&each.event).into_owned());
            let line = Line { index: each.index, code: &each.code, message: &each.message, event, text };
            // White space inside an event would break the line.
            let json = serde_json::to_string(&line)?.replace(['\n', '\r'], " ");
            lines.extend_from_slice(json.as_bytes());
            lines.push(b'\n');
        }
        if self.file.is_none() {
            self.file = Some(self.open()?);
        }
        if let Some(file) = &mut self.file {
            file.write_all(&lines).with_context(|| format!("could not write {}", self.path.display()))?;
        }
        self.bytes += lines.len() as u64;
        Ok(())
    }

    fn open(&mut self) -> anyhow::Result<File> {
        let opened = files::append_after(&self.path, self.bytes).or_else(|error| match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                self.path = self.fallback.clone();
                if let Some(folder) = self.path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                files::append_after(&self.path, self.bytes)
            }
            _ => Err(error),
        });
        opened.with_context(|| format!("could not write {}", self.path.display()))
    }
}
