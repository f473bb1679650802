//! Accounts, for the management account.

use api::{Success, WireError, codes};
use catalog::Account;
use model::{AccountId, ErrorKind};
use serde_json::{Value, json};

use super::{Call, Outcome, paged, ram_keys};
use crate::fault::{managed, unexpected};

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("Name");
    let id: Option<AccountId> = call.arguments.text("AccountId").and_then(|id| id.parse().ok());
    let created = call.gateway.identity.create_account(name, id).await.map_err(|error| match (error.kind(), id) {
        (ErrorKind::Conflict, Some(id)) => taken(id),
        _ => managed(error),
    });
    let (account, key) = created?;
    Ok(Success::from_object(&json!({ "Account": shown(&account), "AccessKey": ram_keys::shown_once(&key) })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let accounts = call.gateway.catalog.account_list().await;
    let accounts = accounts.map_err(|error| unexpected(&error, error.kind()))?;
    let page = paged(call, accounts, |account| account.id.as_str());
    Ok(page.reply("Accounts", Value::from, shown))
}

fn taken(id: AccountId) -> WireError {
    codes::ACCOUNT_ALREADY_EXISTS
        .because(format!("There is an account {id} already; leave AccountId out for a free one."))
}

fn shown(account: &Account) -> Value {
    json!({
        "AccountId": account.id.as_str(),
        "Name": account.name,
        "IsManagement": account.is_management,
        "CreateTime": account.created.to_string(),
    })
}
