//! An opened bucket: put, get, list and a check before a trail is pointed at it.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::BucketError;
use crate::folder::Folder;
use crate::location::is_key;
use crate::remote::Remote;

/// The largest object that is read back whole.
pub(crate) const OBJECT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The object [`Bucket::check`] writes, below the prefix it is given. One name, so that a bucket whose objects cannot
/// be deleted keeps one of it and not one per check.
const PROBE: &str = "AliyunLogs/Actiontrail/.cairn-write-check";

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its key, without the prefix in the bucket's URL.
    pub key: String,
    /// Its size.
    pub bytes: u64,
}

/// A bucket that can be written to.
#[derive(Debug)]
pub struct Bucket {
    url: String,
    /// Of one attempt.
    patience: Duration,
    inner: Inner,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Folder(Folder),
    Remote(Remote),
}

impl Bucket {
    pub(crate) fn new(url: String, patience: Duration, inner: Inner) -> Bucket {
        Bucket { url, patience, inner }
    }

    /// Its URL; holds no secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes an object, replacing one of the same key. Whole and durable when this returns; after an error or when
    /// dropped before, it may be there or not, but never in part. One attempt, which takes no longer than its patience.
    pub async fn put(&self, key: &str, bytes: Bytes, content_type: &'static str) -> Result<(), BucketError> {
        self.check_key(key)?;
        self.in_time(async {
            match &self.inner {
                Inner::Folder(folder) => folder.put(key, bytes).await,
                Inner::Remote(remote) => remote.put(key, bytes, content_type).await,
            }
        })
        .await
    }

    /// Reads an object of at most 256 MiB.
    pub async fn get(&self, key: &str) -> Result<Bytes, BucketError> {
        self.check_key(key)?;
        self.in_time(async {
            match &self.inner {
                Inner::Folder(folder) => folder.get(key).await,
                Inner::Remote(remote) => remote.get(key).await,
            }
        })
        .await
    }

    /// Removes an object. One that is not there may be an error or not, as the storage likes.
    pub async fn delete(&self, key: &str) -> Result<(), BucketError> {
        self.check_key(key)?;
        self.in_time(async {
            match &self.inner {
                Inner::Folder(folder) => folder.delete(key).await,
                Inner::Remote(remote) => remote.delete(key).await,
            }
        })
        .await
    }

    /// The first `limit` objects below `folder` (empty: all), by key.
    pub async fn list(&self, folder: &str, limit: usize) -> Result<Vec<ObjectInfo>, BucketError> {
        if !folder.is_empty() {
            self.check_key(folder)?;
        }
        self.in_time(async {
            match &self.inner {
                Inner::Folder(local) => local.list(folder, limit).await,
                Inner::Remote(remote) => remote.list(folder, limit).await,
            }
        })
        .await
    }

    /// Proves that objects can be written below `prefix`, by writing a small one and deleting it. A bucket that does
    /// not let us delete passes: keeping everything is what an audit bucket is for. A missing local folder is created
    /// here, and only here: a put into a folder that is gone (a disk not mounted) fails.
    pub async fn check(&self, prefix: Option<&str>) -> Result<(), BucketError> {
        let key = match prefix {
            Some(prefix) => format!("{prefix}/{PROBE}"),
            None => PROBE.to_owned(),
        };
        self.check_key(&key)?;
        match &self.inner {
            Inner::Folder(folder) => self.in_time(folder.create_root()).await?,
            // Some servers make a missing bucket on the first put; a typing error should be told instead. Whether we
            // may list does not matter.
            Inner::Remote(_) => match self.list("", 1).await {
                Ok(_) | Err(BucketError::AccessDenied { .. }) => {}
                Err(error) => return Err(error),
            },
        }
        self.put(&key, Bytes::from_static(b"cairn can write here\n"), "text/plain").await?;
        let deleted = self.delete(&key).await;
        match deleted {
            Err(BucketError::Unreachable { .. }) => deleted,
            _ => Ok(()),
        }
    }

    fn check_key(&self, key: &str) -> Result<(), BucketError> {
        if is_key(key) {
            return Ok(());
        }
        let shown: String = key.chars().take(64).collect();
        let reason = format!("{shown:?} is not a key; use A-Z a-z 0-9 . _ - = in parts split by /");
        Err(BucketError::Invalid { bucket: self.url.clone(), reason })
    }

    /// The HTTP client has the same limit; this one also covers a file system that hangs.
    async fn in_time<T>(&self, attempt: impl Future<Output = Result<T, BucketError>>) -> Result<T, BucketError> {
        let late = |_| BucketError::Unreachable { bucket: self.url.clone(), cause: "no answer in time".into() };
        tokio::time::timeout(self.patience, attempt).await.map_err(late)?
    }
}
