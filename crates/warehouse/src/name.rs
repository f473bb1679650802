//! A table's name: its account, the project's name and its own, each a folder of the location.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use model::AccountId;
use object_store::path::Path;
use object_store::{ListResult, ObjectStore};

use crate::WarehouseError;

/// Characters of each part. MaxCompute's own limit is 128.
const PART_CHARS_MAX: usize = 128;

/// Which table of a location.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    account: AccountId,
    project: String,
    table: String,
}

/// The text cannot be a part of a table's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{value:?} cannot name a project or table; use 1 to {PART_CHARS_MAX} of A-Z a-z 0-9 _ -, the first a letter or digit"
)]
pub struct InvalidTableName {
    /// What was given, cut to 64 characters.
    pub value: String,
}

impl TableName {
    /// `actiontrail_<trail>` in `actiontrail_<account>`, for example.
    pub fn new(account: AccountId, project: &str, table: &str) -> Result<TableName, InvalidTableName> {
        for part in [project, table] {
            // What begins with an underscore is hidden from readers.
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            let starts = part.starts_with(|first: char| first.is_ascii_alphanumeric());
            if part.len() > PART_CHARS_MAX || !starts || !part.bytes().all(is_plain) {
                return Err(InvalidTableName { value: part.chars().take(64).collect() });
            }
        }
        Ok(TableName { account, project: project.to_owned(), table: table.to_owned() })
    }

    /// Whose project it is in. Two accounts may have projects of one name.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The table within it.
    pub fn table(&self) -> &str {
        &self.table
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.project, self.table)
    }
}

impl FromStr for TableName {
    type Err = InvalidTableName;

    /// Reads what `Display` wrote.
    fn from_str(text: &str) -> Result<TableName, InvalidTableName> {
        let invalid = || InvalidTableName { value: text.chars().take(64).collect() };
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or_else(invalid);
        let (account, project, table) = (part()?, part()?, part()?);
        TableName::new(account.parse().map_err(|_| invalid())?, project, table)
    }
}

/// The account's tables, by name. What is called otherwise than a table was not made by us.
pub(crate) async fn list(store: &Arc<dyn ObjectStore>, account: AccountId) -> Result<Vec<TableName>, WarehouseError> {
    let below = async |path: Path| {
        let failed = |source| WarehouseError::Files { table: path.to_string(), source };
        store.list_with_delimiter(Some(&path)).await.map_err(failed)
    };
    let mut names = Vec::new();
    let ListResult { common_prefixes: projects, .. } = below(Path::from(account.to_string())).await?;
    for project in projects {
        let ListResult { common_prefixes: tables, .. } = below(project).await?;
        names.extend(tables.iter().filter_map(|table| table.as_ref().parse::<TableName>().ok()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_below_its_location() {
        let account: AccountId = "1000000000000001".parse().unwrap();
        let name = TableName::new(account, "actiontrail_1000000000000001", "actiontrail_all-events").unwrap();
        assert_eq!(name.to_string(), "1000000000000001/actiontrail_1000000000000001/actiontrail_all-events");
        assert_eq!(name.to_string().parse(), Ok(name));
        for bad in ["", "..", ".", "a/b", "_delta_log", "-a", "a b", "ä", &"a".repeat(129)] {
            assert!(TableName::new(account, bad, "t").is_err(), "{bad}");
            assert!(TableName::new(account, "p", bad).is_err(), "{bad}");
        }
    }
}
