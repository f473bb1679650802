//! Where a trail's objects go.

use std::sync::Arc;

use bytes::Bytes;
use catalog::{Catalog, ProjectKind};
use model::AccountId;
use model::trail::{BucketTarget, LogTarget, TableTarget};
use outbound::{Bucket, BucketError, BucketSettings, LogProjectSettings, Outbound};
use serde::de::DeserializeOwned;

use crate::DeliveryError;
use crate::logs::{LogGroup, LogProject};
use crate::roles::{Roles, check_log_role, check_role, check_table_role};

/// What an object of a trail is, for servers that keep a content type.
const CONTENT_TYPE: &str = "application/gzip";

/// Finds the destination a trail names. A trait so that tests can fail and delay.
#[async_trait::async_trait]
pub trait Destinations: Send + Sync {
    /// Whether a trail of this account may write there now.
    fn permit(&self, _account: AccountId, _target: &BucketTarget) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// Whether a trail of this account may write to this Logstore now.
    fn permit_logs(&self, _account: AccountId, _target: &LogTarget, _logstore: &str) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// Whether a trail of this account may write to this table now.
    fn permit_table(&self, _account: AccountId, _target: &TableTarget, _table: &str) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// The account's remote project of this name, ready to be written.
    async fn open_project(&self, account: AccountId, project: &str) -> Result<Arc<dyn LogProject>, DeliveryError> {
        Err(DeliveryError::NoProject { owner: account, name: project.to_owned() })
    }

    /// The account's bucket of this name, ready to be written.
    async fn open(&self, account: AccountId, bucket: &str) -> Result<Arc<dyn Destination>, DeliveryError>;
}

/// Takes objects.
#[async_trait::async_trait]
pub trait Destination: Send + Sync {
    /// Writes an object, replacing one of the same key; durable when it returns. After an error it may be there or
    /// not, but never in part.
    async fn put(&self, key: &str, object: Bytes) -> Result<(), BucketError>;
}

#[async_trait::async_trait]
impl Destination for Bucket {
    async fn put(&self, key: &str, object: Bytes) -> Result<(), BucketError> {
        Bucket::put(self, key, object, CONTENT_TYPE).await
    }
}

#[async_trait::async_trait]
impl LogProject for outbound::LogProject {
    async fn put(&self, logstore: &str, group: LogGroup) -> Result<(), DeliveryError> {
        Ok(outbound::LogProject::put(self, logstore, group.logs).await?)
    }
}

/// Opens what the vault sealed.
pub type Unseal = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, UnsealError> + Send + Sync>;

/// The vault's refusal.
pub type UnsealError = Box<dyn std::error::Error + Send + Sync>;

/// Where nobody knows any roles.
struct NoRoles;

impl Roles for NoRoles {
    fn may(&self, _role: &str, _on_behalf_of: AccountId, _action: &str, _resource: &str) -> Result<(), String> {
        Err("nobody here knows any roles".to_owned())
    }
}

/// The buckets of the catalog.
#[derive(Clone)]
pub struct Buckets {
    catalog: Catalog,
    unseal: Unseal,
    outbound: Outbound,
    roles: Option<Arc<dyn Roles>>,
}

impl Buckets {
    /// Buckets whose settings `unseal` opens. Roles are refused until there is somebody who knows them.
    pub fn new(catalog: Catalog, unseal: Unseal, outbound: Outbound) -> Buckets {
        Buckets { catalog, unseal, outbound, roles: None }
    }

    /// The same with somebody who knows the roles.
    #[must_use]
    pub fn with_roles(mut self, roles: Arc<dyn Roles>) -> Buckets {
        self.roles = Some(roles);
        self
    }

    fn unsealed<T: DeserializeOwned>(&self, name: &str, sealed: &[u8]) -> Result<T, DeliveryError> {
        let settings =
            (self.unseal)(sealed).map_err(|source| DeliveryError::Sealed { name: name.to_owned(), source })?;
        serde_json::from_slice(&settings).map_err(|source| DeliveryError::Settings { name: name.to_owned(), source })
    }

    fn known_roles(&self) -> &dyn Roles {
        self.roles.as_deref().unwrap_or(&NoRoles)
    }

    /// The account's bucket of this name. Connects to nothing yet.
    pub async fn open_bucket(&self, account: AccountId, name: &str) -> Result<Bucket, DeliveryError> {
        let row = self.catalog.bucket_find(account, name).await?;
        let row = row.ok_or_else(|| DeliveryError::NoBucket { name: name.to_owned() })?;
        let settings: BucketSettings = self.unsealed(name, &row.sealed_settings)?;
        Ok(self.outbound.open_bucket(&row.url, &settings)?)
    }
}

#[async_trait::async_trait]
impl Destinations for Buckets {
    fn permit(&self, account: AccountId, target: &BucketTarget) -> Result<(), DeliveryError> {
        check_role(self.known_roles(), account, target)
    }

    fn permit_logs(&self, account: AccountId, target: &LogTarget, logstore: &str) -> Result<(), DeliveryError> {
        check_log_role(self.known_roles(), account, target, logstore)
    }

    fn permit_table(&self, account: AccountId, target: &TableTarget, table: &str) -> Result<(), DeliveryError> {
        check_table_role(self.known_roles(), account, target, table)
    }

    async fn open_project(&self, account: AccountId, name: &str) -> Result<Arc<dyn LogProject>, DeliveryError> {
        let row = self.catalog.project_of_any_kind(account, name).await?;
        let row = row.filter(|row| row.kind == ProjectKind::Remote);
        let row = row.ok_or_else(|| DeliveryError::NoProject { owner: account, name: name.to_owned() })?;
        let settings: LogProjectSettings = self.unsealed(name, &row.sealed_settings)?;
        Ok(Arc::new(self.outbound.open_log_project(name, &settings)?))
    }

    async fn open(&self, account: AccountId, bucket: &str) -> Result<Arc<dyn Destination>, DeliveryError> {
        Ok(Arc::new(self.open_bucket(account, bucket).await?))
    }
}
