//! Records of resources: the users, groups, policies, templates and webhooks of alerting, and whatever clients keep in
//! tables of their own. A value is JSON in a string, kept as it was sent; webhooks are sealed while they lie there.

use catalog::{CatalogError, NewResourceRecord, ResourceRecord};
use identity::VaultError;
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sls::{Fault, fault};

use super::projects::{body, page};
use super::reply::Reply;
use super::resources::{keys_of_built_in, must_exist};
use super::{Call, failed, ours};
use crate::alert_records::{self, BuiltInRecord, RECORDS_MAX};

/// Records of one call; Log Service's own limit.
const RECORDS_OF_CALL_MAX: usize = 200;
/// Bytes of an id or a tag.
const ID_BYTES_MAX: usize = 128;
/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 256 * 1024;

#[derive(Deserialize)]
struct Wish {
    id: Option<String>,
    tag: Option<String>,
    value: Option<String>,
}

impl Wish {
    /// The record that is meant, checked; `id` is that of the path, if that has one.
    fn record(self, call: &Call<'_>, resource: &str, of_path: Option<&str>) -> Result<NewResourceRecord, Fault> {
        let value = self.value.unwrap_or_default();
        let parsed = serde_json::from_str::<Value>(&value).ok();
        let Some(parsed) = parsed.filter(|_| value.len() <= VALUE_BYTES_MAX) else {
            let message = format!("The value of a record must be JSON in a string, at most {VALUE_BYTES_MAX} bytes");
            return Err(fault::PARAMETER_INVALID.because(message));
        };
        let (id_key, tag_key) = keys_of_built_in(resource).unzip();
        let within = |key: Option<&str>| key.and_then(|key| parsed[key].as_str()).map(str::to_owned);
        let id = of_path.map(str::to_owned).or(self.id).filter(|id| !id.is_empty()).or_else(|| within(id_key));
        let id = id.unwrap_or_else(|| call.gateway.random.uuid());
        let is_id = id.len() <= ID_BYTES_MAX && !id.contains([',', '/']) && !id.chars().any(char::is_control);
        if !is_id {
            let message = format!("The id {id:?} is invalid: at most {ID_BYTES_MAX} bytes, without commas and slashes");
            return Err(fault::PARAMETER_INVALID.because(message));
        }
        if within(id_key).is_some_and(|within| within != id) {
            let message = format!("{} of the value is not the record's id {id}", id_key.unwrap_or_default());
            return Err(fault::PARAMETER_INVALID.because(message));
        }
        if alert_records::built_in(resource, &id).is_some() {
            return Err(fault::PARAMETER_INVALID.because(format!("record {id} is built in and cannot be changed")));
        }
        alert_records::check(resource, &parsed).map_err(|error| fault::PARAMETER_INVALID.because(error))?;
        let tag = self.tag.or_else(|| within(tag_key).filter(|_| of_path.is_none()));
        let value = call.gateway.vault.seal_record(resource, &value);
        Ok(NewResourceRecord { id, tag, value })
    }
}

fn told(error: CatalogError, id: &str) -> Fault {
    match error {
        CatalogError::NotFound { what } => fault::RESOURCE_RECORD_NOT_EXIST.because(format!("{what} does not exist")),
        CatalogError::AlreadyExists { .. } => {
            fault::RESOURCE_RECORD_ALREADY_EXIST.because(format!("record {id} already exists"))
        }
        CatalogError::LimitReached { .. } => fault::EXCEED_QUOTA.because(format!("record quota exceed: {error}")),
        other => ours(other),
    }
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let resource = must_exist(call).await?;
    let record = wish.record(call, resource, None)?;
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    let created = catalog.resource_record_create(call.caller.account, resource, &record, now, RECORDS_MAX).await;
    created.map_err(|error| told(error, &record.id))?;
    Ok(Reply::json(&json!({ "id": record.id })))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let resource = must_exist(call).await?;
    let record = wish.record(call, resource, call.route.name.as_deref())?;
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    let updated = catalog.resource_record_update(call.caller.account, resource, &record, now).await;
    updated.map_err(|error| told(error, &record.id))?;
    Ok(Reply::empty())
}

#[derive(Deserialize)]
struct Wishes {
    records: Vec<Wish>,
}

