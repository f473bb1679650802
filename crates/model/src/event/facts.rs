//! Reading the facts of an event: one pass over the JSON, tolerant of types, exact about text.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::plain::{PlainText, Unplain};
use super::resources::{ReferencedResources, split_list};
use super::{Attribute, Refusal};
use crate::Timestamp;
use crate::limits::{EVENT_DEPTH_MAX, EVENT_ID_BYTES_MAX};

/// The facts, packed: all values in one buffer, so an event costs two allocations and not one per value.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) time: Timestamp,
    pub(super) is_global: bool,
    pub(super) unplain: Unplain,
    text: Box<str>,
    /// Attribute and the end of its value in `text`; it starts where the one before ends.
    ends: Box<[(Attribute, u32)]>,
}

impl Facts {
    pub(super) fn read(raw: &[u8]) -> Result<Facts, Refusal> {
        let text = std::str::from_utf8(raw)
            .map_err(|error| Refusal::MalformedJson { reason: format!("not UTF-8 at byte {}", error.valid_up_to()) })?;
        check_depth(raw)?;
        let mut json = serde_json::Deserializer::from_str(text);
        let wire = Wire::deserialize(&mut json).and_then(|wire| json.end().map(|()| wire));
        let wire = wire.map_err(|error| {
            if text.starts_with('{') || error.is_syntax() || error.is_eof() {
                Refusal::MalformedJson { reason: error.to_string() }
            } else {
                Refusal::NotAnObject
            }
        })?;
        wire.into_facts()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Attribute, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(attribute, end)| {
            let value = &self.text[start..end as usize];
            start = end as usize;
            (attribute, value)
        })
    }

    /// The values of one attribute. Cheaper than filtering [`Facts::iter`]: the others are not cut out.
    pub(super) fn values(&self, attribute: Attribute) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().filter_map(move |&(each, end)| {
            let begin = std::mem::replace(&mut start, end as usize);
            (each == attribute).then(|| &self.text[begin..end as usize])
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }
}

