//! Whether the account's audit log is kept well, and where its global events lie.

use api::Success;
use model::region::DEFAULT_REGION;
use model::trail::{DestinationKind, EventRw, Trail, TrailRegions, TrailStatus};
use serde_json::{Value, json};

use super::trails::shown::Deliveries;
use super::{Call, Outcome, trails};
use crate::fault::unexpected;

/// What a trail loses of its 100 points: events of other regions, reads or writes, or objects that do not arrive.
const NOT_ALL_REGIONS: u32 = 40;
const NOT_ALL_EVENTS: u32 = 30;
const NOT_DELIVERED: u32 = 50;

pub(super) async fn metrics(call: &Call<'_>) -> Outcome {
    let all = call.gateway.catalog.trail_list(call.account).await;
    let all = all.map_err(|error| unexpected(&error, error.kind()))?;
    let total = all.len();
    let mut best: Option<(u32, Trail, Deliveries)> = None;
    for trail in all {
        let state = trails::deliveries(call, &trail).await?;
        let score = score(&trail, &state);
        if best.as_ref().is_none_or(|(so_far, ..)| score > *so_far) {
            best = Some((score, trail, state));
        }
    }
    let points = best.as_ref().map_or(0, |(score, ..)| *score);
    let columns = match &best {
        Some((_, trail, state)) => columns(trail, state, total),
        None => json!({ "trailTotal": 0 }),
    };
    Ok(Success::from_object(&json!({
        "Data": {
            "AccountId": call.account.as_str(),
            "GovernanceMetrics": [{
                "GovernanceItem": "actiontrail_storage_audit_log",
                "GovernanceScore": points.to_string(),
                "ColumnsSchema": columns.to_string(),
            }],
        },
    })))
}

fn score(trail: &Trail, state: &Deliveries) -> u32 {
    if trail.status != TrailStatus::Enable {
        return 0;
    }
    let regions = if trail.selector.regions == TrailRegions::All { 0 } else { NOT_ALL_REGIONS };
    let events = if trail.selector.event_rw == EventRw::All { 0 } else { NOT_ALL_EVENTS };
    let delivery = if state.error().is_empty() { 0 } else { NOT_DELIVERED };
    100_u32.saturating_sub(regions + events + delivery)
}

fn columns(trail: &Trail, state: &Deliveries, total: usize) -> Value {
    json!({
        "trailName": trail.name.as_str(),
        "homeRegion": trail.home_region,
        "trailRegion": trail.selector.regions.to_string(),
        "trailStatus": trail.status.as_str(),
        "eventRW": trail.selector.event_rw.as_str(),
        "isOrganizationTrail": trail.organization.is_some(),
        "ossDeliveryStatus": state.is_well(DestinationKind::Bucket),
        // How long a bucket keeps its objects is the bucket's owner's to say and not known here.
        "deliveryObjectLifeCycle": Value::Null,
        "ossBucketLifeCycle": Value::Null,
        "trailTotal": total,
    })
}

pub(super) async fn global_region(call: &Call<'_>) -> Outcome {
    let choices = call.gateway.catalog.global_regions(call.account).await;
    let choices = choices.map_err(|error| unexpected(&error, error.kind()))?;
    let region = choices.last().map_or(DEFAULT_REGION, |choice| choice.region.as_str());
    Ok(Success::from_object(&json!({ "StorageRegion": region, "IsChosen": !choices.is_empty() })))
}

pub(super) async fn choose_global_region(call: &Call<'_>) -> Outcome {
    let region = call.arguments.required("StorageRegion");
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    let put = call.gateway.catalog.global_region_put(call.account, region, at, head).await;
    put.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::empty())
}
