//! A code for each reason a node does not start, so that it can be looked up: `docs/book/errors.md` has a section for
//! every one, and a test sees to it.
//!
//! The error itself says what and where; the code's advice says what to do. The whole chain of causes counts: a full
//! disk is a full disk, whatever was being written.

use std::error::Error;
use std::io;

use catalog::CatalogError;
use host::FolderLockError;
use identity::{ManageError, VaultError};
use journal::RecoverError;
use store::{OpenError, StoreError};

use crate::config::ConfigError;
use crate::foundation::FoundationError;
use crate::node::StartError;

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal: $advice:literal;)+) => {
        /// Why a node did not start. The text is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum StartCode { $($(#[$doc])+ $name),+ }

        impl StartCode {
            /// Every code.
            pub const ALL: &[StartCode] = &[$(StartCode::$name),+];

            /// The code as it is printed, and as its section is called.
            pub fn as_str(self) -> &'static str {
                match self { $(StartCode::$name => $text),+ }
            }

            /// What to do, in a sentence or two.
            pub fn advice(self) -> &'static str {
                match self { $(StartCode::$name => $advice),+ }
            }
        }
    };
}

codes! {
    /// A setting is wrong.
    ConfigInvalid = "config-invalid":
        "Correct the setting where the message says it was set; `cairn serve --check-config` tries it without starting.";
    /// The certificate or its key cannot be used.
    TlsUnusable = "tls-unusable":
        "[tls] certificate and key must name a PEM chain and the key that belongs to it, readable by the node's user.";
    /// The address is taken, or not ours.
    AddressUnavailable = "address-unavailable":
        "Another program may listen there; --listen names another address or port, and port 0 takes a free one.";
    /// The data folder cannot be made or used.
    FolderUnusable = "folder-unusable":
        "--data names the folder; the user the node runs as must be able to write there.";
    /// A file that alerting needs is missing.
    AlertingUnusable = "alerting-unusable":
        "[alerting] names files with passwords and certificates; they must be there and readable by the node's user.";
    /// Another node has the folder.
    FolderInUse = "folder-in-use":
        "Stop the other node, or give this one a folder of its own with --data.";
    /// The disk takes no more.
    DiskFull = "disk-full":
        "Make room on the disk of the data folder, or raise its quota; nothing acknowledged is lost.";
    /// The master key is gone.
    MasterKeyMissing = "master-key-missing":
        "Put the master key back from its backup, or name it with CAIRN_MASTER_KEY or [secrets] master_key_file.";
    /// What is given as the master key is none.
    MasterKeyInvalid = "master-key-invalid":
        "A master key is 32 bytes in Base64; make sure that the file or the variable holds that and nothing else.";
    /// The master key is another one.
    MasterKeyWrong = "master-key-wrong":
        "Use the master key this data folder was made with; with another one nothing in it can be opened.";
    /// A newer version wrote the catalog.
    CatalogNewer = "catalog-newer":
        "Start the version of cairn that last used this folder, or a newer one; going back needs a backup from before.";
    /// The catalog cannot be opened.
    CatalogUnusable = "catalog-unusable":
        "Check that the node's user may write the file and that it is whole; restore it from a backup if it is not.";
    /// The accounts in the catalog cannot be used.
    AccountsUnusable = "accounts-unusable":
        "The catalog was changed by something else than cairn; restore it from a backup.";
    /// Bytes of the journal are not what was written.
    JournalDamaged = "journal-damaged":
        "Nothing was changed. Copy the data folder, then restore the named file from a backup.";
    /// Journal files are missing.
    JournalIncomplete = "journal-incomplete":
        "Nothing was changed. Restore the missing journal files from a backup.";
    /// A segment is damaged or missing.
    SegmentDamaged = "segment-damaged":
        "Nothing was changed. Copy the data folder, then restore the named file from a backup.";
    /// The events cannot be opened for another reason.
    StoreUnusable = "store-unusable":
        "Check the disk and who may read and write the named path.";
    /// The way to the buckets cannot be set up.
    OutboundUnusable = "outbound-unusable":
        "This is a mistake of ours or of the machine's; please report the whole message.";
}

