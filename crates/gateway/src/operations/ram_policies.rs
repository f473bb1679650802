//! Policies, and which users, groups and roles have them.

use api::{Success, WireError, codes};
use catalog::{Attachment, Holder, HolderKind, Policy, PolicyKind, PolicyRef};
use identity::policy::system::{SYSTEM_POLICIES, SystemPolicy};
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::fault::managed;

/// The only version of a built-in policy.
pub(super) const BUILT_IN_VERSION: &str = "v1";

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("PolicyName");
    let document = call.arguments.required("PolicyDocument");
    let description = call.arguments.text("Description");
    let created = call.gateway.identity.create_policy(call.account, name, document, description).await;
    let shown = Shown::custom(&created.map_err(managed)?).fields(None);
    Ok(Success::from_object(&json!({ "Policy": shown })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("PolicyName");
    let policy = match kind(call) {
        PolicyKind::Custom => {
            Shown::custom(&call.gateway.identity.get_policy(call.account, name).await.map_err(managed)?)
        }
        PolicyKind::System => built_in(name).map(Shown::system).ok_or_else(|| no_built_in(name))?,
    };
    let mut fields = policy.fields(Some(&attachments(call).await?));
    let (version, written) = match kind(call) {
        PolicyKind::System => (BUILT_IN_VERSION.to_owned(), policy.created.clone()),
        PolicyKind::Custom => {
            let versions = call.gateway.identity.list_policy_versions(call.account, name).await.map_err(managed)?;
            let default = versions.iter().find(|version| version.is_default);
            (policy.version.clone(), default.map(|version| version.created.to_string()).unwrap_or_default())
        }
    };
    fields["PolicyDocument"] = policy.document.as_str().into();
    let version = json!({
        "VersionId": version,
        "IsDefaultVersion": true,
        "PolicyDocument": policy.document,
        "CreateDate": written,
    });
    Ok(Success::from_object(&json!({ "Policy": fields, "DefaultPolicyVersion": version })))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("PolicyName");
    call.gateway.identity.delete_policy(call.account, name).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let custom = call.gateway.identity.list_policies(call.account).await.map_err(managed)?;
    let mut policies: Vec<Shown> = custom.iter().map(Shown::custom).collect();
    policies.extend(SYSTEM_POLICIES.iter().map(Shown::system));
    if let Some(kind) = call.arguments.text("PolicyType") {
        policies.retain(|policy| policy.kind.as_str() == kind);
    }
    let attachments = attachments(call).await?;
    let page = paged(call, policies, |policy| &policy.name);
    Ok(page.reply("Policies", |policies| json!({ "Policy": policies }), |policy| policy.fields(Some(&attachments))))
}

pub(super) async fn attach(call: &Call<'_>, to: HolderKind) -> Outcome {
    call.gateway.identity.attach(call.account, &holder(call, to), named(call)).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn detach(call: &Call<'_>, from: HolderKind) -> Outcome {
    call.gateway.identity.detach(call.account, &holder(call, from), &named(call)).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn list_for(call: &Call<'_>, of: HolderKind) -> Outcome {
    let attached = call.gateway.identity.list_attached(call.account, &holder(call, of)).await.map_err(managed)?;
    let custom = call.gateway.identity.list_policies(call.account).await.map_err(managed)?;
    let shown = |attachment: &Attachment| {
        let policy = &attachment.policy;
        let own = custom.iter().map(Shown::custom).find(|found| found.name == policy.name);
        let found = match policy.kind {
            PolicyKind::System => built_in(&policy.name).map(Shown::system),
            PolicyKind::Custom => own,
        };
        json!({
            "PolicyName": policy.name,
            "PolicyType": policy.kind.as_str(),
            "Description": found.as_ref().map(|found| found.description.as_str()).unwrap_or_default(),
            "DefaultVersion": found.as_ref().map_or(BUILT_IN_VERSION, |found| &found.version),
            "AttachDate": attachment.attached.to_string(),
        })
    };
    let policies: Vec<Value> = attached.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "Policies": { "Policy": policies } })))
}

