//! A table's name: the project's and its own, each a folder of the location.

use std::fmt;

/// Characters of each part. MaxCompute's own limit is 128.
const PART_CHARS_MAX: usize = 128;

/// Which table of a location.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    project: String,
    table: String,
}

/// The text cannot be a part of a table's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} cannot name a project or table; use 1 to {PART_CHARS_MAX} of A-Z a-z 0-9 _ - and no - or _ first")]
pub struct InvalidTableName {
    /// What was given, cut to 64 characters.
    pub value: String,
}

impl TableName {
    /// `actiontrail_<trail>` in `actiontrail_<account>`, for example.
    pub fn new(project: &str, table: &str) -> Result<TableName, InvalidTableName> {
        for part in [project, table] {
            // What begins with an underscore is hidden from readers.
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            let starts = part.starts_with(|first: char| first.is_ascii_alphanumeric());
            if part.len() > PART_CHARS_MAX || !starts || !part.bytes().all(is_plain) {
                return Err(InvalidTableName { value: part.chars().take(64).collect() });
            }
        }
        Ok(TableName { project: project.to_owned(), table: table.to_owned() })
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
        write!(f, "{}/{}", self.project, self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_below_its_location() {
        let name = TableName::new("actiontrail_1000000000000001", "actiontrail_all-events").unwrap();
        assert_eq!(name.to_string(), "actiontrail_1000000000000001/actiontrail_all-events");
        for bad in ["", "..", ".", "a/b", "_delta_log", "-a", "a b", "ä", &"a".repeat(129)] {
            assert!(TableName::new(bad, "t").is_err(), "{bad}");
            assert!(TableName::new("p", bad).is_err(), "{bad}");
        }
    }
}
