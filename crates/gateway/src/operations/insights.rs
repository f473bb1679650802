//! Insight events: found by what they say, counted by type, region, address and time.
//!
//! An insight's type and object lie in its details, which no index has. The events themselves are few and are found
//! through the index, so they are read, to an end that the replies tell.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::{Arguments, Success, WireError, codes};
use model::event::Category;
use model::limits::LOOKUP_WINDOW_DEFAULT;
use model::{AccountId, Attribute, Event, Timestamp};
use serde_json::{Value, json};
use store::{Condition, Found, Lookup, Store, StoreError};

use super::windows::{self, DAY};
use super::{Call, Outcome, lookup};
use crate::lookup_token::{self, Window};
use crate::search;

/// Events of one answer that are read at most.
const READ_EVENTS_MAX: usize = 10_000;
/// Events read at a time.
const STEP_EVENTS: usize = 200;
/// A longer window is cut to its last part, as the service does.
const WINDOW_MAX: Duration = Duration::from_secs(93 * 24 * 3600);

/// What an insight event says in its details.
struct Insight {
    kind: String,
    object: String,
    address: String,
    /// `Service/EventName` texts of its attributions.
    related: Vec<String>,
    region: String,
    time: Timestamp,
}

impl Insight {
    fn of(event: &Event) -> Insight {
        let parsed: Value = serde_json::from_slice(event.raw()).unwrap_or_default();
        let details = &parsed["insightDetails"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let attributions = details["insightContext"]["attributions"].as_array();
        let values = |entry: &Value| entry["insight"].as_array().cloned().unwrap_or_default();
        let related = attributions.into_iter().flatten().flat_map(values).map(|each| text(&each["value"]));
        Insight {
            kind: text(&details["insightType"]),
            object: text(&details["insightObject"]),
            address: text(&details["sourceIpAddress"]),
            related: related.filter(|value| value.contains('/')).collect(),
            region: event.first(Attribute::Region).unwrap_or_default().to_owned(),
            time: event.time(),
        }
    }

    /// The address an IpInsight is about.
    fn about_address(&self, event_address: Option<&str>) -> Option<String> {
        let stated = [self.object.as_str(), self.address.as_str(), event_address.unwrap_or_default()];
        stated.into_iter().find(|text| !text.is_empty()).filter(|_| self.kind == "IpInsight").map(str::to_owned)
    }

    fn is_about(&self, event: &Event, key: &str, value: &str) -> bool {
        let has = |attribute| event.has(attribute, value);
        let relates = |part: usize| self.related.iter().any(|each| each.split('/').nth(part) == Some(value));
        match key {
            "InsightType" => self.kind == value,
            "InsightObject" => self.object == value,
            "EventId" => event.id() == value,
            "ServiceName" => has(Attribute::ServiceName) || self.object == value || relates(0),
            "EventName" => has(Attribute::EventName) || self.object == value || relates(1),
            "SourceIpAddress" => has(Attribute::SourceIpAddress) || self.object == value || self.address == value,
            _ => has(Attribute::EventAccessKeyId) || self.object == value,
        }
    }
}

/// The window of a lookup: either end may be left out, and what lies before the history is not looked at.
fn window(call: &Call<'_>, default: Duration) -> Result<Window, WireError> {
    let now = call.request.received;
    let end = call.arguments.time("EndTime").unwrap_or(now);
    let start = call.arguments.time("StartTime").unwrap_or(end.minus(default));
    if end <= start {
        let message = format!("EndTime {end} is not after StartTime {start}.");
        return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
    }
    let from = start.max(end.minus(WINDOW_MAX)).max(search::history_start(call.gateway, now));
    Ok(Window { from, through: search::window_end(end) })
}

/// What every insight event fulfils: the index finds it by its marks.
fn conditions() -> Vec<Condition> {
    vec![Condition::AnyOf(Category::Insight.marks()), Condition::Category(Category::Insight)]
}

/// The keys that count: one, or the pair; of more than two none does.
fn keys(entries: &[Arguments]) -> Result<Vec<(String, String)>, WireError> {
    let keys: Vec<(String, String)> =
        entries.iter().map(|entry| (entry.required("Key").to_owned(), entry.required("Value").to_owned())).collect();
    match keys.as_slice() {
        [(first, _), (second, _)] if first == second => Ok(vec![keys[1].clone()]),
        [(first, _), (second, _)] => {
            let is_pair =
                ["ServiceName", "EventName"].iter().all(|name| [first, second].contains(&&(*name).to_owned()));
            if is_pair {
                return Ok(keys);
            }
            let message = format!("The keys {first} and {second} do not go together; ServiceName and EventName do.");
            Err(codes::INVALID_QUERY_PARAMETER.because(message))
        }
        [] | [_] => Ok(keys),
        _ => Ok(Vec::new()),
    }
}

pub(super) async fn lookup(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let keys = keys(call.arguments.list("LookupAttribute"))?;
    let parameters = windows::unchanging(call);
    let (window, after) = match call.arguments.text("NextToken") {
        None => (window(call, LOOKUP_WINDOW_DEFAULT)?, None),
        Some(token) => {
            let place = lookup_token::decode(token, call.account, &parameters)
                .map_err(|fault| codes::INVALID_QUERY_PARAMETER.because(fault.to_string()))?;
            (place.window, Some(place.after))
        }
    };
    let limit = windows::count(call, "MaxResults");
    let question = Lookup {
        account: call.account,
        from: window.from,
        through: window.through,
        conditions: conditions(),
        newest_first: true,
        after,
        limit: STEP_EVENTS,
    };
    let read = search::blocking(call.gateway, move |store| {
        let mut page: Vec<Found> = Vec::new();
        let mut bytes = 0;
        let last = each(store, question, |found| {
            let insight = Insight::of(&found.event);
            if keys.iter().all(|(key, value)| insight.is_about(&found.event, key, value)) {
                bytes += found.event.raw().len();
                page.push(found.clone());
            }
            page.len() < limit && bytes < search::REPLY_BYTES_MAX
        })?;
        Ok((page, last))
    });
    let (page, last) = read.await?;
    let next = last.map(|last| lookup_token::encode(call.account, &last, window, &parameters));
    Ok(Success::from_text(lookup::body(&page, window, next.as_deref())))
}

/// Shows insight events until `go_on` says no, there are none left, or many were read. Gives the last one shown when
/// there may be more behind it.
fn each(
    store: &Store,
    mut question: Lookup,
    mut go_on: impl FnMut(&Found) -> bool,
) -> Result<Option<Found>, StoreError> {
    let mut read = 0;
    loop {
        let page = store.lookup(&question)?;
        let shown = page.events.len();
        for (place, found) in page.events.iter().enumerate() {
            read += 1;
            let is_last = place + 1 == shown && !page.more;
            if (!go_on(found) || read >= READ_EVENTS_MAX) && !is_last {
                return Ok(Some(found.clone()));
            }
        }
        match page.events.last() {
            Some(last) if page.more => question.after = Some(last.position()),
            _ => return Ok(None),
        }
    }
}

/// The insights of a window, each with the address of its event; and whether there are more.
async fn all(call: &Call<'_>, window: Window) -> Result<(Vec<(Insight, Option<String>)>, bool), WireError> {
    let account: AccountId = call.account;
    let read = search::blocking(call.gateway, move |store| {
        let question = Lookup {
            account,
            from: window.from,
            through: window.through,
            conditions: conditions(),
            newest_first: true,
            after: None,
            limit: STEP_EVENTS,
        };
        let mut insights = Vec::new();
        let last = each(store, question, |found| {
            let insight = Insight::of(&found.event);
            let address = insight.about_address(found.event.first(Attribute::SourceIpAddress));
            insights.push((insight, address));
            true
        })?;
        Ok((insights, last.is_some()))
    });
    read.await
}

pub(super) async fn count_by_type(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let window = match call.arguments.text("Date").and_then(windows::day) {
        Some(day) => day,
        None => window(call, DAY)?,
    };
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (insight, _) in all(call, window).await?.0 {
        *counts.entry((insight.kind, insight.region)).or_default() += 1;
    }
    let shown = |((kind, region), count): (&(String, String), &u64)| json!({ "InsightType": kind, "RegionId": region, "Count": count });
    Ok(Success::from_object(&json!({ "Data": counts.iter().map(shown).collect::<Vec<Value>>() })))
}

pub(super) async fn count(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let (mut insights, is_truncated) = all(call, window(call, DAY)?).await?;
    let kind = call.arguments.text("InsightType");
    insights.retain(|(insight, _)| kind.is_none_or(|kind| insight.kind == kind));
    Ok(Success::from_object(&json!({ "Count": insights.len(), "IsTruncated": is_truncated })))
}

pub(super) async fn count_addresses(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let (insights, is_truncated) = all(call, window(call, DAY)?).await?;
    let addresses: BTreeSet<String> = insights.into_iter().filter_map(|(_, address)| address).collect();
    Ok(Success::from_object(&json!({ "Count": addresses.len(), "IsTruncated": is_truncated })))
}

pub(super) async fn list_addresses(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let (insights, is_truncated) = all(call, window(call, DAY)?).await?;
    let mut addresses: BTreeMap<String, (u64, Timestamp)> = BTreeMap::new();
    for (insight, address) in insights {
        let Some(address) = address else { continue };
        let entry = addresses.entry(address).or_insert((0, insight.time));
        *entry = (entry.0 + 1, entry.1.max(insight.time));
    }
    let mut addresses: Vec<(String, (u64, Timestamp))> = addresses.into_iter().collect();
    addresses.sort_by_key(|(_, (count, latest))| std::cmp::Reverse((*count, *latest)));
    let most = windows::count(call, "MaxResults");
    let is_truncated = is_truncated || addresses.len() > most;
    addresses.truncate(most);
    let shown = |(address, (count, latest)): &(String, (u64, Timestamp))| json!({ "Ip": address, "Count": count, "LatestTime": latest.to_string() });
    let list: Vec<Value> = addresses.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "IpList": list, "IsTruncated": is_truncated })))
}

pub(super) async fn metric_data(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let period = call.arguments.integer("Period").unwrap_or(3600);
    if period % 60 != 0 {
        return Err(codes::INVALID_QUERY_PARAMETER.because(format!("Period {period} is not a multiple of 60.")));
    }
    let kind = call.arguments.text("InsightType");
    let (insights, is_truncated) = all(call, window(call, DAY)?).await?;
    let mut counts: BTreeMap<(i64, String), u64> = BTreeMap::new();
    for (insight, _) in insights {
        if kind.is_none_or(|kind| insight.kind == kind) {
            let start = insight.time.0.div_euclid(period * 1000) * period * 1000;
            *counts.entry((start, insight.kind)).or_default() += 1;
        }
    }
    let shown = |((start, kind), count): (&(i64, String), &u64)| json!({ "Timestamp": Timestamp(*start).to_string(), "InsightType": kind, "Count": count });
    let points: Vec<Value> = counts.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "Datapoints": points, "IsTruncated": is_truncated })))
}
