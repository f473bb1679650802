//! Resources: tables of records, which belong to the account. Those of alerting exist by themselves; clients may
//! declare others.

use alert::records::{self, RESOURCES, resource_named};
use catalog::{CatalogError, Resource};
use model::AccountId;
use serde::Deserialize;
use serde_json::{Value, json};
use sls::{Fault, fault};

use super::projects::{body, page};
use super::reply::Reply;
use super::{Call, ours};

/// Declared resources of an account.
const RESOURCES_MAX: usize = 100;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 64;
/// Names of the built-in resources begin so.
const BUILT_IN_PREFIX: &str = "sls.";
const DECLARED: &str = "userdefine";

/// The keys of a built-in resource's records that hold id and name.
pub(super) fn keys_of_built_in(resource: &str) -> Option<(&'static str, &'static str)> {
    RESOURCES.iter().find(|each| each.name == resource).map(|each| (each.id, each.tag))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    description: Option<String>,
    schema: Option<String>,
    acl: Option<String>,
    ext_info: Option<String>,
}

/// `schema` and `acl` must be JSON: clients parse them.
fn document(field: &str, sent: Option<String>, otherwise: &str) -> Result<String, Fault> {
    let text = sent.filter(|text| !text.is_empty()).unwrap_or_else(|| otherwise.to_owned());
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(text),
        _ => Err(fault::PARAMETER_INVALID.because(format!("{field} is not a JSON object in a string"))),
    }
}

const NO_SCHEMA: &str = r#"{"schema":[]}"#;
const NO_ACL: &str = r#"{"policy":{"type":"all_rw"}}"#;

fn name_of<'c>(call: &'c Call<'_>) -> &'c str {
    call.route.resource.as_deref().unwrap_or_default()
}

fn not_there(name: &str) -> Fault {
    fault::RESOURCE_NOT_EXIST.because(format!("resource {name} does not exist"))
}

fn told(error: CatalogError, name: &str) -> Fault {
    match error {
        CatalogError::NotFound { .. } => not_there(name),
        CatalogError::AlreadyExists { .. } => {
            fault::RESOURCE_ALREADY_EXIST.because(format!("resource {name} already exists"))
        }
        CatalogError::LimitReached { .. } => fault::EXCEED_QUOTA.because(format!("resource quota exceed: {error}")),
        other => ours(other),
    }
}

/// The resource of the path must exist.
pub(super) async fn must_exist<'c>(call: &'c Call<'_>) -> Result<&'c str, Fault> {
    let name = name_of(call);
    if keys_of_built_in(name).is_none() {
        declared(call, name).await?;
    }
    Ok(name)
}

async fn declared(call: &Call<'_>, name: &str) -> Result<Resource, Fault> {
    let found = call.gateway.catalog.resource_find(call.caller.account, name).await.map_err(ours)?;
    found.ok_or_else(|| not_there(name))
}

fn refuse_built_in(name: &str) -> Result<(), Fault> {
    if name.starts_with(BUILT_IN_PREFIX) {
        let message = format!("resource {name} is built in: only its records can be changed");
        return Err(fault::PARAMETER_INVALID.because(message));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain)
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let name = wish.name.unwrap_or_default();
    refuse_built_in(&name)?;
    if !is_name(&name) {
        let message = format!("resource {name:?} is invalid: letters, digits, . - and _, at most {NAME_BYTES_MAX}");
        return Err(fault::PARAMETER_INVALID.because(message));
    }
    if wish.kind.as_deref().is_some_and(|kind| kind != DECLARED) {
        return Err(fault::PARAMETER_INVALID.because(format!("The type of a resource must be {DECLARED}")));
    }
    let now = call.request.received;
    let resource = Resource {
        account: call.caller.account,
        name: name.clone(),
        description: wish.description.unwrap_or_default(),
        schema: document("schema", wish.schema, NO_SCHEMA)?,
        acl: document("acl", wish.acl, NO_ACL)?,
        ext_info: wish.ext_info.unwrap_or_default(),
        created: now,
        updated: now,
    };
    call.gateway.catalog.resource_create(&resource, RESOURCES_MAX).await.map_err(|error| told(error, &name))?;
    Ok(Reply::empty())
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let name = name_of(call);
    refuse_built_in(name)?;
    let kept = declared(call, name).await?;
    let resource = Resource {
        description: wish.description.unwrap_or(kept.description),
        schema: document("schema", wish.schema, &kept.schema)?,
        acl: document("acl", wish.acl, &kept.acl)?,
        ext_info: wish.ext_info.unwrap_or(kept.ext_info),
        updated: call.request.received,
        ..kept
    };
    call.gateway.catalog.resource_update(&resource).await.map_err(|error| told(error, name))?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let name = name_of(call);
    refuse_built_in(name)?;
    call.gateway.catalog.resource_delete(call.caller.account, name).await.map_err(|error| told(error, name))?;
    Ok(Reply::empty())
}

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let name = name_of(call);
    let built_in = RESOURCES.iter().find(|each| each.name == name);
    let shown = match built_in {
        Some(built_in) => shown_built_in(built_in),
        None => shown(&declared(call, name).await?),
    };
    Ok(Reply::json(&shown))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let account: AccountId = call.caller.account;
    let declared = call.gateway.catalog.resource_list(account).await.map_err(ours)?;
    let mut all: Vec<Value> = RESOURCES.iter().map(shown_built_in).chain(declared.iter().map(shown)).collect();
    if let Some(kind) = call.parameter("type") {
        all.retain(|resource| resource["type"] == kind);
    }
    if let Some(names) = call.parameter("names") {
        let names: Vec<&str> = names.split(',').map(resource_named).collect();
        all.retain(|resource| resource["name"].as_str().is_some_and(|name| names.contains(&name)));
    }
    let (total, items) = page(call, all, 100, 200)?;
    Ok(Reply::json(&json!({ "count": items.len(), "total": total, "items": items })))
}

fn shown(resource: &Resource) -> Value {
    json!({
        "name": resource.name,
        "type": DECLARED,
        "description": resource.description,
        "schema": resource.schema,
        "acl": resource.acl,
        "extInfo": resource.ext_info,
        "createTime": resource.created.0.div_euclid(1000),
        "lastModifyTime": resource.updated.0.div_euclid(1000),
    })
}

fn shown_built_in(of: &records::Resource) -> Value {
    let column = |column: &str, text: &str| json!({ "column": column, "desc": text, "ext_info": "", "type": "string" });
    json!({
        "name": of.name,
        "type": "system",
        "description": "records of alerting",
        "schema": json!({ "schema": [column(of.id, "id"), column(of.tag, "name")] }).to_string(),
        "acl": NO_ACL,
        "extInfo": "",
        "createTime": 0,
        "lastModifyTime": 0,
    })
}
