//! Delivery history jobs: asked for here, done by `delivery`.

use std::time::Duration;

use api::{Success, WireError, codes};
use catalog::{CatalogError, Job, JobRegion, NewJob};
use model::Timestamp;
use model::limits::HISTORY_DAYS_DEFAULT;
use model::trail::{Trail, TrailRegions};
use serde_json::{Value, json};

use super::{Call, Outcome, trail_destinations, trails};
use crate::fault::unexpected;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A window's end is a whole second, and an event's time may lie within it.
const WITHIN_A_SECOND: Duration = Duration::from_millis(999);

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let trail = trails::named(call, arguments.required("TrailName")).await?;
    if trail.organization.is_some() {
        let message = "History jobs are for trails of one account; this one is an organization's.";
        return Err(codes::INVALID_DELIVERY_CONFIGURATION.because(message));
    }
    let (from, through) = range(call)?;
    let client_token = arguments.filled("ClientToken").map(str::to_owned);
    trail_destinations::check(call, trail.name.as_str(), false, &trail.destinations).await?;
    let new = NewJob {
        account: call.account,
        trail: trail.id,
        trail_name: trail.name.clone(),
        home_region: trail.home_region.clone(),
        selector: trail.selector.clone(),
        destinations: trail.destinations.clone(),
        from,
        through,
        head: call.gateway.writer.head(),
        client_token,
        created: call.request.received,
    };
    let limit = call.gateway.config.unfinished_jobs_max;
    match call.gateway.catalog.job_create(new, limit).await {
        Ok((job, is_new)) if is_new || is_the_same(call, &trail, &job) => {
            Ok(Success::from_object(&json!({ "JobId": job.id })))
        }
        Ok((job, _)) => Err(codes::IDEMPOTENT_PARAMETER_MISMATCH.because(format!(
            "The ClientToken was used for job {} of trail {} with other parameters; take another one.",
            job.id, job.trail_name
        ))),
        Err(CatalogError::LimitReached { .. }) => Err(codes::MAXIMUM_NUMBER_OF_DELIVERY_HISTORY_JOBS_EXCEEDED.because(
            format!("The account has {limit} delivery history jobs that are not finished; wait for one or delete it."),
        )),
        Err(CatalogError::NotFound { .. }) => Err(trails::not_found(&trail.name)),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let job = existing(call).await?;
    let regions = call.gateway.catalog.job_regions(job.id).await;
    let regions = regions.map_err(|error| unexpected(&error, error.kind()))?;
    let mut shown = shown(&job);
    shown["EventsDelivered"] = job.events.into();
    shown["ObjectsDelivered"] = job.objects.into();
    shown["Error"] = job.error.as_deref().unwrap_or_default().into();
    shown["Status"] = by_region(&job, regions)
        .into_iter()
        .map(|region| {
            json!({ "Region": region.region, "Status": job.status.number(), "EventsDelivered": region.events })
        })
        .collect::<Vec<Value>>()
        .into();
    Ok(Success::from_object(&shown))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let number = |name| call.arguments.integer(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(1);
    let (page, size) = (number("PageNumber"), number("PageSize"));
    let found = call.gateway.catalog.job_list(call.account, (page - 1) * size, size).await;
    let (jobs, total) = found.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::from_object(&json!({
        "DeliveryHistoryJobs": jobs.iter().map(shown).collect::<Vec<Value>>(),
        "PageNumber": page,
        "PageSize": size,
        "TotalCount": total,
    })))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let id = call.arguments.integer("JobId").unwrap_or_default();
    match call.gateway.catalog.job_delete(call.account, id).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(no_such(id)),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

async fn existing(call: &Call<'_>) -> Result<Job, WireError> {
    let id = call.arguments.integer("JobId").unwrap_or_default();
    let found = call.gateway.catalog.job_find(call.account, id).await;
    found.map_err(|error| unexpected(&error, error.kind()))?.ok_or_else(|| no_such(id))
}

fn no_such(id: i64) -> WireError {
    codes::DELIVERY_HISTORY_JOB_NOT_FOUND.because(format!("There is no delivery history job {id}."))
}

fn range(call: &Call<'_>) -> Result<(Timestamp, Timestamp), WireError> {
    let now = call.request.received;
    let from = call.arguments.time("StartTime").unwrap_or_else(|| now.minus(DAY * HISTORY_DAYS_DEFAULT));
    let through = call.arguments.time("EndTime").unwrap_or(now);
    if through <= from {
        let message = format!("EndTime {through} is not after StartTime {from}.");
        return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
    }
    Ok((from, through.plus(WITHIN_A_SECOND)))
}

/// Whether a job that a token gave back is the one that was asked for. Ends that were not given do not count: they moved
/// on since.
fn is_the_same(call: &Call<'_>, trail: &Trail, job: &Job) -> bool {
    let from = call.arguments.time("StartTime");
    let through = call.arguments.time("EndTime").map(|through| through.plus(WITHIN_A_SECOND));
    job.trail == Some(trail.id)
        && from.is_none_or(|from| from == job.from)
        && through.is_none_or(|through| through == job.through)
}

/// The regions that were written to, and those that are bound to be looked at.
fn by_region(job: &Job, written: Vec<JobRegion>) -> Vec<JobRegion> {
    let mut regions = written;
    let mut expected = vec![job.home_region.clone()];
    if let TrailRegions::Only(only) = &job.selector.regions {
        expected.extend(only.iter().cloned());
    }
    for region in expected {
        if !regions.iter().any(|each| each.region == region) {
            regions.push(JobRegion { region, events: 0 });
        }
    }
    regions.sort_by(|one, other| one.region.cmp(&other.region));
    regions
}

fn shown(job: &Job) -> Value {
    json!({
        "JobId": job.id,
        "JobStatus": job.status.number(),
        "TrailName": job.trail_name.as_str(),
        "HomeRegion": job.home_region,
        "StartTime": job.from.to_string(),
        "EndTime": job.through.to_string(),
        "CreatedTime": job.created.to_string(),
        "UpdatedTime": job.updated.to_string(),
    })
}
