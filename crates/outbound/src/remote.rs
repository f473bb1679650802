//! Buckets of S3-compatible servers and of OSS, which speaks the same protocol at its own endpoints.
//!
//! The endpoint, the place of the bucket's name (host or path) and the headers of server-side encryption are decided
//! here; signing, encoding and paging are `object_store`'s. It never retries: the caller does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use host::Clock;
use http::HeaderMap;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{Attribute, GetOptions, ObjectStore, ObjectStoreExt, PutOptions, PutPayload, RetryConfig};

use crate::bucket::{OBJECT_BYTES_MAX, ObjectInfo};
use crate::egress::Egress;
use crate::exchange::{Exchange, KeptUntil, Seen, Signer, classify};
use crate::location::{RemoteLocation, RemoteStore};
use crate::origin::{Allowed, Origin};
use crate::{BucketError, BucketSettings, Encryption};

/// A bucket of an object store.
pub(crate) struct Remote {
    url: String,
    prefix: String,
    store: AmazonS3,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.url).finish()
    }
}

impl Remote {
    pub(crate) fn new(
        location: &RemoteLocation,
        settings: &BucketSettings,
        egress: Egress,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
        is_for_tables: bool,
    ) -> Result<Remote, BucketError> {
        let invalid = |reason: String| BucketError::Invalid { bucket: location.url.clone(), reason };
        let region = region(location, settings).map_err(invalid)?;
        let endpoint = Endpoint::choose(location, settings, &region, egress).map_err(invalid)?;
        let region = if region.is_empty() { "us-east-1".to_owned() } else { region };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&location.bucket)
            .with_region(&region)
            .with_endpoint(endpoint.url)
            .with_virtual_hosted_style_request(!endpoint.path_style)
            .with_http_connector(Exchange { http, signer: Signer::of(settings, &region), is_for_tables })
            .with_retry(RetryConfig { max_retries: 0, retry_timeout: Duration::ZERO, ..RetryConfig::default() });
        builder = signed(builder, settings).map_err(invalid)?;
        builder = encrypted(builder, settings).map_err(invalid)?;
        if settings.retention_days.is_some() {
            if location.store == RemoteStore::Oss {
                let reason = "OSS keeps objects by the bucket's own retention policy and not by object; set it there";
                return Err(invalid(reason.into()));
            }
            // S3 takes a locked object only with a checksum.
            builder = builder.with_checksum_algorithm(Checksum::SHA256);
        }
        let store = builder.build().map_err(|error| invalid(error.to_string()))?;
        Ok(Remote { url: location.url.clone(), prefix: location.prefix.clone(), store, clock })
    }

    /// The bucket below its prefix, for tables.
    pub(crate) fn into_tables(self) -> Arc<dyn ObjectStore> {
        Arc::new(PrefixStore::new(self.store, self.prefix))
    }

    /// `kept`: the server is to lock the object for this long.
    pub(crate) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        content_type: &'static str,
        kept: Option<Duration>,
    ) -> Result<(), BucketError> {
        let mut options = PutOptions::default();
        if let Some(kept) = kept {
            options.extensions.insert(KeptUntil(self.clock.now().plus(kept)));
        }
        options.attributes.insert(Attribute::ContentType, content_type.into());
        let put = self.store.put_opts(&self.full_key(key), PutPayload::from_bytes(bytes), options).await;
        put.map(|_| ()).map_err(|error| classify(&self.url, key, &error))
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Bytes, BucketError> {
        let failed = |error| classify(&self.url, key, &error);
        let found = self.store.get(&self.full_key(key)).await.map_err(failed)?;
        if found.meta.size > OBJECT_BYTES_MAX {
            let cause = format!("object {key} has {} bytes, more than {OBJECT_BYTES_MAX}", found.meta.size);
            return Err(BucketError::Failed { bucket: self.url.clone(), cause });
        }
        found.bytes().await.map_err(failed)
    }

    /// The headers the server shows of an object.
    pub(crate) async fn headers(&self, key: &str) -> Result<HeaderMap, BucketError> {
        let seen = Seen::default();
        let mut options = GetOptions { head: true, ..GetOptions::default() };
        options.extensions.insert(seen.clone());
        let asked = self.store.get_opts(&self.full_key(key), options).await;
        asked.map_err(|error| classify(&self.url, key, &error))?;
        Ok(seen.headers())
    }

    pub(crate) async fn list(&self, folder: &str, limit: usize) -> Result<Vec<ObjectInfo>, BucketError> {
        let below = self.full_key(folder);
        let own = if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 };
        let found = self.store.list((!below.as_ref().is_empty()).then_some(&below));
        let mut objects = Vec::new();
        let mut found = std::pin::pin!(found);
        while objects.len() < limit {
            let next = found.try_next().await.map_err(|error| classify(&self.url, folder, &error))?;
            let Some(meta) = next else { break };
            objects.push(ObjectInfo { key: meta.location.as_ref()[own..].to_owned(), bytes: meta.size });
        }
        Ok(objects)
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), BucketError> {
        self.store.delete(&self.full_key(key)).await.map_err(|error| classify(&self.url, key, &error))
    }

    fn full_key(&self, key: &str) -> Key {
        Key::from_iter(self.prefix.split('/').chain(key.split('/')).filter(|part| !part.is_empty()))
    }
}

