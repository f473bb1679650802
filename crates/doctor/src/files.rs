//! Files that nobody names: leftovers of a crash, snapshots of a backup that was killed, and what is not Cairn's.

use std::path::{Path, PathBuf};

use catalog::Manifest;
use host::Disk;
use store::{Stray, stray_files};

use crate::SNAPSHOT_FOLDER;
use crate::examine::{DoctorError, names_in};
use crate::repair::Repair;
use crate::report::{Finding, Part, Report, Verdict};

const OWN: [&str; 6] = ["journal", "segments", "catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "lock"];

pub(crate) fn check(report: &mut Report, disk: &dyn Disk, manifest: Option<&Manifest>) -> Result<(), DoctorError> {
    let data = report.data.clone();
    let mut kept_aside = 0;
    for path in sorted(names_in(disk, &data)?) {
        match name_of(&path) {
            name if OWN.contains(&name) => {}
            SNAPSHOT_FOLDER => report.findings.push(
                leftover(&data, &path, "the snapshot of a backup that was interrupted")
                    .repaired_by(Repair::RemoveSnapshot(path.clone())),
            ),
            _ => report.findings.push(foreign(&data, &path)),
        }
    }
    let journal = data.join("journal");
    for path in sorted(disk.list(&journal).unwrap_or_default()) {
        match name_of(&path) {
            "subtrees" => {}
            "subtrees.writing" => report.findings.push(
                leftover(&data, &path, "a file that was being written").repaired_by(Repair::RemoveFile(path.clone())),
            ),
            name if name.ends_with(".journal") => {}
            name if name.starts_with("torn-") && name.ends_with(".bin") => kept_aside += 1,
            _ => report.findings.push(foreign(&data, &path)),
        }
    }
    if let Some(manifest) = manifest {
        segments(report, disk, manifest)?;
    }
    let kept = match kept_aside {
        0 => String::new(),
        number => format!("; {number} torn-*.bin kept aside by earlier starts, which may be deleted"),
    };
    let found = report.findings.iter().filter(|finding| finding.part == Part::Files).count();
    let summary = if found == 0 { "nothing left over".to_owned() } else { format!("{found} left over") };
    report.part(Part::Files, summary + &kept);
    Ok(())
}

fn segments(report: &mut Report, disk: &dyn Disk, manifest: &Manifest) -> Result<(), DoctorError> {
    let data = report.data.clone();
    let folder = data.join("segments");
    // What the other files cover is only sure when they are whole.
    let is_damaged = report.is_damaged();
    let strays = stray_files(disk, &folder, manifest);
    for (path, stray) in strays.map_err(|source| DoctorError::Disk { path: folder, source })? {
        report.findings.push(match stray {
            Stray::HalfWritten => {
                leftover(&data, &path, "a segment that was being written").repaired_by(Repair::RemoveFile(path.clone()))
            }
            Stray::Unpublished => {
                let finding = leftover(&data, &path, "a segment that was never published, or was merged since");
                if is_damaged { finding } else { finding.repaired_by(Repair::RemoveFile(path.clone())) }
            }
            Stray::OnlyCopy => Finding::new(Part::Files, Verdict::Damaged, "a segment that the catalog does not name")
                .at(&data, &path)
                .means("Its events are nowhere else in this folder, and lookups do not find them.")
                .advice(
                    "Keep it. Is the catalog of another time than the segments? Restore all of the folder from one \
                     backup.",
                ),
            Stray::Foreign => foreign(&data, &path),
        });
    }
    Ok(())
}

fn leftover(data: &Path, path: &Path, what: &str) -> Finding {
    Finding::new(Part::Files, Verdict::Warning, what)
        .at(data, path)
        .means("A crash left it behind. It only takes room.")
        .advice("The next start or backup removes it; cairn doctor --repair does so now.")
}

fn foreign(data: &Path, path: &Path) -> Finding {
    Finding::new(Part::Files, Verdict::Warning, "no file of Cairn's")
        .at(data, path)
        .means("Cairn does not look at it, and backups do not hold it.")
        .advice("Move it elsewhere if you know what it is.")
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn sorted(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort();
    paths
}
