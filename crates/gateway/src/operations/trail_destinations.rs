//! Where a trail is to write: read from a request, and checked before anything is changed.

use api::{Arguments, WireError, codes};
use catalog::ProjectKind;
use delivery::{DeliveryError, IdentityRoles};
use model::trail::{BucketTarget, Destinations, LogTarget, TableTarget, Trail};

use super::{Call, buckets};
use crate::fault::unexpected;

/// What a new trail, or an updated one, is to have. Of what the trail had, what is given counts, an empty value takes
/// away, the rest stays.
pub(super) async fn given(call: &Call<'_>, before: Destinations) -> Result<Destinations, WireError> {
    let arguments = &call.arguments;
    let mut destinations = Destinations {
        bucket: bucket(arguments, before.bucket),
        logs: logs(arguments, before.logs),
        table: table(arguments, before.table),
    };
    if let Some(target) = &mut destinations.logs {
        let found = call.gateway.catalog.project_of_any_kind(target.owner, &target.project).await;
        let found = found.map_err(|error| unexpected(&error, error.kind()))?;
        target.is_remote = found.is_some_and(|project| project.kind == ProjectKind::Remote);
    }
    Ok(destinations)
}

fn bucket(arguments: &Arguments, before: Option<BucketTarget>) -> Option<BucketTarget> {
    let name = match arguments.text("OssBucketName") {
        Some("") => return None,
        Some(name) => name.to_owned(),
        None => before.as_ref()?.name.clone(),
    };
    let (prefix, role) = before.map(|before| (before.prefix, before.write_role_arn)).unwrap_or_default();
    Some(BucketTarget {
        name,
        prefix: changed(arguments.text("OssKeyPrefix"), prefix),
        write_role_arn: changed(arguments.text("OssWriteRoleArn"), role),
    })
}

fn logs(arguments: &Arguments, before: Option<LogTarget>) -> Option<LogTarget> {
    let role = before.as_ref().and_then(|before| before.write_role_arn.clone());
    let target = match arguments.text("SlsProjectArn") {
        Some(arn) => LogTarget::parse(arn),
        None => before,
    };
    let write_role_arn = changed(arguments.text("SlsWriteRoleArn"), role);
    target.map(|target| LogTarget { write_role_arn, ..target })
}

fn table(arguments: &Arguments, before: Option<TableTarget>) -> Option<TableTarget> {
    let role = before.as_ref().and_then(|before| before.write_role_arn.clone());
    let target = match arguments.text("MaxComputeProjectArn") {
        Some(arn) => TableTarget::parse(arn),
        None => before,
    };
    let write_role_arn = changed(arguments.text("MaxComputeWriteRoleArn"), role);
    target.map(|target| TableTarget { write_role_arn, ..target })
}

fn changed(given: Option<&str>, before: Option<String>) -> Option<String> {
    match given {
        Some(value) => (!value.is_empty()).then(|| value.to_owned()),
        None => before,
    }
}

/// A trail of this name has a destination, and each can be written to now.
pub(super) async fn check(
    call: &Call<'_>,
    trail: &str,
    is_inner: bool,
    destinations: &Destinations,
) -> Result<(), WireError> {
    if destinations.is_empty() {
        let message = "A trail needs a destination; give OssBucketName, SlsProjectArn or MaxComputeProjectArn.";
        return Err(codes::INVALID_DELIVERY_CONFIGURATION.because(message));
    }
    if let Some(target) = &destinations.logs {
        let prefix = if is_inner { "innertrail" } else { "actiontrail" };
        check_logs(call, target, &format!("{prefix}_{trail}")).await?;
    }
    if let Some(target) = &destinations.table {
        let admitted = delivery::check_table_role(&roles(call), call.account, target, &format!("actiontrail_{trail}"));
        admitted.map_err(|error| refused(codes::INVALID_DELIVERY_CONFIGURATION, &error))?;
    }
    let Some(target) = &destinations.bucket else { return Ok(()) };
    // Before the bucket is looked for: whoever the role does not admit learns nothing about it.
    may_write(call, target)?;
    let bucket = buckets::find(call.gateway, target.owner(call.account), &target.name).await?;
    buckets::try_out(call.gateway, &bucket, target.prefix.as_deref()).await?.map_err(|reason| {
        codes::INSUFFICIENT_BUCKET_POLICY.because(format!("Nothing can be delivered to {}: {reason}.", target.name))
    })
}

async fn check_logs(call: &Call<'_>, target: &LogTarget, logstore: &str) -> Result<(), WireError> {
    let admitted = delivery::check_log_role(&roles(call), call.account, target, logstore);
    admitted.map_err(|error| refused(codes::INSUFFICIENT_SLS_POLICY, &error))?;
    let found = call.gateway.catalog.project_of_any_kind(target.owner, &target.project).await;
    match found.map_err(|error| unexpected(&error, error.kind()))? {
        Some(_) => Ok(()),
        None => Err(no_such_project(target)),
    }
}

/// Whether what a trail is pointed at in Log Service still admits it: asked again when logging starts.
pub(super) fn may_log(call: &Call<'_>, trail: &Trail) -> Result<(), WireError> {
    let Some(target) = &trail.destinations.logs else { return Ok(()) };
    let admitted = delivery::check_log_role(&roles(call), trail.account, target, &trail.logstore());
    admitted.map_err(|error| refused(codes::INSUFFICIENT_SLS_POLICY, &error))
}

/// Whether the role, if there is one, lets the account's trails write to the bucket.
pub(super) fn may_write(call: &Call<'_>, target: &BucketTarget) -> Result<(), WireError> {
    let admitted = delivery::check_role(&roles(call), call.account, target);
    admitted.map_err(|error| refused(codes::INSUFFICIENT_BUCKET_POLICY, &error))
}

fn roles(call: &Call<'_>) -> IdentityRoles {
    IdentityRoles::new(call.gateway.identity.clone(), call.gateway.clock.clone())
}

fn refused(code: codes::ErrorCode, error: &DeliveryError) -> WireError {
    code.because(format!("Nothing can be delivered: {error}."))
}

pub(super) fn no_such_project(target: &LogTarget) -> WireError {
    codes::SLS_PROJECT_DOES_NOT_EXIST.because(format!(
        "Account {} has no project {}; create it through Log Service's API, or with CreateRemoteProject.",
        target.owner, target.project
    ))
}
