//! What an account may ask about, by name.

use std::collections::HashMap;

use async_trait::async_trait;
use model::{AccountId, ErrorKind};

use crate::Table;

/// The table of everything an account has.
pub const EVENTS: &str = "events";
/// The schema of names without one.
pub const PUBLIC: &str = "public";
/// The schema of warehouse tables.
pub const WAREHOUSE: &str = "warehouse";

/// Says what an account has. Names are `events`, `<project>.<logstore>` and `warehouse.<table>`; who may see which of
/// them is decided by whoever asks.
#[async_trait]
pub trait Tables: Send + Sync {
    /// All of them, `events` first.
    async fn tables(&self, account: AccountId) -> Result<Vec<Table>, TablesError>;
}

/// The tables, and those of Logstores once more without their project where no other project has one of that name.
pub fn with_short_names(mut tables: Vec<Table>) -> Vec<Table> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for table in &tables {
        *times.entry(table.path().1).or_default() += 1;
    }
    let is_short = |table: &&Table| {
        let (schema, name) = table.path();
        schema != PUBLIC && schema != WAREHOUSE && times.get(name) == Some(&1)
    };
    let short = |table: &Table| Table { name: table.path().1.to_owned(), source: table.source.clone() };
    let short: Vec<Table> = tables.iter().filter(is_short).map(short).collect();
    tables.extend(short);
    tables
}

/// It could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not list the account's tables")]
pub struct TablesError {
    /// What sort of failure.
    pub kind: ErrorKind,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Table {
    /// The schema and the name within it; `public` when the name has no schema.
    pub fn path(&self) -> (&str, &str) {
        self.name.split_once('.').unwrap_or((PUBLIC, &self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::logstore::View;

    use super::*;
    use crate::Source;

    #[test]
    fn a_logstore_has_a_short_name_when_it_is_the_only_one_of_it() {
        let view = Arc::new(View::new(Vec::new()));
        let table = |name: &str| Table { name: name.to_owned(), source: Source::Events(view.clone()) };
        let tables = ["events", "a.one", "a.same", "b.same", "b.events", "warehouse.t"].map(table).to_vec();
        let names: Vec<String> = with_short_names(tables).into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["events", "a.one", "a.same", "b.same", "b.events", "warehouse.t", "one"]);
    }
}
