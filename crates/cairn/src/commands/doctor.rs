//! `cairn doctor`: whether a data folder holds what it should.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use backup::Snapshot;
use clap::Args;
use doctor::{Finding, Part, Repaired, Report, Verdict};
use host::{FolderLock, FolderLockError, RealDisk};
use serde_json::json;

use crate::output;

/// It could not be checked.
const NOT_CHECKED: u8 = 2;

/// `cairn doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Reads every event in the folder: catalog, journal, segments with their indexes, and whether together they hold each event \
once, unchanged, from the first to the last. Nothing is changed without --repair. The folder of a running node can be \
checked too: then a snapshot of it is, which takes no room but needs hard links.

--repair does only what is safe, and never removes an event: it makes a lost index again, computes lost Merkle roots \
again, cuts off a write that a crash cut short (and keeps it aside), removes files a crash left behind. The node must be \
stopped for it.

Exit codes: 0 nothing is damaged (warnings are printed), 1 something is, 2 it could not be checked.

Examples:
  cairn doctor --data /var/lib/cairn/data
  cairn doctor --data /var/lib/cairn/data --repair
  cairn doctor --data /var/lib/cairn/data --json | jq '.findings[] | select(.verdict == \"damaged\")'")]
pub(crate) struct Doctor {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "CAIRN_DATA")]
    data: PathBuf,
    /// Put right what is safe, and say what was done
    #[arg(long)]
    repair: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.check().await {
            Ok(code) => Ok(code),
            Err(error) => {
                eprint!("{}", crate::advice::report(&error));
                Ok(ExitCode::from(NOT_CHECKED))
            }
        }
    }

    async fn check(self) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(self.data.is_dir(), "there is no folder {}", self.data.display());
        // Before anything is locked: a lock is a file, and this may be some folder given by mistake.
        let is_data = ["journal", "catalog.sqlite"].iter().any(|name| self.data.join(name).exists());
        anyhow::ensure!(is_data, "{} is no data folder: it has neither a journal nor a catalog", self.data.display());
        let lock = match FolderLock::take(&self.data) {
            Ok(lock) => Some(lock),
            Err(error @ FolderLockError::InUse { .. }) if self.repair => {
                return Err(error).context("cannot repair the folder of a running node; stop it first");
            }
            Err(FolderLockError::InUse { .. }) => return self.check_running().await,
            Err(error) if self.repair => return Err(error).context("cannot repair what cannot be locked"),
            // A medium that cannot be written has no node that writes.
            Err(FolderLockError::Disk { .. }) => None,
        };
        let mut report = examine(&self.data).await?;
        let mut repaired = Vec::new();
        if let Some(lock) = lock.filter(|_| self.repair) {
            repaired = doctor::repair(&lock, Arc::new(RealDisk), &report).await;
            if !repaired.is_empty() {
                report = examine(&self.data).await?;
            }
        }
        self.show(&report, &repaired, None)
    }

    async fn check_running(&self) -> anyhow::Result<ExitCode> {
        let snapshot = Snapshot::take(Arc::new(RealDisk), &self.data).await;
        let snapshot = snapshot.context(
            "a node is running on this folder and no snapshot of it could be checked; stop the node, or check a \
             restored backup",
        )?;
        let report = examine(snapshot.folder()).await?;
        self.show(&report, &[], Some("A node is running on this folder: a snapshot of it was checked."))
    }

    fn show(&self, report: &Report, repaired: &[Repaired], note: Option<&str>) -> anyhow::Result<ExitCode> {
        if self.json {
            let shown = json!({"report": report, "repaired": repaired, "of_snapshot": note.is_some()});
            output::line(&serde_json::to_string_pretty(&shown)?);
        } else {
            output::print(&shown(report, repaired, note, &self.data));
        }
        Ok(if report.verdict == Verdict::Damaged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Examines a folder that nobody writes to.
pub(super) async fn examine(data: &Path) -> anyhow::Result<Report> {
    doctor::examine(Arc::new(RealDisk), data).await.with_context(|| format!("could not check {}", data.display()))
}

/// The report for a person who was woken up by it: the parts, then what is wrong, then the sum.
pub(super) fn shown(report: &Report, repaired: &[Repaired], note: Option<&str>, data: &Path) -> String {
    let rows =
        report.parts.iter().map(|line| [verdict(line.verdict), part(line.part), &line.summary].map(str::to_owned));
    let mut text = format!("Data folder {}\n\n{}", data.display(), output::table(["", "PART", "WHAT IS THERE"], rows));
    if let Some(note) = note {
        text.push_str(&format!("\n{note}\n"));
    }
    for done in repaired {
        match &done.error {
            None => text.push_str(&format!("\nREPAIRED  {}\n", done.what)),
            Some(error) => text.push_str(&format!("\nNOT REPAIRED  tried, and failed: {}\n  {error}\n", done.what)),
        }
    }
    for finding in &report.findings {
        text.push_str(&shown_finding(finding));
    }
    let count = |verdict| report.findings.iter().filter(|finding| finding.verdict == verdict).count();
    text.push_str(&match (count(Verdict::Damaged), count(Verdict::Warning)) {
        (0, 0) => "\nAll is well.\n".to_owned(),
        (0, 1) => "\nNothing is damaged; 1 warning.\n".to_owned(),
        (0, warnings) => format!("\nNothing is damaged; {warnings} warnings.\n"),
        (1, _) => "\nDAMAGED: 1 finding.\n".to_owned(),
        (damaged, _) => format!("\nDAMAGED: {damaged} findings.\n"),
    });
    text
}

fn shown_finding(finding: &Finding) -> String {
    let place = [finding.file.as_str(), finding.place.as_str()].map(str::to_owned);
    let place: Vec<String> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let place = if place.is_empty() { part(finding.part).to_owned() } else { place.join(", ") };
    let mut text = format!("\n{}  {place}\n  {}\n", verdict(finding.verdict).to_uppercase(), finding.what);
    if !finding.meaning.is_empty() {
        text.push_str(&format!("  It means: {}\n", finding.meaning));
    }
    if !finding.advice.is_empty() {
        text.push_str(&format!("  To do:    {}\n", finding.advice));
    }
    text
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Damaged => "damaged",
    }
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Catalog => "catalog",
        Part::Journal => "journal",
        Part::Subtrees => "merkle roots",
        Part::Segments => "segments",
        Part::Events => "events",
        Part::Delivery => "trails",
        Part::Files => "other files",
        Part::Space => "disk",
    }
}
