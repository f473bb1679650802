//! Where backups lie: a folder or a bucket, through `outbound`, tried again when it fails for a moment.

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::{Disk, Random};
use model::ErrorKind;
use outbound::{Bucket, BucketError, BucketSettings, Config, Outbound};

use crate::error::BackupError;
use crate::listing::{LISTING, Listing, OBJECTS};

/// Pauses before a request is made again. A server that restarts is back by then; longer is the operator's to decide.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15)];

/// An opened destination.
#[derive(Debug)]
pub struct Destination {
    bucket: Bucket,
}

impl Destination {
    /// Opens a folder (a path, made when its parent exists) or a bucket's URL (`s3://`, `oss://`, `file://`).
    pub fn open(
        to: &str,
        settings: &BucketSettings,
        disk: Arc<dyn Disk>,
        random: Arc<dyn Random>,
        create: bool,
    ) -> Result<Destination, BackupError> {
        let refused = |reason: String| BackupError::Destination { to: to.to_owned(), reason };
        let url = match to.contains("://") {
            true => to.to_owned(),
            false => folder_url(&*disk, to, create).map_err(refused)?,
        };
        let outbound = Outbound::new(&Config::default(), disk, random).map_err(|error| refused(error.to_string()))?;
        Ok(Destination { bucket: outbound.open_bucket(&url, settings)? })
    }

    /// Its URL; holds no secret.
    pub fn url(&self) -> &str {
        self.bucket.url()
    }

    /// What the last backup holds, if there is one.
    pub async fn listing(&self) -> Result<Option<Listing>, BackupError> {
        match again(|| self.bucket.get(LISTING)).await {
            Ok(bytes) => Listing::decode(&bytes).map(Some).map_err(|what| BackupError::Listing { what }),
            Err(BucketError::ObjectDoesNotExist { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The parts there are, with their lengths.
    pub(crate) async fn objects(&self) -> Result<HashMap<String, u64>, BucketError> {
        let listed = again(|| self.bucket.list(OBJECTS, usize::MAX)).await?;
        Ok(listed.into_iter().map(|object| (object.key, object.bytes)).collect())
    }

    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), BucketError> {
        let content = if key == LISTING { "application/json" } else { "application/octet-stream" };
        again(|| self.bucket.put(key, bytes.clone(), content)).await
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Bytes, BucketError> {
        again(|| self.bucket.get(key)).await
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), BucketError> {
        match again(|| self.bucket.delete(key)).await {
            Err(BucketError::ObjectDoesNotExist { .. }) => Ok(()),
            done => done,
        }
    }
}

async fn again<T, F: Future<Output = Result<T, BucketError>>>(attempt: impl Fn() -> F) -> Result<T, BucketError> {
    for pause in PAUSES {
        match attempt().await {
            Err(error) if error.kind() == ErrorKind::Unavailable => tokio::time::sleep(pause).await,
            done => return done,
        }
    }
    attempt().await
}

/// A folder's URL. Only the last part of its path is created: were the rest not there, a disk is not mounted.
fn folder_url(disk: &dyn Disk, path: &str, create: bool) -> Result<String, String> {
    let folder = std::path::absolute(path).map_err(|error| error.to_string())?;
    if create && !folder.exists() {
        let parent = folder.parent().unwrap_or(Path::new("/"));
        if !parent.is_dir() {
            return Err(format!("{} does not exist; is the disk mounted?", parent.display()));
        }
        disk.create_folder(&folder).and_then(|()| disk.sync_folder(parent)).map_err(|error| error.to_string())?;
    }
    let folder = folder.canonicalize().map_err(|error| error.to_string())?;
    let text = folder.to_str().ok_or("its path is not UTF-8")?;
    Ok(format!("file://{}", text.replace('%', "%25")))
}
