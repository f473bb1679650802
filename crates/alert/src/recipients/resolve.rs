//! From a planned notification to recipients: members, duty, switches, addresses, quotas, the sending period.
//!
//! Everybody who was named ends as a recipient or is left out with a reason. Somebody who is named twice is told once.

use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Directory, QUOTA_DEFAULT, Target, User};
use crate::action::{Planned, Receiver};
use crate::calendar::DEFAULT_CALENDAR;
use crate::{Channel, Reason};

/// One address that gets a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The user's id. Quotas are counted for it.
    pub user: String,
    /// The user's name.
    pub name: String,
    /// A mail address; a number such as `+8613800000000` for text messages and calls; without the country code for robots.
    pub address: String,
}

/// Somebody who was named and gets nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// `user:alice`, `group:ops`, `oncall:night`.
    pub who: String,
    /// Why.
    pub reason: Reason,
}

/// Who gets a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// Why nobody gets it, on any channel.
    pub withheld: Option<Reason>,
    /// Who does. Robots, the Message Center, EventBridge and functions need nobody; for robots it is who is mentioned.
    pub recipients: Vec<Recipient>,
    /// Who does not.
    pub left_out: Vec<LeftOut>,
}

/// Whom a receiver of dynamic recipients named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Ids of users.
    pub users: Vec<String>,
    /// Ids of user groups.
    pub groups: Vec<String>,
    /// Ids of on-call groups.
    pub oncall_groups: Vec<String>,
}

/// The longest answer of such a receiver, in bytes, as published.
const NAMED_BYTES_MAX: usize = 2 * 1024;

