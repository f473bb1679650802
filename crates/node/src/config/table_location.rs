//! Where tables lie, as an operator says it.

use std::fmt;
use std::str::FromStr;

use model::AccountId;
use serde::{Deserialize, Serialize};

/// The location of warehouse tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TableLocation {
    /// In the data folder.
    DataFolder,
    /// The folder at this URL.
    Folder(String),
    /// A bucket of the catalog.
    Bucket {
        /// Whose.
        account: AccountId,
        /// Its name there.
        name: String,
    },
}

/// The text is none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is no place for tables; write file:///absolute/path, bucket:<account>/<name>, or nothing")]
pub struct InvalidTableLocation {
    value: String,
}

impl FromStr for TableLocation {
    type Err = InvalidTableLocation;

    fn from_str(text: &str) -> Result<TableLocation, InvalidTableLocation> {
        let invalid = || InvalidTableLocation { value: text.to_owned() };
        if text.is_empty() {
            return Ok(TableLocation::DataFolder);
        }
        if text.starts_with("file:///") {
            return Ok(TableLocation::Folder(text.to_owned()));
        }
        let (account, name) = text.strip_prefix("bucket:").and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
        let account = account.parse().map_err(|_| invalid())?;
        if name.is_empty() {
            return Err(invalid());
        }
        Ok(TableLocation::Bucket { account, name: name.to_owned() })
    }
}

impl TryFrom<String> for TableLocation {
    type Error = InvalidTableLocation;

    fn try_from(text: String) -> Result<TableLocation, InvalidTableLocation> {
        text.parse()
    }
}

impl From<TableLocation> for String {
    fn from(location: TableLocation) -> String {
        location.to_string()
    }
}

impl fmt::Display for TableLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableLocation::DataFolder => Ok(()),
            TableLocation::Folder(url) => f.write_str(url),
            TableLocation::Bucket { account, name } => write!(f, "bucket:{account}/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_nothing_a_folder_or_a_bucket() {
        for text in ["", "file:///srv/tables", "bucket:1000000000000001/lake"] {
            let location: TableLocation = text.parse().expect(text);
            assert_eq!(location.to_string(), text);
        }
        for text in ["s3://lake", "file://srv", "bucket:lake", "bucket:1000000000000001/", "bucket:x/lake", "/srv"] {
            assert!(text.parse::<TableLocation>().is_err(), "{text}");
        }
    }
}
