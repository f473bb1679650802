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
        Ok(()) => Ok(Success::from_object(&json!({ "Bucket": shown(&bucket, &settings) }))),
        Err(CatalogError::AlreadyExists { .. }) => {
            Err(codes::BUCKET_ALREADY_EXISTS.because(format!("There is a bucket {name} already; delete it first.")))
        }
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let bucket = find(call.gateway, call.account, arguments.required("Name")).await?;
    let before = unsealed(call.gateway, &bucket)?;
    let settings = changed(arguments, before.clone())?;
    if settings.retention_days < before.retention_days {
        let days = before.retention_days.unwrap_or_default();
        return Err(codes::RETENTION_CANNOT_BE_SHORTENED
            .because(format!("The bucket keeps its objects for {days} days; that can be made longer, not shorter.")));
    }
    call.gateway.outbound.open_bucket(&bucket.url, &settings).map_err(invalid)?;
    let plain = serde_json::to_vec(&settings).map_err(|error| unexpected(&error, ErrorKind::Bug))?;
    let sealed = call.gateway.vault.seal(&plain);
    match call.gateway.catalog.bucket_update(call.account, &bucket.name, &sealed).await {
        Ok(()) => Ok(Success::from_object(&json!({ "Bucket": shown(&bucket, &settings) }))),
        Err(CatalogError::NotFound { .. }) => Err(no_such(&bucket.name)),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let buckets = call.gateway.catalog.bucket_list(call.account).await;
    let buckets = buckets.map_err(|error| unexpected(&error, error.kind()))?;
    let opened: Result<Vec<(Bucket, BucketSettings)>, WireError> =
        buckets.into_iter().map(|bucket| Ok((bucket.clone(), unsealed(call.gateway, &bucket)?))).collect();
    let page = paged(call, opened?, |(bucket, _)| &bucket.name);
    Ok(page.reply("Buckets", Value::from, |(bucket, settings)| shown(bucket, settings)))
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
        "Bucket": shown(&bucket, &unsealed(call.gateway, &bucket)?),
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
    let settings = unsealed(gateway, bucket)?;
    let attempt = async { gateway.outbound.open_bucket(&bucket.url, &settings)?.check(prefix).await };
    Ok(match tokio::time::timeout(CHECK_PATIENCE, attempt).await {
        Ok(outcome) => outcome.map_err(|error: BucketError| error.to_string()),
        Err(_) => Err(format!("bucket {} did not answer within {} seconds", bucket.url, CHECK_PATIENCE.as_secs())),
    })
}

/// A bucket's settings, with the secret in them.
pub(super) fn unsealed(gateway: &Gateway, bucket: &Bucket) -> Result<BucketSettings, WireError> {
    let plain = gateway.vault.open(&bucket.sealed_settings).map_err(|error| unexpected(&error, ErrorKind::Corrupt))?;
    serde_json::from_slice(&plain).map_err(|error| unexpected(&error, ErrorKind::Corrupt))
}

/// How a bucket's objects are protected, for replies. A bucket that is gone protects nothing.
pub(super) async fn protection(gateway: &Gateway, owner: AccountId, name: &str) -> Result<Value, WireError> {
    let found = gateway.catalog.bucket_find(owner, name).await;
    match found.map_err(|error| unexpected(&error, error.kind()))? {
        Some(bucket) => Ok(protected(&unsealed(gateway, &bucket)?)),
        None => Ok(protected(&BucketSettings::default())),
    }
}

pub(super) fn protected(settings: &BucketSettings) -> Value {
    json!({
        "ServerSideEncryption": settings.server_side_encryption.map_or("", Encryption::as_str),
        "KmsKeyId": settings.kms_key_id.as_deref().unwrap_or_default(),
        "RetentionDays": settings.retention_days.unwrap_or(0),
    })
}

fn no_such(name: &str) -> WireError {
    codes::BUCKET_DOES_NOT_EXIST.because(format!("There is no bucket {name}; make it known with CreateBucket."))
}

fn invalid(error: BucketError) -> WireError {
    codes::INVALID_BUCKET_CONFIGURATION.because(format!("{error}."))
}

/// What UpdateBucket leaves: what is given counts, an empty value takes away, the rest stays.
fn changed(arguments: &Arguments, before: BucketSettings) -> Result<BucketSettings, WireError> {
    let given = settings(arguments)?;
    let text = |name: &str, given: Option<String>, before: Option<String>| match arguments.text(name) {
        Some("") => None,
        Some(_) => given,
        None => before,
    };
    let secret = |name: &str, given: Option<Secret<String>>, before| match arguments.text(name) {
        Some("") => None,
        Some(_) => given,
        None => before,
    };
    Ok(BucketSettings {
        access_key_id: text("BucketAccessKeyId", given.access_key_id, before.access_key_id),
        access_key_secret: secret("BucketAccessKeySecret", given.access_key_secret, before.access_key_secret),
        session_token: secret("BucketSecurityToken", given.session_token, before.session_token),
        endpoint: text("Endpoint", given.endpoint, before.endpoint),
        region: text("BucketRegion", given.region, before.region),
        path_style: given.path_style.or(before.path_style),
        server_side_encryption: match arguments.text("ServerSideEncryption") {
            Some("None") => None,
            Some(_) => given.server_side_encryption,
            None => before.server_side_encryption,
        },
        kms_key_id: text("KmsKeyId", given.kms_key_id, before.kms_key_id),
        retention_days: given.retention_days.or(before.retention_days),
        allow_http: if arguments.has("AllowHttp") { given.allow_http } else { before.allow_http },
    })
}

fn settings(arguments: &Arguments) -> Result<BucketSettings, WireError> {
    let text = |name| arguments.text(name).map(str::to_owned);
    let encryption = arguments.text("ServerSideEncryption").filter(|kind| *kind != "None");
    let encryption = encryption.map(str::parse::<Encryption>).transpose();
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
        retention_days: arguments.integer("RetentionDays").and_then(|days| u32::try_from(days).ok()),
        allow_http: arguments.flag("AllowHttp"),
    })
}

fn shown(bucket: &Bucket, settings: &BucketSettings) -> Value {
    let mut shown = protected(settings);
    shown["Name"] = bucket.name.as_str().into();
    shown["Url"] = bucket.url.as_str().into();
    shown["CreateTime"] = bucket.created.to_string().into();
    shown
}
