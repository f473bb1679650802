//! Ingest tokens.

use api::{Success, codes};
use catalog::IngestToken;
use model::ErrorKind;
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::fault::managed;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("Name");
    let from_event = call.arguments.flag("FromEvent");
    if from_event && !(call.caller.is_management && call.account == call.caller.account) {
        let message = "Only tokens of the management account may put events for every account.";
        return Err(codes::NO_PERMISSION.because(message));
    }
    let created = call.gateway.identity.create_ingest_token(call.account, name, from_event).await;
    let (token, secret) = created.map_err(managed)?;
    Ok(Success::from_object(&json!({ "IngestToken": shown(&token), "Token": secret.expose() })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let tokens = call.gateway.identity.list_ingest_tokens(call.account).await.map_err(managed)?;
    let page = paged(call, tokens, |token| &token.id);
    Ok(page.reply("IngestTokens", Value::from, shown))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("IngestTokenId");
    let deleted = call.gateway.identity.delete_ingest_token(call.account, id).await;
    deleted.map_err(|error| match error.kind() {
        ErrorKind::NotFound => codes::INGEST_TOKEN_NOT_FOUND.because(format!("There is no ingest token {id}.")),
        _ => managed(error),
    })?;
    Ok(Success::empty())
}

fn shown(token: &IngestToken) -> Value {
    json!({
        "IngestTokenId": token.id,
        "Name": token.name,
        "FromEvent": token.from_event,
        "CreateTime": token.created.to_string(),
    })
}
