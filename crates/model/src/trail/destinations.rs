//! Where a trail writes: a bucket, a project of Log Service, a table, or any of these together.
//!
//! A project of this node is a view and nothing is written to it; what is written has a [`DestinationKind`], and each kind
//! is delivered on its own. Whose a destination is follows from its ARN or its role.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// Where a trail writes. An absent destination is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Destinations {
    /// A bucket of the account, by name, with an optional key prefix.
    pub bucket: Option<BucketTarget>,
    /// A project of Log Service; the Logstore in it is named after the trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogTarget>,
    /// A project of MaxCompute; the table in it is named after the trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableTarget>,
}

/// What is delivered on its own, with its own cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DestinationKind {
    /// Objects in a bucket.
    Bucket,
    /// Logs in a project of Log Service outside this node.
    LogService,
    /// Rows of a table.
    Table,
}

impl DestinationKind {
    /// Every kind.
    pub const ALL: [DestinationKind; 3] =
        [DestinationKind::Bucket, DestinationKind::LogService, DestinationKind::Table];

    /// The catalog's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            DestinationKind::Bucket => "Bucket",
            DestinationKind::LogService => "LogService",
            DestinationKind::Table => "Table",
        }
    }
}

impl FromStr for DestinationKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        DestinationKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl Destinations {
    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        *self == Destinations::default()
    }

    /// Whether something is written to this kind of destination.
    pub fn has(&self, kind: DestinationKind) -> bool {
        match kind {
            DestinationKind::Bucket => self.bucket.is_some(),
            DestinationKind::LogService => self.logs.as_ref().is_some_and(|logs| logs.is_remote),
            DestinationKind::Table => self.table.is_some(),
        }
    }

    /// The kinds something is written to.
    pub fn kinds(&self) -> impl Iterator<Item = DestinationKind> {
        DestinationKind::ALL.into_iter().filter(|kind| self.has(*kind))
    }

    /// The project whose Logstore is a view of this node.
    pub fn view(&self) -> Option<&LogTarget> {
        self.logs.as_ref().filter(|logs| !logs.is_remote)
    }
}

/// A bucket and the prefix of the keys written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketTarget {
    /// The bucket's name in the catalog.
    pub name: String,
    /// Key prefix without a trailing slash; 6 to 32 characters when present.
    pub prefix: Option<String>,
    /// The role that lets Cairn write, `acs:ram::<account>:role/<name>`. A bucket of that account is meant.
    pub write_role_arn: Option<String>,
}

impl BucketTarget {
    /// Whose bucket it is, for a trail of `account`: the role's account, or the trail's own without a role.
    pub fn owner(&self, account: AccountId) -> AccountId {
        let named = self.write_role_arn.as_deref().and_then(|arn| arn.strip_prefix("acs:ram::"));
        let owner = named.and_then(|rest| rest.split_once(':')).and_then(|(owner, _)| owner.parse().ok());
        owner.unwrap_or(account)
    }
}

/// A project of Log Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTarget {
    /// The region its ARN names.
    pub region: String,
    /// Whose it is.
    pub owner: AccountId,
    /// Its name.
    pub project: String,
    /// The role that lets Cairn write there; needed for another account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_role_arn: Option<String>,
    /// Whether it lies outside this node and is written to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_remote: bool,
}

impl LogTarget {
    /// Reads `acs:log:<region>:<account>:project/<name>`.
    pub fn parse(arn: &str) -> Option<LogTarget> {
        let (region, owner, project) = project_of(arn.strip_prefix("acs:log:")?)?;
        Some(LogTarget { region, owner, project, write_role_arn: None, is_remote: false })
    }

    /// The ARN.
    pub fn arn(&self) -> String {
        format!("acs:log:{}:{}:project/{}", self.region, self.owner, self.project)
    }
}

/// A project of MaxCompute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableTarget {
    /// The region its ARN names.
    pub region: String,
    /// Whose it is.
    pub owner: AccountId,
    /// Its name: `actiontrail_` and something.
    pub project: String,
    /// The role that lets Cairn write there; needed for another account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_role_arn: Option<String>,
}

impl TableTarget {
    /// Reads `acs:odps:<region>:<account>:project/<name>`.
    pub fn parse(arn: &str) -> Option<TableTarget> {
        let (region, owner, project) = project_of(arn.strip_prefix("acs:odps:")?)?;
        Some(TableTarget { region, owner, project, write_role_arn: None })
    }

    /// The ARN.
    pub fn arn(&self) -> String {
        format!("acs:odps:{}:{}:project/{}", self.region, self.owner, self.project)
    }
}

impl fmt::Display for DestinationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `<region>:<account>:project/<name>`.
fn project_of(rest: &str) -> Option<(String, AccountId, String)> {
    let mut parts = rest.splitn(3, ':');
    let (region, owner) = (parts.next()?, parts.next()?.parse().ok()?);
    let project = parts.next()?.strip_prefix("project/")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let is_name = (3..=63).contains(&project.len()) && project.bytes().all(plain);
    is_name.then(|| (region.to_owned(), owner, project.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_are_named_by_their_arns() {
        for arn in ["acs:log:cn-hangzhou:100:project/audit-1", "acs:log::100:project/audit-1"] {
            assert_eq!(LogTarget::parse(arn).unwrap().arn(), arn);
        }
        for bad in [
            "acs:odps:cn-hangzhou:100:project/audit-1",
            "acs:log:cn-hangzhou:x:project/audit-1",
            "acs:log:cn-hangzhou:100:logstore/audit-1",
            "acs:log:cn-hangzhou:100:project/a/b",
            "acs:log:cn-hangzhou:100",
        ] {
            assert_eq!(LogTarget::parse(bad), None, "{bad}");
        }
        let table = TableTarget::parse("acs:odps:cn-hangzhou:100:project/actiontrail_100").unwrap();
        assert_eq!((table.owner.as_str(), &*table.project), ("100", "actiontrail_100"));
    }

    #[test]
    fn only_what_lies_outside_is_written_to() {
        let mut destinations = Destinations { logs: LogTarget::parse("acs:log::1:project/p-1"), ..Default::default() };
        assert!(destinations.view().is_some() && destinations.kinds().next().is_none());
        destinations.logs.as_mut().unwrap().is_remote = true;
        assert!(destinations.view().is_none() && destinations.kinds().eq([DestinationKind::LogService]));
        let json = serde_json::to_string(&destinations).unwrap();
        assert_eq!(serde_json::from_str::<Destinations>(&json).unwrap(), destinations);
        let earlier: Destinations = serde_json::from_str(r#"{"bucket":null}"#).unwrap();
        assert!(earlier.is_empty());
    }
}
