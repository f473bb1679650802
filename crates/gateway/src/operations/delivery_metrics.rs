//! DescribeTrailDeliveryMetricData: a trail's deliveries over time.

use api::{Success, WireError, codes};
use catalog::{DeliveryId, MetricPoint, Outcome as Counted};
use model::trail::DestinationKind;
use serde_json::{Value, json};

use super::{Call, Outcome, trails};
use crate::fault::unexpected;

/// More would be a reply that no chart shows.
const POINTS_MAX: i64 = 2000;

pub(super) async fn describe(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let trail = trails::named(call, arguments.required("TrailName")).await?;
    let (Some(from), Some(through)) = (arguments.time("StartTime"), arguments.time("EndTime")) else {
        return Err(codes::MISSING_PARAMETER.because("StartTime and EndTime are required."));
    };
    if through <= from {
        let message = format!("EndTime {through} is not after StartTime {from}.");
        return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
    }
    let period_ms = period_seconds(call)? * 1000;
    let first = from.0.div_euclid(period_ms);
    let last = (through.0 - 1).div_euclid(period_ms);
    if last - first >= POINTS_MAX {
        let message = format!("The window has more than {POINTS_MAX} periods; make it shorter or the periods longer.");
        return Err(codes::INVALID_QUERY_PARAMETER.because(message));
    }
    let counted = match arguments.required("MetricName") {
        "delivery_oss_success_count" => (DestinationKind::Bucket, Counted::Succeeded),
        "delivery_oss_fail_count" => (DestinationKind::Bucket, Counted::Failed),
        // Into a Logstore of this node nothing is written, so nothing is counted.
        "delivery_sls_success_count" => (DestinationKind::LogService, Counted::Succeeded),
        _ => (DestinationKind::LogService, Counted::Failed),
    };
    let (kind, counted) = counted;
    let (catalog, id) = (&call.gateway.catalog, DeliveryId { trail: trail.id, kind });
    let found = catalog.delivery_metric(call.account, id, counted, from, through, period_ms / 60_000).await;
    let points: Vec<MetricPoint> = found.map_err(|error| unexpected(&error, error.kind()))?;
    let mut points = points.into_iter().peekable();
    let list: Vec<Value> = (first..=last)
        .map(|period| {
            let start = period * period_ms;
            let count = points.next_if(|point| point.start.0 == start).map_or(0, |point| point.count);
            json!({ "Timestamp": start, "Count": count })
        })
        .collect();
    Ok(Success::from_object(&json!({ "MetricList": list })))
}

fn period_seconds(call: &Call<'_>) -> Result<i64, WireError> {
    match call.arguments.integer("Period") {
        Some(period) if period % 60 == 0 => Ok(period),
        _ => Err(codes::INVALID_QUERY_PARAMETER.because("Period must be a multiple of 60 seconds.")),
    }
}
