//! Insights as an account and its trails have them set: which are on, which are delivered, which addresses are known.

use std::collections::BTreeSet;

use api::catalogue::INSIGHT_TYPES;
use api::{Success, WireError, codes};
use catalog::AddressList;
use model::trail::{Selector, Trail};
use serde_json::{Map, Value, json};

use super::{Call, Outcome, trails};
use crate::fault::unexpected;

pub(super) async fn enable(call: &Call<'_>) -> Outcome {
    let enabled = call.gateway.catalog.insight_type_enable(call.account, kind(call)?, call.request.received).await;
    enabled.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::empty())
}

pub(super) async fn disable(call: &Call<'_>) -> Outcome {
    let disabled = call.gateway.catalog.insight_type_disable(call.account, kind(call)?).await;
    disabled.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::empty())
}

/// Optional as it is published, and nothing without it.
fn kind<'a>(call: &'a Call<'_>) -> Result<&'a str, WireError> {
    let message = "The parameter InsightType is required and was not given or is empty.";
    call.arguments.text("InsightType").ok_or_else(|| codes::MISSING_PARAMETER.because(message))
}

pub(super) async fn types(call: &Call<'_>) -> Outcome {
    let on = call.gateway.catalog.insight_types(call.account).await;
    let on = on.map_err(|error| unexpected(&error, error.kind()))?;
    let state = |kind: &&str| if on.contains_key(*kind) { "Enable" } else { "Disable" };
    let types: Map<String, Value> = INSIGHT_TYPES.iter().map(|kind| ((*kind).to_owned(), state(kind).into())).collect();
    Ok(Success::from_object(&json!({ "InsightTypes": types })))
}

pub(super) async fn strategy(call: &Call<'_>) -> Outcome {
    let addresses = call.gateway.catalog.insight_addresses(call.account).await;
    let addresses = addresses.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::from_object(&json!({
        "IpBlackList": addresses.black,
        "IpWhiteList": addresses.white,
        "UpdateTime": addresses.added.map(|time| time.to_string()).unwrap_or_default(),
    })))
}

pub(super) async fn modify_strategy(call: &Call<'_>) -> Outcome {
    let given = |name: &str| {
        let text = call.arguments.text(name)?;
        let addresses = text.split(',').map(str::trim).filter(|address| !address.is_empty());
        Some(addresses.map(str::to_owned).collect::<BTreeSet<String>>())
    };
    let (black, white) = (given("IpBlackList"), given("IpWhiteList"));
    if black.is_none() && white.is_none() {
        return Err(codes::INVALID_QUERY_PARAMETER.because("Give IpBlackList, IpWhiteList or both."));
    }
    let present = call.gateway.catalog.insight_addresses(call.account).await;
    let present = present.map_err(|error| unexpected(&error, error.kind()))?;
    let (then_black, then_white) = (black.clone().unwrap_or(present.black), white.clone().unwrap_or(present.white));
    if let Some(both) = then_black.intersection(&then_white).next() {
        let message = format!("{both} would be on the black list and on the white list.");
        return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
    }
    let black = black.map(|addresses| (AddressList::Black, addresses));
    let white = white.map(|addresses| (AddressList::White, addresses));
    let lists: Vec<_> = black.into_iter().chain(white).collect();
    let put = call.gateway.catalog.insight_addresses_put(call.account, &lists, call.request.received).await;
    put.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::empty())
}

pub(super) async fn enabled_trails(call: &Call<'_>) -> Outcome {
    let all = call.gateway.catalog.trail_list(call.account).await;
    let all = all.map_err(|error| unexpected(&error, error.kind()))?;
    let shown = |trail: &Trail| {
        json!({
            "Name": trail.name.as_str(),
            "TrailArn": trail.arn(),
            "Status": trail.status.as_str(),
            "InsightTypes": trail.selector.insights,
        })
    };
    let list = all.iter().filter(|trail| !trail.selector.insights.is_empty()).map(shown);
    Ok(Success::from_object(&json!({ "TrailList": list.collect::<Vec<Value>>() })))
}

pub(super) async fn selectors(call: &Call<'_>) -> Outcome {
    Ok(shown(&trails::named(call, call.arguments.required("TrailName")).await?))
}

pub(super) async fn put_selectors(call: &Call<'_>) -> Outcome {
    let trail = trails::named(call, call.arguments.required("TrailName")).await?;
    let insights = wanted(call.arguments.text("InsightSelectors").unwrap_or("[]"))?;
    let selector = Selector { insights, ..trail.selector.clone() };
    Ok(shown(&trails::select(call, &trail, &selector).await?))
}

fn shown(trail: &Trail) -> Success {
    let one = |kind: &String| json!({ "insightType": kind }).to_string();
    let selectors: Vec<String> = trail.selector.insights.iter().map(one).collect();
    Success::from_object(&json!({ "TrailArn": trail.arn(), "InsightSelectors": selectors }))
}

/// The types in `[{"insightType":"IpInsight"}]`.
fn wanted(text: &str) -> Result<BTreeSet<String>, WireError> {
    let unreadable = || {
        let message = "InsightSelectors is no list of objects with an insightType: [{\"insightType\":\"IpInsight\"}].";
        codes::INVALID_QUERY_PARAMETER.because(message)
    };
    let entries: Vec<Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
    let kinds = entries.iter().map(|entry| entry["insightType"].as_str().map(str::to_owned));
    let kinds: BTreeSet<String> = kinds.collect::<Option<_>>().ok_or_else(unreadable)?;
    match kinds.iter().find(|kind| !INSIGHT_TYPES.contains(&kind.as_str())) {
        Some(unknown) => {
            let message =
                format!("There are no insights of the type {unknown:?}. Types: {}.", INSIGHT_TYPES.join(", "));
            Err(codes::INSIGHT_SELECTOR_DOES_NOT_EXIST.because(message))
        }
        None => Ok(kinds),
    }
}
