//! What sort of event it is: trails and lookups treat the sorts differently.
//!
//! `eventCategory` decides when it says one of the five; otherwise `eventType` tells insights and the platform's
//! events, and everything else is a management event, so that nothing falls between.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Attribute, Event};

/// The sort of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// A call that manages something.
    Management,
    /// A call on data inside a resource: reading an object of a bucket, for example.
    Data,
    /// A finding about other events.
    Insight,
    /// What the operator of the platform did with a tenant's resources.
    Platform,
    /// How an alert rule was evaluated: made by the node, for the rule's owner. No trail has it.
    Alert,
}

/// The platform's `eventType`s: on the tenant's request, on its own, and as a penalty.
const PLATFORM_TYPES: [&str; 3] =
    ["CUSTOMER_INITIATED_SUPPORT", "ALIYUN_INITIATED_SERVICE", "ALIYUN_INITIATED_PENALTY"];

impl Category {
    /// Every category.
    pub const ALL: [Category; 5] =
        [Category::Management, Category::Data, Category::Insight, Category::Platform, Category::Alert];

    /// `eventCategory`'s spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Management => "Management",
            Category::Data => "Data",
            Category::Insight => "Insight",
            Category::Platform => "Platform",
            Category::Alert => "Alert",
        }
    }

    /// The category of an event that has these in `eventCategory` and `eventType`.
    pub fn of(event_category: Option<&str>, event_type: Option<&str>) -> Category {
        let stated = event_category.and_then(|text| Category::ALL.into_iter().find(|each| each.as_str() == text));
        stated.unwrap_or(match event_type {
            Some("ActionTrailInsight") => Category::Insight,
            Some(kind) if PLATFORM_TYPES.contains(&kind) => Category::Platform,
            _ => Category::Management,
        })
    }
}

impl Event {
    /// What sort of event it is.
    pub fn category(&self) -> Category {
        Category::of(self.first(Attribute::EventCategory), self.first(Attribute::EventType))
    }

    /// `insightDetails.insightType`. Not a kept fact, because few events have it: reads the JSON.
    pub fn insight_type(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow, rename = "insightDetails")]
            details: Details<'a>,
        }
        #[derive(Deserialize)]
        struct Details<'a> {
            #[serde(borrow, rename = "insightType")]
            kind: Cow<'a, str>,
        }
        let wire: Wire<'_> = serde_json::from_slice(self.raw()).ok()?;
        (!wire.details.kind.is_empty()).then(|| wire.details.kind.into_owned())
    }
}
