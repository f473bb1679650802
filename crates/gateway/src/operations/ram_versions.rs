//! Versions of policies. A built-in policy has one, `v1`.

use api::{Success, WireError, codes};
use catalog::{PolicyKind, PolicyVersion};
use serde_json::{Value, json};

use super::ram_policies::{BUILT_IN_VERSION, built_in, kind, no_built_in};
use super::{Call, Outcome};
use crate::fault::managed;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let policy = call.arguments.required("PolicyName");
    let document = call.arguments.required("PolicyDocument");
    let rotate = call.arguments.required("RotateStrategy") != "None";
    let set_default = call.arguments.flag("SetAsDefault");
    let identity = &call.gateway.identity;
    let version = identity.create_policy_version(call.account, policy, document, set_default, rotate).await;
    Ok(Success::from_object(&json!({ "PolicyVersion": shown(&version.map_err(managed)?) })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let (policy, id) = (call.arguments.required("PolicyName"), call.arguments.required("VersionId"));
    let version = match kind(call) {
        PolicyKind::Custom => {
            let version = call.gateway.identity.get_policy_version(call.account, policy, id).await;
            shown(&version.map_err(managed)?)
        }
        PolicyKind::System if id == BUILT_IN_VERSION => built_in_version(policy)?,
        PolicyKind::System => {
            let message = format!("The built-in policy {policy} has one version, {BUILT_IN_VERSION}.");
            return Err(codes::ENTITY_NOT_EXIST_POLICY_VERSION.because(message));
        }
    };
    Ok(Success::from_object(&json!({ "PolicyVersion": version })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let policy = call.arguments.required("PolicyName");
    let versions: Vec<Value> = match kind(call) {
        PolicyKind::Custom => {
            let versions = call.gateway.identity.list_policy_versions(call.account, policy).await;
            versions.map_err(managed)?.iter().map(shown).collect()
        }
        PolicyKind::System => vec![built_in_version(policy)?],
    };
    Ok(Success::from_object(&json!({ "PolicyVersions": { "PolicyVersion": versions } })))
}

pub(super) async fn set_default(call: &Call<'_>) -> Outcome {
    let (policy, id) = (call.arguments.required("PolicyName"), call.arguments.required("VersionId"));
    call.gateway.identity.set_default_policy_version(call.account, policy, id).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let (policy, id) = (call.arguments.required("PolicyName"), call.arguments.required("VersionId"));
    call.gateway.identity.delete_policy_version(call.account, policy, id).await.map_err(managed)?;
    Ok(Success::empty())
}

fn built_in_version(name: &str) -> Result<Value, WireError> {
    let policy = built_in(name).ok_or_else(|| no_built_in(name))?;
    Ok(json!({
        "VersionId": BUILT_IN_VERSION,
        "IsDefaultVersion": true,
        "PolicyDocument": policy.document,
        "CreateDate": "",
    }))
}

fn shown(version: &PolicyVersion) -> Value {
    json!({
        "VersionId": format!("v{}", version.number),
        "IsDefaultVersion": version.is_default,
        "PolicyDocument": version.document,
        "CreateDate": version.created.to_string(),
    })
}
