//! LookupEvents, with the rules ActionTrail has: its windows, its pairs of keys, its pages.

use api::{Arguments, Success, WireError, codes};
use model::event::Category;
use model::limits::LOOKUP_WINDOW_DEFAULT;
use model::{Attribute, Timestamp};
use serde_json::Value;
use store::{Condition, Found, Lookup};

use super::{Call, Outcome, windows};
use crate::lookup_token::{self, Window};
use crate::search;

/// The pairs of keys that go together, in either order.
const PAIRS: &[(Attribute, &[Attribute])] = &[
    (
        Attribute::ServiceName,
        &[
            Attribute::EventName,
            Attribute::User,
            Attribute::PrincipalId,
            Attribute::RoleName,
            Attribute::ResourceName,
            Attribute::EventRw,
            Attribute::SensitiveAction,
            Attribute::EventType,
        ],
    ),
    (Attribute::ResourceName, &[Attribute::ResourceType, Attribute::EventName, Attribute::User, Attribute::RoleName]),
    (Attribute::EventType, &[Attribute::EventName]),
];

pub(super) async fn events(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let arguments = &call.arguments;
    let now = call.request.received;
    let mut conditions = conditions(arguments.list("LookupAttribute"))?;
    // Insights, data and platform events have operations of their own.
    conditions.push(Condition::Category(Category::Management));
    let newest_first = arguments.text("Direction") != Some("FORWARD");
    let limit = arguments.integer("MaxResults").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1);

    let parameters = lookup_token::digest("LookupEvents", unchanging(call));
    let given = window(arguments, now, search::history_start(call.gateway, now))?;
    let (window, after) = match arguments.text("NextToken") {
        None => (given, None),
        Some(token) => {
            let place = lookup_token::decode(token, call.account, &parameters)
                .map_err(|fault| codes::INVALID_QUERY_PARAMETER.because(fault.to_string()))?;
            (place.window, Some(place.after))
        }
    };
    let lookup = Lookup {
        account: call.account,
        from: window.from,
        through: window.through,
        conditions,
        newest_first,
        after,
        limit,
    };
    let page = search::page(call.gateway, lookup).await?;
    let last = page.events.last().filter(|_| page.more);
    let next = last.map(|last| lookup_token::encode(call.account, last, window, &parameters));
    Ok(Success::from_text(body(&page.events, window, next.as_deref())))
}

/// The parameters that must be the same on each page.
fn unchanging<'a>(call: &'a Call<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    const NAMES: [&str; 4] = ["StartTime", "EndTime", "Direction", "MaxResults"];
    let pairs = call.request.given.pairs();
    pairs.filter(|(name, _)| NAMES.contains(name) || name.starts_with("LookupAttribute."))
}

/// The window: both ends or neither, the end after the start, and the start within the history.
fn window(arguments: &Arguments, now: Timestamp, history_start: Timestamp) -> Result<Window, WireError> {
    windows::given_or(arguments, now, history_start, LOOKUP_WINDOW_DEFAULT)
}

/// What must hold: one key, or two that go together. Of more than two the first two count, of a key given twice the
/// second.
pub(super) fn conditions(entries: &[Arguments]) -> Result<Vec<Condition>, WireError> {
    let attribute = |entry: &Arguments| {
        let key = entry.required("Key");
        Attribute::from_name(key).expect("the table's keys are names of attributes")
    };
    let pairs: Vec<(Attribute, &str)> =
        entries.iter().take(2).map(|entry| (attribute(entry), entry.required("Value"))).collect();
    let counted: &[(Attribute, &str)] = match pairs.as_slice() {
        [(first, _), (second, _)] if first == second => &pairs[1..],
        [(first, _), (second, _)] if !go_together(*first, *second) => {
            return Err(codes::INVALID_QUERY_PARAMETER.because(format!(
                "The keys {} and {} do not go together. Allowed pairs: {}. GET /v1/events takes any combination.",
                first.as_str(),
                second.as_str(),
                allowed_pairs()
            )));
        }
        other => other,
    };
    if let [(Attribute::PrincipalId, _)] = counted {
        let message = format!("PrincipalId is not taken alone. Allowed pairs: {}.", allowed_pairs());
        return Err(codes::INVALID_QUERY_PARAMETER.because(message));
    }
    Ok(counted.iter().map(|(attribute, value)| Condition::Is(*attribute, (*value).to_owned())).collect())
}

fn go_together(one: Attribute, other: Attribute) -> bool {
    PAIRS.iter().any(|(first, seconds)| {
        (*first == one && seconds.contains(&other)) || (*first == other && seconds.contains(&one))
    })
}

fn allowed_pairs() -> String {
    let names = |seconds: &[Attribute]| seconds.iter().map(|each| each.as_str()).collect::<Vec<_>>().join(", ");
    let pairs = PAIRS.iter().map(|(first, seconds)| format!("{} with {}", first.as_str(), names(seconds)));
    pairs.collect::<Vec<_>>().join("; ")
}

/// The reply's fields. The events go in as they were sent, byte for byte.
pub(super) fn body(events: &[Found], window: Window, next: Option<&str>) -> String {
    let bytes: usize = events.iter().map(|found| found.event.raw().len() + 1).sum();
    let mut body = String::with_capacity(bytes + 1024);
    body.push_str("{\"Events\":[");
    for (place, found) in events.iter().enumerate() {
        if place > 0 {
            body.push(',');
        }
        // Checked when the event was accepted.
        body.push_str(std::str::from_utf8(found.event.raw()).unwrap_or("{}"));
    }
    body.push_str(&format!("],\"StartTime\":\"{}\",\"EndTime\":\"{}\"", window.from, window.through));
    if let Some(next) = next {
        body.push_str(&format!(",\"NextToken\":{}", Value::from(next)));
    }
    body.push('}');
    body
}

#[cfg(test)]
mod tests;
