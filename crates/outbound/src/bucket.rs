//! An opened bucket: put, get, list and a check before a trail is pointed at it.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::BucketError;
use crate::examine::Asked;
use crate::folder::Folder;
use crate::location::is_key;
use crate::remote::Remote;

/// The largest object that is read back whole.
pub(crate) const OBJECT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The object [`Bucket::check`] writes, below the prefix it is given. One name, so that a bucket whose objects cannot
/// be deleted keeps one of it and not one per check.
const PROBE: &str = "AliyunLogs/Actiontrail/.cairn-write-check";

/// How long a server is to keep it, where it keeps all others for days: long enough to see that it does.
const PROBE_KEPT: Duration = Duration::from_secs(60);

/// Where the probe lies.
pub(crate) fn probe_key(prefix: Option<&str>) -> String {
    match prefix {
        Some(prefix) => format!("{prefix}/{PROBE}"),
        None => PROBE.to_owned(),
    }
}

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
    pub(crate) inner: Inner,
    pub(crate) asked: Asked,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Folder(Folder),
    Remote(Remote),
}

impl Bucket {
    pub(crate) fn new(url: String, patience: Duration, inner: Inner, asked: Asked) -> Bucket {
        Bucket { url, patience, inner, asked }
    }

    /// Its URL; holds no secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes an object, replacing one of the same key. Whole and durable when this returns; after an error or when
    /// dropped before, it may be there or not, but never in part. One attempt, which takes no longer than its patience.
    ///
    /// In a bucket with retention an object that is still kept is not replaced, unless by the same bytes.
    pub async fn put(&self, key: &str, bytes: Bytes, content_type: &'static str) -> Result<(), BucketError> {
        self.put_kept(key, bytes, content_type, self.asked.retention()).await
    }

    /// Writes an object that a server is to keep for this long. A folder keeps all of its objects alike.
    pub(crate) async fn put_kept(
        &self,
        key: &str,
        bytes: Bytes,
        content_type: &'static str,
        kept: Option<Duration>,
    ) -> Result<(), BucketError> {
        self.check_key(key)?;
        self.in_time(async {
            match &self.inner {
                Inner::Folder(folder) => folder.put(key, bytes).await,
                Inner::Remote(remote) => remote.put(key, bytes, content_type, kept).await,
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
        let key = probe_key(prefix);
        self.check_key(&key)?;
        self.reach().await?;
        self.put_probe(&key).await?;
        let deleted = self.delete(&key).await;
        match deleted {
            Err(BucketError::Unreachable { .. }) => deleted,
            _ => Ok(()),
        }
    }

    /// Finds the bucket; a local folder is created.
    pub(crate) async fn reach(&self) -> Result<(), BucketError> {
        match &self.inner {
            Inner::Folder(folder) => self.in_time(folder.create_root()).await,
            // Some servers make a missing bucket on the first put; a typing error should be told instead. Whether we
            // may list does not matter.
            Inner::Remote(_) => match self.list("", 1).await {
                Ok(_) | Err(BucketError::AccessDenied { .. }) => Ok(()),
                Err(error) => Err(error),
            },
        }
    }

    pub(crate) async fn put_probe(&self, key: &str) -> Result<(), BucketError> {
        let kept = self.asked.retention().map(|kept| kept.min(PROBE_KEPT));
        self.put_kept(key, Bytes::from_static(b"cairn can write here\n"), "text/plain", kept).await
    }

    pub(crate) fn check_key(&self, key: &str) -> Result<(), BucketError> {
        if is_key(key) {
            return Ok(());
        }
        let shown: String = key.chars().take(64).collect();
        let reason = format!("{shown:?} is not a key; use A-Z a-z 0-9 . _ - = in parts split by /");
        Err(BucketError::Invalid { bucket: self.url.clone(), reason })
    }

    /// The HTTP client has the same limit; this one also covers a file system that hangs.
    pub(crate) async fn in_time<T>(
        &self,
        attempt: impl Future<Output = Result<T, BucketError>>,
    ) -> Result<T, BucketError> {
        let late = |_| BucketError::Unreachable { bucket: self.url.clone(), cause: "no answer in time".into() };
        tokio::time::timeout(self.patience, attempt).await.map_err(late)?
    }
}
