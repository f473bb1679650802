//! When and for what an access key was used last: the newest event of the key, and of each service, operation, address
//! and resource it was used with.

use std::cmp::Reverse;
use std::time::Duration;

use api::{Success, WireError, catalogue};
use model::event::Category;
use model::{Attribute, Event, Timestamp};
use serde_json::{Value, json};
use store::{Aggregation, Condition, Found, Group};

use super::windows::{self, NO_WINDOW};
use super::{Call, Outcome};
use crate::search;

/// How far back uses are looked for, as the service does.
const REACH: Duration = Duration::from_secs(400 * 24 * 3600);
/// Values of one answer at most, the newest.
const VALUES_MAX: usize = 10_000;

pub(super) async fn info(call: &Call<'_>) -> Outcome {
    let key = call.arguments.required("AccessKey");
    let groups = groups(call, &[]).await?;
    let newest = with_events(call, groups.into_iter().take(1).collect()).await?;
    let Some((_, found)) = newest.first() else {
        return Ok(Success::from_object(&json!({ "AccessKeyId": key })));
    };
    let event = &found.event;
    let text = |attribute| event.first(attribute).unwrap_or_default();
    let mut reply = used(found);
    add_service(&mut reply, text(Attribute::ServiceName));
    reply["AccessKeyId"] = key.into();
    reply["AccountId"] = event.first(Attribute::IdentityAccountId).unwrap_or(call.account.as_str()).into();
    reply["AccountType"] = text(Attribute::UserType).into();
    reply["OwnerId"] = text(Attribute::PrincipalId).into();
    reply["UserName"] = text(Attribute::User).into();
    Ok(Success::from_object(&reply))
}

pub(super) async fn products(call: &Call<'_>) -> Outcome {
    let groups = groups(call, &[Attribute::ServiceName]).await?;
    let found = with_events(call, groups).await?;
    let shown = found.iter().map(|(service, found)| {
        let mut entry = used(found);
        add_service(&mut entry, service);
        entry
    });
    Ok(Success::from_object(&json!({ "Products": shown.collect::<Vec<Value>>() })))
}

pub(super) async fn events(call: &Call<'_>) -> Outcome {
    paged(call, Attribute::EventName, "Events", |entry, name, _| entry["EventName"] = name.into()).await
}

pub(super) async fn addresses(call: &Call<'_>) -> Outcome {
    paged(call, Attribute::SourceIpAddress, "Ips", |entry, address, _| entry["Ip"] = address.into()).await
}

pub(super) async fn resources(call: &Call<'_>) -> Outcome {
    let show = |entry: &mut Value, name: &str, event: &Event| {
        entry["ResourceName"] = name.into();
        entry["ResourceType"] = resource_type(event, name).into();
    };
    paged(call, Attribute::ResourceName, "Resources", show).await
}

async fn paged(call: &Call<'_>, by: Attribute, list: &str, show: impl Fn(&mut Value, &str, &Event)) -> Outcome {
    let offset = windows::continued(call)?;
    let groups = groups(call, &[by]).await?;
    let (page, next) = windows::page(call, groups, windows::count(call, "PageSize"), offset, NO_WINDOW);
    let found = with_events(call, page).await?;
    let shown = found.iter().map(|(value, found)| {
        let mut entry = used(found);
        show(&mut entry, value, &found.event);
        entry
    });
    let mut reply = json!({ list: shown.collect::<Vec<Value>>() });
    if let Some(next) = next {
        reply["NextToken"] = next.into();
    }
    Ok(Success::from_object(&reply))
}

/// The key's events by the values of an attribute, the newest first; of the service that is asked for, if one is.
async fn groups(call: &Call<'_>, by: &[Attribute]) -> Result<Vec<Group>, WireError> {
    let now = call.request.received;
    let from = now.minus(REACH).max(search::history_start(call.gateway, now));
    let mut aggregation = Aggregation::of(call.account, from, Timestamp::MAX);
    let is = |attribute, name: &str| Some(Condition::Is(attribute, call.arguments.text(name)?.to_owned()));
    aggregation.conditions.extend(is(Attribute::EventAccessKeyId, "AccessKey"));
    aggregation.conditions.extend(is(Attribute::ServiceName, "ServiceName"));
    aggregation.by = by.to_vec();
    aggregation.groups_max = VALUES_MAX;
    let mut groups = search::aggregate(call.gateway, aggregation).await?.groups;
    groups.retain(|group| group.values.iter().all(Option::is_some));
    groups.sort_by_key(|group| Reverse(group.newest));
    Ok(groups)
}

