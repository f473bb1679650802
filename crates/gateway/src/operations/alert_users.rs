//! The users that are notified, as lines of text.

use alert::recipients::{User, bulk};
use api::{Success, codes};
use catalog::{CatalogError, NewResourceRecord};
use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::alert_records::{RECORDS_MAX, USERS};
use crate::fault::unexpected;

/// Wrong lines that an answer tells.
const ERRORS_SHOWN: usize = 20;

pub(super) async fn export(call: &Call<'_>) -> Outcome {
    let records = call.gateway.catalog.resource_record_list(call.account, USERS).await;
    let records = records.map_err(|error| unexpected(&error, error.kind()))?;
    // Each was checked when it was written.
    let users = records.iter().filter_map(|record| serde_json::from_str::<Value>(&record.value).ok());
    let users: Vec<User> = users.filter_map(|value| User::parse(&value).ok()).collect();
    Ok(Success::from_object(&json!({ "Users": bulk::export(&users), "Count": users.len() })))
}

pub(super) async fn import(call: &Call<'_>) -> Outcome {
    let users = bulk::import(call.arguments.required("Users")).map_err(|errors| {
        let mut told: Vec<String> = errors.iter().take(ERRORS_SHOWN).map(ToString::to_string).collect();
        if errors.len() > ERRORS_SHOWN {
            told.push(format!("and {} more", errors.len() - ERRORS_SHOWN));
        }
        codes::INVALID_ALERT_USERS.because(format!("Nothing was imported: {}.", told.join("; ")))
    })?;
    let record = |user: &User| NewResourceRecord {
        id: user.id.clone(),
        tag: Some(user.name.clone()),
        value: user.record().to_string(),
    };
    let records: Vec<NewResourceRecord> = users.iter().map(record).collect();
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    match catalog.resource_records_put(call.account, USERS, &records, now, RECORDS_MAX).await {
        Ok(()) => Ok(Success::from_object(&json!({ "Count": records.len() }))),
        Err(CatalogError::LimitReached { limit, .. }) => Err(codes::LIMIT_EXCEEDED_ALERT_USER
            .because(format!("Nothing was imported: an account has at most {limit} users."))),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}
