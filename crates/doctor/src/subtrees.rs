//! The file `subtrees`: the Merkle roots that vouch for events whose journal files are gone.
//!
//! The header of the oldest journal file has the tree before it, so it tells whether the roots in the file are right.
//! Where they are not, those of runs whose events are still there are computed again and judged by the same header.

use std::path::{Path, PathBuf};

use host::Disk;
use journal::check::Checked;
use journal::merkle::Hash;
use journal::{SUBTREE_EVENTS, read_subtrees, subtrees_fit};

use crate::examine::count;
use crate::leaves::{Runs, events_of};
use crate::repair::Repair;
use crate::report::{Finding, Part, Report, Verdict};

/// What the file holds.
pub(crate) struct Known {
    path: PathBuf,
    /// `None` when it could not be read.
    roots: Result<Option<Vec<Hash>>, String>,
    /// How many the journal does not have itself.
    needed: usize,
    /// Whether those are right.
    pub(crate) is_proved: bool,
}

impl Known {
    /// A root that is proved right.
    pub(crate) fn proved(&self, run: u64) -> Option<&Hash> {
        let roots = self.roots.as_ref().ok()?.as_ref()?;
        roots.get(run as usize).filter(|_| self.is_proved && (run as usize) < self.needed)
    }
}

pub(crate) fn read(disk: &dyn Disk, data: &Path, journal: &Checked) -> Known {
    let folder = data.join("journal");
    let roots = match read_subtrees(disk, &folder) {
        // Bytes of half a root are a write that was cut short; a start cuts them off.
        Ok(found) => Ok(found.map(|(roots, _)| roots)),
        Err(error) => Err(error.to_string()),
    };
    let needed = journal.before.as_ref().map_or(0, |before| (before.size() / SUBTREE_EVENTS) as usize);
    let have = roots.as_ref().ok().and_then(Option::as_deref).unwrap_or_default();
    let is_proved = match &journal.before {
        Some(before) => have.get(..needed).is_some_and(|roots| subtrees_fit(roots, before)),
        None => false,
    };
    Known { path: folder.join("subtrees"), roots, needed, is_proved }
}

pub(crate) fn check(report: &mut Report, journal: &Checked, known: &Known, segments: &Runs) {
    let Some(before) = &journal.before else {
        report.part(Part::Subtrees, "not checked: the journal does not say what they should be");
        return;
    };
    let have: &[Hash] = known.roots.as_ref().ok().and_then(Option::as_deref).unwrap_or_default();
    let data = report.data.clone();
    if !known.is_proved {
        let what = match &known.roots {
            Err(error) => format!("it cannot be read: {error}"),
            Ok(None) => "it is missing".to_owned(),
            Ok(Some(_)) if have.len() < known.needed => {
                format!("it holds {}, at least {} are needed", count(have.len() as u64, "root"), known.needed)
            }
            Ok(Some(_)) => "its roots are not those of the journal's tree".to_owned(),
        };
        let finding = Finding::new(Part::Subtrees, Verdict::Damaged, what)
            .at(&data, &known.path)
            .place(wrong_runs(have, known, segments))
            .means(
                "No event is lost, but proofs of older events need these roots. The node may not start without them.",
            );
        let again: Option<Vec<Hash>> =
            (0..known.needed).map(|run| segments.roots.get(&(run as u64)).or_else(|| have.get(run)).copied()).collect();
        report.findings.push(match again.filter(|roots| subtrees_fit(roots, before)) {
            Some(roots) => finding
                .advice("Run cairn doctor --repair: the roots can be computed again from the segments.")
                .repaired_by(Repair::WriteSubtrees(roots)),
            None => finding.advice(
                "Put the file back from a backup; the events it vouches for are beyond the history, so it cannot be \
                 computed again.",
            ),
        });
    } else if let Some((run, _)) =
        journal.roots.iter().find(|(run, root)| have.get(**run as usize).is_some_and(|have| have != *root))
    {
        let (first, last) = events_of(*run);
        let finding = Finding::new(Part::Subtrees, Verdict::Warning, "a root is not the journal's")
            .at(&data, &known.path)
            .place(format!("events {first} to {last}"))
            .means("The node was stopped before the file was synced. The journal has what is needed.")
            .advice("Nothing: the next start writes it again. With --repair it is done now.");
        report.findings.push(finding.repaired_by(Repair::RecoverJournal));
    }
    report.part(
        Part::Subtrees,
        format!("{}, {} of them proved by the journal", count(have.len() as u64, "root"), known.needed),
    );
}

fn wrong_runs(have: &[Hash], known: &Known, segments: &Runs) -> String {
    let is_wrong = |run: &usize| match (have.get(*run), segments.roots.get(&(*run as u64))) {
        (Some(have), Some(computed)) => have != computed,
        _ => false,
    };
    match (0..known.needed).find(is_wrong) {
        Some(run) => format!("byte {}, events {} to {}", run * 32, events_of(run as u64).0, events_of(run as u64).1),
        None => String::new(),
    }
}
