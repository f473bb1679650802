//! The journal: what its own check found, with what it means for the events.

use journal::check::{Checked, Finding as Flawed, Flaw};

use crate::examine::count;
use crate::repair::Repair;
use crate::report::{Finding, Part, Report, Verdict};

pub(crate) fn check(report: &mut Report, journal: &Checked) {
    for flawed in &journal.findings {
        let finding = explained(report, flawed);
        report.findings.push(finding);
    }
    let summary = match journal.first {
        Some(first) => format!("{}, events {first} to {}", count(journal.files as u64, "file"), journal.head),
        None => "no files".to_owned(),
    };
    report.part(Part::Journal, summary);
}

fn explained(report: &Report, flawed: &Flawed) -> Finding {
    let verdict = if flawed.flaw == Flaw::Damage { Verdict::Damaged } else { Verdict::Warning };
    let finding = Finding::new(Part::Journal, verdict, flawed.what.clone())
        .at(&report.data, &flawed.path)
        .place(format!("byte {}", flawed.offset));
    match flawed.flaw {
        Flaw::TornTail | Flaw::NoHeader => {
            let finding = finding
                .means("The node was killed, or the power failed, while it wrote. Nothing of it was acknowledged.")
                .advice("Nothing: the next start puts it right by itself. With --repair it is done now.");
            // Where the store's cursor is not known, neither is what the journal must hold.
            if report.cursor.is_some() { finding.repaired_by(Repair::RecoverJournal) } else { finding }
        }
        Flaw::Damage => finding.means(meaning(report, flawed)).advice(
            "Do not start the node and keep this folder as it is. Look at the disk (its log, smartctl), then restore: \
             cairn restore --from BACKUP --data NEW_FOLDER.",
        ),
    }
}

fn meaning(report: &Report, flawed: &Flawed) -> String {
    let Some((first, last)) = flawed.lost else {
        return "The journal cannot be trusted from here on. The node does not start with it.".to_owned();
    };
    let events = match last {
        Some(last) if last == first => format!("Event {first}"),
        Some(last) => format!("Events {first} to {last}"),
        None => format!("Events from {first} on"),
    };
    let is_in_segments = last.is_some_and(|last| report.cursor.is_some_and(|cursor| last <= cursor));
    if is_in_segments {
        return format!("{events} cannot be read here, but are in segments too. The node does not start with it.");
    }
    format!("{events} cannot be read and are nowhere else in this folder. The node does not start with it.")
}
