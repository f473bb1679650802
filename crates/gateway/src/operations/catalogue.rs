//! Services, event names and types of resources: what the release knows, and what the account has really had.

use std::collections::{BTreeMap, BTreeSet};

use api::catalogue::{self, ServiceFacts};
use api::{Success, WireError};
use model::event::Category;
use model::{Attribute, Timestamp};
use serde_json::{Value, json};
use store::{Aggregation, Condition};

use super::windows::{self, NO_WINDOW};
use super::{Call, Outcome};
use crate::search;

/// Names of one answer at most.
const NAMES_MAX: usize = 10_000;

/// Pairs of values the account has had, each once; and whether there were more.
async fn seen(
    call: &Call<'_>,
    by: [Attribute; 2],
    conditions: Vec<Condition>,
) -> Result<(BTreeSet<(String, String)>, bool), WireError> {
    let from = search::history_start(call.gateway, call.request.received);
    let mut aggregation = Aggregation::of(call.account, from, Timestamp::MAX);
    aggregation.by = by.to_vec();
    aggregation.conditions = conditions;
    aggregation.groups_max = NAMES_MAX;
    let counted = search::aggregate(call.gateway, aggregation).await?;
    let pairs = counted.groups.into_iter().filter_map(|group| {
        let mut values = group.values.into_iter();
        Some((values.next()??, values.next()??))
    });
    Ok((pairs.collect(), counted.left_out > 0))
}

fn of_service<'a>(call: &'a Call<'_>) -> (Option<&'a str>, Vec<Condition>) {
    let name = call.arguments.filled("ServiceName");
    let name = name.map(|name| catalogue::service(name).map_or(name, |service| service.service_name.as_str()));
    let condition = name.map(|name| Condition::Is(Attribute::ServiceName, name.to_owned()));
    (name, condition.into_iter().collect())
}

/// The services of the catalogue a name asks for: all when none is given.
fn known(name: Option<&str>) -> impl Iterator<Item = &'static ServiceFacts> {
    let name = name.map(str::to_owned);
    catalogue::services().iter().filter(move |service| name.as_ref().is_none_or(|name| *name == service.service_name))
}

pub(super) async fn services(call: &Call<'_>) -> Outcome {
    let chinese = call.arguments.text("AcceptLanguage") == Some("zh-CN");
    let (pairs, _) = seen(call, [Attribute::ServiceName, Attribute::EventRw], Vec::new()).await?;
    let shown = |service: &ServiceFacts| {
        json!({
            "ServiceName": service.service_name,
            "DisplayName": if chinese { &service.name_zh } else { &service.name_en },
            "IsGlobal": service.is_global,
        })
    };
    let mut services: Vec<Value> = catalogue::services().iter().map(shown).collect();
    let others: BTreeSet<String> = pairs.into_iter().map(|(service, _)| service).collect();
    let others = others.into_iter().filter(|name| catalogue::services().iter().all(|each| each.service_name != *name));
    services.extend(others.map(|name| json!({ "ServiceName": name, "DisplayName": name, "IsGlobal": false })));
    Ok(Success::from_object(&json!({ "Services": services })))
}

pub(super) async fn event_names(call: &Call<'_>) -> Outcome {
    let (service, conditions) = of_service(call);
    let (mut pairs, is_truncated) = seen(call, [Attribute::ServiceName, Attribute::EventName], conditions).await?;
    for each in known(service) {
        pairs.extend(each.event_names.iter().map(|event| (each.service_name.clone(), event.clone())));
    }
    let shown = |(service, event): &(String, String)| json!({ "ServiceName": service, "EventName": event });
    let names: Vec<Value> = pairs.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "EventNames": names, "IsTruncated": is_truncated })))
}

pub(super) async fn resource_types(call: &Call<'_>) -> Outcome {
    let (service, conditions) = of_service(call);
    let (pairs, _) = seen(call, [Attribute::ServiceName, Attribute::ResourceType], conditions).await?;
    let mut types: BTreeSet<String> = pairs.into_iter().map(|(_, kind)| kind).collect();
    for each in known(service) {
        types.extend(each.resource_types.iter().map(|kind| kind.resource_type.clone()));
    }
    Ok(Success::from_object(&json!({ "ServiceName": service, "ResourceTypes": types })))
}

