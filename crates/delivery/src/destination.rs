//! Where a trail's objects go.

use std::sync::Arc;

use bytes::Bytes;
use catalog::Catalog;
use model::AccountId;
use model::trail::BucketTarget;
use outbound::{Bucket, BucketError, BucketSettings, Outbound};

use crate::DeliveryError;
use crate::roles::{Roles, check_role};

/// What an object of a trail is, for servers that keep a content type.
const CONTENT_TYPE: &str = "application/gzip";

/// Finds the destination a trail names. A trait so that tests can fail and delay.
#[async_trait::async_trait]
pub trait Destinations: Send + Sync {
    /// Whether a trail of this account may write there now.
    fn permit(&self, _account: AccountId, _target: &BucketTarget) -> Result<(), DeliveryError> {
        Ok(())
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

/// Opens what the vault sealed.
pub type Unseal = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, UnsealError> + Send + Sync>;

/// The vault's refusal.
pub type UnsealError = Box<dyn std::error::Error + Send + Sync>;

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

    /// The account's bucket of this name. Connects to nothing yet.
    pub async fn open_bucket(&self, account: AccountId, name: &str) -> Result<Bucket, DeliveryError> {
        let row = self.catalog.bucket_find(account, name).await?;
        let row = row.ok_or_else(|| DeliveryError::NoBucket { name: name.to_owned() })?;
        let settings = (self.unseal)(&row.sealed_settings)
            .map_err(|source| DeliveryError::Sealed { name: name.to_owned(), source })?;
        let settings: BucketSettings = serde_json::from_slice(&settings)
            .map_err(|source| DeliveryError::Settings { name: name.to_owned(), source })?;
        Ok(self.outbound.open_bucket(&row.url, &settings)?)
    }
}

#[async_trait::async_trait]
impl Destinations for Buckets {
    fn permit(&self, account: AccountId, target: &BucketTarget) -> Result<(), DeliveryError> {
        match (&self.roles, &target.write_role_arn) {
            (Some(roles), _) => check_role(&**roles, account, target),
            (None, None) => Ok(()),
            (None, Some(role)) => {
                Err(DeliveryError::Role { role: role.clone(), reason: "nobody here knows any roles".to_owned() })
            }
        }
    }

    async fn open(&self, account: AccountId, bucket: &str) -> Result<Arc<dyn Destination>, DeliveryError> {
        Ok(Arc::new(self.open_bucket(account, bucket).await?))
    }
}