/// Counts brackets only when there are enough of them to matter.
fn check_depth(raw: &[u8]) -> Result<(), Refusal> {
    let openers = raw.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if openers <= EVENT_DEPTH_MAX {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in raw {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > EVENT_DEPTH_MAX {
                    return Err(Refusal::TooDeep);
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// What is read of the top level. When a key occurs twice the last one counts, as in most JSON readers.
#[derive(Default)]
struct Wire<'a> {
    plain: Vec<(Attribute, Cow<'a, str>)>,
    time: Option<Cow<'a, str>>,
    is_global: bool,
    unplain: Unplain,
    identity: Identity<'a>,
    sensitive: Option<Cow<'a, str>>,
    resource_type: Option<Cow<'a, str>>,
    resource_name: Option<Cow<'a, str>>,
    referenced: ReferencedResources<'a>,
}

#[derive(Default)]
struct Identity<'a> {
    user_name: Option<Cow<'a, str>>,
    access_key_id: Option<Cow<'a, str>>,
    role_name: Option<Cow<'a, str>>,
    principal_id: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    account_id: Option<Cow<'a, str>>,
    unplain: Unplain,
}

impl<'a> Wire<'a> {
    fn set(&mut self, attribute: Attribute, (value, is_plain): (Option<Cow<'a, str>>, bool)) {
        self.unplain.note(attribute, is_plain);
        self.plain.retain(|(each, _)| *each != attribute);
        if let Some(value) = value {
            self.plain.push((attribute, value));
        }
    }

    fn into_facts(self) -> Result<Facts, Refusal> {
        let id = self.plain.iter().find(|(each, _)| *each == Attribute::EventId).map_or("", |(_, id)| id);
        if id.is_empty() {
            return Err(Refusal::MissingEventId);
        }
        if id.len() > EVENT_ID_BYTES_MAX {
            return Err(Refusal::EventIdTooLong { value: id.chars().take(64).collect(), bytes: id.len() });
        }
        let time = self.time.as_deref().ok_or(Refusal::MissingEventTime)?;
        let time = Timestamp::parse(time).map_err(|error| Refusal::InvalidEventTime { value: error.value })?;

        let mut packed =
            Packed { text: String::with_capacity(PACKED_TEXT_BYTES), ends: Vec::with_capacity(PACKED_VALUES) };
        for (attribute, value) in &self.plain {
            packed.push(*attribute, value);
        }
        let identity = &self.identity;
        packed.push_some(Attribute::User, &identity.user_name);
        packed.push_some(Attribute::EventAccessKeyId, &identity.access_key_id);
        packed.push_some(Attribute::PrincipalId, &identity.principal_id);
        packed.push_some(Attribute::UserType, &identity.kind);
        packed.push_some(Attribute::IdentityAccountId, &identity.account_id);
        if let Some(role) = identity.role() {
            packed.push(Attribute::RoleName, role);
        }
        packed.push_some(Attribute::SensitiveAction, &self.sensitive);
        for kind in split_list(self.resource_type.as_deref()).chain(self.referenced.kinds()) {
            packed.push_new(Attribute::ResourceType, kind);
        }
        for name in split_list(self.resource_name.as_deref()).chain(self.referenced.names()) {
            packed.push_new(Attribute::ResourceName, name);
        }
        Ok(packed.into_facts(time, self.is_global, self.unplain))
    }
}

impl<'a> Identity<'a> {
    fn field(&mut self, attribute: Attribute) -> &mut Option<Cow<'a, str>> {
        match attribute {
            Attribute::User => &mut self.user_name,
            Attribute::EventAccessKeyId => &mut self.access_key_id,
            Attribute::RoleName => &mut self.role_name,
            Attribute::PrincipalId => &mut self.principal_id,
            Attribute::UserType => &mut self.kind,
            _ => &mut self.account_id,
        }
    }

    fn role(&self) -> Option<&str> {
        let from_user = || match self.kind.as_deref() {
            Some("assumed-role") => self.user_name.as_deref()?.split(':').next(),
            _ => None,
        };
        self.role_name.as_deref().filter(|name| !name.is_empty()).or_else(from_user)
    }
}

/// Room for the values of nearly every event, so that packing does not grow its buffers step by step.
const PACKED_TEXT_BYTES: usize = 384;
const PACKED_VALUES: usize = 20;

struct Packed {
    text: String,
    ends: Vec<(Attribute, u32)>,
}

impl Packed {
    fn push(&mut self, attribute: Attribute, value: &str) {
        if !value.is_empty() {
            self.text.push_str(value);
            // An event is at most 256 KiB, so its values fit.
            self.ends.push((attribute, self.text.len() as u32));
        }
    }

    fn push_some(&mut self, attribute: Attribute, value: &Option<Cow<'_, str>>) {
        self.push(attribute, value.as_deref().unwrap_or_default());
    }

    /// Like `push`, unless the value is there already: a resource is often named in two places.
    fn push_new(&mut self, attribute: Attribute, value: &str) {
        let mut start = 0;
        for &(each, end) in &self.ends {
            if each == attribute && &self.text[start..end as usize] == value {
                return;
            }
            start = end as usize;
        }
        self.push(attribute, value);
    }

    fn into_facts(self, time: Timestamp, is_global: bool, unplain: Unplain) -> Facts {
        Facts { time, is_global, unplain, text: self.text.into_boxed_str(), ends: self.ends.into_boxed_slice() }
    }
}

impl<'de> Deserialize<'de> for Wire<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct TopLevel;
        impl<'de> Visitor<'de> for TopLevel {
            type Value = Wire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire<'de>, A::Error> {
                let mut wire = Wire { plain: Vec::with_capacity(12), ..Wire::default() };
                while let Some(key) = map.next_key_seed(Key)? {
                    match &*key {
                        "eventId" => wire.set(Attribute::EventId, map.next_value_seed(PlainText)?),
                        "serviceName" => wire.set(Attribute::ServiceName, map.next_value_seed(PlainText)?),
                        "eventName" => wire.set(Attribute::EventName, map.next_value_seed(PlainText)?),
                        "eventRW" => wire.set(Attribute::EventRw, map.next_value_seed(PlainText)?),
                        "sourceIpAddress" => wire.set(Attribute::SourceIpAddress, map.next_value_seed(PlainText)?),
                        "eventType" => wire.set(Attribute::EventType, map.next_value_seed(PlainText)?),
                        "acsRegion" => wire.set(Attribute::Region, map.next_value_seed(PlainText)?),
                        "errorCode" => wire.set(Attribute::ErrorCode, map.next_value_seed(PlainText)?),
                        "eventCategory" => wire.set(Attribute::EventCategory, map.next_value_seed(PlainText)?),
                        "recipientAccountId" => {
                            wire.set(Attribute::RecipientAccountId, map.next_value_seed(PlainText)?)
                        }
                        "eventTime" => wire.time = map.next_value_seed(Text)?,
                        "isGlobal" => wire.is_global = map.next_value_seed(Text)?.as_deref() == Some("true"),
                        "resourceType" => wire.resource_type = map.next_value_seed(Text)?,
                        "resourceName" => wire.resource_name = map.next_value_seed(Text)?,
                        "userIdentity" => {
                            let is_first = wire.unplain.note_identity();
                            wire.identity = map.next_value_seed(IdentityObject)?;
                            wire.unplain.take_identity(is_first, wire.identity.unplain);
                        }
                        "eventAttributes" => wire.sensitive = map.next_value_seed(SensitiveAction)?,
                        "referencedResources" => wire.referenced = map.next_value()?,
                        other => {
                            wire.unplain.note_other_key(other);
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(wire)
            }
        }
        json.deserialize_map(TopLevel)
    }
}

/// A key, borrowed when it has no escapes.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(Text).map(Option::unwrap_or_default)
    }
}

/// A text, or a number or boolean as text; anything else is read over and gives `None`.
#[derive(Clone, Copy)]
pub(super) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// `userIdentity`: an object, or nothing we can read.
struct IdentityObject;

/// `eventAttributes`: an object of which one key counts.
struct SensitiveAction;

/// Gives a type the visits of "not an object": read over, default value.
macro_rules! object_or_default {
    ($seed:ty, $value:ty, |$map:ident| $visit:expr) => {
        impl<'de> DeserializeSeed<'de> for $seed {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
                json.deserialize_any(self)
            }
        }

        impl<'de> Visitor<'de> for $seed {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<Self::Value, A::Error> {
                $visit
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Text.visit_seq(seq).map(|_| <$value>::default())
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(<$value>::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(<$value>::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(<$value>::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(<$value>::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(<$value>::default())
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(<$value>::default())
            }
        }
    };
}
pub(super) use object_or_default;

object_or_default!(IdentityObject, Identity<'de>, |map| {
    // Of an identity that is no object this is never reached: none of its facts is plain then.
    let mut identity = Identity { unplain: Unplain::of_an_object(), ..Identity::default() };
    while let Some(key) = map.next_key_seed(Key)? {
        let attribute = match &*key {
            "userName" => Attribute::User,
            "accessKeyId" => Attribute::EventAccessKeyId,
            "roleName" => Attribute::RoleName,
            "principalId" => Attribute::PrincipalId,
            "type" => Attribute::UserType,
            "accountId" => Attribute::IdentityAccountId,
            other => {
                identity.unplain.note_other_key(other);
                map.next_value::<IgnoredAny>()?;
                continue;
            }
        };
        let (text, is_plain) = map.next_value_seed(PlainText)?;
        identity.unplain.note(attribute, is_plain);
        *identity.field(attribute) = text;
    }
    Ok(identity)
});

object_or_default!(SensitiveAction, Option<Cow<'de, str>>, |map| {
    let mut sensitive = None;
    while let Some(key) = map.next_key_seed(Key)? {
        if key == "SensitiveAction" {
            sensitive = map.next_value_seed(Text)?;
        } else {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(sensitive)
});
