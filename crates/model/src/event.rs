//! An event: the producer's JSON, verbatim, and the few facts of it that are indexed.
//!
//! The bytes are never rewritten: what comes out of a lookup or a delivered object is what was sent. Facts are read
//! in one pass over the JSON; a field of an unexpected type is no fact, never a reason to refuse the event. Only what
//! makes an event identifiable and placeable is demanded: an object with `eventId` and `eventTime`.

mod category;
mod facts;
mod marks;
mod plain;
mod refusal;
mod resources;

use bytes::Bytes;

use crate::limits::{EVENT_BYTES_MAX, EVENT_TIME_AHEAD_MAX};
use crate::{AccountId, Timestamp};

pub use category::Category;
pub use refusal::Refusal;

/// A fact of an event that can be looked up. The number is written to disk: never reuse or renumber one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Attribute {
    /// `eventId`
    EventId = 1,
    /// `serviceName`
    ServiceName = 2,
    /// `eventName`
    EventName = 3,
    /// `userIdentity.userName`
    User = 4,
    /// `resourceType` and the keys of `referencedResources`, one value each
    ResourceType = 5,
    /// `resourceName` and the values of `referencedResources`, one value each
    ResourceName = 6,
    /// `eventRW`
    EventRw = 7,
    /// `userIdentity.accessKeyId`
    EventAccessKeyId = 8,
    /// `eventAttributes.SensitiveAction`
    SensitiveAction = 9,
    /// `sourceIpAddress`
    SourceIpAddress = 10,
    /// `eventType`
    EventType = 11,
    /// `userIdentity.roleName`, or the part before `:` of an assumed role's `userName`
    RoleName = 12,
    /// `userIdentity.principalId`
    PrincipalId = 13,
    /// `acsRegion`
    Region = 14,
    /// `errorCode`
    ErrorCode = 15,
    /// `userIdentity.type`
    UserType = 16,
    /// `eventCategory`
    EventCategory = 17,
    /// `recipientAccountId`
    RecipientAccountId = 18,
    /// `userIdentity.accountId`
    IdentityAccountId = 19,
}

impl Attribute {
    /// Every attribute, in the order of its number.
    pub const ALL: [Attribute; 19] = [
        Attribute::EventId,
        Attribute::ServiceName,
        Attribute::EventName,
        Attribute::User,
        Attribute::ResourceType,
        Attribute::ResourceName,
        Attribute::EventRw,
        Attribute::EventAccessKeyId,
        Attribute::SensitiveAction,
        Attribute::SourceIpAddress,
        Attribute::EventType,
        Attribute::RoleName,
        Attribute::PrincipalId,
        Attribute::Region,
        Attribute::ErrorCode,
        Attribute::UserType,
        Attribute::EventCategory,
        Attribute::RecipientAccountId,
        Attribute::IdentityAccountId,
    ];

    /// The name LookupEvents uses, or the same style of name where it has none.
    pub fn as_str(self) -> &'static str {
        match self {
            Attribute::EventId => "EventId",
            Attribute::ServiceName => "ServiceName",
            Attribute::EventName => "EventName",
            Attribute::User => "User",
            Attribute::ResourceType => "ResourceType",
            Attribute::ResourceName => "ResourceName",
            Attribute::EventRw => "EventRW",
            Attribute::EventAccessKeyId => "EventAccessKeyId",
            Attribute::SensitiveAction => "SensitiveAction",
            Attribute::SourceIpAddress => "SourceIpAddress",
            Attribute::EventType => "EventType",
            Attribute::RoleName => "RoleName",
            Attribute::PrincipalId => "PrincipalId",
            Attribute::Region => "Region",
            Attribute::ErrorCode => "ErrorCode",
            Attribute::UserType => "UserType",
            Attribute::EventCategory => "EventCategory",
            Attribute::RecipientAccountId => "RecipientAccountId",
            Attribute::IdentityAccountId => "IdentityAccountId",
        }
    }

    /// The attribute of this name.
    pub fn from_name(name: &str) -> Option<Attribute> {
        Attribute::ALL.into_iter().find(|attribute| attribute.as_str() == name)
    }
}

/// An event as accepted: verbatim bytes and facts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Event {
    raw: Bytes,
    facts: facts::Facts,
}

impl Event {
    /// Reads one JSON object. `raw` is kept as it is, without the white space around it.
    ///
    /// Does not look at the clock, so the same bytes give the same answer for ever (the journal is read back with
    /// it); a receiver also calls [`Event::check_received_at`].
    pub fn parse(raw: Bytes) -> Result<Event, Refusal> {
        let raw = trimmed(raw);
        if raw.len() > EVENT_BYTES_MAX {
            return Err(Refusal::EventTooLarge { bytes: raw.len() });
        }
        let facts = facts::Facts::read(&raw)?;
        Ok(Event { raw, facts })
    }

    /// Refuses an event whose time lies implausibly far ahead of the receipt time.
    pub fn check_received_at(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.time() > now.plus(EVENT_TIME_AHEAD_MAX) {
            return Err(Refusal::EventTimeInFuture { time: self.time(), now });
        }
        Ok(())
    }

    /// The producer's JSON.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// `eventTime`.
    pub fn time(&self) -> Timestamp {
        self.facts.time
    }

    /// `eventId`.
    pub fn id(&self) -> &str {
        self.first(Attribute::EventId).unwrap_or_default()
    }

    /// `isGlobal`: the event belongs to no region.
    pub fn is_global(&self) -> bool {
        self.facts.is_global
    }

    /// Every fact, one value each; an attribute may occur several times. Empty values are not facts.
    pub fn attributes(&self) -> impl Iterator<Item = (Attribute, &str)> {
        self.facts.iter()
    }

    /// The values of one attribute.
    pub fn values(&self, attribute: Attribute) -> impl Iterator<Item = &str> {
        self.facts.values(attribute)
    }

    /// The first value of an attribute.
    pub fn first(&self, attribute: Attribute) -> Option<&str> {
        self.values(attribute).next()
    }

    /// Whether one of the attribute's values is exactly this.
    pub fn has(&self, attribute: Attribute, value: &str) -> bool {
        self.values(attribute).any(|have| have == value)
    }

    /// Whether the attribute's first value is the text the JSON has at [`Attribute::path`], or both have none.
    pub fn is_plain(&self, attribute: Attribute) -> bool {
        attribute.path().is_some() && !self.facts.unplain.has(attribute)
    }

    /// Whether that is so for every attribute that has a path.
    pub fn is_plain_throughout(&self) -> bool {
        self.facts.unplain.is_empty()
    }

    /// The account the event says it belongs to: `recipientAccountId`, else `userIdentity.accountId`.
    pub fn stated_account(&self) -> Option<AccountId> {
        let stated = self.first(Attribute::RecipientAccountId).or_else(|| self.first(Attribute::IdentityAccountId));
        stated.and_then(|text| text.parse().ok())
    }

    /// Bytes of memory this event holds, for admission and for the limits of what is kept in memory.
    pub fn memory_bytes(&self) -> usize {
        self.raw.len() + self.facts.memory_bytes() + size_of::<Event>()
    }
}

fn trimmed(raw: Bytes) -> Bytes {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let start = raw.iter().position(|byte| !is_space(byte)).unwrap_or(raw.len());
    let end = raw.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    if start == 0 && end == raw.len() { raw } else { raw.slice(start..end) }
}

#[cfg(test)]
mod tests;
