//! Access keys. Without `UserName` the caller's own are meant: a user's name is filled in by the table, and what is
//! left without one is the account itself.

use api::Success;
use catalog::AccessKey;
use identity::NewKey;
use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::fault::managed;

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
