//! Temporary credentials.

use api::{Success, WireError, codes};
use identity::{AssumeError, Context, Principal, RoleWish, role_arn};
use serde_json::json;

use super::{Call, Outcome};

pub(super) fn assume_role(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let wish = RoleWish {
        role_arn: arguments.required("RoleArn"),
        session_name: arguments.required("RoleSessionName"),
        policy: arguments.text("Policy"),
        seconds: arguments.integer("DurationSeconds").unwrap_or_default(),
        external_id: arguments.text("ExternalId"),
    };
    let request = call.request;
    let context = Context { source_ip: request.source, now: request.received, secure_transport: request.secure };
    let assumed = call.gateway.identity.assume_role(call.caller, &wish, &context).map_err(refused)?;
    Ok(Success::from_object(&json!({
        "AssumedRoleUser": { "AssumedRoleId": assumed.assumed_role_id, "Arn": assumed.arn },
        "Credentials": {
            "AccessKeyId": assumed.key.access_key_id,
            "AccessKeySecret": assumed.key.access_key_secret.expose(),
            "SecurityToken": assumed.key.security_token.expose(),
            "Expiration": assumed.key.expires.to_string(),
        },
    })))
}

pub(super) fn caller_identity(call: &Call<'_>) -> Outcome {
    let account = call.caller.account;
    let fields = match &call.caller.principal {
        Principal::Root => json!({
            "IdentityType": "Account", "PrincipalId": account.as_str(), "Arn": format!("acs:ram::{account}:root"),
        }),
        Principal::User { user_id, name } => json!({
            "IdentityType": "RAMUser", "UserId": user_id, "PrincipalId": user_id,
            "Arn": format!("acs:ram::{account}:user/{name}"),
        }),
        Principal::Role { role_id, name, session_name } => json!({
            "IdentityType": "AssumedRoleUser", "RoleId": role_id, "PrincipalId": format!("{role_id}:{session_name}"),
            "Arn": format!("{}/{session_name}", role_arn(account, name)),
        }),
        Principal::IngestToken { id, .. } => json!({ "IdentityType": "IngestToken", "PrincipalId": id, "Arn": id }),
    };
    let mut fields = fields;
    fields["AccountId"] = account.as_str().into();
    Ok(Success::from_object(&fields))
}

fn refused(error: AssumeError) -> WireError {
    let code = match &error {
        AssumeError::IsAccount | AssumeError::NotTrusted { .. } => codes::NO_PERMISSION,
        AssumeError::NoSuchRole { .. } => codes::ENTITY_NOT_EXIST_ROLE,
        AssumeError::Duration { .. } => codes::INVALID_PARAMETER_DURATION_SECONDS,
        AssumeError::Policy(_) => codes::INVALID_PARAMETER_POLICY_GRAMMAR,
    };
    code.because(error.to_string())
}
