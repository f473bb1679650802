//! What a row of the table says about an operation.
//!
//! A row is plain data. What it says is true for every caller: the gateway reads it before and after the handler,
//! never inside, so a handler cannot forget a check or an audit event.

use crate::codes::{self, ErrorCode};
use crate::operations::{OLDER_OPERATIONS, OPERATIONS, OperationId};
use crate::param::Param;

/// A service on `/`: its operations share a version and a prefix of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Trails and lookups, as ActionTrail has them.
    Actiontrail,
    /// Users, keys and policies, in RAM's shapes.
    Ram,
    /// What neither has: accounts, buckets, ingest tokens.
    Cairn,
    /// Temporary credentials, in STS's shapes.
    Sts,
    /// ActionTrail as it was in 2017.
    Actiontrail2017,
    /// ActionTrail as it was in 2015.
    Actiontrail2015,
    /// Resource directories: members, folders, delegated administrators.
    ResourceManager,
}

impl Service {
    /// Every service, in the order of the reference page.
    pub const ALL: [Service; 7] = [
        Service::Actiontrail,
        Service::Ram,
        Service::Cairn,
        Service::Sts,
        Service::ResourceManager,
        Service::Actiontrail2017,
        Service::Actiontrail2015,
    ];

    /// The name in events (`serviceName`).
    pub fn as_str(self) -> &'static str {
        match self {
            Service::Actiontrail | Service::Actiontrail2017 | Service::Actiontrail2015 => "Actiontrail",
            Service::Ram => "Ram",
            Service::Cairn => "Cairn",
            Service::Sts => "Sts",
            Service::ResourceManager => "ResourceManager",
        }
    }

    /// The name in permissions (`actiontrail:CreateTrail`) and ARNs.
    pub fn code(self) -> &'static str {
        match self {
            Service::Actiontrail | Service::Actiontrail2017 | Service::Actiontrail2015 => "actiontrail",
            Service::Ram => "ram",
            Service::Cairn => "cairn",
            Service::Sts => "sts",
            Service::ResourceManager => "resourcedirectory",
        }
    }

    /// The API version clients send.
    pub fn version(self) -> &'static str {
        match self {
            Service::Actiontrail => "2020-07-06",
            Service::Ram => "2015-05-01",
            Service::Cairn => "2026-11-21",
            Service::Sts => "2015-04-01",
            Service::Actiontrail2017 => "2017-12-04",
            Service::Actiontrail2015 => "2015-09-28",
            Service::ResourceManager => "2022-04-19",
        }
    }

    /// The code for a value outside its parameter's rule, where the parameter has none of its own.
    pub fn invalid_value(self) -> ErrorCode {
        match self {
            Service::Actiontrail => codes::INVALID_QUERY_PARAMETER,
            Service::Actiontrail2017 | Service::Actiontrail2015 => codes::INVALID_PARAMETER_VALUE,
            Service::Ram | Service::Cairn | Service::Sts | Service::ResourceManager => codes::INVALID_PARAMETER,
        }
    }
}

/// Whether an operation changes something. A change is answered only once its audit event is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only looks.
    Read,
    /// It changes something.
    Write,
}

impl Access {
    /// The spelling of `eventRW`.
    pub fn as_str(self) -> &'static str {
        match self {
            Access::Read => "Read",
            Access::Write => "Write",
        }
    }
}

/// Whose things an operation acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The caller's account.
    Own,
    /// The caller's account, or the one in the parameter `AccountId` when the caller belongs to the management account.
    Named,
    /// The node: callers of the management account only.
    Management,
}

