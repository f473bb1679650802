//! Users, groups, on-call rotations, quotas: from what a policy names to addresses.
//!
//! A `Directory` holds the records of an account. `resolve` turns a planned notification into recipients and says of everybody
//! who was named and gets nothing why. Users also come and go as lines of text (`bulk`).

pub mod bulk;
mod oncall;
mod people;
mod resolve;

use std::collections::BTreeMap;

use model::Timestamp;
use serde_json::Value as Json;

pub use oncall::{OncallGroup, Target};
pub use people::{QUOTA_DEFAULT, QUOTA_MAX, Quota, User, UserGroup};
pub use resolve::{LeftOut, Named, Recipient, Resolution, named_by, per_user, resolve};

use crate::calendar::{Calendar, DEFAULT_CALENDAR};
use crate::records::RecordError;

/// The people of an account and when they work.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, UserGroup>,
    oncall_groups: BTreeMap<String, OncallGroup>,
    calendars: BTreeMap<String, Calendar>,
    default_calendar: Calendar,
}

impl Directory {
    /// Takes a record in. Those of resources that are not about people are passed over.
    pub fn add(&mut self, resource: &str, record: &Json) -> Result<(), RecordError> {
        match resource {
            "sls.common.user" => {
                let user = User::parse(record)?;
                self.users.insert(user.id.clone(), user);
            }
            "sls.common.user_group" => {
                let group = UserGroup::parse(record)?;
                self.groups.insert(group.id.clone(), group);
            }
            "sls.alert.oncall_group" => {
                let group = OncallGroup::parse(record)?;
                self.oncall_groups.insert(group.id.clone(), group);
            }
            "sls.common.calendar" => {
                let calendar = Calendar::parse(record)?;
                self.calendars.insert(calendar.id.clone(), calendar);
            }
            _ => {}
        }
        Ok(())
    }

    /// A calendar; the account's default one when this is not there or empty.
    pub fn calendar(&self, id: &str) -> &Calendar {
        let named = self.calendars.get(id).or_else(|| self.calendars.get(DEFAULT_CALENDAR));
        named.unwrap_or(&self.default_calendar)
    }

    /// Who of an on-call group is on duty at a time.
    pub fn on_duty(&self, oncall_group: &str, at: Timestamp) -> Vec<Target> {
        let Some(group) = self.oncall_groups.get(oncall_group).filter(|group| group.is_enabled) else {
            return Vec::new();
        };
        group.on_duty(at, self.calendar(&group.calendar_id))
    }

    /// All users, by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }
}

#[cfg(test)]
mod tests;
