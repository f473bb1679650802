//! Whether every event is somewhere, and in one place: segments from the first event to the store's cursor, without a
//! hole but for what went beyond the history, and the journal from there on.

use catalog::Manifest;
use journal::check::Checked;
use model::Seq;

use crate::report::{Finding, Part, Report, Verdict};

pub(crate) fn check(report: &mut Report, manifest: Option<&Manifest>, retired: &[(Seq, Seq)], journal: &Checked) {
    let Some(manifest) = manifest else {
        report.part(Part::Events, "not checked: the catalog does not say which segments there are");
        return;
    };
    let cursor = manifest.cursor;
    let mut ranges: Vec<(Seq, Seq)> = manifest.segments.iter().map(|segment| (segment.first, segment.last)).collect();
    ranges.extend(retired);
    ranges.sort_unstable();
    let mut next = Seq(1);
    for (first, last) in ranges {
        if first > next {
            report.findings.push(hole(next, Seq(first.0 - 1)));
        } else if first < next {
            report.findings.push(twice(first, Seq(next.0 - 1).min(last)));
        }
        next = next.max(last.next());
    }
    if next <= cursor {
        report.findings.push(hole(next, cursor));
    } else if next > cursor.next() {
        let what = format!("segments reach to event {}, the store's cursor is at {cursor}", next.0 - 1);
        let finding = Finding::new(Part::Events, Verdict::Damaged, what);
        let finding = finding.means("The catalog contradicts itself; a start would store events twice.");
        report.findings.push(finding.advice("Restore the data folder from a backup."));
    }
    match journal.first {
        Some(first) if first > cursor.next() => report.findings.push(hole(cursor.next(), Seq(first.0 - 1))),
        _ if journal.head < cursor => report.findings.push(short(journal.head, cursor)),
        _ => {}
    }
    let gone: u64 = retired.iter().map(|(first, last)| last.0 - first.0 + 1).sum();
    let beyond = if gone > 0 { format!(", {gone} beyond the history") } else { String::new() };
    let summary = format!("1 to {}: {cursor} written as segments{beyond}, then the journal", report.head);
    report.part(Part::Events, summary);
}

fn hole(first: Seq, last: Seq) -> Finding {
    let what = format!("events {first} to {last} are neither in a segment nor in the journal");
    let finding = Finding::new(Part::Events, Verdict::Damaged, what);
    let finding = finding.means("They were acknowledged and are lost here; retention did not remove them.");
    finding.advice("Restore the data folder from a backup made while they were there.")
}

fn twice(first: Seq, last: Seq) -> Finding {
    let what = format!("events {first} to {last} are in two segments");
    let finding = Finding::new(Part::Events, Verdict::Damaged, what);
    finding.means("Lookups show them twice.").advice("Restore the data folder from a backup.")
}

fn short(head: Seq, cursor: Seq) -> Finding {
    let what = format!("the journal ends at event {head}, the segments at {cursor}");
    let finding = Finding::new(Part::Events, Verdict::Damaged, what);
    let finding = finding.means(
        "Journal files are missing or older than the catalog. The node does not start with them: it would give numbers \
         away a second time.",
    );
    finding.advice("Put the missing files back, or restore the data folder from a backup; never mix two states of it.")
}
