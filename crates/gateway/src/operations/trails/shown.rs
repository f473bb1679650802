//! Trails as replies show them. What is not set is an empty text, as ActionTrail's recorded replies have it.

use catalog::DeliveryState;
use model::Timestamp;
use model::organization::DirectoryId;
use model::trail::{Destinations, LogTarget, TableTarget, Trail, TrailStatus};
use serde_json::{Value, json};

/// The settings, as CreateTrail and UpdateTrail answer.
pub(in crate::operations) fn settings(trail: &Trail) -> Value {
    let Destinations { bucket, logs, table } = &trail.destinations;
    let (bucket, logs, table) = (bucket.as_ref(), logs.as_ref(), table.as_ref());
    json!({
        "Name": trail.name.as_str(),
        "HomeRegion": trail.home_region,
        "EventRW": trail.selector.event_rw.as_str(),
        "TrailRegion": trail.selector.regions.to_string(),
        "OssBucketName": bucket.map_or("", |bucket| &bucket.name),
        "OssKeyPrefix": bucket.and_then(|bucket| bucket.prefix.as_deref()).unwrap_or_default(),
        "OssWriteRoleArn": bucket.and_then(|bucket| bucket.write_role_arn.as_deref()).unwrap_or_default(),
        "SlsProjectArn": logs.map(LogTarget::arn).unwrap_or_default(),
        "SlsWriteRoleArn": logs.and_then(|logs| logs.write_role_arn.as_deref()).unwrap_or_default(),
        "MaxComputeProjectArn": table.map(TableTarget::arn).unwrap_or_default(),
        "MaxComputeWriteRoleArn": table.and_then(|table| table.write_role_arn.as_deref()).unwrap_or_default(),
    })
}

/// An entry of DescribeTrails. `region` is the one the request names: from there a trail of another home is a shadow.
pub(in crate::operations) fn entry(trail: &Trail, region: Option<&str>) -> Value {
    let mut entry = settings(trail);
    entry["TrailArn"] = trail.arn().into();
    entry["Status"] = trail.status.as_str().into();
    entry["Region"] = region.unwrap_or(&trail.home_region).into();
    entry["IsOrganizationTrail"] = trail.organization.is_some().into();
    entry["OrganizationId"] = trail.organization.as_ref().map_or("", DirectoryId::as_str).into();
    // Where a bucket lies is not known: its address may be anything that speaks S3.
    entry["OssBucketLocation"] = "".into();
    entry["CreateTime"] = trail.created.to_string().into();
    entry["UpdateTime"] = trail.updated.to_string().into();
    entry["StartLoggingTime"] = time(trail.started);
    entry["StopLoggingTime"] = time(trail.stopped);
    entry
}

/// GetTrailStatus. `now`: a Logstore of this node shows everything up to then, as long as the trail is logging.
pub(super) fn status(trail: &Trail, state: &DeliveryState, now: Timestamp) -> Value {
    let is_logging = trail.status == TrailStatus::Enable;
    let shown_until = if is_logging { Some(now) } else { trail.stopped };
    json!({
        "IsLogging": is_logging,
        "LatestDeliveryTime": time(state.latest_delivery),
        "LatestDeliveryError": state.latest_error.as_deref().unwrap_or_default(),
        "OssBucketStatus": trail.destinations.bucket.is_some() && state.latest_error.is_none(),
        "LatestDeliveryLogServiceTime": time(trail.destinations.view().and(shown_until)),
        "LatestDeliveryLogServiceError": "",
        "SlsLogStoreStatus": trail.destinations.view().is_some(),
        "LatestDeliveryMaxComputeTime": "",
        "LatestDeliveryMaxComputeError": "",
        "StartLoggingTime": time(trail.started),
        "StopLoggingTime": time(trail.stopped),
    })
}

fn time(at: Option<Timestamp>) -> Value {
    at.map(|at| at.to_string()).unwrap_or_default().into()
}
