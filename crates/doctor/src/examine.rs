//! The examination as a whole: one part after the other, each knowing what the ones before it found.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::{CatalogError, Inspected};
use host::Disk;
use model::{ErrorKind, Seq};

use crate::report::{Finding, Part, Report, Verdict};
use crate::{delivery, files, journal_part, ranges, segments, space, subtrees};

/// The folder could not be examined at all.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// There is nothing of a node in it.
    #[error("{} is no data folder: it has neither a journal nor a catalog", folder.display())]
    NotADataFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The disk failed.
    #[error("could not read {}", path.display())]
    Disk {
        /// What was read.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
}

impl DoctorError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            DoctorError::NotADataFolder { .. } => ErrorKind::NotFound,
            DoctorError::Disk { .. } => ErrorKind::Unavailable,
        }
    }
}

/// Reads the whole folder, which nobody may be writing to, and changes nothing.
pub async fn examine(disk: Arc<dyn Disk>, data: &Path) -> Result<Report, DoctorError> {
    let names = names_in(&*disk, data)?;
    let has = |name: &str| names.iter().any(|path| path.file_name().is_some_and(|each| each == name));
    if !has("journal") && !has("catalog.sqlite") {
        return Err(DoctorError::NotADataFolder { folder: data.to_owned() });
    }
    let catalog = catalog::inspect(&data.join("catalog.sqlite")).await;
    let data = data.to_owned();
    let examining = move || examine_with(&*disk, &data, catalog);
    tokio::task::spawn_blocking(examining).await.expect("examining does not panic and is not cancelled")
}

pub(crate) fn names_in(disk: &dyn Disk, folder: &Path) -> Result<Vec<PathBuf>, DoctorError> {
    disk.list(folder).map_err(|source| DoctorError::Disk { path: folder.to_owned(), source })
}

fn examine_with(disk: &dyn Disk, data: &Path, catalog: Result<Inspected, CatalogError>) -> Result<Report, DoctorError> {
    let mut report = Report::new(data);
    let catalog = check_catalog(&mut report, catalog);
    let manifest = catalog.manifest.as_ref();
    report.accounts = catalog.accounts;
    report.cursor = manifest.map(|manifest| manifest.cursor);
    let folder = data.join("journal");
    let leaves_through = report.cursor.unwrap_or(Seq::ZERO);
    let journal = if names_in(disk, data)?.contains(&folder) {
        journal::check::check(disk, &folder, leaves_through)
            .map_err(|source| DoctorError::Disk { path: folder, source })?
    } else {
        journal::check::Checked::default()
    };
    report.head = journal.head.max(leaves_through);
    journal_part::check(&mut report, &journal);
    let known = subtrees::read(disk, data, &journal);
    let proved = segments::check(&mut report, disk, manifest, &journal, &known);
    subtrees::check(&mut report, &journal, &known, &proved);
    ranges::check(&mut report, manifest, &catalog.retired, &journal);
    delivery::check(&mut report, &catalog);
    files::check(&mut report, disk, manifest)?;
    space::check(&mut report);
    Ok(report)
}

const RESTORE: &str = "Restore the data folder from a backup: cairn restore --from BACKUP --data NEW_FOLDER.";

fn check_catalog(report: &mut Report, inspected: Result<Inspected, CatalogError>) -> Inspected {
    let path = report.data.join("catalog.sqlite");
    let data = report.data.clone();
    let damaged = |what: String, meaning: &str| {
        let finding = Finding::new(Part::Catalog, Verdict::Damaged, what).at(&data, &path);
        finding.means(meaning).advice(RESTORE)
    };
    let catalog = match inspected {
        Ok(catalog) => catalog,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let meaning =
                "The accounts, keys and trails cannot be read, nor which segments count. The node does not start.";
            report.findings.push(damaged(format!("it cannot be opened: {cause}"), meaning));
            report.part(Part::Catalog, "could not be opened; segments and deliveries were not checked");
            return Inspected::default();
        }
    };
    for complaint in &catalog.complaints {
        let meaning = "The database file is damaged; what it says may be wrong or incomplete.";
        report.findings.push(damaged(complaint.clone(), meaning));
    }
    for dangling in &catalog.dangling {
        report.findings.push(damaged(dangling.clone(), "A part of the configuration is gone."));
    }
    for what in &catalog.schema {
        let meaning = "The node does not open a catalog whose schema it does not know.";
        let finding = damaged(what.clone(), meaning);
        report.findings.push(finding.advice("Use the version of Cairn that wrote this folder, or a newer one."));
    }
    let older = if catalog.is_older { "; the next start brings it up to date" } else { "" };
    let summary =
        format!("{}, {}, schema {}{older}", count(catalog.accounts, "account"), trails(&catalog), catalog.version);
    report.part(Part::Catalog, summary);
    catalog
}

fn trails(catalog: &Inspected) -> String {
    count(catalog.trail_count, "trail")
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