fn signed(builder: AmazonS3Builder, settings: &BucketSettings) -> Result<AmazonS3Builder, String> {
    match (&settings.access_key_id, &settings.access_key_secret) {
        (Some(id), Some(secret)) => {
            in_header("access_key_id", id)?;
            let builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose());
            let Some(token) = &settings.session_token else { return Ok(builder) };
            in_header("session_token", token.expose())?;
            Ok(builder.with_token(token.expose()))
        }
        // Said explicitly: without it the library would ask the machine's metadata service for credentials.
        (None, None) => Ok(builder.with_skip_signature(true)),
        (Some(_), None) => Err("access_key_id is given without access_key_secret; give both".into()),
        (None, Some(_)) => Err("access_key_secret is given without access_key_id; give both".into()),
    }
}

fn encrypted(builder: AmazonS3Builder, settings: &BucketSettings) -> Result<AmazonS3Builder, String> {
    let set = |builder: AmazonS3Builder, name: &str, value: &str| {
        let name: AmazonS3ConfigKey = name.parse().expect("the library documents this name");
        builder.with_config(name, value)
    };
    match (settings.server_side_encryption, &settings.kms_key_id) {
        (None | Some(Encryption::Aes256), Some(_)) => {
            Err("kms_key_id needs server_side_encryption aws:kms; set it or leave the key out".into())
        }
        (None, None) => Ok(builder),
        (Some(encryption), key) => {
            let builder = set(builder, "aws_server_side_encryption", encryption.as_str());
            let Some(id) = key else { return Ok(builder) };
            in_header("kms_key_id", id)?;
            Ok(set(builder, "aws_sse_kms_key_id", id))
        }
    }
}

/// The library panics on a value that cannot stand in an HTTP header, so it never gets one.
fn in_header(field: &str, value: &str) -> Result<(), String> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(format!("{field} must be printable ASCII without spaces, and not empty"))
}

/// The region as the store spells it, empty when none is known.
fn region(location: &RemoteLocation, settings: &BucketSettings) -> Result<String, String> {
    let region = settings.region.as_deref().unwrap_or_default();
    // OSS documents its regions both ways.
    let region = match location.store {
        RemoteStore::Oss => region.strip_prefix("oss-").unwrap_or(region),
        RemoteStore::S3 => region,
    };
    if region.len() > 64 || !region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("region must be an id such as cn-hangzhou or us-east-1".into());
    }
    Ok(region.to_owned())
}

/// Where requests for one bucket go.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    /// With the bucket in the host name unless `path_style`; the library then adds it to the path.
    url: String,
    path_style: bool,
}

impl Endpoint {
    fn choose(
        location: &RemoteLocation,
        settings: &BucketSettings,
        region: &str,
        egress: Egress,
    ) -> Result<Endpoint, String> {
        let given = match (&settings.endpoint, location.store) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, RemoteStore::S3) if region.is_empty() => "https://s3.us-east-1.amazonaws.com".to_owned(),
            (None, RemoteStore::S3) => format!("https://s3.{region}.amazonaws.com"),
            (None, RemoteStore::Oss) if region.is_empty() => {
                return Err("OSS needs the bucket's region, for example cn-hangzhou, or an endpoint".into());
            }
            (None, RemoteStore::Oss) => format!("https://s3.oss-{region}.aliyuncs.com"),
        };
        let allowed = Allowed {
            example: "https://host or https://host:port",
            plain_http: settings.allow_http,
            plain_http_setting: "allow_http",
            egress,
        };
        let origin = Origin::parse(&given, &allowed)?;
        let has_names_below = origin.address.is_none() && origin.host.contains('.');
        let path_style = settings.path_style.unwrap_or(settings.endpoint.is_some() && !has_names_below);
        if path_style || origin.host.starts_with(&format!("{}.", location.bucket)) {
            return Ok(Endpoint { url: origin.text(), path_style });
        }
        if origin.address.is_some() {
            return Err(format!("endpoint {given:?} is an address; set path_style to true"));
        }
        Ok(Endpoint { url: origin.below(&location.bucket)?.text(), path_style })
    }
}

#[cfg(test)]
mod tests;
