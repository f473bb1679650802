//! Counts of events: in all, by what they have in common, by day.

use std::collections::BTreeMap;

use api::{Success, WireError, codes};
use model::event::Category;
use model::limits::LOOKUP_WINDOW_DEFAULT;
use model::{Attribute, Timestamp};
use serde_json::{Value, json};
use store::{Aggregate, Aggregation, Condition, Group};

use super::windows::{self, DAY};
use super::{Call, Outcome, lookup};
use crate::fault::unexpected;
use crate::search;

/// Groups of one answer at most; what finds no place is told.
const GROUPS_MAX: usize = 10_000;

pub(super) async fn events(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let window = windows::window(call, LOOKUP_WINDOW_DEFAULT)?;
    let mut aggregation = Aggregation::of(call.account, window.from, window.through);
    aggregation.conditions = management(call)?;
    let counted = search::aggregate(call.gateway, aggregation).await?;
    Ok(Success::from_object(&json!({
        "Count": counted.events,
        "StartTime": window.from.to_string(),
        "EndTime": window.through.to_string(),
    })))
}

pub(super) async fn aggregated(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let offset = windows::continued(call)?;
    let window = match offset {
        Some(offset) => offset.window,
        None => windows::window(call, LOOKUP_WINDOW_DEFAULT)?,
    };
    let keys = call.arguments.required("AggregateBy");
    let by: Vec<Attribute> = keys.split(',').filter_map(Attribute::from_name).collect();
    let mut aggregation = Aggregation::of(call.account, window.from, window.through);
    aggregation.conditions = management(call)?;
    aggregation.by = by.clone();
    aggregation.groups_max = GROUPS_MAX;
    let counted = search::aggregate(call.gateway, aggregation).await?;
    let (total, events, is_truncated) = (counted.groups.len(), counted.events, counted.left_out > 0);
    let (page, next) = windows::page(call, counted.groups, windows::count(call, "MaxResults"), offset, window);
    let account = call.account;
    let shown = search::blocking(call.gateway, move |store| {
        page.iter()
            .map(|group| Ok(shown_group(&by, group, store.event_at(account, group.newest)?.as_ref())))
            .collect::<Result<Vec<Value>, _>>()
    });
    let mut reply = json!({
        "AggregationEvents": shown.await?,
        "Total": total,
        "EventsCount": events,
        "IsTruncated": is_truncated,
        "StartTime": window.from.to_string(),
        "EndTime": window.through.to_string(),
    });
    if let Some(next) = next {
        reply["NextToken"] = next.into();
    }
    Ok(Success::from_object(&reply))
}

fn shown_group(by: &[Attribute], group: &Group, newest: Option<&store::Found>) -> Value {
    let mut shown = json!({
        "Count": group.count,
        "EarliestEventTime": group.oldest.time.to_string(),
        "LatestEventTime": group.newest.time.to_string(),
        "LatestEventId": newest.map(|found| found.event.id()).unwrap_or_default(),
    });
    for (attribute, value) in by.iter().zip(&group.values) {
        shown[attribute.as_str()] = value.as_deref().unwrap_or_default().into();
    }
    shown
}

/// The call's conditions, and that only management events count.
fn management(call: &Call<'_>) -> Result<Vec<Condition>, WireError> {
    let mut conditions = lookup::conditions(call.arguments.list("LookupAttribute"))?;
    conditions.push(Condition::Category(Category::Management));
    Ok(conditions)
}

pub(super) async fn per_day(call: &Call<'_>) -> Outcome {
    by_day(call, Vec::new(), &BTreeMap::new()).await
}

/// What there is to be warned of: incidents, each on the day it began, and insight events.
pub(super) async fn alerts_per_day(call: &Call<'_>) -> Outcome {
    let days = windows::days(&call.arguments, call.request.received)?;
    let from = days.first().map_or(Timestamp::MAX, |day| day.from);
    let incidents = call.gateway.catalog.incident_days(call.account, from).await;
    let incidents = incidents.map_err(|error| unexpected(&error, error.kind()))?;
    let marks = Condition::AnyOf(Category::Insight.marks());
    by_day(call, vec![marks, Condition::Category(Category::Insight)], &incidents.into_iter().collect()).await
}

/// Events by day, and what else is counted on each.
async fn by_day(call: &Call<'_>, conditions: Vec<Condition>, besides: &BTreeMap<Timestamp, u64>) -> Outcome {
    let days = windows::days(&call.arguments, call.request.received)?;
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Err(codes::INVALID_PARAMETER_COMBINATION.because("There is no day between StartDate and EndDate."));
    };
    let mut aggregation = Aggregation::of(call.account, first.from, last.through);
    aggregation.conditions = conditions;
    aggregation.bucket = Some(DAY);
    let counted = search::aggregate(call.gateway, aggregation).await?;
    let of_day: BTreeMap<Timestamp, u64> =
        counted.groups.iter().filter_map(|group| Some((group.bucket?, group.count))).collect();
    let on = |days: &BTreeMap<Timestamp, u64>, day: Timestamp| days.get(&day).copied().unwrap_or(0);
    let counts = days.iter().map(|day| on(&of_day, day.from) + on(besides, day.from));
    Ok(series(days.iter().map(|day| windows::date(day.from)).collect(), counts.collect()))
}

fn series(dates: Vec<String>, counts: Vec<u64>) -> Success {
    Success::from_object(&json!({ "Data": { "Dates": dates, "Counts": counts } }))
}

/// How many trails there were at the end of each day: those there are, without those made since, with those deleted
/// since. What was made and deleted, the account's own record says.
pub(super) async fn trails_per_day(call: &Call<'_>) -> Outcome {
    let days = windows::days(&call.arguments, call.request.received)?;
    let present = call.gateway.catalog.trail_list(call.account).await;
    let present = present.map_err(|error| unexpected(&error, error.kind()))?.len() as i64;
    let Some(first) = days.first() else { return Ok(series(Vec::new(), Vec::new())) };
    let mut aggregation = Aggregation::of(call.account, first.from, Timestamp::MAX);
    let named = |name: &str| (Attribute::EventName, name.to_owned());
    aggregation.conditions = vec![
        Condition::AnyOf(vec![named("CreateTrail"), named("DeleteTrail")]),
        Condition::Is(Attribute::ServiceName, "Actiontrail".to_owned()),
    ];
    aggregation.by = vec![Attribute::EventName, Attribute::ErrorCode];
    aggregation.bucket = Some(DAY);
    let changes = search::aggregate(call.gateway, aggregation).await?;
    let counts = days.iter().map(|day| (present - growth_after(&changes, day.through)).max(0) as u64);
    Ok(series(days.iter().map(|day| windows::date(day.from)).collect(), counts.collect()))
}

/// Trails made minus trails deleted after a moment; refused calls aside.
fn growth_after(changes: &Aggregate, moment: Timestamp) -> i64 {
    let succeeded = changes.groups.iter().filter(|group| group.values.get(1) == Some(&None));
    let later = succeeded.filter(|group| group.bucket.is_some_and(|bucket| bucket > moment));
    later
        .map(|group| match group.values.first() {
            Some(Some(name)) if name == "CreateTrail" => group.count as i64,
            _ => -(group.count as i64),
        })
        .sum()
}
