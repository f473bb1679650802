//! What an event is for: one rule, used by trails, lookups and counts.

use std::fmt;

use super::{Attribute, Event};

/// What an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Calls and sign-ins that manage things: nearly every event, and every one that does not say otherwise.
    Management,
    /// What a detector found unusual.
    Insight,
    /// Access to what a service stores, such as an object.
    Data,
    /// What the platform's own people and systems did.
    Platform,
}

/// `eventType` of insight events that do not say their category.
const INSIGHT_TYPE: &str = "ActionTrailInsight";
/// `eventType` of platform events.
const PLATFORM_TYPES: [&str; 3] =
    ["CUSTOMER_INITIATED_SUPPORT", "ALIYUN_INITIATED_SERVICE", "ALIYUN_INITIATED_PENALTY"];

impl Category {
    /// The category an event's `eventCategory` and `eventType` tell.
    pub fn of(category: Option<&str>, event_type: Option<&str>) -> Category {
        match (category, event_type) {
            (Some("Insight"), _) => Category::Insight,
            (Some("Data"), _) => Category::Data,
            (Some("Platform"), _) => Category::Platform,
            (Some("Management"), _) => Category::Management,
            (_, Some(INSIGHT_TYPE)) => Category::Insight,
            (_, Some(event_type)) if PLATFORM_TYPES.contains(&event_type) => Category::Platform,
            _ => Category::Management,
        }
    }

    /// Attribute values of which every event of the category has at least one; none for [`Category::Management`], which
    /// is also what says nothing.
    pub fn marks(self) -> Vec<(Attribute, String)> {
        let mark = |attribute, value: &str| (attribute, value.to_owned());
        match self {
            Category::Management => Vec::new(),
            Category::Insight => {
                vec![mark(Attribute::EventCategory, "Insight"), mark(Attribute::EventType, INSIGHT_TYPE)]
            }
            Category::Data => vec![mark(Attribute::EventCategory, "Data")],
            Category::Platform => {
                let types = PLATFORM_TYPES.iter().map(|each| mark(Attribute::EventType, each));
                types.chain([mark(Attribute::EventCategory, "Platform")]).collect()
            }
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Category::Management => "Management",
            Category::Insight => "Insight",
            Category::Data => "Data",
            Category::Platform => "Platform",
        })
    }
}

impl Event {
    /// What the event is for.
    pub fn category(&self) -> Category {
        Category::of(self.first(Attribute::EventCategory), self.first(Attribute::EventType))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_category_counts_then_the_type_and_the_rest_is_management() {
        let table = [
            (Some("Insight"), None, Category::Insight),
            (None, Some("ActionTrailInsight"), Category::Insight),
            (Some("Management"), Some("ActionTrailInsight"), Category::Management),
            (Some("Data"), Some("ApiCall"), Category::Data),
            (None, Some("ALIYUN_INITIATED_SERVICE"), Category::Platform),
            (Some("Something"), Some("ApiCall"), Category::Management),
            (None, None, Category::Management),
        ];
        for (category, event_type, expected) in table {
            assert_eq!(Category::of(category, event_type), expected, "{category:?} {event_type:?}");
            let has = |(attribute, value): &(Attribute, String)| match attribute {
                Attribute::EventCategory => category == Some(value),
                _ => event_type == Some(value),
            };
            let marks = expected.marks();
            assert!(expected == Category::Management || marks.iter().any(has), "{expected} has its mark");
        }
    }
}
