//! Versions of custom policies.

use catalog::PolicyVersion;
use model::AccountId;

use super::{not_found, on_catalog};
use crate::policy::Policy as Parsed;
use crate::{Identity, ManageError};

/// RAM's own limit.
const VERSIONS_PER_POLICY_MAX: usize = 5;

impl Identity {
    /// Adds a version to a policy, and makes it the one that counts if wanted. With `rotate` the oldest version that
    /// does not count makes room when there are five.
    pub async fn create_policy_version(
        &self,
        account: AccountId,
        policy: &str,
        document: &str,
        set_default: bool,
        rotate: bool,
    ) -> Result<PolicyVersion, ManageError> {
        Parsed::parse(document).map_err(ManageError::MalformedPolicy)?;
        let created = self.clock.now();
        let version = PolicyVersion { number: 0, document: document.to_owned(), is_default: set_default, created };
        let added = self.catalog.policy_version_add(account, policy, &version, VERSIONS_PER_POLICY_MAX, rotate).await;
        let added = added.map_err(|error| on_catalog(error, "Policy", policy))?;
        self.refresh().await?;
        Ok(added)
    }

    /// The versions of a policy, oldest first.
    pub async fn list_policy_versions(
        &self,
        account: AccountId,
        policy: &str,
    ) -> Result<Vec<PolicyVersion>, ManageError> {
        let versions = self.catalog.policy_versions(account, policy).await.map_err(ManageError::Catalog)?;
        if versions.is_empty() { Err(not_found("Policy", policy)) } else { Ok(versions) }
    }

    /// One version, by its id `v<number>`.
    pub async fn get_policy_version(
        &self,
        account: AccountId,
        policy: &str,
        id: &str,
    ) -> Result<PolicyVersion, ManageError> {
        let wanted = version_number(id)?;
        let versions = self.list_policy_versions(account, policy).await?;
        versions.into_iter().find(|version| version.number == wanted).ok_or_else(|| not_found("Policy.Version", id))
    }

    /// Makes another version the one that counts, from the next request on.
    pub async fn set_default_policy_version(
        &self,
        account: AccountId,
        policy: &str,
        id: &str,
    ) -> Result<(), ManageError> {
        self.get_policy(account, policy).await?;
        let set = self.catalog.policy_version_set_default(account, policy, version_number(id)?).await;
        set.map_err(|error| on_catalog(error, "Policy.Version", id))?;
        self.refresh().await
    }

    /// Removes a version that does not count.
    pub async fn delete_policy_version(&self, account: AccountId, policy: &str, id: &str) -> Result<(), ManageError> {
        self.get_policy(account, policy).await?;
        let deleted = self.catalog.policy_version_delete(account, policy, version_number(id)?).await;
        deleted.map_err(|error| on_catalog(error, "Policy.Version", id))?;
        self.refresh().await
    }
}

fn version_number(id: &str) -> Result<i64, ManageError> {
    let number = id.strip_prefix('v').and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| {
        let shown: String = id.chars().take(64).collect();
        ManageError::InvalidParameter { parameter: "VersionId", reason: format!("{shown:?}; use v1, v2, …") }
    })
}
