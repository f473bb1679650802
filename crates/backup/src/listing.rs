//! `backup.json`: what a backup holds.
//!
//! ```text
//! {"format": 1, "sha256": "<of the text of backup>", "backup": {"cairn", "taken", "management", "head", ...,
//!  "files": [{"path", "bytes", "modified_ns", "sha256", "parts": [{"sha256", "bytes"}]}]}}
//! ```
//! The parts of a file, one after the other, are the file. A part is the object `objects/<first two digits>/<sha256>`.

use model::{AccountId, Seq};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The name of the listing in a destination.
pub(crate) const LISTING: &str = "backup.json";
/// Below it lie the parts.
pub(crate) const OBJECTS: &str = "objects";

const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The version of Cairn that made it.
    pub cairn: String,
    /// When.
    pub taken: String,
    /// Whose data it is.
    pub management: Option<AccountId>,
    /// The last event in it.
    pub head: Seq,
    /// The last event in a segment.
    pub cursor: Seq,
    /// How many accounts there are.
    pub accounts: u64,
    /// The catalog's newest migration.
    pub schema: i64,
    /// The magic numbers of journal files and segment indexes, which hold their versions.
    pub formats: Vec<String>,
    /// Every file, by path.
    pub files: Vec<FileEntry>,
}

/// A file of the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Below the data folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// When it was last changed, in nanoseconds since 1970: with the length, whether it is the same still.
    pub modified_ns: i64,
    /// Of the whole file, in hex.
    pub sha256: String,
    /// In order.
    pub parts: Vec<PartEntry>,
}

/// A piece of a file, and an object of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// In hex.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

impl PartEntry {
    /// The object's key.
    pub(crate) fn key(&self) -> String {
        format!("{OBJECTS}/{}/{}", self.sha256.get(..2).unwrap_or_default(), self.sha256)
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    format: u32,
    sha256: String,
    backup: Box<RawValue>,
}

impl Listing {
    /// The file of this path.
    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let text = serde_json::to_string(self).expect("the listing has string keys and no failing parts");
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        let backup = RawValue::from_string(text).expect("it was just written as JSON");
        serde_json::to_vec(&Sealed { format: FORMAT, sha256, backup }).expect("as above")
    }

    /// Says what is wrong, if it is not what [`Listing::encode`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Listing, String> {
        let sealed: Sealed = serde_json::from_slice(bytes).map_err(|_| "it is not a backup's listing".to_owned())?;
        if sealed.format != FORMAT {
            return Err(format!("its format is {}, this version of Cairn reads {FORMAT}", sealed.format));
        }
        if hex::encode(Sha256::digest(sealed.backup.get().as_bytes())) != sealed.sha256 {
            return Err("its checksum does not fit: it was changed or damaged".to_owned());
        }
        let listing: Listing =
            serde_json::from_str(sealed.backup.get()).map_err(|error| format!("it cannot be read: {error}"))?;
        match listing.files.iter().find(|file| !is_own(&file.path)) {
            Some(file) => Err(format!("it names {:?}, which is no file of a data folder", file.path)),
            None => Ok(listing),
        }
    }
}

/// Whether a path is one a snapshot has, and leads nowhere else.
fn is_own(path: &str) -> bool {
    let is_plain = |name: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
    };
    match path.split_once('/') {
        None => path == "catalog.sqlite",
        Some((folder, name)) => matches!(folder, "journal" | "segments") && is_plain(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(path: &str) -> Listing {
        let part = PartEntry { sha256: "ab".repeat(32), bytes: 3 };
        let file =
            FileEntry { path: path.to_owned(), bytes: 3, modified_ns: 7, sha256: "ab".repeat(32), parts: vec![part] };
        Listing {
            cairn: "0.1.0".to_owned(),
            taken: "2026-01-15T08:30:00Z".to_owned(),
            management: "1234".parse().ok(),
            head: Seq(9),
            cursor: Seq(4),
            accounts: 1,
            schema: 2,
            formats: vec!["CAIRNJ01".to_owned()],
            files: vec![file],
        }
    }

    #[test]
    fn it_comes_back_and_any_changed_byte_is_noticed() {
        let listing = listing("journal/00000000000000000001.journal");
        let bytes = listing.encode();
        assert_eq!(Listing::decode(&bytes), Ok(listing));
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(Listing::decode(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn it_cannot_name_files_elsewhere() {
        for path in
            ["../x", "journal/../../x", "/etc/passwd", "journal/.x", "lock", "segments/", "other/x", "journal/a/b"]
        {
            let error = Listing::decode(&listing(path).encode()).expect_err(path);
            assert!(error.contains("no file of a data folder"), "{error}");
        }
    }
}
