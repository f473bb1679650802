//! Logstores: shown, given another retention, deleted. They are made by trails and written by nobody.

use catalog::{CatalogError, Logstore};
use serde::Deserialize;
use serde_json::{Value, json};
use sls::{Fault, fault};

use super::projects::{body, page};
use super::reply::Reply;
use super::{Call, ours};

/// Days a Logstore may show; this many mean for ever.
const TTL_DAYS_MAX: u32 = 3650;

/// The answer to whoever puts logs.
pub(super) fn read_only() -> Fault {
    fault::PARAMETER_INVALID
        .because("The logstore is read-only: it shows the events of a trail. Put events with POST /v1/events.")
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let project = call.project().await?;
    let logstores = call.gateway.catalog.logstore_list(project.account, &project.name).await.map_err(ours)?;
    let mut names: Vec<String> = logstores.into_iter().map(|logstore| logstore.name).collect();
    if let Some(part) = call.parameter("logstoreName") {
        names.retain(|name| name.contains(part));
    }
    let (total, names) = page(call, names, 200, 500)?;
    Ok(Reply::json(&json!({ "count": names.len(), "total": total, "logstores": names })))
}

#[derive(Deserialize)]
struct Wish {
    #[serde(rename = "logstoreName")]
    name: Option<String>,
    ttl: Option<i64>,
}

/// There is no Logstore without a trail.
pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let project = call.project().await?;
    let name = wish.name.unwrap_or_default();
    let found = call.gateway.catalog.logstore_find(project.account, &project.name, &name).await.map_err(ours)?;
    if found.is_some() {
        return Err(fault::LOGSTORE_ALREADY_EXIST.because(format!("logstore {name} already exists")));
    }
    Err(fault::PARAMETER_INVALID.because(
        "A logstore of this node shows the events of a trail and is made with it: create a trail with SlsProjectArn, its logstore is actiontrail_<trail>.",
    ))
}

fn shown(logstore: &Logstore) -> Value {
    json!({
        "logstoreName": logstore.name,
        "ttl": logstore.ttl_days,
        "shardCount": 1,
        "enable_tracking": false,
        "appendMeta": false,
        "autoSplit": false,
        "maxSplitShard": 1,
        "mode": "standard",
        "telemetryType": "",
        "productType": "actiontrail",
        "createTime": logstore.created.0.div_euclid(1000),
        "lastModifyTime": logstore.updated.0.div_euclid(1000),
    })
}

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let (_, logstore) = call.logstore().await?;
    Ok(Reply::json(&shown(&logstore)))
}

/// Only the retention can be changed; what else the SDKs send along is what they read.
pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let (of, _) = call.logstore().await?;
    let Some(ttl) = wish.ttl else { return Ok(Reply::empty()) };
    let days = u32::try_from(ttl).ok().filter(|days| (1..=TTL_DAYS_MAX).contains(days));
    let Some(days) = days else {
        let message = format!("The ttl {ttl} is invalid: 1 to {TTL_DAYS_MAX} days, {TTL_DAYS_MAX} is for ever");
        return Err(fault::LOGSTORE_INFO_INVALID.because(message));
    };
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    catalog.logstore_update_ttl(of.account, &of.project, &of.logstore, days, now).await.map_err(ours)?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let (of, _) = call.logstore().await?;
    let catalog = &call.gateway.catalog;
    let deleted = catalog.logstore_delete(of.account, &of.project, &of.logstore).await;
    deleted.map_err(|error| match error {
        in_use @ CatalogError::InUse { .. } => fault::PARAMETER_INVALID.because(in_use.to_string()),
        other => ours(other),
    })?;
    for group in catalog.consumer_group_list(&of).await.map_err(ours)? {
        catalog.consumer_group_delete(&of, &group.name).await.map_err(ours)?;
    }
    Ok(Reply::empty())
}
