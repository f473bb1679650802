//! RAM roles.

use api::Success;
use catalog::Role;
use identity::{RoleChange, role_arn};
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::fault::managed;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("RoleName");
    let trust = call.arguments.required("AssumeRolePolicyDocument");
    let wanted = RoleChange {
        trust: None,
        description: call.arguments.text("Description"),
        session_seconds_max: call.arguments.integer("MaxSessionDuration"),
    };
    let role = call.gateway.identity.create_role(call.account, name, trust, wanted).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "Role": shown(&role) })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("RoleName");
    let role = call.gateway.identity.get_role(call.account, name).await.map_err(managed)?;
    let mut fields = shown(&role);
    fields["IsServiceLinkedRole"] = role.service.is_some().into();
    fields["RolePrincipalName"] = format!("{}@role.{}.onaliyun.com", role.name, call.account).into();
    Ok(Success::from_object(&json!({ "Role": fields })))
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("RoleName");
    let wanted = RoleChange {
        trust: call.arguments.text("NewAssumeRolePolicyDocument"),
        description: call.arguments.text("NewDescription"),
        session_seconds_max: call.arguments.integer("NewMaxSessionDuration"),
    };
    let role = call.gateway.identity.update_role(call.account, name, wanted).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "Role": shown(&role) })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let roles = call.gateway.identity.list_roles(call.account).await.map_err(managed)?;
    let page = paged(call, roles, |role| &role.name);
    let shown = |role: &Role| {
        let mut fields = shown(role);
        fields.as_object_mut().expect("an object").remove("AssumeRolePolicyDocument");
        fields
    };
    Ok(page.reply("Roles", |roles| json!({ "Role": roles }), shown))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("RoleName");
    call.gateway.identity.delete_role(call.account, name).await.map_err(managed)?;
    Ok(Success::empty())
}

fn shown(role: &Role) -> Value {
    json!({
        "RoleId": role.role_id,
        "RoleName": role.name,
        "Arn": role_arn(role.account, &role.name),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust,
        "MaxSessionDuration": role.session_seconds_max,
        "CreateDate": role.created.to_string(),
        "UpdateDate": role.updated.to_string(),
    })
}