pub(super) async fn list_entities(call: &Call<'_>) -> Outcome {
    let (policy, identity, account) = (named(call), &call.gateway.identity, call.account);
    match policy.kind {
        PolicyKind::Custom => identity.get_policy(account, &policy.name).await.map(|_| ()).map_err(managed)?,
        PolicyKind::System => built_in(&policy.name).map(|_| ()).ok_or_else(|| no_built_in(&policy.name))?,
    }
    let holders: Vec<Attachment> =
        attachments(call).await?.into_iter().filter(|attachment| attachment.policy == policy).collect();
    let since = |kind, name: &str| {
        let found = holders.iter().find(|each| each.holder.kind == kind && each.holder.name == name);
        found.map(|each| each.attached.to_string())
    };
    let users = identity.list_users(account).await.map_err(managed)?;
    let users = users.iter().filter_map(|user| {
        let attached = since(HolderKind::User, &user.name)?;
        Some(json!({
            "UserId": user.user_id, "UserName": user.name, "DisplayName": user.display_name, "AttachDate": attached,
        }))
    });
    let groups = identity.list_groups(account).await.map_err(managed)?;
    let groups = groups.iter().filter_map(|group| {
        let attached = since(HolderKind::Group, &group.name)?;
        Some(json!({ "GroupName": group.name, "Comments": group.comments, "AttachDate": attached }))
    });
    let roles = identity.list_roles(account).await.map_err(managed)?;
    let roles = roles.iter().filter_map(|role| {
        let attached = since(HolderKind::Role, &role.name)?;
        Some(json!({
            "RoleId": role.role_id, "RoleName": role.name, "Arn": identity::role_arn(account, &role.name),
            "Description": role.description, "AttachDate": attached,
        }))
    });
    Ok(Success::from_object(&json!({
        "Users": { "User": users.collect::<Vec<_>>() },
        "Groups": { "Group": groups.collect::<Vec<_>>() },
        "Roles": { "Role": roles.collect::<Vec<_>>() },
    })))
}

/// A policy of either kind. The built-in ones have no dates.
struct Shown {
    kind: PolicyKind,
    name: String,
    description: String,
    document: String,
    version: String,
    created: String,
    updated: String,
}

impl Shown {
    fn custom(policy: &Policy) -> Shown {
        Shown {
            kind: PolicyKind::Custom,
            name: policy.name.clone(),
            description: policy.description.clone(),
            document: policy.document.clone(),
            version: format!("v{}", policy.default_version),
            created: policy.created.to_string(),
            updated: policy.updated.to_string(),
        }
    }

    fn system(policy: &SystemPolicy) -> Shown {
        Shown {
            kind: PolicyKind::System,
            name: policy.name.to_owned(),
            description: policy.description.to_owned(),
            document: policy.document.to_owned(),
            version: BUILT_IN_VERSION.to_owned(),
            created: String::new(),
            updated: String::new(),
        }
    }

    fn fields(&self, attachments: Option<&[Attachment]>) -> Value {
        let mut fields = json!({
            "PolicyName": self.name,
            "PolicyType": self.kind.as_str(),
            "Description": self.description,
            "DefaultVersion": self.version,
            "CreateDate": self.created,
        });
        if let Some(attachments) = attachments {
            let is_this = |policy: &PolicyRef| policy.kind == self.kind && policy.name == self.name;
            fields["AttachmentCount"] = attachments.iter().filter(|each| is_this(&each.policy)).count().into();
            fields["UpdateDate"] = self.updated.as_str().into();
        }
        fields
    }
}

/// Who of the account has which policy.
async fn attachments(call: &Call<'_>) -> Result<Vec<Attachment>, WireError> {
    call.gateway.identity.list_attachments(call.account).await.map_err(managed)
}

pub(super) fn built_in(name: &str) -> Option<&'static SystemPolicy> {
    SYSTEM_POLICIES.iter().find(|policy| policy.name == name)
}

pub(super) fn no_built_in(name: &str) -> WireError {
    codes::ENTITY_NOT_EXIST_POLICY.because(format!("There is no built-in policy {name}; ListPolicies names them."))
}

pub(super) fn kind(call: &Call<'_>) -> PolicyKind {
    match call.arguments.required("PolicyType") {
        "System" => PolicyKind::System,
        _ => PolicyKind::Custom,
    }
}

fn named(call: &Call<'_>) -> PolicyRef {
    PolicyRef { kind: kind(call), name: call.arguments.required("PolicyName").to_owned() }
}

fn holder(call: &Call<'_>, kind: HolderKind) -> Holder {
    let parameter = match kind {
        HolderKind::User => "UserName",
        HolderKind::Group => "GroupName",
        HolderKind::Role => "RoleName",
    };
    Holder { kind, name: call.arguments.required(parameter).to_owned() }
}