/// Writes several, new ones and those that are there.
pub(super) async fn put(call: &Call<'_>) -> Result<Reply, Fault> {
    let wishes: Wishes = body(call.request)?;
    let resource = must_exist(call).await?;
    if wishes.records.len() > RECORDS_OF_CALL_MAX {
        let message = format!("A call writes at most {RECORDS_OF_CALL_MAX} records");
        return Err(fault::PARAMETER_INVALID.because(message));
    }
    let records = wishes.records.into_iter().map(|wish| wish.record(call, resource, None));
    let records: Vec<NewResourceRecord> = records.collect::<Result<_, _>>()?;
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    let put = catalog.resource_records_put(call.caller.account, resource, &records, now, RECORDS_MAX).await;
    put.map_err(|error| told(error, ""))?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let resource = must_exist(call).await?;
    let of_query = call.parameter("ids").map(|ids| ids.split(',').map(str::to_owned).collect());
    let ids: Option<Vec<String>> = call.route.name.clone().map(|id| vec![id]).or(of_query);
    let Some(ids) = ids else {
        return Err(fault::PARAMETER_INVALID.because("The parameter ids is missing"));
    };
    if let Some(id) = ids.iter().find(|id| alert_records::built_in(resource, id).is_some()) {
        return Err(fault::PARAMETER_INVALID.because(format!("record {id} is built in and cannot be deleted")));
    }
    let deleted = call.gateway.catalog.resource_records_delete(call.caller.account, resource, &ids).await;
    deleted.map_err(|error| told(error, ""))?;
    Ok(Reply::empty())
}

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let resource = must_exist(call).await?;
    let id = call.route.name.as_deref().unwrap_or_default();
    let found = call.gateway.catalog.resource_record_find(call.caller.account, resource, id).await.map_err(ours)?;
    let record = match found {
        Some(record) => opened(call, resource, record)?,
        None => alert_records::built_in(resource, id)
            .map(of_release)
            .ok_or_else(|| fault::RESOURCE_RECORD_NOT_EXIST.because(format!("record {id} does not exist")))?,
    };
    Ok(Reply::json(&shown(&record)))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let all = listed(call).await?;
    let (total, records) = page(call, all, 100, 200)?;
    let items: Vec<Value> = records.iter().map(shown).collect();
    Ok(Reply::json(&json!({ "count": items.len(), "total": total, "items": items })))
}

/// The same, page by page behind a token: the last id.
pub(super) async fn list_on(call: &Call<'_>) -> Result<Reply, Fault> {
    let mut all = listed(call).await?;
    let total = all.len();
    let most = call.parameter("maxResults").map_or(Ok(100), str::parse);
    let most: usize =
        most.map_err(|_| fault::PARAMETER_INVALID.because("The parameter maxResults must be a number"))?;
    let most = most.clamp(1, 200);
    let is_reverse = call.parameter("reverse").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if is_reverse {
        all.reverse();
    }
    if let Some(last) = call.parameter("nextToken") {
        all.retain(|record| if is_reverse { record.id.as_str() < last } else { record.id.as_str() > last });
    }
    let next = (all.len() > most).then(|| all[most - 1].id.clone());
    let items: Vec<Value> = all.iter().take(most).map(shown).collect();
    let mut reply = json!({ "items": items, "maxResults": most, "total": total });
    if let Some(next) = next {
        reply["nextToken"] = next.into();
    }
    Ok(Reply::json(&reply))
}

/// The records that are asked for, by id.
async fn listed(call: &Call<'_>) -> Result<Vec<ResourceRecord>, Fault> {
    let resource = must_exist(call).await?;
    let kept = call.gateway.catalog.resource_record_list(call.caller.account, resource).await.map_err(ours)?;
    let mut all: Vec<ResourceRecord> =
        kept.into_iter().map(|record| opened(call, resource, record)).collect::<Result<_, _>>()?;
    if call.parameter("includeSystemRecords").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        all.extend(alert_records::all_built_in(resource).into_iter().map(of_release));
        all.sort_by(|one, other| one.id.cmp(&other.id));
    }
    if let Some(ids) = call.parameter("ids") {
        let ids: Vec<&str> = ids.split(',').collect();
        all.retain(|record| ids.contains(&record.id.as_str()));
    }
    if let Some(tag) = call.parameter("tag") {
        all.retain(|record| record.tag == tag);
    }
    if let Some(part) = call.parameter("search") {
        all.retain(|record| [&record.id, &record.tag, &record.value].iter().any(|text| text.contains(part)));
    }
    if let Some(path) = call.parameter("jsonPath") {
        let wanted = call.parameter("jsonPathValue");
        all.retain(|record| at_path(&record.value, path, wanted));
    }
    Ok(all)
}

/// Whether the value has something at `$.a.b`, and the wanted text where one is given.
fn at_path(value: &str, path: &str, wanted: Option<&str>) -> bool {
    let value: Value = serde_json::from_str(value).unwrap_or_default();
    let steps = path.strip_prefix('$').unwrap_or(path).split('.').filter(|step| !step.is_empty());
    let found = steps.fold(&value, |at, step| match step.parse::<usize>() {
        Ok(place) if at.is_array() => &at[place],
        _ => &at[step],
    });
    match (found, wanted) {
        (Value::Null, _) => false,
        (_, None) => true,
        (Value::String(text), Some(wanted)) => text == wanted,
        (other, Some(wanted)) => serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == *other),
    }
}

/// The record as it was sent.
fn opened(call: &Call<'_>, resource: &str, record: ResourceRecord) -> Result<ResourceRecord, Fault> {
    let value = call.gateway.vault.open_record(resource, &record.value);
    let value = value.map_err(|error: VaultError| failed(&error, error.kind()))?;
    Ok(ResourceRecord { value, ..record })
}

fn of_release(record: BuiltInRecord) -> ResourceRecord {
    let BuiltInRecord { id, tag, value } = record;
    ResourceRecord { id, tag, value, created: Timestamp(0), updated: Timestamp(0) }
}

fn shown(record: &ResourceRecord) -> Value {
    json!({
        "id": record.id,
        "tag": record.tag,
        "value": record.value,
        "createTime": record.created.0.div_euclid(1000),
        "lastModifyTime": record.updated.0.div_euclid(1000),
    })
}
