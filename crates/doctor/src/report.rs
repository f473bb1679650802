//! What an examination found, in words for a person and as data for a program.

use std::path::{Path, PathBuf};

use model::Seq;
use serde::Serialize;

use crate::repair::Repair;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Not as it should be; no event is at risk, and the node starts.
    Warning,
    /// Something is lost or may become so, or the node does not start with it.
    Damaged,
}

/// A part of the data folder that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The database file.
    Catalog,
    /// The journal's files.
    Journal,
    /// The Merkle roots kept for ever.
    Subtrees,
    /// Parquet files and their indexes.
    Segments,
    /// That segments and journal together hold every event.
    Events,
    /// How far the trails are.
    Delivery,
    /// Files that nobody names.
    Files,
    /// Room on the disk.
    Space,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Which part it belongs to.
    pub part: Part,
    /// How bad it is.
    pub verdict: Verdict,
    /// The file, below the data folder; empty when it is no one file.
    pub file: String,
    /// The place in it, or empty.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What it means.
    pub meaning: String,
    /// What to do.
    pub advice: String,
    /// What `--repair` would do.
    #[serde(skip)]
    pub(crate) repair: Option<Repair>,
    /// Whether `--repair` puts it right.
    pub is_repairable: bool,
}

impl Finding {
    pub(crate) fn new(part: Part, verdict: Verdict, what: impl Into<String>) -> Finding {
        Finding {
            part,
            verdict,
            file: String::new(),
            place: String::new(),
            what: what.into(),
            meaning: String::new(),
            advice: String::new(),
            repair: None,
            is_repairable: false,
        }
    }

    pub(crate) fn at(mut self, data: &Path, file: &Path) -> Finding {
        self.file = file.strip_prefix(data).unwrap_or(file).display().to_string();
        self
    }

    pub(crate) fn place(mut self, place: impl Into<String>) -> Finding {
        self.place = place.into();
        self
    }

    pub(crate) fn means(mut self, meaning: impl Into<String>) -> Finding {
        self.meaning = meaning.into();
        self
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Finding {
        self.advice = advice.into();
        self
    }

    pub(crate) fn repaired_by(mut self, repair: Repair) -> Finding {
        self.repair = Some(repair);
        self.is_repairable = true;
        self
    }
}

/// One part and how it is as a whole.
#[derive(Debug, Clone, Serialize)]
pub struct PartLine {
    /// The part.
    pub part: Part,
    /// The worst that was found in it.
    pub verdict: Verdict,
    /// What was looked at.
    pub summary: String,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The data folder.
    pub data: PathBuf,
    /// The worst of all parts.
    pub verdict: Verdict,
    /// Every part, in the order they were checked.
    pub parts: Vec<PartLine>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// The last event.
    pub head: Seq,
    /// Accounts in the catalog.
    pub accounts: u64,
    /// The last event in a segment, for repairs of the journal.
    #[serde(skip)]
    pub(crate) cursor: Option<Seq>,
}

impl Report {
    pub(crate) fn new(data: &Path) -> Report {
        Report {
            data: data.to_owned(),
            verdict: Verdict::Ok,
            parts: Vec::new(),
            findings: Vec::new(),
            head: Seq::ZERO,
            accounts: 0,
            cursor: None,
        }
    }

    /// Adds a part; its verdict is the worst of its findings so far.
    pub(crate) fn part(&mut self, part: Part, summary: impl Into<String>) {
        let verdicts = self.findings.iter().filter(|finding| finding.part == part).map(|finding| finding.verdict);
        let verdict = verdicts.max().unwrap_or(Verdict::Ok);
        self.verdict = self.verdict.max(verdict);
        self.parts.push(PartLine { part, verdict, summary: summary.into() });
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.findings.iter().any(|finding| finding.verdict == Verdict::Damaged)
    }
}
