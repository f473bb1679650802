//! The reference of all operations, written from the table so that it cannot say something else: one page for a node
//! to serve, and for the book one for each group of operations.

use std::fmt::Write;

use model::Attribute;

use crate::codes::ErrorCode;
use crate::operation::{Access, Operation, Scope, Service};
use crate::operations::{GROUPS, OLDER_OPERATIONS, OPERATIONS};
use crate::param::{Absent, Kind, Param};
use crate::rest::{REST_OPERATIONS, RestOperation};

const HEAD: &str = "\
# Operations

Written from the table in `crates/api` by `cargo xtask docs`. A running node shows all operations on one page at
`/docs/operations`.

RPC operations go to `/` by GET or POST; the parameters are in the query, in a form body, or in both. The operation and
its version are named by the headers `x-acs-action` and `x-acs-version` (signature ACS3-HMAC-SHA256) or by the parameters
`Action` and `Version` (signature version 1.0, HMAC-SHA1). `Format=XML` asks for XML instead of JSON. The region is taken
from a host name like `actiontrail.<region>.…`, else from `RegionId`, else it is `cn-hangzhou`. Parameters that are not
named here are ignored. Every reply has a `RequestId`; every error also `HostId`, `Code`, `Message` and `Recommend`.

Any operation may also fail with the codes of the signature, with `MissingParameter`, with `NoPermission` (403), with
`ServiceUnavailable` (503, try again) or with `InternalError` (500). Every call of a caller who is known leaves an event
in the caller's account, also when it is refused.
";

/// The page, in Markdown.
pub fn operations_markdown() -> String {
    let mut page = String::from(HEAD);
    for service in Service::ALL {
        line(&mut page, format_args!("\n## {} {}\n", service.as_str(), service.version()));
        for row in OPERATIONS.iter().filter(|row| row.service == service) {
            operation(&mut page, row, row.name);
        }
        for row in OLDER_OPERATIONS.iter().filter(|row| row.service == service) {
            operation(&mut page, row, &format!("{} ({})", row.name, service.version()));
        }
    }
    page.push_str("\n## REST\n\n");
    for row in REST_OPERATIONS {
        rest_operation(&mut page, row);
    }
    page
}

/// The pages of the book: path below the book's folder, and Markdown. The first is the index.
pub fn book_pages() -> Vec<(String, String)> {
    let mut index = format!("{HEAD}\n| About | Operations |\n|---|---|\n");
    let mut pages = Vec::new();
    for group in GROUPS.chunk_by(|one, other| one.0 == other.0) {
        let title = group[0].0;
        let mut page = page_head(title);
        let rows: Vec<&Operation> = group.iter().flat_map(|(_, ids)| *ids).map(|id| id.operation()).collect();
        for row in &rows {
            operation(&mut page, row, row.name);
        }
        let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        for row in OLDER_OPERATIONS.iter().filter(|_| title == OLDER) {
            if !names.contains(&row.name) {
                names.push(row.name);
            }
            operation(&mut page, row, &format!("{} ({})", row.name, row.service.version()));
        }
        line(&mut index, format_args!("| [{title}]({}) | {} |", path(title), names.join(", ")));
        pages.push((path(title), page));
    }
    let mut page = page_head(REST);
    for row in REST_OPERATIONS {
        rest_operation(&mut page, row);
    }
    let names: Vec<String> = REST_OPERATIONS.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    line(&mut index, format_args!("| [{REST}]({}) | {} |", path(REST), names.join(", ")));
    pages.push((path(REST), page));
    pages.insert(0, ("operations.md".to_owned(), index));
    for (_, page) in &mut pages {
        page.truncate(page.trim_end().len());
        page.push('\n');
    }
    pages
}

/// The groups' page of API versions before the present one, and that of the operations that are not RPC.
const OLDER: &str = "Older versions";
const REST: &str = "REST";

fn page_head(title: &str) -> String {
    format!(
        "# {title}\n\nWritten from the table in `crates/api`. What holds for all: [operations](../operations.md).\n\n"
    )
}

fn path(title: &str) -> String {
    format!("operations/{}.md", title.to_ascii_lowercase().replace(' ', "-"))
}

/// Where the page describes an operation.
pub fn anchor(operation: &Operation) -> String {
    operation.name.to_ascii_lowercase()
}

