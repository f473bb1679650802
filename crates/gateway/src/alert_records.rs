//! What the gateway knows about records of alerting: which come with the release, and what a record must be.

use alert::records;
use catalog::ResourceRecord;
use model::{AccountId, ErrorKind};
use serde_json::Value;

use crate::gateway::Gateway;

/// The resource of content templates.
pub(crate) const TEMPLATES: &str = "sls.alert.content_template";
/// The resource of the users that are notified.
pub(crate) const USERS: &str = "sls.common.user";
/// Records of a resource.
pub(crate) const RECORDS_MAX: usize = 10_000;

/// A record that comes with the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuiltInRecord {
    pub(crate) id: String,
    pub(crate) tag: String,
    /// JSON.
    pub(crate) value: String,
}

/// The resource's built-in records.
pub(crate) fn all_built_in(resource: &str) -> Vec<BuiltInRecord> {
    let of_release = records::builtin().into_iter().filter(|record| record.resource == resource);
    of_release.map(|record| BuiltInRecord { id: record.id, tag: record.tag, value: record.value.to_string() }).collect()
}

/// The built-in record of this id.
pub(crate) fn built_in(resource: &str, id: &str) -> Option<BuiltInRecord> {
    all_built_in(resource).into_iter().find(|record| record.id == id)
}

/// Refuses a record of alerting that is not what it must be. Anything is welcome in other resources.
pub(crate) fn check(resource: &str, value: &Value) -> Result<(), String> {
    records::validate(resource, value).map_err(|error| error.to_string())
}

/// The value of a record, the account's own or else the built-in one.
pub(crate) async fn value_of(
    gateway: &Gateway,
    account: AccountId,
    resource: &str,
    id: &str,
) -> Result<Option<Value>, api::WireError> {
    let found = gateway.catalog.resource_record_find(account, resource, id).await;
    let found = found.map_err(|error| crate::fault::unexpected(&error, error.kind()))?;
    let text = match found {
        Some(ResourceRecord { value, .. }) => gateway
            .vault
            .open_record(resource, &value)
            .map(Some)
            .map_err(|error| crate::fault::unexpected(&error, ErrorKind::Corrupt))?,
        None => built_in(resource, id).map(|record| record.value),
    };
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
