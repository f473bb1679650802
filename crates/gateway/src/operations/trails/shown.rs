//! Trails as replies show them. What is not set is an empty text, as ActionTrail's recorded replies have it.

use std::collections::BTreeMap;

use catalog::DeliveryState;
use model::Timestamp;
use model::organization::DirectoryId;
use model::trail::{DestinationKind, Destinations, LogTarget, TableTarget, Trail, TrailStatus};
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

/// How the deliveries to the destinations a trail has now went.
pub(in crate::operations) struct Deliveries(BTreeMap<DestinationKind, DeliveryState>);

impl Deliveries {
    /// Those of a trail, from all it has or had.
    pub(in crate::operations) fn of(trail: &Trail, mut states: BTreeMap<DestinationKind, DeliveryState>) -> Deliveries {
        states.retain(|kind, _| trail.destinations.has(*kind));
        Deliveries(states)
    }

    /// When something was last written anywhere.
    pub(in crate::operations) fn latest(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|state| state.latest_delivery).max()
    }

    /// The newest of the failures that were not followed by a success.
    pub(in crate::operations) fn error(&self) -> &str {
        let failed = self.0.values().filter(|state| state.latest_error.is_some());
        let newest = failed.max_by_key(|state| state.latest_error_at);
        newest.and_then(|state| state.latest_error.as_deref()).unwrap_or_default()
    }

    fn latest_to(&self, kind: DestinationKind) -> Option<Timestamp> {
        self.0.get(&kind).and_then(|state| state.latest_delivery)
    }

    fn error_of(&self, kind: DestinationKind) -> &str {
        self.0.get(&kind).and_then(|state| state.latest_error.as_deref()).unwrap_or_default()
    }

    /// Whether the trail writes there and the last attempt did not fail.
    pub(in crate::operations) fn is_well(&self, kind: DestinationKind) -> bool {
        self.0.get(&kind).is_some_and(|state| state.latest_error.is_none())
    }
}

/// GetTrailStatus. `now`: a Logstore of this node shows everything up to then, as long as the trail is logging.
pub(super) fn status(trail: &Trail, deliveries: &Deliveries, now: Timestamp) -> Value {
    use DestinationKind::{Bucket, LogService, Table};
    let is_logging = trail.status == TrailStatus::Enable;
    let shown_until = if is_logging { Some(now) } else { trail.stopped };
    let shown_until = trail.destinations.view().and(shown_until);
    json!({
        "IsLogging": is_logging,
        "LatestDeliveryTime": time(deliveries.latest().or(shown_until)),
        "LatestDeliveryError": deliveries.error(),
        "OssBucketStatus": deliveries.is_well(Bucket),
        "LatestDeliveryLogServiceTime": time(shown_until.or(deliveries.latest_to(LogService))),
        "LatestDeliveryLogServiceError": deliveries.error_of(LogService),
        "SlsLogStoreStatus": trail.destinations.view().is_some() || deliveries.is_well(LogService),
        "LatestDeliveryMaxComputeTime": time(deliveries.latest_to(Table)),
        "LatestDeliveryMaxComputeError": deliveries.error_of(Table),
        "StartLoggingTime": time(trail.started),
        "StopLoggingTime": time(trail.stopped),
    })
}

fn time(at: Option<Timestamp>) -> Value {
    at.map(|at| at.to_string()).unwrap_or_default().into()
}
