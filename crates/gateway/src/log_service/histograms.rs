//! GetHistograms: how many events a search selects, by time.

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use serde_json::{Value, json};
use sls::Fault;

use super::Call;
use super::question::{Asked, admitted};
use super::reply::Reply;
use super::shards::failed_wire;
use crate::search;

/// Intervals of one answer: what a chart of the usual width shows.
const BUCKETS_MAX: i64 = 60;
/// Seconds an interval may have below a day; a day's multiples follow.
const STEPS: [i64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200];
const DAY: i64 = 86_400;

/// Seconds of an interval for a window of so many.
fn step(window: i64) -> i64 {
    let fits = |step: &i64| window.div_euclid(*step) < BUCKETS_MAX;
    STEPS.into_iter().find(fits).unwrap_or_else(|| DAY * (1 + window / (DAY * BUCKETS_MAX)))
}

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Fault> {
    let asked = Asked::of_address(call)?;
    let view = Arc::new(call.view().await?);
    let asking = admitted(call).await?;
    let meter = asking.meter();
    let scope = asked.scope(view);
    let (from, to) = (asked.from.0.div_euclid(1000), (asked.before.0 + 999).div_euclid(1000));
    let step = step(to - from);
    let first = from.div_euclid(step) * step;
    let start = Timestamp(first * 1000);
    let bucket = Some(Duration::from_secs(step.unsigned_abs()));
    let read = search::blocking(call.gateway, move |store| store.count(&scope, bucket, start, &meter));
    let counted = read.await.map_err(|error| failed_wire(&error))?;
    let progress = if counted.cut.is_some() { "Incomplete" } else { "Complete" };
    let of = |at: i64| {
        let found = counted.buckets.iter().find(|(start, _)| start.0 == at * 1000);
        found.map_or(0, |(_, count)| *count)
    };
    let mut histograms: Vec<Value> = Vec::new();
    let mut at = first;
    while at < to {
        let (begin, end) = (at.max(from), (at + step).min(to));
        histograms.push(json!({ "from": begin, "to": end, "count": of(at), "progress": progress }));
        at += step;
    }
    Ok(Reply::json(&Value::Array(histograms)).header("x-log-count", counted.total).header("x-log-progress", progress))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_round_and_few() {
        for (window, expected) in
            [(1, 1), (59, 1), (60, 2), (900, 30), (3600, 120), (86_400, 1800), (90 * DAY, 2 * DAY)]
        {
            assert_eq!(step(window), expected, "{window}");
        }
        for window in (1..4000 * DAY).step_by(12_345) {
            // One more where the window does not begin at an interval's start.
            assert!(window / step(window) <= BUCKETS_MAX, "{window}");
        }
    }
}
