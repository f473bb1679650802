//! Access keys. Without `UserName` the caller's own are meant: a user's name is filled in by the table, and what is
//! left without one is the account itself.

use api::{Success, codes};
use catalog::AccessKey;
use identity::NewKey;
use model::{Attribute, Timestamp};
use serde_json::{Value, json};
use store::{Condition, Lookup};

use super::{Call, Outcome};
use crate::fault::managed;
use crate::search;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let key = call.gateway.identity.create_access_key(call.account, owner(call)).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "AccessKey": shown_once(&key) })))
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("UserAccessKeyId");
    let active = call.arguments.required("Status") == "Active";
    call.gateway.identity.set_key_active(call.account, owner(call), id, active).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("UserAccessKeyId");
    call.gateway.identity.delete_key(call.account, owner(call), id).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let keys = call.gateway.identity.list_keys(call.account, owner(call)).await.map_err(managed)?;
    let keys: Vec<Value> = keys.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "AccessKeys": { "AccessKey": keys } })))
}

pub(super) async fn last_used(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("UserAccessKeyId");
    let keys = call.gateway.identity.list_keys(call.account, owner(call)).await.map_err(managed)?;
    if !keys.iter().any(|key| key.id == id) {
        return Err(codes::ENTITY_NOT_EXIST_ACCESS_KEY.because(format!("There is no access key {id} of this owner.")));
    }
    let lookup = Lookup {
        account: call.account,
        from: Timestamp::MIN,
        through: Timestamp::MAX,
        conditions: vec![Condition::Is(Attribute::EventAccessKeyId, id.to_owned())],
        newest_first: true,
        after: None,
        limit: 1,
    };
    let page = search::page(call.gateway, lookup).await?;
    let last = page.events.first().map(|found| found.position().time.to_string()).unwrap_or_default();
    Ok(Success::from_object(&json!({ "AccessKeyLastUsed": { "LastUsedDate": last } })))
}

/// A new key with its secret, which is never shown again.
pub(super) fn shown_once(key: &NewKey) -> Value {
    json!({
        "AccessKeyId": key.access_key_id,
        "AccessKeySecret": key.access_key_secret.expose(),
        "Status": "Active",
        "CreateDate": key.created.to_string(),
    })
}

fn owner<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    call.arguments.text("UserName")
}

fn shown(key: &AccessKey) -> Value {
    json!({
        "AccessKeyId": key.id,
        "Status": if key.active { "Active" } else { "Inactive" },
        "CreateDate": key.created.to_string(),
    })
}
