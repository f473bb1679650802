//! Every segment of the manifest: its two files by themselves and against each other, and its events against the
//! journal and the Merkle roots.

use catalog::Manifest;
use host::Disk;
use journal::check::Checked;
use store::{CheckedSegment, check_segment};

use crate::examine::count;
use crate::leaves::{Runs, events_of};
use crate::repair::Repair;
use crate::report::{Finding, Part, Report, Verdict};
use crate::subtrees::Known;

/// Gives the roots of the runs that lie in segments.
pub(crate) fn check(
    report: &mut Report,
    disk: &dyn Disk,
    manifest: Option<&Manifest>,
    journal: &Checked,
    known: &Known,
) -> Runs {
    let mut runs = Runs::default();
    let Some(manifest) = manifest else {
        report.part(Part::Segments, "not checked: the catalog does not say which there are");
        return runs;
    };
    let mut vouched = 0;
    let mut blamed_through = 0;
    for entry in &manifest.segments {
        let checked = check_segment(disk, &report.data.join("segments"), entry);
        let (matched, strangers) = compare(&checked, journal, known, &mut runs, blamed_through);
        vouched += matched;
        if strangers.is_some() {
            blamed_through = entry.last.0;
        }
        findings(report, entry, &checked, strangers);
    }
    let events: u64 = manifest.segments.iter().map(|segment| segment.rows).sum();
    let summary = format!(
        "{}, {}, {vouched} of them compared with the journal's hashes",
        count(manifest.segments.len() as u64, "segment"),
        count(events, "event")
    );
    report.part(Part::Segments, summary);
    runs
}

/// How many events are proved to be the acknowledged ones, and which are proved not to be. A run that reaches back
/// into a segment that was blamed already says nothing about this one.
fn compare(
    checked: &CheckedSegment,
    journal: &Checked,
    known: &Known,
    runs: &mut Runs,
    blamed_through: u64,
) -> (u64, Option<String>) {
    let mut matched = 0;
    let mut strangers = None;
    for (seq, leaf) in &checked.leaves {
        let in_journal = journal.leaves.get(&seq.0);
        if in_journal.is_some_and(|expected| expected != leaf) && strangers.is_none() {
            strangers = Some(format!("event {seq} is not the one in the journal"));
        }
        matched += u64::from(in_journal == Some(leaf));
        let Some((run, root)) = runs.push(*seq, *leaf) else { continue };
        let (first, last) = events_of(run);
        match known.proved(run) {
            Some(expected) if *expected == root => matched += last - first + 1,
            Some(_) if strangers.is_none() && first > blamed_through => {
                strangers = Some(format!("events {first} to {last} are not the ones that were acknowledged"));
            }
            _ => {}
        }
    }
    (matched, strangers)
}

fn findings(report: &mut Report, entry: &catalog::Segment, checked: &CheckedSegment, strangers: Option<String>) {
    let data = report.data.clone();
    let events = format!("Events {} to {}", entry.first, entry.last);
    let is_sound = strangers.is_none() && !checked.leaves.is_empty();
    for problem in &checked.problems {
        let finding = Finding::new(Part::Segments, Verdict::Damaged, problem.what.clone()).at(&data, &problem.path);
        report.findings.push(if problem.new_index_helps && is_sound {
            finding
                .means(format!("{events} are whole, but lookups may miss some of them, or the node does not start."))
                .advice("Run cairn doctor --repair: the index is made again from its Parquet file.")
                .repaired_by(Repair::RebuildIndex(entry.clone()))
        } else {
            let finding =
                finding.means(format!("Some of the events {} to {} cannot be read.", entry.first, entry.last));
            finding.advice(format!("Put {} back from a backup, with its .index.", entry.file))
        });
    }
    if let Some(what) = strangers {
        let path = data.join("segments").join(format!("{}.parquet", entry.file));
        let finding = Finding::new(Part::Segments, Verdict::Damaged, what).at(&data, &path);
        let finding = finding.means("The file is whole, but somebody or something changed what it says.");
        report.findings.push(finding.advice(format!(
            "Keep the file as evidence, and put {} back from a backup made before, with its .index.",
            entry.file
        )));
    }
}
