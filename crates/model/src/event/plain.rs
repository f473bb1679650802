//! Which facts are plain: the fact's text is what the JSON has at the fact's path, and there is no fact where it has
//! nothing. Whoever asks for the text at a path may then take the fact instead of reading the JSON.
//!
//! Not plain is what a fact says otherwise than the JSON: a number, a boolean, an empty text, an object or a list; a key
//! that is there twice or also in another spelling; an identity that is no object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Attribute;
use super::facts::Text;

/// A set of attributes that are not plain, and of those seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unplain {
    odd: u32,
    seen: u32,
}

/// Of `userIdentity`.
const IDENTITY: u32 = bit(Attribute::User)
    | bit(Attribute::EventAccessKeyId)
    | bit(Attribute::PrincipalId)
    | bit(Attribute::UserType)
    | bit(Attribute::IdentityAccountId);
/// Not an attribute's: there was a `userIdentity`.
const SEEN_IDENTITY: u32 = 1 << 30;
/// Not an attribute's: what was read is an object.
const IS_OBJECT: u32 = 1 << 31;

/// The last keys of paths, and what they stand for.
static NAMES: [(&str, u32); 16] = [
    ("eventId", bit(Attribute::EventId)),
    ("serviceName", bit(Attribute::ServiceName)),
    ("eventName", bit(Attribute::EventName)),
    ("eventRW", bit(Attribute::EventRw)),
    ("sourceIpAddress", bit(Attribute::SourceIpAddress)),
    ("eventType", bit(Attribute::EventType)),
    ("acsRegion", bit(Attribute::Region)),
    ("errorCode", bit(Attribute::ErrorCode)),
    ("eventCategory", bit(Attribute::EventCategory)),
    ("recipientAccountId", bit(Attribute::RecipientAccountId)),
    ("userName", bit(Attribute::User)),
    ("accessKeyId", bit(Attribute::EventAccessKeyId)),
    ("principalId", bit(Attribute::PrincipalId)),
    ("type", bit(Attribute::UserType)),
    ("accountId", bit(Attribute::IdentityAccountId)),
    ("userIdentity", IDENTITY),
];
/// A bit for each length of a name.
const LENGTHS: u64 = 1 << 4 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 15 | 1 << 18;

const fn bit(attribute: Attribute) -> u32 {
    1 << attribute as u32
}

impl Attribute {
    /// Where the JSON has it, for attributes that are one text of it as it stands.
    pub fn path(self) -> Option<&'static [&'static str]> {
        Some(match self {
            Attribute::EventId => &["eventId"],
            Attribute::ServiceName => &["serviceName"],
            Attribute::EventName => &["eventName"],
            Attribute::EventRw => &["eventRW"],
            Attribute::SourceIpAddress => &["sourceIpAddress"],
            Attribute::EventType => &["eventType"],
            Attribute::Region => &["acsRegion"],
            Attribute::ErrorCode => &["errorCode"],
            Attribute::EventCategory => &["eventCategory"],
            Attribute::RecipientAccountId => &["recipientAccountId"],
            Attribute::User => &["userIdentity", "userName"],
            Attribute::EventAccessKeyId => &["userIdentity", "accessKeyId"],
            Attribute::PrincipalId => &["userIdentity", "principalId"],
            Attribute::UserType => &["userIdentity", "type"],
            Attribute::IdentityAccountId => &["userIdentity", "accountId"],
            Attribute::ResourceType | Attribute::ResourceName | Attribute::SensitiveAction | Attribute::RoleName => {
                return None;
            }
        })
    }
}

impl Unplain {
    /// Nothing odd so far, in an object.
    pub(super) fn of_an_object() -> Unplain {
        Unplain { odd: 0, seen: IS_OBJECT }
    }

    pub(super) fn is_empty(self) -> bool {
        self.odd == 0
    }

    pub(super) fn has(self, attribute: Attribute) -> bool {
        self.odd & bit(attribute) != 0
    }

    pub(super) fn note(&mut self, attribute: Attribute, is_plain: bool) {
        if !is_plain || self.seen & bit(attribute) != 0 {
            self.odd |= bit(attribute);
        }
        self.seen |= bit(attribute);
    }

    /// Whether this `userIdentity` is the first.
    pub(super) fn note_identity(&mut self) -> bool {
        let is_first = self.seen & SEEN_IDENTITY == 0;
        self.seen |= SEEN_IDENTITY;
        is_first
    }

    pub(super) fn take_identity(&mut self, is_first: bool, identity: Unplain) {
        let is_object = identity.seen & IS_OBJECT != 0;
        self.odd |= if is_first && is_object { identity.odd } else { IDENTITY };
    }

    /// A key that is none of ours. In another spelling it still is one for those who read keys without regard to case;
    /// with a dot in it, it may be taken for a path.
    pub(super) fn note_other_key(&mut self, key: &str) {
        if memchr::memchr(b'.', key.as_bytes()).is_some() {
            self.odd = u32::MAX;
            return;
        }
        // Most keys have another length than any of ours.
        if LENGTHS >> key.len().min(63) & 1 == 0 {
            return;
        }
        let ours = NAMES.iter().filter(|(name, _)| name.len() == key.len() && name.eq_ignore_ascii_case(key));
        self.odd |= ours.fold(0, |odd, (_, bits)| odd | bits);
    }
}

/// Like [`Text`], and whether it is a text that says something, or `null`.
#[derive(Clone, Copy)]
pub(super) struct PlainText;

impl<'de> DeserializeSeed<'de> for PlainText {
    type Value = (Option<Cow<'de, str>>, bool);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PlainText {
    type Value = (Option<Cow<'de, str>>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text.expecting(f)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok((Some(Cow::Borrowed(text)), !text.is_empty()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok((Some(Cow::Owned(text.to_owned())), !text.is_empty()))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok((Text.visit_bool(value)?, false))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok((Text.visit_u64(value)?, false))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok((Text.visit_i64(value)?, false))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok((Text.visit_f64(value)?, false))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((None, true))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Ok((Text.visit_seq(seq)?, false))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok((Text.visit_map(map)?, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_name_and_every_name_its_length() {
        for attribute in Attribute::ALL {
            let name = attribute.path().and_then(<[&str]>::last);
            let listed = NAMES.iter().find(|(_, bits)| *bits == bit(attribute)).map(|(name, _)| name);
            assert_eq!(name, listed, "{attribute:?}");
        }
        assert_eq!(NAMES.iter().fold(0_u64, |lengths, (name, _)| lengths | 1 << name.len()), LENGTHS);
    }
}
