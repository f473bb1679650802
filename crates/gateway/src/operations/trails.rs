//! Trails: created, changed, started, stopped, shown.
//!
//! StartLogging, StopLogging and UpdateTrail take the journal's head as it is when the change is made: so each counts
//! from the next event on, however late the delivery runs.

pub(super) mod shown;

use api::{Arguments, Success, WireError, codes};
use catalog::{CatalogError, NewTrail};
use model::organization::DirectoryId;
use model::trail::{Destinations, EventRw, Selector, Trail, TrailName, TrailRegions};
use serde_json::{Value, json};

use super::{Call, Outcome, buckets, organization, trail_destinations};
use crate::fault::unexpected;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let organization = if arguments.flag("IsOrganizationTrail") { Some(organization(call).await?) } else { None };
    let name = name(arguments)?;
    // Before the bucket is tried, which may take seconds; whether the name is taken is decided when it is created.
    if find(call, &name).await?.is_some() {
        return Err(name_is_taken(&name));
    }
    let destinations = trail_destinations::given(call, Destinations::default()).await?;
    trail_destinations::check(call, name.as_str(), false, &destinations).await?;
    let new = NewTrail {
        organization,
        account: call.account,
        name: name.clone(),
        home_region: call.request.region.id.clone(),
        selector: Selector::management(
            arguments.text("EventRW").and_then(|rw| rw.parse().ok()).unwrap_or(EventRw::All),
            arguments.text("TrailRegion").and_then(TrailRegions::parse).unwrap_or(TrailRegions::All),
        ),
        destinations,
        created: call.request.received,
    };
    let (home_region, is_of_organization) = (new.home_region.clone(), new.organization.is_some());
    let limit = call.gateway.config.trails_per_region_max;
    let created = match arguments.text("ServiceName") {
        Some(service) => call.gateway.catalog.trail_create_for_service(new, service, limit).await,
        None => call.gateway.catalog.trail_create(new, limit).await,
    };
    match created {
        Ok(trail) => Ok(Success::from_object(&shown::settings(&trail))),
        Err(CatalogError::AlreadyExists { .. }) => Err(name_is_taken(&name)),
        Err(CatalogError::LimitReached { .. }) if is_of_organization => {
            let message = "The organization has a trail already; delete that first.";
            Err(codes::MAXIMUM_NUMBER_OF_ORGANIZATION_TRAIL_EXCEEDED.because(message))
        }
        Err(CatalogError::LimitReached { .. }) => Err(codes::MAXIMUM_NUMBER_OF_TRAILS_EXCEEDED
            .because(format!("The account has {limit} trails in {home_region} already; delete one first."))),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let trail = existing(call).await?;
    let before = &trail.selector;
    let selector = Selector {
        event_rw: arguments.text("EventRW").and_then(|rw| rw.parse().ok()).unwrap_or(before.event_rw),
        regions: arguments.text("TrailRegion").and_then(TrailRegions::parse).unwrap_or_else(|| before.regions.clone()),
        ..before.clone()
    };
    let destinations = trail_destinations::given(call, trail.destinations.clone()).await?;
    if destinations != trail.destinations {
        trail_destinations::check(call, trail.name.as_str(), false, &destinations).await?;
    }
    change(call, &trail, &selector, &destinations).await
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    remove(call, &existing(call).await?).await
}

pub(super) async fn start(call: &Call<'_>) -> Outcome {
    start_logging(call, &existing(call).await?).await
}

pub(super) async fn stop(call: &Call<'_>) -> Outcome {
    stop_logging(call, &existing(call).await?).await
}

/// UpdateTrail of a trail of any kind.
pub(super) async fn change(
    call: &Call<'_>,
    trail: &Trail,
    selector: &Selector,
    destinations: &Destinations,
) -> Outcome {
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    let updated = call.gateway.catalog.trail_update(trail.id, selector, destinations, at, head).await;
    let trail = updated.map_err(|error| gone_or_fault(&trail.name, error))?;
    Ok(Success::from_object(&shown::settings(&trail)))
}

/// DeleteTrail of a trail of any kind.
pub(super) async fn remove(call: &Call<'_>, trail: &Trail) -> Outcome {
    let deleted = call.gateway.catalog.trail_delete(trail.id, call.gateway.writer.head()).await;
    deleted.map_err(|error| gone_or_fault(&trail.name, error))?;
    Ok(Success::empty())
}

/// StartLogging of a trail of any kind.
pub(super) async fn start_logging(call: &Call<'_>, trail: &Trail) -> Outcome {
    trail_destinations::may_log(call, trail)?;
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    let started = call.gateway.catalog.trail_start(trail.id, at, head).await;
    started.map_err(|error| gone_or_fault(&trail.name, error))?;
    Ok(Success::empty())
}

/// StopLogging of a trail of any kind.
pub(super) async fn stop_logging(call: &Call<'_>, trail: &Trail) -> Outcome {
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    let stopped = call.gateway.catalog.trail_stop(trail.id, at, head).await;
    stopped.map_err(|error| gone_or_fault(&trail.name, error))?;
    Ok(Success::empty())
}