/// Events that make and events that end a type of resources.
#[derive(Default)]
struct Life {
    create: BTreeSet<String>,
    delete: BTreeSet<String>,
}

impl Life {
    /// Takes a name that was seen; what it does is told from how it begins.
    fn take(&mut self, event: String) {
        let begins = |words: &[&str]| words.iter().any(|word| event.starts_with(word));
        if begins(&["Create", "Run"]) {
            self.create.insert(event);
        } else if begins(&["Delete", "Release", "Remove"]) {
            self.delete.insert(event);
        }
    }
}

pub(super) async fn life_cycle(call: &Call<'_>) -> Outcome {
    let (service, conditions) = of_service(call);
    let wanted = call.arguments.filled("ResourceType");
    let mut lives: BTreeMap<String, BTreeMap<String, Life>> = BTreeMap::new();
    for each in known(service) {
        for kind in &each.resource_types {
            let life =
                lives.entry(each.service_name.clone()).or_default().entry(kind.resource_type.clone()).or_default();
            life.create.extend(kind.create.iter().cloned());
            life.delete.extend(kind.delete.iter().cloned());
        }
    }
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let by_type = [Attribute::ResourceType, Attribute::EventName];
    for (kind, event) in seen(call, by_type, conditions.clone()).await?.0 {
        events.entry(kind).or_default().push(event);
    }
    for (service, kind) in seen(call, [Attribute::ServiceName, Attribute::ResourceType], conditions).await?.0 {
        let life = lives.entry(service).or_default().entry(kind.clone()).or_default();
        events.get(&kind).into_iter().flatten().for_each(|event| life.take(event.clone()));
    }
    for kinds in lives.values_mut() {
        kinds.retain(|kind, life| {
            let says_something = !life.create.is_empty() || !life.delete.is_empty();
            says_something && wanted.is_none_or(|wanted| wanted == kind)
        });
    }
    lives.retain(|_, kinds| !kinds.is_empty());
    let tree: Vec<Value> = lives.iter().map(|(service, kinds)| service_node(service, kinds)).collect();
    Ok(Success::from_object(&json!({ "Data": Value::from(tree).to_string() })))
}

fn service_node(service: &str, kinds: &BTreeMap<String, Life>) -> Value {
    let join = |events: &BTreeSet<String>| events.iter().cloned().collect::<Vec<_>>().join(",");
    let kind_node = |(kind, life): (&String, &Life)| {
        json!({
            "label": kind,
            "labelEn": kind,
            "value": kind,
            "children": [
                { "label": "Create Events", "labelEn": "Create Events", "value": join(&life.create) },
                { "label": "Delete Events", "labelEn": "Delete Events", "value": join(&life.delete) },
            ],
        })
    };
    let facts = catalogue::service(service);
    json!({
        "label": facts.map_or(service, |facts| &facts.name_zh),
        "labelEn": facts.map_or(service, |facts| &facts.name_en),
        "value": service,
        "children": kinds.iter().map(kind_node).collect::<Vec<Value>>(),
    })
}

/// Services with data events, by name.
pub(super) async fn data_event_services(call: &Call<'_>) -> Outcome {
    let offset = windows::continued(call)?;
    let data = vec![Condition::AnyOf(Category::Data.marks()), Condition::Category(Category::Data)];
    let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (service, event) in seen(call, [Attribute::ServiceName, Attribute::EventName], data).await?.0 {
        services.entry(service).or_default().insert(event);
    }
    for each in catalogue::services().iter().filter(|each| !each.data_event_names.is_empty()) {
        services.entry(each.service_name.clone()).or_default().extend(each.data_event_names.iter().cloned());
    }
    let size = windows::count(call, "MaxResults");
    let (page, next) = windows::page(call, services.into_iter().collect(), size, offset, NO_WINDOW);
    let shown =
        |(service, events): &(String, BTreeSet<String>)| json!({ "ServiceName": service, "EventNames": events });
    let mut data = json!({ "ServiceInfos": page.iter().map(shown).collect::<Vec<Value>>(), "MaxResults": size });
    if let Some(next) = next {
        data["NextToken"] = next.into();
    }
    Ok(Success::from_object(&json!({ "Data": data })))
}