/// Reads the answer of a receiver of dynamic recipients: a JSON object with lists of ids.
pub fn named_by(answer: &[u8]) -> Result<Named, Reason> {
    let wrong = |why: String| Reason::new("dynamic_recipients", why);
    if answer.len() > NAMED_BYTES_MAX {
        return Err(wrong(format!("the answer is longer than {NAMED_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(answer).map_err(|error| wrong(format!("the answer names no recipients: {error}")))
}

impl Planned {
    /// The notification with the recipients that its receiver named.
    pub fn with(mut self, named: Named) -> Planned {
        self.receiver = Receiver::Static;
        self.users = named.users;
        self.groups = named.groups;
        self.oncall_groups = named.oncall_groups;
        self
    }
}

/// Who gets a planned notification at a time. `used` tells how many a user got on a channel today.
pub fn resolve(
    planned: &Planned,
    directory: &Directory,
    at: Timestamp,
    used: &dyn Fn(&str, Channel) -> u32,
) -> Resolution {
    let mut resolution = Resolution::default();
    if !directory.calendar(DEFAULT_CALENDAR).holds(planned.period, at) {
        let why = format!("its action sends in {} only, and {at} is not", planned.period.name());
        resolution.withheld = Some(Reason::new("outside_period", why));
        return resolution;
    }
    let mut people = People { directory, named: Vec::new(), left_out: Vec::new() };
    people.gather(planned, at);
    resolution.left_out = people.left_out;
    for (id, groups) in &people.named {
        match addresses(directory.users.get(id), planned.channel) {
            Ok((user, addresses)) => {
                let limit = limit(directory, user, groups, planned.channel);
                let left = match planned.check_quota {
                    true => limit.map_or(usize::MAX, |limit| {
                        limit.saturating_sub(used(id, planned.channel)).try_into().unwrap_or(usize::MAX)
                    }),
                    false => usize::MAX,
                };
                if left < addresses.len() {
                    let why = format!("has had its {} for today", limit.unwrap_or_default());
                    resolution.left_out.push(left_out("user", id, "quota_used", why));
                }
                let recipient = |address| Recipient { user: id.clone(), name: user.name.clone(), address };
                resolution.recipients.extend(addresses.into_iter().take(left).map(recipient));
            }
            Err(reason) => resolution.left_out.push(LeftOut { who: format!("user:{id}"), reason }),
        }
    }
    let needs_people = matches!(planned.channel, Channel::Sms | Channel::Voice | Channel::Email);
    if needs_people && resolution.recipients.is_empty() {
        let why = if people.named.is_empty() {
            "the action names nobody who is there"
        } else {
            "nobody named can be reached"
        };
        resolution.withheld = Some(Reason::new("no_recipients", why));
    }
    resolution
}

/// Users in the order in which they were named, with the groups they were named through.
struct People<'a> {
    directory: &'a Directory,
    named: Vec<(String, Vec<String>)>,
    left_out: Vec<LeftOut>,
}

impl People<'_> {
    fn gather(&mut self, planned: &Planned, at: Timestamp) {
        for id in &planned.users {
            self.user(id, None);
        }
        for id in &planned.groups {
            self.group(id);
        }
        for id in &planned.oncall_groups {
            match self.directory.oncall_groups.get(id) {
                None => self.left_out.push(left_out("oncall", id, "unknown", "there is no such on-call group")),
                Some(group) if !group.is_enabled => {
                    self.left_out.push(left_out("oncall", id, "disabled", "the on-call group is switched off"));
                }
                Some(_) => {
                    let on_duty = self.directory.on_duty(id, at);
                    if on_duty.is_empty() {
                        self.left_out.push(left_out(
                            "oncall",
                            id,
                            "nobody_on_duty",
                            format!("nobody is on duty at {at}"),
                        ));
                    }
                    for target in on_duty {
                        match target {
                            Target::User(user) => self.user(&user, None),
                            Target::Group(group) => self.group(&group),
                        }
                    }
                }
            }
        }
    }

    fn group(&mut self, id: &str) {
        match self.directory.groups.get(id) {
            None => self.left_out.push(left_out("group", id, "unknown", "there is no such user group")),
            Some(group) if !group.is_enabled => {
                self.left_out.push(left_out("group", id, "disabled", "the user group is switched off"));
            }
            Some(group) => {
                if group.members.is_empty() {
                    self.left_out.push(left_out("group", id, "empty", "the user group has no members"));
                }
                for member in &group.members {
                    self.user(member, Some(id));
                }
            }
        }
    }

    fn user(&mut self, id: &str, group: Option<&str>) {
        let groups = match self.named.iter_mut().find(|(named, _)| named == id) {
            Some((_, groups)) => groups,
            None => {
                self.named.push((id.to_owned(), Vec::new()));
                &mut self.named.last_mut().expect("just pushed").1
            }
        };
        groups.extend(group.map(str::to_owned));
    }
}

fn left_out(what: &str, id: &str, code: &'static str, why: impl Into<String>) -> LeftOut {
    LeftOut { who: format!("{what}:{id}"), reason: Reason::new(code, why) }
}

/// Where a user is reached on a channel, or why not.
fn addresses(user: Option<&User>, channel: Channel) -> Result<(&User, Vec<String>), Reason> {
    let user = user.ok_or_else(|| Reason::new("unknown", "there is no such user"))?;
    if !user.is_enabled {
        return Err(Reason::new("disabled", "the user is switched off"));
    }
    let number = || format!("+{}{}", user.country_code, user.phone);
    let missing = |what: &str| Reason::new("no_address", format!("the user has no {what}"));
    let has_phone = !user.phone.is_empty();
    match channel {
        Channel::Sms if !user.takes_sms => Err(Reason::new("channel_off", "the user takes no text messages")),
        Channel::Voice if !user.takes_voice => Err(Reason::new("channel_off", "the user takes no calls")),
        Channel::Sms | Channel::Voice if !has_phone => Err(missing("phone number")),
        Channel::Sms | Channel::Voice => Ok((user, vec![number()])),
        Channel::Email if user.emails.is_empty() => Err(missing("mail address")),
        Channel::Email => Ok((user, user.emails.clone())),
        Channel::Dingtalk | Channel::Wechat | Channel::Lark | Channel::Slack if !has_phone => {
            Err(missing("phone number"))
        }
        Channel::Dingtalk | Channel::Wechat | Channel::Lark | Channel::Slack => Ok((user, vec![user.phone.clone()])),
        Channel::Webhook | Channel::MessageCenter | Channel::EventBridge | Channel::Fc => Ok((user, Vec::new())),
    }
}

/// A user's quota: the greatest of the groups it was named through, or else its own, or else the usual one. Only text messages,
/// calls and mail have quotas.
fn limit(directory: &Directory, user: &User, groups: &[String], channel: Channel) -> Option<u32> {
    if !matches!(channel, Channel::Sms | Channel::Voice | Channel::Email) {
        return None;
    }
    let of_groups = groups.iter().filter_map(|id| directory.groups.get(id)?.quota.of(channel)).max();
    Some(of_groups.or(user.quota.of(channel)).unwrap_or(QUOTA_DEFAULT))
}

/// How many of a notification's recipients each user is, for counting quotas.
pub fn per_user(recipients: &[Recipient]) -> BTreeMap<&str, u32> {
    let mut counts = BTreeMap::new();
    for recipient in recipients {
        *counts.entry(recipient.user.as_str()).or_insert(0) += 1;
    }
    counts
}
