//! Inner trails: what trails are to an account's events, they are to the platform's.

use api::{Success, WireError, codes};
use catalog::{CatalogError, NewTrail};
use model::Timestamp;
use model::trail::{Destinations, Selector, Trail, TrailName};
use serde_json::{Value, json};

use super::trail_destinations::{check, given};
use super::trails::{name_is_taken, not_found, shown};
use super::{Call, Outcome, trails};
use crate::fault::unexpected;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = name(call)?;
    let destinations = given(call, Destinations::default()).await?;
    check(call, name.as_str(), true, &destinations).await?;
    let new = NewTrail {
        account: call.account,
        name: name.clone(),
        home_region: call.request.region.id.clone(),
        organization: None,
        selector: Selector::platform(),
        destinations,
        created: call.request.received,
    };
    match call.gateway.catalog.inner_trail_create(new).await {
        Ok(trail) => Ok(Success::from_object(&shown::settings(&trail))),
        Err(CatalogError::AlreadyExists { .. }) => Err(name_is_taken(&name)),
        Err(CatalogError::LimitReached { .. }) => Err(codes::MAXIMUM_NUMBER_OF_INNER_TRAILS_EXCEEDED
            .because("The account has its inner trail already; change or delete that one.")),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let trail = existing(call).await?;
    let destinations = given(call, trail.destinations.clone()).await?;
    if destinations != trail.destinations {
        check(call, trail.name.as_str(), true, &destinations).await?;
    }
    trails::change(call, &trail, &trail.selector, &destinations).await
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    trails::remove(call, &existing(call).await?).await
}

pub(super) async fn start(call: &Call<'_>) -> Outcome {
    trails::start_logging(call, &existing(call).await?).await
}

pub(super) async fn stop(call: &Call<'_>) -> Outcome {
    trails::stop_logging(call, &existing(call).await?).await
}

pub(super) async fn describe(call: &Call<'_>) -> Outcome {
    let found = call.gateway.catalog.inner_trail_list(call.account).await;
    let found = found.map_err(|error| unexpected(&error, error.kind()))?;
    let names: Option<Vec<&str>> = call.arguments.text("NameList").map(|list| list.split(',').map(str::trim).collect());
    let mut list: Vec<Value> = Vec::new();
    for trail in found.iter().filter(|trail| names.as_ref().is_none_or(|names| names.contains(&trail.name.as_str()))) {
        let deliveries = trails::deliveries(call, trail).await?;
        let mut entry = shown::entry(trail, None);
        entry["LatestDeliveryTime"] = deliveries.latest().as_ref().map(Timestamp::to_string).unwrap_or_default().into();
        entry["LatestDeliveryError"] = deliveries.error().into();
        list.push(entry);
    }
    Ok(Success::from_object(&json!({ "TrailList": list })))
}

fn name(call: &Call<'_>) -> Result<TrailName, WireError> {
    let text = call.arguments.required("Name");
    text.parse().map_err(|()| codes::INVALID_TRAIL_NAME.because(format!("{text:?} is no trail's name.")))
}

async fn existing(call: &Call<'_>) -> Result<Trail, WireError> {
    let name = name(call)?;
    let found = call.gateway.catalog.inner_trail_find(call.account, &name).await;
    found.map_err(|error| unexpected(&error, error.kind()))?.ok_or_else(|| not_found(&name))
}
