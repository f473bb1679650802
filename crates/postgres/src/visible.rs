//! Which of an account's tables a caller may see. What it may not see is not there.

use std::collections::HashMap;

use identity::{Caller, Context, Decision, Identity};
use query::Table;
use query::tables::{EVENTS, WAREHOUSE};

/// The tables this caller may read. A Logstore's is in the schema of its project, and in `public` too when no other
/// project has one of its name.
pub(crate) fn visible(identity: &Identity, caller: &Caller, context: &Context, tables: Vec<Table>) -> Vec<Table> {
    let may = |table: &Table| {
        let (permission, arn) = permission(caller, table);
        identity.decide(caller, permission, &arn, context) == Decision::Allow
    };
    let mut seen: Vec<Table> = tables.into_iter().filter(may).collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for table in &seen {
        *times.entry(table.path().1).or_default() += 1;
    }
    let is_short = |table: &&Table| {
        let (schema, name) = table.path();
        schema != "public" && schema != WAREHOUSE && times.get(name) == Some(&1)
    };
    let short: Vec<Table> = seen
        .iter()
        .filter(is_short)
        .map(|table| Table { name: table.path().1.to_owned(), source: table.source.clone() })
        .collect();
    seen.extend(short);
    seen
}

fn permission(caller: &Caller, table: &Table) -> (&'static str, String) {
    let account = caller.account.as_str();
    match table.path() {
        ("public", EVENTS) => ("actiontrail:LookupEvents", format!("acs:actiontrail:*:{account}:*")),
        (WAREHOUSE, name) => ("cairn:QueryWarehouse", format!("acs:cairn:*:{account}:warehouse/{name}")),
        (project, logstore) => {
            ("log:GetLogStoreLogs", format!("acs:log:*:{account}:project/{project}/logstore/{logstore}"))
        }
    }
}