pub(super) async fn describe(call: &Call<'_>) -> Outcome {
    let all = call.gateway.catalog.trail_list(call.account).await;
    let mut all = all.map_err(|error| unexpected(&error, error.kind()))?;
    if call.arguments.flag("IncludeOrganizationTrail") {
        all.extend(of_organization(call).await?.filter(|trail| trail.account != call.account));
    }
    let names: Option<Vec<&str>> = call.arguments.text("NameList").map(|list| list.split(',').map(str::trim).collect());
    let region = &call.request.region;
    let here =
        |trail: &Trail| !region.named || trail.home_region == region.id || call.arguments.flag("IncludeShadowTrails");
    let wanted = |trail: &Trail| names.as_ref().is_none_or(|names| names.contains(&trail.name.as_str()));
    let list: Vec<Value> = all
        .iter()
        .filter(|trail| here(trail) && wanted(trail))
        .map(|trail| shown::entry(trail, region.named.then_some(region.id.as_str())))
        .collect();
    Ok(Success::from_object(&json!({ "TrailList": list })))
}

pub(super) async fn status(call: &Call<'_>) -> Outcome {
    let trail = match of_organization(call).await? {
        // A member may look at it, and at nothing else of its owner's.
        Some(trail) if call.arguments.flag("IsOrganizationTrail") && trail.name == name(&call.arguments)? => trail,
        _ => existing(call).await?,
    };
    let mut status = shown::status(&trail, &deliveries(call, &trail).await?, call.gateway.clock.now());
    let settings = match &trail.destinations.bucket {
        Some(target) => buckets::protection(call.gateway, target.owner(trail.account), &target.name).await?,
        None => json!({}),
    };
    for name in ["ServerSideEncryption", "KmsKeyId", "RetentionDays"] {
        status[format!("Oss{name}")] = settings[name].clone();
    }
    Ok(Success::from_object(&status))
}

/// How a trail's deliveries went.
pub(super) async fn deliveries(call: &Call<'_>, trail: &Trail) -> Result<shown::Deliveries, WireError> {
    let states = call.gateway.catalog.delivery_states(trail.id).await;
    Ok(shown::Deliveries::of(trail, states.map_err(|error| gone_or_fault(&trail.name, error))?))
}

/// The directory the caller may create a trail of.
async fn organization(call: &Call<'_>) -> Result<DirectoryId, WireError> {
    let refuse = |why: &str| codes::NOT_ALLOW_CREATE_ORGANIZATION_TRAIL.because(why);
    let directory = call.gateway.catalog.directory_of(call.account).await.map_err(organization::fault)?;
    let directory = directory.ok_or_else(|| refuse("Your account belongs to no resource directory."))?;
    if directory.management == call.account || organization::is_delegated(call, &directory.id).await? {
        return Ok(directory.id);
    }
    Err(refuse(
        "Your account neither manages the resource directory nor is it a delegated administrator of ActionTrail.",
    ))
}

/// The trail of the organization the caller's account is a member of.
async fn of_organization(call: &Call<'_>) -> Result<Option<Trail>, WireError> {
    let catalog = &call.gateway.catalog;
    let Some(directory) = catalog.directory_of(call.account).await.map_err(organization::fault)? else {
        return Ok(None);
    };
    catalog.trail_of_organization(&directory.id).await.map_err(organization::fault)
}

fn name(arguments: &Arguments) -> Result<TrailName, WireError> {
    let text = arguments.required("Name");
    text.parse().map_err(|()| codes::INVALID_TRAIL_NAME.because(format!("{text:?} is no trail's name.")))
}

/// Changes what a trail selects, from the next event on.
pub(super) async fn select(call: &Call<'_>, trail: &Trail, selector: &Selector) -> Result<Trail, WireError> {
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    let updated = call.gateway.catalog.trail_update(trail.id, selector, &trail.destinations, at, head).await;
    updated.map_err(|error| gone_or_fault(&trail.name, error))
}

async fn find(call: &Call<'_>, name: &TrailName) -> Result<Option<Trail>, WireError> {
    let found = call.gateway.catalog.trail_find(call.account, name).await;
    found.map_err(|error| unexpected(&error, error.kind()))
}

/// The account's trail that another parameter than `Name` names.
pub(super) async fn named(call: &Call<'_>, text: &str) -> Result<Trail, WireError> {
    let no_such = || codes::TRAIL_NOT_FOUND.because(format!("There is no trail {text:?}."));
    let name: TrailName = text.parse().map_err(|()| no_such())?;
    find(call, &name).await?.ok_or_else(no_such)
}

async fn existing(call: &Call<'_>) -> Result<Trail, WireError> {
    let name = name(&call.arguments)?;
    find(call, &name).await?.ok_or_else(|| not_found(&name))
}

pub(super) fn not_found(name: &TrailName) -> WireError {
    codes::TRAIL_NOT_FOUND.because(format!("There is no trail {name}."))
}

pub(super) fn name_is_taken(name: &TrailName) -> WireError {
    codes::TRAIL_ALREADY_EXISTS.because(format!("There is a trail {name} already; names are unique in an account."))
}

/// Someone else may delete a trail between finding and changing it.
pub(super) fn gone_or_fault(name: &TrailName, error: CatalogError) -> WireError {
    match error {
        CatalogError::NotFound { .. } => not_found(name),
        error => unexpected(&error, error.kind()),
    }
}
