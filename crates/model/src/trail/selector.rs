//! What a trail selects from the events it may see.
//!
//! Which account's events those are is not asked here: a reader only reads the accounts of its trail. The rule for each
//! category is its own: management events by read/write and region, insights by their type, data events by the data
//! selectors; platform events and evaluations of alert rules belong to no trail.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::event::{Attribute, Category, Event};

/// Which events by read/write a trail delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventRw {
    /// Read-only calls.
    Read,
    /// Calls that change something. An event that does not say `Read` counts as one, so nothing falls between.
    Write,
    /// Both.
    All,
}

impl EventRw {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            EventRw::Read => "Read",
            EventRw::Write => "Write",
            EventRw::All => "All",
        }
    }
}

impl EventRw {
    /// Whether an event of this read/write is meant.
    pub fn takes(self, event: &Event) -> bool {
        let is_read = event.first(Attribute::EventRw) == Some("Read");
        match self {
            EventRw::All => true,
            EventRw::Read => is_read,
            EventRw::Write => !is_read,
        }
    }
}

impl FromStr for EventRw {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "Read" => Ok(EventRw::Read),
            "Write" => Ok(EventRw::Write),
            "All" => Ok(EventRw::All),
            _ => Err(()),
        }
    }
}

/// Which regions' events a trail delivers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TrailRegions {
    /// Every region.
    All,
    /// These only; global events are always included (they lie with the home region's).
    Only(BTreeSet<String>),
}

impl TrailRegions {
    fn every() -> TrailRegions {
        TrailRegions::All
    }

    /// Parses `All` or a comma-separated list of region ids.
    pub fn parse(text: &str) -> Option<TrailRegions> {
        if text == "All" {
            return Some(TrailRegions::All);
        }
        let regions: BTreeSet<String> = text.split(',').map(|region| region.trim().to_owned()).collect();
        let valid = regions.iter().all(|region| {
            !region.is_empty() && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        });
        valid.then_some(TrailRegions::Only(regions))
    }

    /// Whether an event of this region is meant.
    pub fn take(&self, event: &Event) -> bool {
        match self {
            TrailRegions::All => true,
            TrailRegions::Only(regions) => {
                event.is_global() || event.first(Attribute::Region).is_some_and(|region| regions.contains(region))
            }
        }
    }
}

impl fmt::Display for TrailRegions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrailRegions::All => f.write_str("All"),
            TrailRegions::Only(regions) => f.write_str(&regions.iter().cloned().collect::<Vec<_>>().join(",")),
        }
    }
}

/// What a trail selects. Selectors stored by earlier versions have neither insights nor data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Selector {
    /// Management events by read/write.
    pub event_rw: EventRw,
    /// Management events and insights by region.
    pub regions: TrailRegions,
    /// The types of insights delivered, for example `IpInsight`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub insights: BTreeSet<String>,
    /// Data events: those that one of these selects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataSelector>,
    /// The platform's events and nothing else: an inner trail.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub platform: bool,
    /// How the alert rules of this project were evaluated, and nothing else: what a history Logstore shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<String>,
}

/// Which data events of one service are delivered. Every condition given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DataSelector {
    /// `serviceName` of the events, without regard to case.
    pub service_name: String,
    /// By read/write.
    pub read_write: EventRw,
    /// By `eventName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_name: Option<NameRule>,
    /// By resource: a name as the event has it, or an ARN whose last part is that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_arn: Option<NameRule>,
    /// By region; every region when it was not said.
    #[serde(default = "TrailRegions::every")]
    pub regions: TrailRegions,
}

/// Which names are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NameRule {
    /// These.
    Equals(Vec<String>),
    /// All but these.
    NotEquals(Vec<String>),
}

impl Selector {
    /// Management events only.
    pub fn management(event_rw: EventRw, regions: TrailRegions) -> Selector {
        Selector { event_rw, regions, insights: BTreeSet::new(), data: Vec::new(), platform: false, alerts: None }
    }

    /// Platform events only.
    pub fn platform() -> Selector {
        Selector { platform: true, ..Selector::management(EventRw::All, TrailRegions::All) }
    }

    /// How the alert rules of a project were evaluated, and nothing else.
    pub fn alert_history(project: &str) -> Selector {
        Selector { alerts: Some(project.to_owned()), ..Selector::management(EventRw::All, TrailRegions::All) }
    }

    /// Whether this event is selected.
    pub fn selects(&self, event: &Event) -> bool {
        if let Some(project) = &self.alerts {
            return event.category() == Category::Alert && event.has(Attribute::ResourceName, project);
        }
        match event.category() {
            category if self.platform => category == Category::Platform,
            Category::Management => self.event_rw.takes(event) && self.regions.take(event),
            Category::Insight => self.selects_insight(event) && self.regions.take(event),
            Category::Data => self.data.iter().any(|data| data.selects(event)),
            Category::Platform | Category::Alert => false,
        }
    }

    /// What an event's category, and whether it only reads, tell already; `None` when its region, insight or resource
    /// must be looked at as well.
    pub fn selects_kind(&self, category: Category, is_read: bool) -> Option<bool> {
        let everywhere = self.regions == TrailRegions::All;
        match category {
            category if self.alerts.is_some() => (category != Category::Alert).then_some(false),
            category if self.platform => Some(category == Category::Platform),
            Category::Management => match self.event_rw {
                EventRw::Read if !is_read => Some(false),
                EventRw::Write if is_read => Some(false),
                _ => everywhere.then_some(true),
            },
            Category::Insight => self.insights.is_empty().then_some(false),
            Category::Data => self.data.is_empty().then_some(false),
            Category::Platform | Category::Alert => Some(false),
        }
    }

    /// An insight that does not say its type is selected by whoever wants insights: better one too many than lost.
    fn selects_insight(&self, event: &Event) -> bool {
        !self.insights.is_empty() && event.insight_type().is_none_or(|kind| self.insights.contains(&kind))
    }
}

impl DataSelector {
    /// Whether this data event is selected.
    pub fn selects(&self, event: &Event) -> bool {
        let of_service =
            event.first(Attribute::ServiceName).is_some_and(|name| name.eq_ignore_ascii_case(&self.service_name));
        let by_name = |rule: &NameRule| rule.takes(event.first(Attribute::EventName), |wanted, name| wanted == name);
        let by_resource = |rule: &NameRule| {
            rule.takes(event.values(Attribute::ResourceName), |wanted, name| wanted == name || relative(wanted) == name)
        };
        of_service
            && self.read_write.takes(event)
            && self.regions.take(event)
            && self.event_name.as_ref().is_none_or(by_name)
            && self.resource_arn.as_ref().is_none_or(by_resource)
    }
}

/// The last part of `acs:<service>:<region>:<account>:<resource>`; of anything else, all of it.
fn relative(arn: &str) -> &str {
    match arn.strip_prefix("acs:") {
        Some(rest) => rest.splitn(4, ':').nth(3).unwrap_or(arn),
        None => arn,
    }
}

impl NameRule {
    /// Whether an event with these names is meant. `same` compares one of the rule's with one of the event's.
    fn takes<'e>(&self, names: impl IntoIterator<Item = &'e str>, same: impl Fn(&str, &str) -> bool) -> bool {
        let (listed, expected) = match self {
            NameRule::Equals(listed) => (listed, true),
            NameRule::NotEquals(listed) => (listed, false),
        };
        names.into_iter().any(|name| listed.iter().any(|wanted| same(wanted, name))) == expected
    }
}

#[cfg(test)]
mod tests;