impl StartError {
    /// The code of this failure.
    pub fn code(&self) -> StartCode {
        if is_disk_full(self) {
            return StartCode::DiskFull;
        }
        match self {
            StartError::Foundation(error) => error.code(),
            StartError::Tls(_) => StartCode::TlsUnusable,
            StartError::Listen { .. } => StartCode::AddressUnavailable,
            StartError::Outbound(_) | StartError::Sql(_) => StartCode::OutboundUnusable,
            StartError::Alerting(_) => StartCode::AlertingUnusable,
            StartError::Store { source, .. } => match source {
                OpenError::Journal(RecoverError::Damaged { .. }) => StartCode::JournalDamaged,
                OpenError::Journal(RecoverError::Gap { .. }) => StartCode::JournalIncomplete,
                OpenError::Store(StoreError::Damaged { .. }) => StartCode::SegmentDamaged,
                OpenError::Store(StoreError::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    StartCode::SegmentDamaged
                }
                _ => StartCode::StoreUnusable,
            },
        }
    }
}

impl FoundationError {
    /// The code of this failure.
    pub fn code(&self) -> StartCode {
        if is_disk_full(self) {
            return StartCode::DiskFull;
        }
        match self {
            FoundationError::Folder { .. } | FoundationError::Lock(FolderLockError::Disk { .. }) => {
                StartCode::FolderUnusable
            }
            FoundationError::Lock(FolderLockError::InUse { .. }) => StartCode::FolderInUse,
            FoundationError::Catalog { source: CatalogError::Newer { .. }, .. } => StartCode::CatalogNewer,
            FoundationError::Catalog { .. } => StartCode::CatalogUnusable,
            FoundationError::Vault(error) | FoundationError::Identity(ManageError::Vault(error)) => match error {
                VaultError::Missing { .. } => StartCode::MasterKeyMissing,
                VaultError::WrongKey => StartCode::MasterKeyWrong,
                VaultError::File { .. } | VaultError::NotAKey { .. } => StartCode::MasterKeyInvalid,
            },
            FoundationError::Identity(_) | FoundationError::NoManagement => StartCode::AccountsUnusable,
        }
    }
}

impl ConfigError {
    /// The code of every wrong configuration.
    pub fn code(&self) -> StartCode {
        StartCode::ConfigInvalid
    }
}

/// Whether one of the causes is a disk, a quota or a limit that takes no more bytes.
fn is_disk_full(error: &(dyn Error + 'static)) -> bool {
    let full = |cause: &(dyn Error + 'static)| {
        let by_machine = cause.downcast_ref::<io::Error>().is_some_and(|error| {
            use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
            matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
        });
        by_machine || cause.downcast_ref::<CatalogError>().is_some_and(CatalogError::is_disk_full)
    };
    let mut cause = Some(error);
    while let Some(error) = cause {
        if full(error) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_full_disk_is_told_wherever_it_is_met() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let folder = FoundationError::Folder { folder: PathBuf::from("d"), source: full() };
        assert_eq!(folder.code(), StartCode::DiskFull);
        let segment = StoreError::Disk { action: "write", path: PathBuf::from("s"), source: full() };
        let journal = RecoverError::Disk { folder: PathBuf::from("j"), source: full() };
        for source in [OpenError::Store(segment), OpenError::Journal(journal)] {
            assert_eq!(StartError::Store { folder: "d".into(), source }.code(), StartCode::DiskFull);
        }
        let other = StoreError::Disk { action: "write", path: PathBuf::from("s"), source: io::Error::other("gone") };
        let other = StartError::Store { folder: "d".into(), source: OpenError::Store(other) };
        assert_eq!(other.code(), StartCode::StoreUnusable);
    }

    #[test]
    fn every_code_has_a_section_on_the_page_and_every_section_a_code() {
        let page = include_str!("../../../docs/book/errors.md");
        let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let codes: Vec<&str> = StartCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(sections, codes, "docs/book/errors.md, in the order of the codes");
    }
}
