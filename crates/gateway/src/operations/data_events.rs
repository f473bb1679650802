//! Data event selectors of trails, as JSON texts on the wire.

use std::collections::BTreeSet;

use api::{Success, WireError, codes};
use model::trail::{DataSelector, EventRw, NameRule, Selector, Trail, TrailRegions};
use serde_json::{Map, Value, json};

use super::windows::{self, NO_WINDOW};
use super::{Call, Outcome, trails};
use crate::fault::unexpected;

/// Selectors of one trail at most, as the service has it.
const SELECTORS_MAX: usize = 20;
/// Names of one rule at most.
const NAMES_MAX: usize = 250;

pub(super) async fn put(call: &Call<'_>) -> Outcome {
    let trail = trails::named(call, call.arguments.required("TrailName")).await?;
    let regions = regions(call, &trail);
    let data = read(call.arguments.required("EventSelectors"), &regions)?;
    let selector = Selector { data, ..trail.selector.clone() };
    let trail = trails::select(call, &trail, &selector).await?;
    let shown = json!({ "TrailArn": trail.arn(), "DataEventSelectors": text(&trail.selector.data) });
    Ok(Success::from_object(&shown))
}

fn regions(call: &Call<'_>, trail: &Trail) -> TrailRegions {
    let named = call.arguments.text("TrailRegionIds").and_then(TrailRegions::parse);
    match named {
        _ if call.arguments.flag("IsTrailAllRegion") => TrailRegions::All,
        Some(regions) => regions,
        None => TrailRegions::Only(BTreeSet::from([trail.home_region.clone()])),
    }
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let trail = trails::named(call, call.arguments.required("TrailName")).await?;
    let regions = of(&trail);
    let named = regions.filter(|regions| **regions != TrailRegions::All).map(ToString::to_string);
    Ok(Success::from_object(&json!({
        "TrailArn": trail.arn(),
        "DataEventSelectors": text(&trail.selector.data),
        "IsTrailAllRegion": regions == Some(&TrailRegions::All),
        "TrailRegionIds": named.unwrap_or_default(),
        "SlsDeliveryConfigs": [],
    })))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let trail = trails::named(call, call.arguments.required("TrailName")).await?;
    let selector = Selector { data: Vec::new(), ..trail.selector.clone() };
    trails::select(call, &trail, &selector).await?;
    Ok(Success::empty())
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let offset = windows::continued(call)?;
    let all = call.gateway.catalog.trail_list(call.account).await;
    let mut all = all.map_err(|error| unexpected(&error, error.kind()))?;
    all.retain(|trail| !trail.selector.data.is_empty());
    let size = windows::count(call, "MaxResults");
    let (page, next) = windows::page(call, all, size, offset, NO_WINDOW);
    let shown = |trail: &Trail| {
        json!({
            "TrailName": trail.name.as_str(),
            "TrailArn": trail.arn(),
            "EventSelectors": text(&trail.selector.data),
            "IsTrailAllRegion": of(trail) == Some(&TrailRegions::All),
            "SlsDeliveryConfigs": [],
        })
    };
    let infos: Vec<Value> = page.iter().map(shown).collect();
    let mut data = json!({ "DataEventSelectorInfos": infos, "MaxResults": size });
    if let Some(next) = next {
        data["NextToken"] = next.into();
    }
    Ok(Success::from_object(&json!({ "Data": data })))
}

/// The regions a trail's data events are of; it is the same for all of its selectors.
fn of(trail: &Trail) -> Option<&TrailRegions> {
    trail.selector.data.first().map(|selector| &selector.regions)
}

/// Selectors from their JSON.
fn read(text: &str, regions: &TrailRegions) -> Result<Vec<DataSelector>, WireError> {
    let refuse = |what: String| codes::INVALID_QUERY_PARAMETER.because(format!("EventSelectors {what}."));
    let entries: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|error| refuse(format!("is no JSON list of objects: {error}")))?;
    if entries.is_empty() || entries.len() > SELECTORS_MAX {
        return Err(refuse(format!("has {} selectors; give 1 to {SELECTORS_MAX}", entries.len())));
    }
    entries.iter().map(|entry| selector(entry, regions).map_err(&refuse)).collect()
}

