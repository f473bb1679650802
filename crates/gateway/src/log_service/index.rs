//! The index of a Logstore: one for all, of everything.
//!
//! Every word and every path of `event` can be searched and selected. So there is nothing to switch on, and an index that
//! a client asks for is there already.

use serde_json::{Value, json};
use sls::{Fault, fault};

use super::Call;
use super::projects::body;
use super::reply::Reply;

/// What a word ends at; the default of Log Service's console.
const TOKENS: &str = ", '\";=()[]{}?@&<>/:\n\t\r";

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let (_, logstore) = call.logstore().await?;
    let token: Vec<String> = TOKENS.chars().map(String::from).collect();
    let modified = logstore.created.0.div_euclid(1000);
    Ok(Reply::json(&json!({
        "index_mode": "v2",
        "storage": "pg",
        "ttl": logstore.ttl_days,
        "log_reduce": false,
        "max_text_len": 16384,
        "lastModifyTime": modified,
        "line": { "token": token, "caseSensitive": false, "chn": false },
        "keys": { "event": {
            "type": "json",
            "token": token,
            "caseSensitive": false,
            "chn": false,
            "doc_value": true,
            "alias": "",
            "index_all": true,
            "max_depth": -1,
            "json_keys": {},
        }},
    })))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let _: Value = body(call.request)?;
    call.logstore().await?;
    Err(fault::INDEX_ALREADY_EXIST.because("log store index is already created: everything in it is indexed"))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let _: Value = body(call.request)?;
    call.logstore().await?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    call.logstore().await?;
    Err(fault::PARAMETER_INVALID
        .because("The index of this logstore cannot be deleted: it is what the node finds events with"))
}
