//! An organization: a resource directory, its management account, its members.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A directory's id: `rd-` and six letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DirectoryId(String);

impl DirectoryId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DirectoryId {
    type Err = InvalidDirectoryId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        match text.strip_prefix("rd-") {
            Some(rest) if (6..=16).contains(&rest.len()) && rest.bytes().all(is_plain) => {
                Ok(DirectoryId(text.to_owned()))
            }
            _ => Err(InvalidDirectoryId),
        }
    }
}

/// The text is not the id of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a directory's id is rd- and 6 to 16 lower-case letters or digits")]
pub struct InvalidDirectoryId;

impl TryFrom<String> for DirectoryId {
    type Error = InvalidDirectoryId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DirectoryId> for String {
    fn from(id: DirectoryId) -> Self {
        id.0
    }
}

impl fmt::Display for DirectoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
