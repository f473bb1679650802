//! Buckets: where trails may deliver. The catalog keeps their settings sealed; what is shown holds no secret.

use std::time::Duration;

use api::{Arguments, Success, WireError, codes};
use catalog::{Bucket, CatalogError};
use host::Secret;
use model::AccountId;
use model::ErrorKind;
use outbound::{BucketError, BucketSettings, Encryption};
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::fault::unexpected;
use crate::gateway::Gateway;

/// How long a caller waits for a bucket to answer; below the SDKs' read timeout of ten seconds.
const CHECK_PATIENCE: Duration = Duration::from_secs(8);

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let (name, url) = (arguments.required("Name"), arguments.required("Url"));
    if url.starts_with("file://") && !call.caller.is_management {
        // A local folder is the operator's disk: a tenant could fill it, or write where it should not.
        let message = "Only the management account may use a local folder; give an s3:// or oss:// address.";
        return Err(codes::INVALID_BUCKET_CONFIGURATION.because(message));
    }
    let settings = settings(arguments)?;
    call.gateway.outbound.open_bucket(url, &settings).map_err(invalid)?;
    let sealed = serde_json::to_vec(&settings).map_err(|error| unexpected(&error, ErrorKind::Bug))?;
    let bucket = Bucket {
        account: call.account,
        name: name.to_owned(),
        url: url.to_owned(),
        sealed_settings: call.gateway.vault.seal(&sealed),
        created: call.request.received,
    };
    match call.gateway.catalog.bucket_put(&bucket).await {
        Ok(()) => Ok(Success::from_object(&json!({ "Bucket": shown(&bucket) }))),
        Err(CatalogError::AlreadyExists { .. }) => {
            Err(codes::BUCKET_ALREADY_EXISTS.because(format!("There is a bucket {name} already; delete it first.")))
        }
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let buckets = call.gateway.catalog.bucket_list(call.account).await;
    let buckets = buckets.map_err(|error| unexpected(&error, error.kind()))?;
    let page = paged(call, buckets, |bucket| &bucket.name);
    Ok(page.reply("Buckets", Value::from, shown))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("Name");
    match call.gateway.catalog.bucket_delete(call.account, name).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(no_such(name)),
        Err(CatalogError::InUse { .. }) => {
            let message = format!("A trail delivers to the bucket {name}; point it elsewhere or delete it first.");
            Err(codes::BUCKET_IN_USE.because(message))
        }
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn check(call: &Call<'_>) -> Outcome {
    let bucket = find(call.gateway, call.account, call.arguments.required("Name")).await?;
    let failure = try_out(call.gateway, &bucket, None).await?.err();
    Ok(Success::from_object(&json!({
        "Bucket": shown(&bucket),
        "Writable": failure.is_none(),
        "Error": failure.unwrap_or_default(),
    })))
}

/// The account's bucket of this name.
pub(super) async fn find(gateway: &Gateway, account: AccountId, name: &str) -> Result<Bucket, WireError> {
    let found = gateway.catalog.bucket_find(account, name).await;
    found.map_err(|error| unexpected(&error, error.kind()))?.ok_or_else(|| no_such(name))
}

/// Tries to write below the prefix; the inner error is what the bucket's owner should read.
pub(super) async fn try_out(
    gateway: &Gateway,
    bucket: &Bucket,
    prefix: Option<&str>,
) -> Result<Result<(), String>, WireError> {
    let plain = gateway.vault.open(&bucket.sealed_settings).map_err(|error| unexpected(&error, ErrorKind::Corrupt))?;
    let settings: BucketSettings =
        serde_json::from_slice(&plain).map_err(|error| unexpected(&error, ErrorKind::Corrupt))?;
    let attempt = async { gateway.outbound.open_bucket(&bucket.url, &settings)?.check(prefix).await };
    Ok(match tokio::time::timeout(CHECK_PATIENCE, attempt).await {
        Ok(outcome) => outcome.map_err(|error: BucketError| error.to_string()),
        Err(_) => Err(format!("bucket {} did not answer within {} seconds", bucket.url, CHECK_PATIENCE.as_secs())),
    })
}

fn no_such(name: &str) -> WireError {
    codes::BUCKET_DOES_NOT_EXIST.because(format!("There is no bucket {name}; make it known with CreateBucket."))
}

fn invalid(error: BucketError) -> WireError {
    codes::INVALID_BUCKET_CONFIGURATION.because(format!("{error}."))
}

fn settings(arguments: &Arguments) -> Result<BucketSettings, WireError> {
    let text = |name| arguments.text(name).map(str::to_owned);
    let encryption = arguments.text("ServerSideEncryption").map(str::parse::<Encryption>).transpose();
    Ok(BucketSettings {
        access_key_id: text("BucketAccessKeyId"),
        access_key_secret: text("BucketAccessKeySecret").map(Secret::new),
        session_token: text("BucketSecurityToken").map(Secret::new),
        endpoint: text("Endpoint"),
        region: text("BucketRegion"),
        path_style: arguments.has("PathStyle").then(|| arguments.flag("PathStyle")),
        server_side_encryption: encryption
            .map_err(|error| codes::INVALID_BUCKET_CONFIGURATION.because(format!("{error}.")))?,
        kms_key_id: text("KmsKeyId"),
        allow_http: arguments.flag("AllowHttp"),
    })
}

fn shown(bucket: &Bucket) -> Value {
    json!({ "Name": bucket.name, "Url": bucket.url, "CreateTime": bucket.created.to_string() })
}