fn selector(entry: &Map<String, Value>, regions: &TrailRegions) -> Result<DataSelector, String> {
    const FIELDS: [&str; 4] = ["ServiceName", "ReadWriteType", "EventName", "ResourceArn"];
    if let Some(unknown) = entry.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("has the field {unknown:?}; there are {}", FIELDS.join(", ")));
    }
    let service_name = match entry.get("ServiceName").and_then(Value::as_str) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => return Err("has a selector without ServiceName".to_owned()),
    };
    let read_write: Option<EventRw> = match entry.get("ReadWriteType") {
        None => Some(EventRw::All),
        Some(value) => value.as_str().and_then(|text| text.parse().ok()),
    };
    let read_write = read_write.ok_or("has a ReadWriteType that is not Read, Write or All")?;
    let rule = |name: &str| entry.get(name).map(|value| rule(name, value)).transpose();
    let (event_name, resource_arn) = (rule("EventName")?, rule("ResourceArn")?);
    Ok(DataSelector { service_name, read_write, event_name, resource_arn, regions: regions.clone() })
}

fn rule(field: &str, value: &Value) -> Result<NameRule, String> {
    let names = |value: &Value| -> Option<Vec<String>> {
        let names = value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
        names.collect::<Option<Vec<String>>>().filter(|names| !names.is_empty() && names.len() <= NAMES_MAX)
    };
    let given: Vec<(&String, &Value)> = value.as_object().into_iter().flatten().collect();
    let rule = match given.as_slice() {
        [(word, list)] if *word == "Equals" => names(list).map(NameRule::Equals),
        [(word, list)] if *word == "NotEquals" => names(list).map(NameRule::NotEquals),
        _ => None,
    };
    rule.ok_or_else(|| format!("has a {field} that is not one of Equals and NotEquals with 1 to {NAMES_MAX} names"))
}

/// Selectors as their JSON.
fn text(selectors: &[DataSelector]) -> String {
    let rule = |rule: &NameRule| match rule {
        NameRule::Equals(names) => json!({ "Equals": names }),
        NameRule::NotEquals(names) => json!({ "NotEquals": names }),
    };
    let shown = |selector: &DataSelector| {
        let mut shown = json!({ "ServiceName": selector.service_name, "ReadWriteType": selector.read_write.as_str() });
        if let Some(names) = &selector.event_name {
            shown["EventName"] = rule(names);
        }
        if let Some(names) = &selector.resource_arn {
            shown["ResourceArn"] = rule(names);
        }
        shown
    };
    Value::from(selectors.iter().map(shown).collect::<Vec<Value>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_come_back_as_they_were_put() {
        let put = r#"[{"EventName":{"Equals":["GetObject","CopyObject"]},"ReadWriteType":"All","ServiceName":"Oss"},{"ReadWriteType":"Write","ResourceArn":{"NotEquals":["acs:oss:*:*:tmp"]},"ServiceName":"PDS"}]"#;
        let selectors = read(put, &TrailRegions::All).expect("readable");
        assert_eq!(text(&selectors), put);
    }

    #[test]
    fn what_cannot_be_a_selector_is_refused() {
        for bad in [
            "{}",
            "[]",
            "[1]",
            r#"[{"ReadWriteType":"All"}]"#,
            r#"[{"ServiceName":"Oss","ReadWriteType":"Both"}]"#,
            r#"[{"ServiceName":"Oss","EventName":{"Equals":[]}}]"#,
            r#"[{"ServiceName":"Oss","EventName":{"Equals":["a"],"NotEquals":["b"]}}]"#,
            r#"[{"ServiceName":"Oss","eventName":{"Equals":["a"]}}]"#,
        ] {
            assert!(read(bad, &TrailRegions::All).is_err(), "{bad}");
        }
        let many: Vec<Value> = (0..21).map(|_| json!({ "ServiceName": "Oss" })).collect();
        assert!(read(&Value::from(many).to_string(), &TrailRegions::All).is_err());
    }
}
