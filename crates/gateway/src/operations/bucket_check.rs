//! CheckOssConfig: everything a trail's delivery to a bucket depends on, each with its result.

use std::time::Duration;

use api::{Success, WireError, codes};
use model::AccountId;
use model::trail::BucketTarget;
use outbound::{BucketSettings, Check, Verdict};
use serde_json::{Value, json};

use super::buckets::{protected, unsealed};
use super::{Call, Outcome, trail_destinations, trails};
use crate::fault::unexpected;

/// Below the SDKs' read timeout of ten seconds.
const PATIENCE: Duration = Duration::from_secs(8);

pub(super) async fn check(call: &Call<'_>) -> Outcome {
    let target = target(call).await?;
    let mut checks = vec![role(call, &target)];
    let mut settings = BucketSettings::default();
    if checks[0].verdict != Verdict::Failed {
        let owner = target.owner(call.account);
        let found = call.gateway.catalog.bucket_find(owner, &target.name).await;
        match found.map_err(|error| unexpected(&error, error.kind()))? {
            Some(bucket) => {
                checks.push(known(Verdict::Passed, owner, &target.name, "has"));
                settings = unsealed(call.gateway, &bucket)?;
                checks.extend(examined(call, &bucket.url, &settings, target.prefix.as_deref()).await);
            }
            None => checks.push(known(Verdict::Failed, owner, &target.name, "has no")),
        }
    }
    let mut reply = protected(&settings);
    reply["Passed"] = checks.iter().all(|check| check.verdict != Verdict::Failed).into();
    reply["OssBucketName"] = target.name.as_str().into();
    reply["OssKeyPrefix"] = target.prefix.as_deref().unwrap_or_default().into();
    reply["OssWriteRoleArn"] = target.write_role_arn.as_deref().unwrap_or_default().into();
    reply["Checks"] = checks
        .iter()
        .map(|check| json!({ "Name": check.name, "Result": check.verdict.as_str(), "Message": check.message }))
        .collect::<Vec<Value>>()
        .into();
    Ok(Success::from_object(&reply))
}

async fn target(call: &Call<'_>) -> Result<BucketTarget, WireError> {
    let arguments = &call.arguments;
    match (arguments.text("TrailName"), arguments.text("OssBucketName")) {
        (Some(name), None) => {
            let trail = trails::named(call, name).await?;
            trail.destinations.bucket.ok_or_else(|| {
                codes::INVALID_DELIVERY_CONFIGURATION.because(format!("The trail {name} has no bucket."))
            })
        }
        (None, Some(bucket)) => Ok(BucketTarget {
            name: bucket.to_owned(),
            prefix: arguments.text("OssKeyPrefix").map(str::to_owned),
            write_role_arn: arguments.text("OssWriteRoleArn").map(str::to_owned),
        }),
        _ => Err(codes::INVALID_DELIVERY_CONFIGURATION.because("Give TrailName or OssBucketName, one of the two.")),
    }
}

fn role(call: &Call<'_>, target: &BucketTarget) -> Check {
    let (verdict, message) = match (&target.write_role_arn, trail_destinations::may_write(call, target)) {
        (None, _) => (Verdict::Skipped, "the account's own bucket needs no role".to_owned()),
        (Some(role), Ok(())) => (Verdict::Passed, format!("{role} admits the account's trails")),
        (Some(_), Err(error)) => (Verdict::Failed, error.message),
    };
    Check { name: "WriteRole", verdict, message }
}

fn known(verdict: Verdict, owner: AccountId, name: &str, has: &str) -> Check {
    Check { name: "BucketKnown", verdict, message: format!("account {owner} {has} bucket {name}") }
}

async fn examined(call: &Call<'_>, url: &str, settings: &BucketSettings, prefix: Option<&str>) -> Vec<Check> {
    let opened = match call.gateway.outbound.open_bucket(url, settings) {
        Ok(bucket) => bucket,
        Err(error) => {
            return vec![Check { name: "Reachable", verdict: Verdict::Failed, message: error.to_string() }];
        }
    };
    let late = || format!("bucket {url} did not answer within {} seconds", PATIENCE.as_secs());
    match tokio::time::timeout(PATIENCE, opened.examine(prefix)).await {
        Ok(checks) => checks,
        Err(_) => vec![Check { name: "Reachable", verdict: Verdict::Failed, message: late() }],
    }
}
