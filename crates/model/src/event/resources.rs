//! The resources an event names, in all the shapes seen: `resourceType`/`resourceName` lists, `referencedResources`
//! as an object of type to ids, and its older form, a list of `{resourceType, resourceName}`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::facts::{Key, Text, object_or_default};

/// The values of `resourceType` or `resourceName`: groups joined by `;`, ids of one type by `,`.
pub(super) fn split_list(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split([';', ',']).filter(|part| !part.is_empty())
}

/// What `referencedResources` names.
#[derive(Default)]
pub(super) struct ReferencedResources<'a> {
    kinds: Vec<Cow<'a, str>>,
    names: Vec<Cow<'a, str>>,
}

impl ReferencedResources<'_> {
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| &**kind)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}

impl<'de> Deserialize<'de> for ReferencedResources<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = ReferencedResources<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("referenced resources")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut resources = ReferencedResources::default();
        while let Some(kind) = map.next_key_seed(Key)? {
            resources.kinds.push(kind);
            map.next_value_seed(Names(&mut resources.names))?;
        }
        Ok(resources)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut resources = ReferencedResources::default();
        while let Some(entry) = seq.next_element_seed(OlderEntry)? {
            resources.kinds.extend(entry.0);
            resources.names.extend(entry.1);
        }
        Ok(resources)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(ReferencedResources::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(ReferencedResources::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(ReferencedResources::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(ReferencedResources::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(ReferencedResources::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(ReferencedResources::default())
    }
}

/// The ids of one type: a list of texts, or one text.
struct Names<'n, 'a>(&'n mut Vec<Cow<'a, str>>);

impl<'de> DeserializeSeed<'de> for Names<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("resource ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(name) = seq.next_element_seed(Text)? {
            self.0.extend(name);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Text.visit_map(map).map(|_| ())
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<(), E> {
        self.0.push(Cow::Borrowed(name));
        Ok(())
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.0.push(Cow::Owned(name.to_owned()));
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, name: u64) -> Result<(), E> {
        self.0.push(Cow::Owned(name.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, name: i64) -> Result<(), E> {
        self.0.push(Cow::Owned(name.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// One entry of the older form: `{"resourceType": ..., "resourceName": ...}`.
struct OlderEntry;

object_or_default!(OlderEntry, (Option<Cow<'de, str>>, Option<Cow<'de, str>>), |map| {
    let mut entry = (None, None);
    while let Some(key) = map.next_key_seed(Key)? {
        match &*key {
            "resourceType" => entry.0 = map.next_value_seed(Text)?,
            "resourceName" => entry.1 = map.next_value_seed(Text)?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(entry)
});
