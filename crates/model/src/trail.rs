//! Trails: which events of an account, or of an organization's accounts, go where.

mod destinations;
mod selector;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::organization::DirectoryId;
use crate::{AccountId, Seq, Timestamp};

pub use destinations::{BucketTarget, DestinationKind, Destinations, LogTarget, TableTarget};
pub use selector::{DataSelector, EventRw, NameRule, Selector, TrailRegions};

/// A trail's name: 6 to 36 characters, first a-z, then a-z 0-9 `-` `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrailName(String);

impl TrailName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrailName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let valid = (6..=36).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if valid { Ok(TrailName(text.to_owned())) } else { Err(()) }
    }
}

impl fmt::Display for TrailName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a trail is logging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrailStatus {
    /// Created, never started.
    Fresh,
    /// Logging.
    Enable,
    /// Stopped.
    Disable,
}

impl TrailStatus {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            TrailStatus::Fresh => "Fresh",
            TrailStatus::Enable => "Enable",
            TrailStatus::Disable => "Disable",
        }
    }
}

/// A trail as the catalog holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The catalog's number of it; never reused.
    pub id: i64,
    /// Its owner.
    pub account: AccountId,
    /// Unique within the account.
    pub name: TrailName,
    /// The region it was created in.
    pub home_region: String,
    /// The directory whose members' events it delivers; `None`: its own account's only. Never changes.
    pub organization: Option<DirectoryId>,
    /// What it selects.
    pub selector: Selector,
    /// Where it writes.
    pub destinations: Destinations,
    /// Whether it is logging.
    pub status: TrailStatus,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
    /// Last StartLogging.
    pub started: Option<Timestamp>,
    /// Last StopLogging.
    pub stopped: Option<Timestamp>,
}

impl Trail {
    /// The Logstore made for it: `actiontrail_<name>`, or `innertrail_<name>` for the platform's events.
    pub fn logstore(&self) -> String {
        format!("{}_{}", if self.selector.platform { "innertrail" } else { "actiontrail" }, self.name)
    }

    /// `acs:actiontrail:<region>:<account>:trail/<name>`.
    pub fn arn(&self) -> String {
        format!("acs:actiontrail:{}:{}:trail/{}", self.home_region, self.account, self.name)
    }
}

/// A stretch of the journal a trail delivers with one selector and one destination. StartLogging opens one at the
/// journal's head, StopLogging closes it, UpdateTrail closes one and opens the next: so each call keeps its meaning
/// to the event, however late the delivery runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The catalog's number of it; intervals of a trail are delivered in this order.
    pub id: i64,
    /// Events after this one.
    pub after: Seq,
    /// Up to and including this one; `None` while it is open.
    pub through: Option<Seq>,
    /// What is selected in it.
    pub selector: Selector,
    /// Where it goes.
    pub destinations: Destinations,
}