fn operation(page: &mut String, row: &Operation, heading: &str) {
    line(page, format_args!("### {heading}\n"));
    line(page, format_args!("{}\n", row.summary));
    let access = match row.access {
        Access::Read => "reads",
        Access::Write => "changes",
    };
    let scope = match row.scope {
        Scope::Own => "",
        Scope::Named => "; on another account by the management account only",
        Scope::Management => "; for the management account only",
    };
    let resources: Vec<String> = row.resources.iter().map(|arn| format!("`{arn}`")).collect();
    match resources.join(" and ") {
        arns if arns.is_empty() => line(page, format_args!("Everybody who is known may; it {access}{scope}.\n")),
        arns => line(page, format_args!("Permission `{}` on {arns}; {access}{scope}.\n", row.permission())),
    }
    params(page, row.params);
    returns(page, row.returns);
    errors(page, row.errors);
}

fn rest_operation(page: &mut String, row: &RestOperation) {
    line(page, format_args!("### {} {}\n", row.method, row.path));
    line(page, format_args!("{}\n", row.summary));
    match row.permission {
        "" => page.push_str("It needs no permission and is not signed.\n\n"),
        permission => line(page, format_args!("Permission `{permission}` on `{}`.\n", row.resource)),
    }
    params(page, row.params);
    if row.takes_attributes {
        let names: Vec<String> = Attribute::ALL.iter().map(|each| format!("`{}`", each.as_str())).collect();
        line(page, format_args!("Attributes: {}.\n", names.join(", ")));
    }
    returns(page, row.returns);
    errors(page, row.errors);
}

fn params(page: &mut String, params: &[Param]) {
    if params.is_empty() {
        page.push_str("No parameters.\n\n");
        return;
    }
    page.push_str("| Parameter | Value | Meaning |\n|---|---|---|\n");
    for param in params {
        param_row(page, param.name, param);
        if let Kind::List { fields, .. } = param.kind {
            for field in fields {
                param_row(page, &format!("{}.N.{}", param.name, field.name), field);
            }
        }
    }
    page.push('\n');
}

fn param_row(page: &mut String, name: &str, param: &Param) {
    let value = match param.kind {
        Kind::Text(rule) => rule.words.to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Bool => "`true`, `false`".to_owned(),
        Kind::Integer { min, max } => format!("{min} to {max}"),
        Kind::Time => "`YYYY-MM-DDThh:mm:ssZ`".to_owned(),
        Kind::List { entries_max, .. } => format!("a list counted from 1, up to {entries_max}"),
        Kind::Unsupported(reason) => format!("refused: {reason}"),
    };
    let absent = match param.absent {
        Absent::Refused => "; required".to_owned(),
        Absent::Nothing => String::new(),
        Absent::Value(value) => format!("; `{value}` when absent"),
        Absent::CallersName => "; the caller's own when absent".to_owned(),
    };
    line(page, format_args!("| `{name}` | {value}{absent} | {} |", param.meaning));
}

fn returns(page: &mut String, fields: &[&str]) {
    if !fields.is_empty() {
        let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        line(page, format_args!("Returns {}.\n", fields.join(", ")));
    }
}

fn errors(page: &mut String, errors: &[ErrorCode]) {
    if !errors.is_empty() {
        let errors: Vec<String> = errors.iter().map(|code| format!("`{}` {}", code.code, code.status)).collect();
        line(page, format_args!("Fails with {}.\n", errors.join(", ")));
    }
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(page, "{text}").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_parameter_and_code() {
        let page = operations_markdown();
        for row in OPERATIONS {
            // Two services may have an operation of the same name.
            let (heading, permission) = (format!("{}\n", row.name), format!("`{}`", row.permission()));
            let mut sections = page.split("\n### ");
            let is_its_own = |section: &&str| {
                section.starts_with(&heading) && (row.resources.is_empty() || section.contains(&permission))
            };
            let section = sections.find(is_its_own).unwrap_or_else(|| panic!("no section of {}", row.name));
            for param in row.params {
                assert!(section.contains(&format!("| `{}` |", param.name)), "{} {}", row.name, param.name);
            }
            for code in row.errors {
                assert!(section.contains(code.code), "{} {}", row.name, code.code);
            }
        }
        assert!(page.contains("### POST /v1/events\n") && page.contains("`IdentityAccountId`"));
    }

    #[test]
    fn every_operation_is_on_one_page_of_the_book() {
        let pages = book_pages();
        let (index, groups) = pages.split_first().expect("an index");
        let headings = |page: &str| page.lines().filter(|line| line.starts_with("### ")).count();
        let found: usize = groups.iter().map(|(_, page)| headings(page)).sum();
        assert_eq!(found, OPERATIONS.len() + OLDER_OPERATIONS.len() + REST_OPERATIONS.len());
        for (path, page) in groups {
            assert!(index.1.contains(&format!("({path})")) && headings(page) > 0, "{path}");
        }
    }

    #[test]
    fn the_table_cells_hold_no_bar() {
        for row in operations_markdown().lines().filter(|line| line.starts_with("| ")) {
            assert_eq!(row.matches('|').count(), 4, "{row}");
        }
    }
}
