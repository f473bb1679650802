//! Webhook integrations, opened when a message is sent: the record lies sealed in the catalog until then.

use async_trait::async_trait;
use catalog::Catalog;
use identity::Vault;
use model::AccountId;
use outbound::channel::{Integration, Integrations};

/// The resource whose records they are.
pub(crate) const RESOURCE: &str = "sls.alert.action_webhook";

/// The catalog's integrations.
#[derive(Clone)]
pub struct RecordedIntegrations {
    catalog: Catalog,
    vault: Vault,
}

impl RecordedIntegrations {
    /// Reads this catalog and opens with this vault.
    pub fn new(catalog: Catalog, vault: Vault) -> RecordedIntegrations {
        RecordedIntegrations { catalog, vault }
    }
}

#[async_trait]
impl Integrations for RecordedIntegrations {
    async fn open(&self, account: AccountId, id: &str) -> Result<Option<Integration>, String> {
        let found =
            self.catalog.resource_record_find(account, RESOURCE, id).await.map_err(|error| error.to_string())?;
        let Some(record) = found else { return Ok(None) };
        let value = self.vault.open_record(RESOURCE, &record.value).map_err(|error| error.to_string())?;
        let value = serde_json::from_str(&value).map_err(|_| "the integration's record is not JSON".to_owned())?;
        Integration::parse(&value).map(Some).map_err(|error| format!("the integration's {error}"))
    }
}
