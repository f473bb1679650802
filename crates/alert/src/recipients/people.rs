//! Users and user groups: their records, and how many notifications a day they take.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::Channel;
use crate::records::{Fields, RecordError};

/// The greatest quota.
pub const QUOTA_MAX: u32 = 9_999;
/// The quota of whoever has none: Log Service's own.
pub const QUOTA_DEFAULT: u32 = 500;
/// How many members a group may have, and users an account: what one import takes.
const MEMBERS_MAX: usize = 10_000;
/// How many addresses a user may have.
const EMAILS_MAX: usize = 10;

/// How many notifications a day one may get, by channel. Cairn's own: the wire has no field for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quota {
    limits: BTreeMap<&'static str, u32>,
}

/// The channels that have quotas.
const QUOTA_CHANNELS: [&str; 3] = ["sms", "voice", "email"];

impl Quota {
    /// The limit for a channel, if it has one.
    pub fn of(&self, channel: Channel) -> Option<u32> {
        let name = match channel {
            Channel::Sms => "sms",
            Channel::Voice => "voice",
            Channel::Email => "email",
            _ => return None,
        };
        self.limits.get(name).copied()
    }

    /// Sets the limit of `sms`, `voice` or `email`.
    pub(super) fn set(&mut self, name: &str, limit: u64) -> Result<(), String> {
        let Some(name) = QUOTA_CHANNELS.into_iter().find(|known| *known == name) else {
            return Err(format!("{name:?} has no quota; {} have", QUOTA_CHANNELS.join(", ")));
        };
        match u32::try_from(limit) {
            Ok(limit) if limit <= QUOTA_MAX => {
                self.limits.insert(name, limit);
                Ok(())
            }
            _ => Err(format!("a quota is at most {QUOTA_MAX} a day")),
        }
    }

    pub(super) fn limits(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.limits.iter().map(|(name, limit)| (*name, *limit))
    }

    fn parse(fields: &Fields<'_>) -> Result<Quota, RecordError> {
        let mut quota = Quota::default();
        let Some(json) = fields.get("quota") else { return Ok(quota) };
        let wrong = |message: String| RecordError::new("quota", &json.to_string(), message);
        let limits = json.as_object().ok_or_else(|| wrong("should be an object, such as {\"sms\": 20}".into()))?;
        for (name, limit) in limits {
            let limit = limit.as_u64().ok_or_else(|| wrong("should have whole numbers".into()))?;
            quota.set(name, limit).map_err(wrong)?;
        }
        Ok(quota)
    }

    fn json(&self) -> Option<Json> {
        (!self.limits.is_empty()).then(|| self.limits.iter().map(|(name, limit)| (*name, *limit)).collect())
    }
}

/// A record of `sls.common.user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `user_id`
    pub id: String,
    /// `user_name`
    pub name: String,
    /// `email`
    pub emails: Vec<String>,
    /// Digits, such as `86`.
    pub country_code: String,
    /// Digits; empty when there is none.
    pub phone: String,
    /// Whether anything is sent at all.
    pub is_enabled: bool,
    /// Whether text messages are.
    pub takes_sms: bool,
    /// Whether calls are made.
    pub takes_voice: bool,
    /// How many a day.
    pub quota: Quota,
}

impl User {
    /// Reads a record and checks it by the published rules.
    pub fn parse(record: &Json) -> Result<User, RecordError> {
        let fields = Fields::of(record)?;
        let user = User {
            id: fields.id("user_id")?,
            name: fields.name("user_name", 20)?,
            emails: match fields.get("email") {
                Some(Json::String(one)) => vec![one.clone()],
                _ => fields.texts("email")?,
            },
            country_code: fields.text_or("country_code", "")?,
            phone: fields.text_or("phone", "")?,
            is_enabled: fields.flag_or("enabled", true)?,
            takes_sms: fields.flag_or("sms_enabled", false)?,
            takes_voice: fields.flag_or("voice_enabled", false)?,
            quota: Quota::parse(&fields)?,
        };
        user.check()?;
        Ok(user)
    }

    fn check(&self) -> Result<(), RecordError> {
        if let Some(wrong) = self.emails.iter().find(|email| !is_email(email)) {
            return Err(RecordError::new("email", wrong, "should be an address such as name@example.net"));
        }
        if self.emails.len() > EMAILS_MAX {
            return Err(RecordError::new("email", "", format!("should have at most {EMAILS_MAX} addresses")));
        }
        let is_digits = |text: &str, most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(&self.country_code, 4) || (self.country_code.is_empty() && !self.phone.is_empty()) {
            return Err(RecordError::new("country_code", &self.country_code, "should be 1 to 4 digits"));
        }
        if !is_digits(&self.phone, 20) {
            return Err(RecordError::new("phone", &self.phone, "should be up to 20 digits"));
        }
        if self.phone.is_empty() && self.emails.is_empty() {
            return Err(RecordError::new("phone", "", "a user should have a phone number or an email address"));
        }
        if self.takes_voice && !self.phone.is_empty() && self.country_code != "86" {
            let message = "calls are only made to numbers of country code 86";
            return Err(RecordError::new("voice_enabled", "true", message));
        }
        Ok(())
    }

    /// The record.
    pub fn record(&self) -> Json {
        let mut record = json!({
            "user_id": self.id,
            "user_name": self.name,
            "email": self.emails,
            "country_code": self.country_code,
            "phone": self.phone,
            "enabled": self.is_enabled,
            "sms_enabled": self.takes_sms,
            "voice_enabled": self.takes_voice,
        });
        if let Some(quota) = self.quota.json() {
            record["quota"] = quota;
        }
        record
    }
}

/// Whether it can be the address of a mailbox. Servers know better; this keeps separators and headers out.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_name = |c: char| c.is_alphanumeric() || "!#%*+-/=^_.".contains(c);
    let is_host = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    (1..=64).contains(&name.chars().count())
        && name.chars().all(is_name)
        && host.len() <= 253
        && host.split('.').all(is_host)
}

/// A record of `sls.common.user_group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserGroup {
    /// `user_group_id`
    pub id: String,
    /// `user_group_name`
    pub name: String,
    /// Whether it is sent anything.
    pub is_enabled: bool,
    /// Ids of users.
    pub members: Vec<String>,
    /// How many a day each member gets through this group.
    pub quota: Quota,
}

impl UserGroup {
    /// Reads a record.
    pub fn parse(record: &Json) -> Result<UserGroup, RecordError> {
        let fields = Fields::of(record)?;
        let members = fields.texts("members")?;
        if members.len() > MEMBERS_MAX {
            return Err(RecordError::new("members", "", format!("should have at most {MEMBERS_MAX} members")));
        }
        Ok(UserGroup {
            id: fields.id("user_group_id")?,
            name: fields.name("user_group_name", 20)?,
            is_enabled: fields.flag_or("enabled", true)?,
            members,
            quota: Quota::parse(&fields)?,
        })
    }
}