/// A resource an operation names, for `resourceType` and `resourceName` of its audit event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// For example `ACS::ActionTrail::Trail`.
    pub kind: &'static str,
    /// The parameter that holds its name.
    pub param: &'static str,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its number in the table.
    pub id: OperationId,
    /// The service it belongs to.
    pub service: Service,
    /// The name clients send as `Action`.
    pub name: &'static str,
    /// Whether it changes something.
    pub access: Access,
    /// Whether its audit event carries `SensitiveAction`.
    pub sensitive: bool,
    /// Whose things it acts on.
    pub scope: Scope,
    /// ARN templates; the caller must be allowed on each. None: every known caller may. `{region}`, `{account}` and parameter names are filled in,
    /// `{home}` is the home region of the trail that `Name` names. An absent parameter becomes `*`.
    pub resources: &'static [&'static str],
    /// What it names, for its audit event.
    pub touches: &'static [Touched],
    /// Its parameters.
    pub params: &'static [Param],
    /// Paths of the reply's fields; `[]` marks a list.
    pub returns: &'static [&'static str],
    /// The codes it fails with, besides the common ones.
    pub errors: &'static [ErrorCode],
    /// One sentence.
    pub summary: &'static str,
}

impl Operation {
    /// Finds an operation by what a client sends. The version decides between services; without one the first
    /// operation of that name is meant.
    pub fn find(name: &str, version: Option<&str>) -> Result<&'static Operation, ErrorCode> {
        let Some(version) = version.filter(|version| !version.is_empty()) else {
            return OPERATIONS.iter().find(|row| row.name == name).ok_or(codes::INVALID_ACTION_NOT_FOUND);
        };
        if !Service::ALL.iter().any(|service| service.version() == version) {
            return Err(codes::NO_SUCH_VERSION);
        }
        let mut rows = OPERATIONS.iter().chain(OLDER_OPERATIONS);
        rows.find(|row| row.name == name && row.service.version() == version).ok_or(codes::INVALID_ACTION_NOT_FOUND)
    }

    /// Whether it is an operation of an older version: its parameters are renamed before the handler, its reply after.
    pub fn is_older(&self) -> bool {
        matches!(self.service, Service::Actiontrail2017 | Service::Actiontrail2015)
    }

    /// The permission a caller needs, for example `actiontrail:CreateTrail`.
    pub fn permission(&self) -> String {
        format!("{}:{}", self.service.code(), self.name)
    }

    /// The parameter of this name.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// Fills an ARN template: `value` gives what stands for each `{name}`; nothing becomes `*`.
pub fn fill_arn(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut arn = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("templates of the table are balanced");
        arn.push_str(before);
        match value(name).filter(|value| !value.is_empty()) {
            Some(value) => arn.push_str(&value),
            None => arn.push('*'),
        }
        rest = after;
    }
    arn.push_str(rest);
    arn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_name_find_the_operation() {
        let row = Operation::find("CreateTrail", Some("2020-07-06")).expect("a row");
        assert_eq!(row.permission(), "actiontrail:CreateTrail");
        assert_eq!(Operation::find("CreateUser", None).expect("a row").service, Service::Ram);
        let shared = Operation::find("ListAccounts", None).expect("a row");
        assert_eq!(shared.service, Service::Cairn, "without a version the older meaning stays");
        assert_eq!(Operation::find("CreateTrail", Some("2015-05-01")).err(), Some(codes::INVALID_ACTION_NOT_FOUND));
        assert_eq!(Operation::find("Nothing", Some("2020-07-06")).err(), Some(codes::INVALID_ACTION_NOT_FOUND));
        assert_eq!(Operation::find("CreateTrail", Some("1999-01-01")).err(), Some(codes::NO_SUCH_VERSION));
    }

    #[test]
    fn templates_are_filled_and_absent_values_stand_for_all() {
        let fill = |template| {
            fill_arn(template, |name| match name {
                "account" => Some("100".into()),
                "Name" => Some(String::new()),
                _ => None,
            })
        };
        assert_eq!(fill("acs:actiontrail:{region}:{account}:trail/{Name}"), "acs:actiontrail:*:100:trail/*");
        assert_eq!(fill("plain"), "plain");
    }
}