/// Each group's value and its newest event.
async fn with_events(call: &Call<'_>, groups: Vec<Group>) -> Result<Vec<(String, Found)>, WireError> {
    let account = call.account;
    let read = search::blocking(call.gateway, move |store| {
        let mut events = Vec::with_capacity(groups.len());
        for group in groups {
            let value = group.values.into_iter().next().flatten().unwrap_or_default();
            // Retention may have removed it between counting and reading.
            events.extend(store.event_at(account, group.newest)?.map(|found| (value, found)));
        }
        Ok(events)
    });
    read.await
}

/// What every entry says of its event.
fn used(found: &Found) -> Value {
    let source = match found.event.category() {
        Category::Management => "ManagementEvent",
        Category::Data => "DataEvent",
        Category::Insight | Category::Platform | Category::Alert => "Internal",
    };
    json!({
        "Source": source,
        "UsedTimestamp": found.event.time().0,
        "Detail": String::from_utf8_lossy(found.event.raw()),
    })
}

fn add_service(entry: &mut Value, service: &str) {
    let facts = catalogue::service(service);
    entry["ServiceName"] = service.into();
    entry["ServiceNameEn"] = facts.map_or(service, |facts| &facts.name_en).into();
    entry["ServiceNameCn"] = facts.map_or(service, |facts| &facts.name_zh).into();
}

/// The type an event gives a resource it names; empty when it does not say.
fn resource_type(event: &Event, name: &str) -> String {
    let parsed: Value = serde_json::from_slice(event.raw()).unwrap_or_default();
    let referenced = &parsed["referencedResources"];
    let names = |value: &Value| match value {
        Value::Array(names) => names.iter().any(|each| each == name),
        each => each == name,
    };
    let by_type = referenced.as_object().and_then(|types| types.iter().find(|(_, value)| names(value)));
    if let Some((kind, _)) = by_type {
        return kind.clone();
    }
    let older = referenced.as_array().and_then(|entries| entries.iter().find(|each| names(&each["resourceName"])));
    if let Some(kind) = older.and_then(|entry| entry["resourceType"].as_str()) {
        return kind.to_owned();
    }
    // Groups joined by `;` in the order of the types, ids of one type by `,`.
    let list = |field: &str| parsed[field].as_str().unwrap_or_default().to_owned();
    let (kinds, groups) = (list("resourceType"), list("resourceName"));
    let at = groups.split(';').position(|group| group.split(',').any(|each| each == name));
    at.and_then(|at| kinds.split(';').nth(at)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn type_in(more: &str, name: &str) -> String {
        let json = format!(r#"{{"eventId":"e","eventTime":"2026-01-01T00:00:00Z",{more}}}"#);
        resource_type(&Event::parse(Bytes::from(json)).expect("an event"), name)
    }

    #[test]
    fn a_resource_has_the_type_its_event_gives_it() {
        let object = r#""referencedResources":{"ACS::ECS::Instance":["i-1","i-2"],"ACS::ECS::Disk":["d-1"]}"#;
        assert_eq!(type_in(object, "i-2"), "ACS::ECS::Instance");
        assert_eq!(type_in(object, "d-1"), "ACS::ECS::Disk");
        let list = r#""referencedResources":[{"resourceType":"ACS::OSS::Bucket","resourceName":"logs"}]"#;
        assert_eq!(type_in(list, "logs"), "ACS::OSS::Bucket");
        let joined = r#""resourceType":"A;B","resourceName":"a1,a2;b1""#;
        assert_eq!((type_in(joined, "a2"), type_in(joined, "b1")), ("A".into(), "B".into()));
        assert_eq!(type_in(joined, "c"), "");
    }
}
